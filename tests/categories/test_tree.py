"""Trees of categories whose likeness is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster

from recsys_core.categories.tree import ORDERED, leaf_order, linkage_of


def two_blocks() -> np.ndarray:
    """Odd ones are alike, even ones are alike, the two have nothing to do with each other."""
    odd = np.arange(8) % 2
    similarity = np.where(odd[:, None] == odd[None, :], 0.8, -0.2)
    np.fill_diagonal(similarity, 1)
    return similarity


def test_the_two_blocks_are_split_first() -> None:
    linkage = linkage_of(two_blocks())
    assert linkage.shape == (7, 4)
    halves = fcluster(linkage, 2, "maxclust")
    assert len({*halves[::2]}) == len({*halves[1::2]}) == 1
    assert halves[0] != halves[1]
    assert linkage[:-1, 2] == pytest.approx(0.2)
    assert linkage[-1, 2] == pytest.approx(1.2)


def test_leaves_of_a_block_stand_together() -> None:
    order = leaf_order(linkage_of(two_blocks()), 8)
    assert sorted(order) == list(range(8))
    assert len({*(order[:4] % 2)}) == len({*(order[4:] % 2)}) == 1


def test_branches_are_turned_so_that_neighbours_are_alike() -> None:
    place = np.array([0.0, 3.0, 1.0, 4.0])
    order = leaf_order(linkage_of(1 - np.abs(place[:, None] - place[None, :]) / 4), 4)
    assert place[order].tolist() in ([0, 1, 3, 4], [4, 3, 1, 0])


def test_unknown_counts_as_nothing_in_common_and_a_pair_has_one_distance() -> None:
    assert linkage_of(np.array([[1, np.nan], [np.nan, 1]]))[0, 2] == pytest.approx(1)
    assert linkage_of(np.array([[1, 0.2], [0.6, 1]]))[0, 2] == pytest.approx(0.6)
    assert linkage_of(np.array([[1, 1.5], [1.5, 1]]))[0, 2] == 0
    assert linkage_of(np.array([[1, -3], [-3, 1]]))[0, 2] == 2


def test_none_one_and_two() -> None:
    for n in (0, 1):
        linkage = linkage_of(np.eye(n, dtype=np.float32))
        assert linkage.shape == (0, 4)
        assert leaf_order(linkage, n).tolist() == list(range(n))
    assert sorted(leaf_order(linkage_of(np.eye(2, dtype=np.float32)), 2)) == [0, 1]


def test_many_even_in_a_chain() -> None:
    n = 5 * ORDERED
    # Each joins all before it: as deep as a tree can be.
    similarity = -np.maximum.outer(np.arange(n), np.arange(n)) / n
    linkage = linkage_of(similarity.astype(np.float32))
    assert linkage[-1, 3] == n
    assert sorted(leaf_order(linkage, n)) == list(range(n))
