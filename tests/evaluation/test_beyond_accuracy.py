from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from recsys_core.evaluation.audiences import capture, expected_buyers, gain_curve, lift
from recsys_core.evaluation.beyond_accuracy import BLOCK, coverage, diversity, gini, novelty, popularity

BEST = np.array([[0, 1, 2], [1, 0, -1], [4, -1, -1], [-1, -1, -1]])
BUYERS = np.array([8, 0, 3, 100, 1])


def test_what_is_shown_and_how_unequally() -> None:
    assert coverage(BEST, 5) == 4 / 5
    shown = [2, 2, 1, 0, 1]
    # Half the mean difference of two products, over their mean.
    expected = np.mean([abs(a - b) for a in shown for b in shown]) / (2 * np.mean(shown))
    assert gini(BEST, 5) == pytest.approx(expected)
    assert gini(np.array([[0], [1], [2]]), 3) == pytest.approx(0)
    assert gini(np.zeros((9, 1), dtype=int), 1000) == pytest.approx(0.999)
    assert np.isnan(gini(np.full((2, 2), -1), 5))


def test_novelty_and_popularity_are_means_over_the_list() -> None:
    bits = -np.log2((BUYERS + 1) / 201)
    expected = [bits[[0, 1, 2]].mean(), bits[[0, 1]].mean(), bits[4], np.nan]
    np.testing.assert_allclose(novelty(BEST, BUYERS, 200), expected)
    mean = BUYERS.mean()
    np.testing.assert_allclose(popularity(BEST, BUYERS), [11 / 3 / mean, 4 / mean, 1 / mean, np.nan])
    assert np.isnan(popularity(BEST, np.zeros(5))).all()


def test_diversity_is_one_less_the_mean_cosine_of_two_products() -> None:
    vectors = np.random.default_rng(0).normal(size=(5, 4))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    first = 1 - np.mean([unit[a] @ unit[b] for a, b in combinations([0, 1, 2], 2)])
    np.testing.assert_allclose(diversity(BEST, vectors), [first, 1 - unit[0] @ unit[1], np.nan, np.nan], atol=1e-6)


def test_products_without_content_are_unlike_all_others() -> None:
    vectors = np.array([[0.0, 0], [0, 0], [2, 0], [3, 0]])
    lists = np.array([[0, 1, -1], [0, 2, -1], [2, 3, -1], [0, 2, 3]])
    np.testing.assert_allclose(diversity(lists, vectors), [1, 1, 0, 1 - 1 / 3], atol=1e-9)


def test_many_lists_are_judged_as_one_by_one() -> None:
    """More of them than one block has, of different lengths, with products that stand in no list."""
    rng = np.random.default_rng(0)
    n, products = 2 * BLOCK + 5, 30
    best = np.where(rng.random((n, 6)) < 0.3, -1, np.argsort(rng.random((n, 20)), axis=1)[:, :6])
    vectors, buyers = rng.normal(size=(products, 8)), rng.integers(50, size=products)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    unlike, unknown, shown = [], [], [0] * products
    for products_of_one in best:
        there = [product for product in products_of_one if product >= 0]
        cosines = [unit[a] @ unit[b] for a, b in combinations(there, 2)]
        unlike.append(1 - np.mean(cosines) if cosines else np.nan)
        unknown.append(np.mean([-np.log2((buyers[product] + 1) / 101) for product in there]) if there else np.nan)
        for product in there:
            shown[product] += 1
    assert np.isnan(unlike).any()
    np.testing.assert_allclose(diversity(best, vectors), unlike, atol=1e-9)
    np.testing.assert_allclose(novelty(best, buyers, 100), unknown)
    assert coverage(best, products) == sum(count > 0 for count in shown) / products == 20 / 30
    expected = np.mean([abs(a - b) for a in shown for b in shown]) / (2 * np.mean(shown))
    assert gini(best, products) == pytest.approx(expected)


def test_audiences_hold_the_buyers_that_rank_early() -> None:
    product, rank = np.array([0, 0, 0, 2]), np.array([1, 5, 90, 10])
    np.testing.assert_allclose(capture(product, rank, 5, 3), [2 / 3, np.nan, 0])
    np.testing.assert_allclose(lift(np.array([0.5]), 0.05), [10])
    np.testing.assert_allclose(
        gain_curve(product, rank, 100, [0.001, 0.05, 0.1, 1], 3),
        [[1 / 3, 2 / 3, 2 / 3, 1], [np.nan] * 4, [0, 0, 1, 1]],
    )
    np.testing.assert_array_equal(expected_buyers(product, rank, [1, 10, 100], 3), [[1, 2, 3], [0, 0, 0], [0, 1, 1]])


def test_figures_are_those_of_rectools() -> None:
    """RecTools 0.19.0, which needs an older NumPy than this project, gave these for the same lists: `MeanInvUserFreq(k=8)`,
    `AvgRecPopularity(k=8)` and `IntraListDiversity(k=8)` with Hamming distance, each of the first three of 60 users and
    the mean of all, and `CatalogCoverage(k=1, normalize=True)`."""
    rng = np.random.default_rng(11)
    best = np.argsort(-rng.random((60, 30)), axis=1)[:, :8]
    buyers, kinds = rng.integers(1, 50, size=30), np.arange(30) % 4

    def told(values: np.ndarray) -> list[float]:
        return [*values[:3], values.mean()]

    # Ours takes one customer more for each product, and one more in all.
    theirs = [0.866837716323027, 1.429384956627316, 3.0270170170884514, 1.7418213925093968]
    assert told(novelty(best, buyers - 1, 59)) == pytest.approx(theirs)
    # Ours is beside the mean of all products.
    popular = [34.25, 26.5, 13.25, 24.610416666666666]
    assert told(popularity(best, buyers) * buyers.mean()) == pytest.approx(popular)
    # Two different kinds, one of four each, differ in two places; their cosine is 0.
    unlike = [1.5, 1.6428571428571428, 1.5, 1.5357142857142856]
    assert told(2 * diversity(best, np.eye(4)[kinds])) == pytest.approx(unlike)
    assert coverage(best[:, :1], 30) == pytest.approx(0.9)
