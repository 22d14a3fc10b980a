"""What goes with a category speaks for products placed there, and for nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from recsys_core.content.words import WordCounts
from recsys_core.models.category_lift import SHARE, CategoryLift, numbered
from recsys_core.models.co_purchases import Placement

OF_PRODUCT = np.array([0, 0, 1, 1, 2, 2, -1])
"""Whoever buys in category 0 buys in 1; 2 is bought alone."""


@pytest.fixture
def lift() -> CategoryLift:
    weights = np.zeros((60, 7), dtype=np.float32)
    weights[:30, [0, 2]] = 1
    weights[30:, [4, 6]] = 1
    return CategoryLift.of(sp.csr_matrix(weights), OF_PRODUCT, 3)


def placement(n: int) -> Placement:
    empty = sp.csr_matrix((n, 7), dtype=np.float32)
    return Placement(empty, empty, np.zeros((n, 2), dtype=np.float32))


def test_products_of_the_categories_that_go_with_a_place_speak_for_it(lift: CategoryLift) -> None:
    together = lift.added_to(placement(3), np.array([0, 2, -1]), spread=0.1).together.toarray()
    assert (together[0] > 0).tolist() == [False, False, True, True, False, False, False]
    assert not together[1:].any()


def test_it_is_measured_in_spreads_of_the_signal_that_it_joins(lift: CategoryLift) -> None:
    places = np.array([0])
    one, two = (lift.added_to(placement(1), places, spread).together.toarray() for spread in (0.1, 0.2))
    np.testing.assert_allclose(two, 2 * one, rtol=1e-6)
    np.testing.assert_allclose(one, SHARE * 0.1 * lift.profiles[:1].toarray(), rtol=1e-6)


def test_a_shop_without_anything_in_common_has_nothing_to_say() -> None:
    lift = CategoryLift.of(sp.identity(6, dtype=np.float32, format="csr"), np.array([0, 0, 1, 1, 2, 2]), 3)
    assert not lift.profiles.nnz


def test_paths_are_told_apart_by_all_their_levels() -> None:
    paths = ["Home > Mugs", "Home > Cups", None, "Garden > Mugs", "Home>Mugs"]
    frame = pd.DataFrame({"product_id": list("abcde"), "title": ["red mug"] * 5, "category": paths})
    numbers, count = numbered(WordCounts.of(frame))
    assert numbers.tolist() == [0, 1, -1, 2, 0]
    assert count == 3
