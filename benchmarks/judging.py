"""Figures of merit of ranked lists, a customer or a product at a time. Needs no more than numpy and scipy.

Written apart from recsys_core.evaluation, so that the judge isn't the one who is judged.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

LENGTH = 20
AUDIENCE = 0.05
"""The share of all customers that an audience has."""
BLOCK = 2048

Score = Callable[[np.ndarray], np.ndarray]
"""Customer positions (b,) → scores (b, n_products)."""


def best_columns(scores: np.ndarray, k: int) -> np.ndarray:
    """(n, min(k, n_columns)): the columns of the highest scores of each row, best first."""
    best = np.argpartition(-scores, min(k, scores.shape[1] - 1), axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def ranked(score: Score, customers: np.ndarray, hidden: sp.csr_matrix | None = None, k: int = LENGTH) -> np.ndarray:
    """(n, k) best products of each customer, -1 behind the last; pairs stored in `hidden` (all customers) are left out."""
    parts = []
    for start in range(0, len(customers), BLOCK):
        who = customers[start : start + BLOCK]
        scores = score(who)
        if hidden is not None:
            scores[hidden[who].nonzero()] = -np.inf
        best = best_columns(scores, k)
        parts.append(np.where(np.isfinite(np.take_along_axis(scores, best, axis=1)), best, -1))
    return np.concatenate(parts)


def hits(best: np.ndarray, relevant: sp.csr_matrix) -> np.ndarray:
    """(n, k) bool: whether that place of the list is one to be found."""
    rows = np.arange(len(best))[:, None]
    return np.asarray(relevant[rows, np.maximum(best, 0)].todense() > 0) & (best >= 0)


def ndcg(best: np.ndarray, relevant: sp.csr_matrix, k: int = LENGTH) -> np.ndarray:
    """(n,) DCG of the first k with binary relevance over that of an ideal list; each row of `relevant` has an entry."""
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(np.diff(relevant.indptr), k) - 1]
    found = hits(best[:, :k], relevant)
    return (found * discount[: found.shape[1]]).sum(axis=1) / ideal


def recall(best: np.ndarray, relevant: sp.csr_matrix, k: int = LENGTH) -> np.ndarray:
    """(n,) share of what is to be found that stands in the first k."""
    return hits(best[:, :k], relevant).sum(axis=1) / np.diff(relevant.indptr)


def lift(audience: np.ndarray, relevant: sp.csr_matrix) -> np.ndarray:
    """(n_products with a buyer,) share of a product's buyers in its audience, over what random customers would give.

    audience: (n_products, size) customers, -1 for "no customer"; relevant: (n_products, n_customers).
    """
    judged = np.flatnonzero(np.diff(relevant.indptr))
    return recall(audience[judged], relevant[judged], audience.shape[1]) / AUDIENCE
