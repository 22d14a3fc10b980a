"""Vectors whose groups are known."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from recsys_core.categories import groups
from recsys_core.categories.groups import Groups
from recsys_core.errors import Cancelled
from recsys_core.run_context import RunContext


def blocks(sizes: list[int], noise: float = 0.1) -> np.ndarray:
    """Unit rows around as many axes as there are sizes, the first block first."""
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(8, dtype=np.float32)[: len(sizes)], sizes, axis=0)
    vectors = centres + noise * rng.normal(size=centres.shape).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("sizes", [[5, 9], [4, 12, 7], [6, 5, 4, 3]])
def test_planted_groups_are_found_suggested_and_numbered_by_size(sizes: list[int]) -> None:
    found = Groups.of(blocks(sizes), run=RunContext())
    assert found.suggested == len(sizes)
    rank = np.argsort(np.argsort(-np.array(sizes)))
    assert found.into(found.suggested).tolist() == np.repeat(rank, sizes).tolist()


def test_there_is_a_row_for_every_number_and_others_are_clipped() -> None:
    found = Groups.of(blocks([5, 9]), run=RunContext(), most=4)
    assert found.labels.shape == (3, 14)
    assert found.labels.dtype == np.int16
    for number in (2, 3, 4):
        sizes = np.bincount(found.into(number))
        assert len(sizes) == number
        assert (np.diff(sizes) <= 0).all()
    assert np.array_equal(found.into(99), found.into(4))
    assert np.array_equal(found.into(0), found.into(2))
    assert Groups.of(blocks([2, 3]), run=RunContext()).labels.shape == (3, 5)


def test_one_two_and_three_categories() -> None:
    one, two, three = (Groups.of(blocks([1] * n), run=RunContext()) for n in (1, 2, 3))
    assert (one.labels.tolist(), one.suggested) == ([[0]], 1)
    assert (two.labels.tolist(), two.suggested) == ([[0, 1]], 2)
    assert two.into(5).tolist() == [0, 1]
    assert three.labels.shape == (1, 3)
    assert three.suggested == 2


def test_equal_vectors_are_one_group_and_nothing_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = Groups.of(np.tile(blocks([1]), (6, 1)), run=RunContext())
        nothing = Groups.of(np.zeros((6, 4), dtype=np.float32), run=RunContext())
    assert found.suggested == nothing.suggested == 2
    assert not found.labels.any()
    assert not nothing.labels.any()


def test_the_suggestion_of_a_sample_and_the_same_seed_the_same_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "SILHOUETTE_ROWS", 20)
    vectors = blocks([40, 30, 20])
    found = Groups.of(vectors, run=RunContext(seed=3), most=6)
    assert found.suggested == 3
    assert np.array_equal(found.labels, Groups.of(vectors, run=RunContext(seed=3), most=6).labels)


def test_it_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        Groups.of(blocks([3, 3]), run=RunContext(stop_asked=lambda: True))
