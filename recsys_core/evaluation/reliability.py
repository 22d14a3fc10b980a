"""Whether chances come true: groups of pairs by what was foretold, and how far that was off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

BINS = 10
DRAWS = 500


def reliability(
    probability: np.ndarray,
    bought: np.ndarray,
    product: np.ndarray,
    weight: np.ndarray,
    seed: int = 0,
    bins: int = BINS,
) -> list[dict[str, float]]:
    """Bins of equal mass by probability, with what came of them: predicted and bought (means), low and high (95 % interval of
    bought, bootstrap over products), pairs (for how many they stand). All arrays: (m,), of pairs."""
    order = np.argsort(probability, kind="stable")
    before = np.cumsum(weight[order]) - weight[order] / 2
    at = np.empty(len(order), dtype=np.int64)
    at[order] = np.minimum(bins * before / weight.sum(), bins - 1).astype(np.int64)
    n_products = int(product.max()) + 1
    cell = product * bins + at
    size, sales = (
        np.bincount(cell, values, n_products * bins).reshape(n_products, bins) for values in (weight, weight * bought)
    )
    present = np.flatnonzero(size.sum(axis=1))
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(present), np.full(len(present), 1 / len(present)), size=DRAWS)
    rates = (drawn @ sales[present]) / np.maximum(drawn @ size[present], 1e-9)
    low, high = np.quantile(rates, (0.025, 0.975), axis=0)
    total, predicted = size.sum(axis=0), np.bincount(at, weight * probability, bins)
    return [
        {
            "predicted": float(predicted[b] / total[b]),
            "bought": float(sales[:, b].sum() / total[b]),
            "low": float(low[b]),
            "high": float(high[b]),
            "pairs": float(total[b]),
        }
        for b in np.flatnonzero(total)
    ]


def calibration_error(bins: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The expected calibration error over bins of equal mass (Naeini et al. 2015), and what share of all was bought."""
    size = np.array([row["pairs"] for row in bins])
    gap = np.array([abs(row["predicted"] - row["bought"]) for row in bins])
    bought = np.array([row["bought"] for row in bins])
    return {"ece": float(size @ gap / size.sum()), "base_rate": float(size @ bought / size.sum())}
