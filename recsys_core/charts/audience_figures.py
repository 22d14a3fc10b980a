"""Pictures of audiences: which share of the buyers the first customers hold, and what writing to them brings."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from recsys_core.charts.method_looks import METHOD_COLOURS, band, columns, look, methods_of, ranges, with_legend
from recsys_core.charts.style import ACCENT_FILL, QUIET, styled


def gain_figure(
    shares: Sequence[float],
    curves: pd.DataFrame,
    baselines: Collection[str],
    marked: float | None = None,
    *,
    methods: Sequence[str] | None = None,
    lift: bool = False,
) -> go.Figure:
    """How many of the buyers the first share of customers hold, beside what chance would hold; methods have their range.

    lift: how many times as many as chance would hold, instead.

    curves: method, share, value, low, high; marked: a share with a line of its own; methods: all of them, for their
    colours (None: those of the curves).
    """
    figure = go.Figure()
    if lift:
        curves = curves.assign(**{name: curves[name] / curves["share"] for name in ("value", "low", "high")})
    spec, said = (".1f", "%{y:.1f} times as many as by chance") if lift else (".1%", "%{y:.1%} of the buyers")
    only_baselines = set(curves["method"]) <= set(baselines)
    methods = methods_of(curves["method"], baselines, methods)
    for name, mine in curves.groupby("method", sort=False):
        marker, dash = look(str(name), methods, baselines)
        if name not in baselines or only_baselines:
            band(figure, mine, "share", marker["color"])
        figure.add_scatter(
            x=mine["share"].tolist(),
            y=mine["value"].tolist(),
            name=name,
            legendgroup=name,
            mode="lines" if len(mine) > 1 else "markers",
            marker=marker,
            line={"width": 2, "color": marker["color"], "dash": dash},
            customdata=[[name, ranges(low, high, spec)] for low, high in columns(mine, "low", "high")],
            hovertemplate=(
                f"<b>%{{customdata[0]}}</b><br>The first %{{x:.1%}} of customers hold {said}%{{customdata[1]}}<extra></extra>"
            ),
        )
    figure.add_scatter(
        x=[0, 1],
        y=[1, 1] if lift else [0, 1],
        name="by chance",
        legendgroup="by chance",
        mode="lines",
        line={"color": QUIET, "dash": "dot", "width": 1},
        hoverinfo="skip",
    )
    if marked is not None:
        figure.add_vline(x=marked, line={"color": QUIET, "width": 1})
    y_title = "Times as many buyers" if lift else "Share of the buyers"
    styled(figure, height=350, x_title="Share of all customers, the likeliest first", y_title=y_title)
    with_legend(figure)
    figure.update_layout(margin={"r": 28})
    figure.update_xaxes(tickformat=".0%", range=[0, max(shares, default=1)], showgrid=True)
    return figure.update_yaxes(rangemode="tozero") if lift else figure.update_yaxes(tickformat=".0%", range=[0, 1.02])


def letters_figure(
    sizes: Sequence[int],
    buyers: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    profit: Sequence[float] | None,
    chosen: int,
) -> go.Figure:
    """Expected buyers (and profit, in a panel below) over the number of customers written to; all of one length."""
    panels = 1 if profit is None else 2
    figure = make_subplots(panels, 1, shared_xaxes=True, vertical_spacing=0.08)
    colour = METHOD_COLOURS[0]
    rows = pd.DataFrame({"size": sizes, "value": buyers, "low": low, "high": high}, dtype=np.float64)
    band(figure, rows, "size", colour, ACCENT_FILL)
    drawn = [(list(buyers), "about %{y:,.1f} buyers%{customdata}")]
    if profit is not None:
        drawn.append((list(profit), "%{y:,.2f}"))
    for panel, (values, said) in enumerate(drawn, start=1):
        figure.add_scatter(
            x=list(sizes),
            y=values,
            mode="lines",
            line={"width": 2, "color": colour},
            customdata=[ranges(one, other, ",.1f") for one, other in zip(low, high, strict=True)],
            hovertemplate=f"%{{x:,}} customers: {said}<extra></extra>",
            row=panel,
            col=1,
        )
        if len(sizes):
            here = float(np.interp(chosen, sizes, values))
            said = f"chosen: {chosen:,}" if panel == 1 else ""
            _mark(figure, chosen, here, said, "bottom", panel, "circle-open")
    if profit is not None and np.isfinite(profit).any():
        best = int(np.nanargmax(profit))
        _mark(figure, sizes[best], profit[best], f"most: {sizes[best]:,}", "top", 2, "circle")
    if profit is not None:
        figure.add_hline(y=0, line={"color": QUIET, "width": 1}, row=2, col=1)
    figure.add_vline(x=chosen, line={"color": QUIET, "width": 1, "dash": "dot"})
    styled(figure, height=300 if profit is None else 480)
    figure.update_layout(margin={"t": 34})
    for panel, title in enumerate(("Later buyers", "Profit")[:panels], start=1):
        figure.update_yaxes(title_text=title, row=panel, col=1)
    figure.update_yaxes(rangemode="tozero", row=1, col=1)
    most = max(sizes, default=1)
    for mark in figure.select_traces({"mode": "markers+text"}):
        left = mark.x[0] < most / 2
        mark.textposition = mark.textposition.replace("right", "right" if left else "left")
    figure.update_xaxes(range=[0, 1.02 * most])
    return figure.update_xaxes(title_text="Customers written to", row=panels, col=1)


def _mark(figure: go.Figure, x: float, y: float, text: str, side: str, row: int, symbol: str) -> None:
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers+text",
        text=[text],
        textposition=f"{side} right",
        marker={"size": 10, "symbol": symbol, "color": METHOD_COLOURS[0], "line": {"width": 2}},
        hoverinfo="skip",
        cliponaxis=False,
        row=row,
        col=1,
    )
