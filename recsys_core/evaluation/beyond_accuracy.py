"""Figures of lists beyond accuracy. -1 in a list is "no product"; nan is "n/a"."""

from __future__ import annotations

import numpy as np

BLOCK = 256
"""Lists whose vectors are held at once: few enough to stay in the processor's cache, which is many times faster."""


def coverage(best: np.ndarray, n_products: int) -> float:
    """Share of the candidates that stand in at least one list (n, K)."""
    return len(np.unique(best[best >= 0])) / n_products if n_products else float("nan")


def gini(best: np.ndarray, n_products: int) -> float:
    """How unequally often the candidates are shown: 0 equally, near 1 where one takes every place (Gini 1912)."""
    shown = np.sort(np.bincount(best[best >= 0], minlength=n_products))
    if not shown.sum():
        return float("nan")
    place = np.arange(1, n_products + 1)
    return float((2 * place - n_products - 1) @ shown / (n_products * shown.sum()))


def novelty(best: np.ndarray, buyers: np.ndarray, n_customers: int) -> np.ndarray:
    """(n,) mean self-information of the listed products in bits (Zhou et al. 2010); buyers: (n_products,).

    One customer more than there are is taken to have bought each, so that none has infinitely much.
    """
    return _mean(best, -np.log2((buyers + 1) / (n_customers + 1)))


def popularity(best: np.ndarray, buyers: np.ndarray) -> np.ndarray:
    """(n,) mean number of buyers of the listed products, over that of all candidates."""
    mean = buyers.mean() if len(buyers) else 0
    return _mean(best, buyers / mean if mean else np.full(len(buyers), np.nan))


def diversity(best: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """(n,) 1 less the mean cosine of two listed products (Ziegler et al. 2005); vectors: (n_products, d).

    A vector of zeros is like none, itself included.
    """
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(length > 0, length, 1)
    unit = np.vstack([unit, np.zeros((1, vectors.shape[1]), dtype=unit.dtype)])
    size = (best >= 0).sum(axis=1)
    # Each one's cosine with itself, which is no pair.
    own = np.append(length[:, 0] > 0, False)[best].sum(axis=1)
    squares = np.empty(len(best))
    for start in range(0, len(best), BLOCK):
        # The length of the sum of unit vectors tells all their cosines at once; position -1 is the row of zeros.
        total = unit[best[start : start + BLOCK]].sum(axis=1)
        squares[start : start + BLOCK] = np.einsum("ij,ij->i", total, total)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(size > 1, 1 - (squares - own) / (size * (size - 1)), np.nan)


def _mean(best: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(n,) mean value (n_products,) of the listed products."""
    size = (best >= 0).sum(axis=1)
    total = np.append(values, 0)[best].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(size > 0, total / size, np.nan)
