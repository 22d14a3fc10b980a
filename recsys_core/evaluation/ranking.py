"""Exact best-first lists from scores made block by block, so that customers × products are never held at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

T = TypeVar("T")

ScoreBlock = Callable[[np.ndarray], np.ndarray]
"""Customer positions (b,) → scores (b, n_products)."""

BLOCK = 1024
"""Customers scored at once: large enough for a fast matrix product, small enough for a small memory."""


def blocks(positions: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(positions), BLOCK):
        yield positions[start : start + BLOCK]


MOST_AT_ONCE = 8
"""Blocks, however many cores there are: each has the scores of its customers for all products in memory."""
_CORES = Lock()
"""Held by whoever uses all of them: how many threads BLAS may take is one number for the whole process."""


def in_blocks(work: Callable[[np.ndarray], T], positions: np.ndarray) -> Iterator[T]:
    """work(block) of one block after another, several at once: a core each, since a matrix product spread over all of them
    leaves them idle while sparse products and sorting run on one. `work` must not call this again."""
    if len(positions) <= BLOCK:
        yield from map(work, blocks(positions))
        return
    with _CORES, threadpool_limits(1, user_api="blas"):
        pool = ThreadPoolExecutor(min(MOST_AT_ONCE, os.cpu_count() or 1))
        try:
            yield from pool.map(work, blocks(positions))
        finally:
            pool.shutdown(cancel_futures=True)


def best_columns(scores: np.ndarray, top: int) -> np.ndarray:
    """The columns of the `top` highest scores of each row, best first, ties by column. Returns (n_rows, min(top, n_columns))."""
    if top >= scores.shape[1]:
        return np.argsort(-scores, axis=1, kind="stable")
    least = np.partition(scores, -top, axis=1)[:, -top, None]
    row, column = np.divmod(np.flatnonzero(scores >= least), scores.shape[1])
    tied = np.bincount(row, minlength=len(scores)) > top
    best = np.empty((len(scores), top), dtype=np.int64)
    best[~tied] = column[~tied[row]].reshape(-1, top)
    # More than there is room for are equal to the last one: those rows are sorted whole.
    best[tied] = np.sort(np.argsort(-scores[tied], axis=1, kind="stable")[:, :top], axis=1)
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def top_products(
    score: ScoreBlock, customers: np.ndarray, top: int, hidden: sp.csr_matrix | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each block of customers: their positions (b,), their best products (b, top) and the scores (b, top).

    Pairs stored in `hidden` (n_customers, n_products) get the score -inf; the caller drops them.
    """

    def listed(block: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        scores = score(block)
        if hidden is not None:
            scores[hidden[block].nonzero()] = -np.inf
        best = best_columns(scores, top)
        return block, best, np.take_along_axis(scores, best, axis=1)

    yield from in_blocks(listed, customers)


def top_customers(
    score: ScoreBlock, customers: np.ndarray, top: int, hidden: sp.csr_matrix | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """For each product its best customers: positions and scores, both (n_products, min(top, n_customers)), best first."""
    kept_customers: np.ndarray | None = None
    kept_scores: np.ndarray | None = None
    for block in blocks(customers):
        scores = score(block)
        if hidden is not None:
            scores[hidden[block].nonzero()] = -np.inf
        rows = scores.T
        who = np.broadcast_to(block, rows.shape)
        if kept_customers is not None and kept_scores is not None:
            rows, who = np.hstack([kept_scores, rows]), np.hstack([kept_customers, who])
        best = best_columns(rows, top)
        kept_scores, kept_customers = np.take_along_axis(rows, best, axis=1), np.take_along_axis(who, best, axis=1)
    if kept_customers is None or kept_scores is None:
        raise ValueError("no customers to rank")
    return kept_customers, kept_scores
