"""What an audience buys, beside what everybody buys."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from recsys_core.charts.style import QUIET, styled


def category_shares_figure(rows: pd.DataFrame) -> go.Figure:
    """Two bars a category. rows: label (safe as HTML), audience, everyone (shares of what they bought)."""
    figure = go.Figure()
    for column, name, colour in (("audience", "This audience", None), ("everyone", "All customers", QUIET)):
        figure.add_bar(
            x=rows[column],
            y=rows["label"],
            orientation="h",
            name=name,
            marker={} if colour is None else {"color": colour},
            hovertemplate="%{y}: %{x:.1%} of what " + name.lower() + " bought<extra></extra>",
        )
    styled(figure, height=80 + 44 * len(rows))
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "itemclick": False}
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(tickformat=".0%", showgrid=True)
    return figure
