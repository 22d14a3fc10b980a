"""Whether the chances came true in the replay, and what first sales were worth there."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from recsys_core.charts.style import ACCENT_FILL, QUIET, styled

LEAST = 1e-4
"""Where the scale of chances begins, at the lowest: it is logarithmic and has no place for none at all."""
TICKS = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]


def reliability_figure(bins: pd.DataFrame) -> go.Figure:
    """A point for each group of pairs with its 95 % range, beside the line on which chances are true.

    bins: predicted, bought, low, high (shares), pairs, as in `reliability`.
    """
    drawn = bins[["predicted", "bought", "low", "high"]].clip(lower=LEAST)
    everything = drawn.to_numpy()
    first, last = everything.min() / 1.3, min(1.0, everything.max() * 1.3)
    figure = go.Figure()
    figure.add_scatter(
        x=drawn["predicted"],
        y=drawn["bought"],
        error_y={
            "array": drawn["high"] - drawn["bought"],
            "arrayminus": drawn["bought"] - drawn["low"],
            "thickness": 2,
            "width": 4,
        },
        mode="markers",
        marker={"size": 9},
        customdata=bins[["predicted", "bought", "low", "high"]],
        hovertemplate=(
            "Chance %{customdata[0]:.2%}<br>Bought %{customdata[1]:.2%} "
            "(%{customdata[2]:.2%} to %{customdata[3]:.2%})<extra></extra>"
        ),
    )
    figure.add_scatter(
        x=[first, last], y=[first, last], mode="lines", line={"color": QUIET, "dash": "dot"}, hoverinfo="skip"
    )
    styled(figure, height=300, x_title="Chance", y_title="Really bought")
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        axis.update(type="log", tickmode="array", tickvals=TICKS, ticktext=[f"{100 * tick:.3g}%" for tick in TICKS])
    return figure.update_xaxes(showgrid=True)


def first_sales_figure(
    shots: Sequence[int], levels: Sequence[float], low: Sequence[float], high: Sequence[float]
) -> go.Figure:
    """How good recommendations are with so many first sales, as shares of what the most of these reached, with 95 % ranges."""
    at = list(range(len(shots)))
    figure = go.Figure()
    figure.add_scatter(
        x=at,
        y=levels,
        mode="lines+markers",
        marker={"size": 9},
        line={"width": 2},
        customdata=list(shots),
        hovertemplate="With %{customdata} first sales: %{y:.0%}<extra></extra>",
    )
    figure.add_scatter(
        x=[*at, *reversed(at)],
        y=[*high, *reversed(low)],
        fill="toself",
        fillcolor=ACCENT_FILL,
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
    )
    styled(figure, height=300, x_title="First sales of a product", y_title="As good as with the most")
    figure.update_xaxes(tickmode="array", tickvals=at, ticktext=[str(k) for k in shots])
    # A few percent look like a few percent.
    return figure.update_yaxes(tickformat=".0%", range=[min(0.75, min(low) - 0.05), max(1.05, max(high) + 0.02)])
