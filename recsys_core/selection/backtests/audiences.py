"""Gain curves of replayed launches: how many of a product's later buyers are among the first customers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recsys_core.evaluation.audiences import expected_buyers, gain_curve
from recsys_core.evaluation.bootstrap import Redraws
from recsys_core.selection.backtests.figures import DRAWS
from recsys_core.selection.backtests.replayed import Said, Stage

Replays = Sequence[tuple[Stage, Said]]


def gains(replays: Replays, k: int, shares: Sequence[float], seed: int) -> pd.DataFrame:
    """share, value, low, high: of the buyers, mean over all products of these cuts."""
    curves = [
        gain_curve(
            stage.queries.product, said.in_audience[stage.shots.index(k)], len(stage.customers), shares, len(stage.few)
        )
        for stage, said in replays
    ]
    return _means(np.vstack(curves), seed).assign(share=list(shares))


def expected(replays: Replays, k: int, sizes: np.ndarray, seed: int) -> pd.DataFrame:
    """size, value, low, high: later buyers of a product among the first `size` customers, mean over products with its interval;
    quarter and three_quarters: between these lie half of the products.

    Where only a draw of the customers was asked, each stands for as many as there are to one.
    """
    curves = []
    for stage, said in replays:
        each = stage.whole / len(stage.customers)
        ranks = said.in_audience[stage.shots.index(k)]
        curves.append(each * expected_buyers(stage.queries.product, ranks, sizes / each, len(stage.few)))
    together = np.vstack(curves)
    quarter, three = np.quantile(together, (0.25, 0.75), axis=0)
    return _means(together, seed).assign(size=sizes, quarter=quarter, three_quarters=three)


def _means(curves: np.ndarray, seed: int) -> pd.DataFrame:
    draws = Redraws.of(len(curves), seed, DRAWS).means(curves)
    low, high = np.quantile(draws, (0.025, 0.975), axis=0)
    return pd.DataFrame({"value": np.nanmean(curves, axis=0), "low": low, "high": high})
