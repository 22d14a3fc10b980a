"""How methods look in all pictures of replayed launches: colours, dashes, bands, a legend."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from recsys_core.charts.style import QUIET

METHOD_COLOURS = (
    "#1a938a",
    "#9900ff",
    "#ff2626",
    "#7e93e6",
    "#e62270",
    "#6247cc",
    "#994936",
    "#999954",
    "#cc1fa9",
    "#338000",
)
"""For both themes, and told apart by people who see red and green alike; a method has the same colour in all pictures."""
DASHES = ("dot", "dash", "dashdot", "longdash")
BASELINE_SYMBOLS = ("x", "diamond", "square", "triangle-up")


def colour_of(method: str, methods: Sequence[str]) -> str:
    """methods: all that aren't baselines."""
    return METHOD_COLOURS[list(methods).index(method) % len(METHOD_COLOURS)]


def methods_of(names: Iterable[str], baselines: Collection[str], methods: Sequence[str] | None) -> list[str]:
    """Those that aren't baselines, of `methods` if given, else of names."""
    return [name for name in dict.fromkeys(names if methods is None else methods) if name not in baselines]


def look(name: str, methods: Sequence[str], baselines: Collection[str]) -> tuple[dict[str, Any], str]:
    """The marker and the dash of a method's line."""
    if name not in baselines:
        return {"color": colour_of(name, methods), "symbol": "circle"}, "solid"
    at = list(baselines).index(name)
    return {"color": QUIET, "symbol": BASELINE_SYMBOLS[at % len(BASELINE_SYMBOLS)]}, DASHES[at % len(DASHES)]


def band(figure: go.Figure, rows: pd.DataFrame, x: str, colour: str, fill: str | None = None) -> None:
    """The range around a line, where it is known; it comes and goes with its line."""
    known = rows.dropna(subset=["low", "high"])
    if known.empty:
        return
    name = known["method"].iloc[0] if "method" in known else None
    figure.add_scatter(
        x=[*known[x], *reversed(known[x].tolist())],
        y=[*known["high"], *reversed(known["low"].tolist())],
        fill="toself",
        fillcolor=fill or _faint(colour),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        legendgroup=name,
    )


def ranges(low: float, high: float, spec: str) -> str:
    """An interval in brackets, or nothing where it isn't known."""
    return "" if pd.isna(low) or pd.isna(high) else f" ({low:{spec}} to {high:{spec}})"


def columns(rows: pd.DataFrame, *names: str) -> list[list[Any]]:
    """Rows of plain Python values, as Plotly wants them."""
    return [list(row) for row in zip(*(rows[name].tolist() for name in names), strict=True)]


def with_legend(figure: go.Figure) -> go.Figure:
    """Below the picture, with room for the buttons above it; a picture of many names is higher."""
    names = sum(trace.showlegend is not False for trace in figure.data)
    return figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0, "itemwidth": 44},
        margin={"t": 34},
        height=figure.layout.height + 10 * names,
    )


def _faint(colour: str) -> str:
    if colour == QUIET:
        return "rgba(128, 140, 136, 0.14)"
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.14)"
