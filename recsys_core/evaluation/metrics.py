"""Figures of merit for ranked lists, a customer at a time; nan is "n/a": there was nothing to find."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recsys_core.evaluation.ranking import ScoreBlock, top_products


def hits(best: np.ndarray, relevant: sp.csr_matrix) -> np.ndarray:
    """(n, K) bool: whether that place of the list is one to be found.

    best: (n, K) product positions, -1 for "no product"; relevant: (n, n_products), what is to be found being its entries that
    aren't 0.
    """
    pairs = relevant.tocoo()
    there = pairs.data != 0
    n_products = relevant.shape[1]
    # Every pair as one number, in rising order: looking a list up among them is one binary search.
    keys = np.sort(pairs.row[there].astype(np.int64) * n_products + pairs.col[there])
    if not len(keys):
        return np.zeros(best.shape, dtype=bool)
    asked = np.arange(len(best), dtype=np.int64)[:, None] * n_products + best
    at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    found: np.ndarray = (keys[at] == asked) & (best >= 0)
    return found


def list_metrics(
    found: np.ndarray, n_relevant: np.ndarray, n_candidates: np.ndarray | int | None = None, k: int | None = None
) -> dict[str, np.ndarray]:
    """recall, precision, f1, ndcg, map, mrr, hit_rate and (if n_candidates is given) accuracy, each (n,), of the first k.

    found: (n, K), see `hits`; n_relevant: (n,) how many there are to find; n_candidates: among how many; k: default K, and may be
    more. As in trec_eval: precision divides by k however short a list is; average precision by n_relevant. ndcg has binary relevance
    (Järvelin & Kekäläinen 2002). accuracy is that of the pair task, where the first k are called bought and all others not; every
    place of a list counts as called, up to n_candidates.
    """
    k = found.shape[1] if k is None else k
    found = found[:, :k]
    places = np.arange(1, found.shape[1] + 1)
    n_found = found.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ideal = np.cumsum(1 / np.log2(np.arange(2, k + 2)))[np.clip(n_relevant, 1, k) - 1]
        precisions = np.cumsum(found, axis=1) / places
        figures = {
            "recall": n_found / n_relevant,
            "precision": n_found / k,
            "f1": 2 * n_found / (k + n_relevant),
            "ndcg": found @ (1 / np.log2(places + 1)) / ideal,
            "map": (found * precisions).sum(axis=1) / n_relevant,
            "mrr": (found / places).max(axis=1, initial=0),
            "hit_rate": (n_found > 0).astype(float),
        }
        if n_candidates is not None:
            called = np.minimum(found.shape[1], n_candidates)
            figures["accuracy"] = 1 - (called + n_relevant - 2 * n_found) / n_candidates
    undefined = n_relevant == 0
    return {name: np.where(undefined, np.nan, values) for name, values in figures.items()}


def auc(row: np.ndarray, rank: np.ndarray, n_candidates: np.ndarray | int, n: int) -> np.ndarray:
    """(n,) share of (bought, not bought) pairs of products in the right order (Mann & Whitney 1947); nan where there is none.

    row, rank: (m,) of each product to be found, whose it is and where it stands, from 1, in the list of all n_candidates.
    """
    relevant = np.bincount(row, minlength=n)
    others = n_candidates - relevant
    ranks = np.bincount(row, rank, minlength=n)
    # Of a product at rank r, r - 1 stand before it, some of which are to be found themselves.
    wrong = ranks - relevant * (relevant + 1) / 2
    pairs = relevant * others
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(pairs > 0, 1 - wrong / pairs, np.nan)


def ndcg_per_customer(best: np.ndarray, relevant: sp.csr_matrix, k: int) -> np.ndarray:
    """ndcg@k, (n,) in 0..1: best and relevant as in `hits`, each row of `relevant` with at least one entry."""
    return list_metrics(hits(best[:, :k], relevant), np.diff(relevant.indptr), k=k)["ndcg"]


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
