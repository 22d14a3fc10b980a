"""What a backtest found, in words for a merchandiser. All from its table of figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from recsys_core.evaluation.bootstrap import Comparison
from recsys_core.selection.backtests.figures import ALL_CUTS, AUDIENCE, NEW
from recsys_core.selection.backtests.names import BASELINES, CONTENT, RANDOM


def curve(
    metrics: pd.DataFrame, metric: str, cut: str = ALL_CUTS, group: str = NEW, k: int | None = None
) -> pd.DataFrame:
    """A row for each method and number of first sales (or for `k` alone): method, k, value, low, high, n; nothing where it is
    undefined."""
    rows = metrics[(metrics["cut"] == cut) & (metrics["group"] == group) & (metrics["metric"] == metric)]
    if k is not None:
        rows = rows[rows["k"] == k]
    return rows.dropna(subset=["value"])[["method", "k", "value", "low", "high", "n"]].reset_index(drop=True)


def figure(metrics: pd.DataFrame, metric: str, method: str, k: int, cut: str = ALL_CUTS) -> pd.Series | None:
    """value, low, high and n of one point; None where there is none."""
    rows = curve(metrics, metric, cut, k=k)
    rows = rows[rows["method"] == method]
    return None if rows.empty else rows.iloc[0]


def methods_of(metrics: pd.DataFrame) -> list[str]:
    """Those that aren't baselines, in the order in which they were replayed."""
    names = curve(metrics, "ndcg")["method"].unique()
    return [name for name in names if name not in BASELINES]


def best_method(metrics: pd.DataFrame, k: int, cut: str = ALL_CUTS) -> str | None:
    """The method with the highest ndcg at that number of first sales; of equals the first."""
    rows = curve(metrics, "ndcg", cut, k=k)
    rows = rows[~rows["method"].isin(list(BASELINES))]
    return None if rows.empty else str(rows["method"].iloc[int(rows["value"].argmax())])


def headline(
    metrics: pd.DataFrame, top: int, method: str, k: int, cut: str = ALL_CUTS, gain: Comparison | None = None
) -> list[tuple[str, str]]:
    """Three figures, each with a sentence: what lists find, what audiences hold, what first sales bring.

    gain: by first sales, with its interval, where it is known (see `first_sales_gain`).
    """
    told = []
    recall, content, random = (figure(metrics, "recall", name, k, cut) for name in (method, CONTENT, RANDOM))
    if recall is not None:
        beside = [
            f"{name} {row['value']:.0%}"
            for name, row in (("by content neighbours", content), ("at random", random))
            if row is not None
        ]
        told.append(
            (
                f"{recall['value']:.0%}",
                f"of what customers bought later of the new products stood in their lists of {top}"
                f"{' (' + ', '.join(beside) + ')' if beside else ''}.",
            )
        )
    captured = figure(metrics, "capture", method, k, cut)
    if captured is not None:
        told.append(
            (
                f"{captured['value']:.0%}",
                f"of a new product's later buyers are among the first {AUDIENCE:.0%} of customers: "
                f"{captured['value'] / AUDIENCE:.1f} times as many as by chance.",
            )
        )
    most = _last(metrics, method, cut)
    zero = figure(metrics, "ndcg", method, 0, cut)
    then = most if not k else figure(metrics, "ndcg", method, k, cut)
    if zero is not None and then is not None and zero["value"] and then["k"]:
        told.append(
            (
                _signed(then["value"] / zero["value"] - 1 if gain is None or gain.gain is None else gain.gain),
                f"is what {sales(int(then['k']))} of a product change in the quality of lists (ndcg), beside none{_sure(gain)}.",
            )
        )
    return told


def sales(k: int) -> str:
    return f"{k} first sale{'' if k == 1 else 's'}"


def _sure(gain: Comparison | None) -> str:
    if gain is None or gain.gain is None:
        return ""
    clear = ", so no clear change" if gain.low <= 0 <= gain.high else ""
    return f" (between {_signed(gain.low)} and {_signed(gain.high)}{clear})"


def _signed(share: float) -> str:
    """+12%, −3%, ±0%."""
    text = f"{abs(share):.0%}"
    return f"{'±' if text == '0%' else '+' if share > 0 else '−'}{text}"


def summary(metrics: pd.DataFrame, facts: dict[str, Any]) -> list[str]:
    """ndcg by method and number of first sales, as lines of a shell, and the headline of the best method."""
    rows = curve(metrics, "ndcg")
    table = rows.pivot(index="method", columns="k", values="value").reindex(rows["method"].unique())
    cuts = "; ".join(
        f"{cut['name']}: {cut['few']:,} of {cut['products']:,} new products, {cut['asked']:,} customers"
        for cut in facts["cuts"]
    )
    lines = [f"Replayed {cuts}.", f"{'ndcg@' + str(facts['top']):<20}" + "".join(f"{'k=' + str(k):>9}" for k in table)]
    for method, values in table.iterrows():
        cells = "".join(f"{value:>9.4f}" if np.isfinite(value) else f"{'n/a':>9}" for value in values)
        lines.append(f"{method:<20}{cells}")
    most = int(rows["k"].max())
    best = best_method(metrics, most)
    if best is not None:
        lines.append(f"{best}, with {sales(most)}:")
        lines += [f"  {value} {sentence}" for value, sentence in headline(metrics, facts["top"], best, most)]
    return lines


def _last(metrics: pd.DataFrame, method: str, cut: str) -> pd.Series | None:
    rows = curve(metrics, "ndcg", cut)
    rows = rows[rows["method"] == method]
    return None if rows.empty else rows.iloc[int(rows["k"].argmax())]
