"""Backtests beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from recsys_core.selection.backtests.words import curve


def refusal(versions: Sequence[tuple[str, str]]) -> str | None:
    """Why these backtests (name, data version) can't be compared; None: they can."""
    if len({version for _, version in versions}) < 2:
        return None
    told = "; ".join(f"{name}: {version}" for name, version in versions)
    return (
        f"These backtests are of different versions of the catalog ({told}). Other products and customers were asked, so a difference "
        "between their figures says nothing of methods or settings. Replay again on the newest catalog, then compare."
    )


def other_launches(cuts: Sequence[Sequence[Mapping[str, Any]]]) -> bool:
    """Whether backtests (the `cuts` of each one's facts) replayed different launches: then figures differ by these, too."""
    told = [[(cut["name"], cut["shots"], cut["few"], cut["asked"]) for cut in each] for each in cuts]
    return any(each != told[0] for each in told)


def differing(settings: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """A row for each setting in which they differ, a column for each backtest, as text; settings: backtest → its settings."""
    flat = {name: _flat(told) for name, told in settings.items()}
    rows = {
        key: {name: flat[name].get(key, "usual") for name in flat}
        for key in dict.fromkeys(k for told in flat.values() for k in told)
    }
    return pd.DataFrame.from_dict(
        {key: row for key, row in rows.items() if len(set(row.values())) > 1}, orient="index", columns=list(flat)
    ).rename_axis("Setting")


def _flat(settings: Mapping[str, Any], before: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{name}.")
        elif isinstance(value, list):
            flat[before + name] = ", ".join(map(str, value))
        else:
            flat[before + name] = "all of them" if value is None else str(value)
    return flat


def beside(metrics: Mapping[str, pd.DataFrame], metric: str, k: int) -> pd.DataFrame:
    """backtest, method, k, value, low, high, n: of all cuts of each; metrics: backtest → its figures."""
    parts = [curve(frame, metric, k=k).assign(backtest=name) for name, frame in metrics.items()]
    return pd.concat(parts, ignore_index=True)[["backtest", "method", "k", "value", "low", "high", "n"]]
