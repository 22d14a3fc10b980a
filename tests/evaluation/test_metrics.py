from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from sklearn.metrics import ndcg_score

from recsys_core.evaluation.metrics import ndcg
from recsys_core.evaluation.ranking import best_columns, top_customers


def test_ndcg_equals_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    scores, relevant = rng.normal(size=(40, 30)), rng.random((40, 30)) < 0.15
    relevant[7] = False
    served = relevant.any(axis=1)
    ours = ndcg(lambda block: scores[block].copy(), sp.csr_matrix(relevant.astype(float)), k=10)
    np.testing.assert_allclose(ours.mean(), ndcg_score(relevant[served], scores[served], k=10))
    assert len(ours) == served.sum()


def test_ndcg_with_fewer_products_than_k_and_hidden_pairs() -> None:
    scores = np.array([[3.0, 2.0, 1.0]])
    relevant = sp.csr_matrix([[0, 0, 1]])
    hidden = sp.csr_matrix([[1, 0, 0]])
    np.testing.assert_allclose(ndcg(lambda block: scores[block].copy(), relevant, hidden), 1 / np.log2(3))


def test_best_columns_are_the_best_and_ties_go_by_column() -> None:
    scores = np.random.default_rng(1).integers(5, size=(50, 40)).astype(float)
    expected = np.argsort(-scores, axis=1, kind="stable")
    found = best_columns(scores, 40)
    np.testing.assert_array_equal(found, expected)
    top = best_columns(scores, 7)
    np.testing.assert_array_equal(np.take_along_axis(scores, top, 1), np.take_along_axis(scores, expected[:, :7], 1))


def test_many_equal_scores_keep_the_order_of_the_columns() -> None:
    np.testing.assert_array_equal(best_columns(np.zeros((2, 300)), 20), [np.arange(20)] * 2)


def test_audiences_over_several_blocks_equal_one_sort() -> None:
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(3000, 4))
    customers, found = top_customers(lambda block: scores[block].copy(), np.arange(3000), 25)
    np.testing.assert_array_equal(customers, np.argsort(-scores.T, axis=1)[:, :25])
    np.testing.assert_allclose(found, -np.sort(-scores.T, axis=1)[:, :25])
