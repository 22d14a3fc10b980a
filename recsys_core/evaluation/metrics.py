"""Figures of merit for ranked lists."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recsys_core.evaluation.ranking import ScoreBlock, top_products


def ndcg_per_customer(best: np.ndarray, relevant: sp.csr_matrix, k: int) -> np.ndarray:
    """Normalised discounted cumulative gain of the first k, with binary relevance (Järvelin & Kekäläinen 2002).

    best: (n, >=1) product positions, best first, -1 for "no product"; relevant: (n, n_products), each row with at
    least one stored entry. Returns (n,) in 0..1.
    """
    best = best[:, :k]
    rows = np.arange(len(best))[:, None]
    hit = np.asarray(relevant[rows, np.maximum(best, 0)].todense() > 0) & (best >= 0)
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(np.diff(relevant.indptr), k) - 1]
    return (hit * discount[: best.shape[1]]).sum(axis=1) / ideal


def ndcg(score: ScoreBlock, relevant: sp.csr_matrix, hidden: sp.csr_matrix | None = None, k: int = 20) -> np.ndarray:
    """ndcg@k of every customer that has something to find: (n_customers with a stored entry in `relevant`,)."""
    relevant = relevant.copy()
    relevant.eliminate_zeros()
    customers = np.flatnonzero(np.diff(relevant.indptr))
    parts = []
    for block, best, scores in top_products(score, customers, k, hidden):
        parts.append(ndcg_per_customer(np.where(np.isfinite(scores), best, -1), relevant[block], k))
    return np.concatenate(parts) if parts else np.zeros(0)


def no_worse(figures: np.ndarray, best: np.ndarray, errors: float = 1.0) -> bool:
    """Whether `figures` (n,) fall behind `best` (n,), of the same customers, by no more than chance: so many standard errors of
    the mean difference (with one, the rule of Breiman et al. 1984 for taking the simpler of two models)."""
    lost = best - figures
    return bool(lost.mean() <= errors * lost.std() / np.sqrt(len(lost)))
