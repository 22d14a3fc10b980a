"""One way of recommending beside another, on the same customers and products."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys_core.evaluation.bootstrap import Comparison, Redraws, compare
from recsys_core.selection.backtests.figures import DRAWS, of_customers, of_products
from recsys_core.selection.backtests.replayed import Said, Stage


def compared(parts: Sequence[tuple[Stage, Said, Said]], metric: str, k: int, *, top: int, seed: int) -> Comparison:
    """The first way beside the second, over all customers (for capture and lift: products) of these cuts together.

    metric: one of `of_customers` or `of_products`. Paired bootstrap.
    """
    pairs = [
        [_figures(stage, said, stage.shots.index(k), metric, top) for said in (first, second)]
        for stage, first, second in parts
    ]
    first, second = (np.concatenate(values) for values in zip(*pairs, strict=True))
    return compare(first, second, Redraws.of(len(first), seed, DRAWS))


def _figures(stage: Stage, said: Said, at: int, metric: str, top: int) -> np.ndarray:
    if metric in ("capture", "lift"):
        return of_products(stage, said, at)[metric]
    return of_customers(stage, said, at, top)[metric]


def first_sales_gain(parts: Sequence[tuple[Stage, Said]], k: int, *, top: int, seed: int) -> Comparison | None:
    """ndcg with k first sales beside none, of the same customers; None where either wasn't replayed."""
    if not parts or any(0 not in stage.shots or k not in stage.shots for stage, _ in parts):
        return None
    then, zero = (
        np.concatenate([_figures(stage, said, stage.shots.index(shots), "ndcg", top) for stage, said in parts])
        for shots in (k, 0)
    )
    return compare(then, zero, Redraws.of(len(then), seed, DRAWS))
