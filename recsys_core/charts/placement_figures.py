"""How far placements can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from recsys_core.charts.style import QUIET, styled


def answered_figure(surest: Sequence[float], answered: float) -> go.Figure:
    """How many are right among the surest 10 %, 20 %, … 100 % (`surest`); a dotted line at the share that is answered."""
    shares = [(number + 1) / len(surest) for number in range(len(surest))]
    figure = go.Figure()
    figure.add_scatter(
        x=shares,
        y=list(surest),
        mode="lines+markers",
        line={"width": 2},
        marker={"size": 8},
        hovertemplate="The surest %{x:.0%}: %{y:.0%} in the right category<extra></extra>",
    )
    figure.add_vline(x=answered, line={"color": QUIET, "dash": "dot"})
    styled(figure, height=260, x_title="Products answered, the surest first", y_title="In the right category")
    figure.update_xaxes(tickformat=".0%", range=[0, 1.03])
    return figure.update_yaxes(tickformat=".0%", range=[0, 1.05])
