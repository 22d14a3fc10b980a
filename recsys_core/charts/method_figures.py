"""How well each method did, with the range in which its figure lies."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from recsys_core.charts.style import QUIET, styled


def method_figures(rows: pd.DataFrame, chosen: str) -> go.Figure:
    """A point with a line for each method; the chosen one stands out.

    rows: name (safe as HTML), ndcg, low, high, in the order to be drawn; chosen: the name of one of them.
    """
    figure = go.Figure()
    # The first trace has the theme's first colour.
    ordered = rows.sort_values("name", key=lambda names: names != chosen, kind="stable")
    for name, ndcg, low, high in ordered[["name", "ndcg", "low", "high"]].to_numpy():
        colour = {} if name == chosen else {"color": QUIET}
        figure.add_scatter(
            x=[ndcg],
            y=[name],
            error_x={"array": [high - ndcg], "arrayminus": [ndcg - low], "thickness": 2, "width": 5, **colour},
            mode="markers",
            marker={"size": 11, **colour},
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        )
    styled(figure, height=60 + 38 * len(rows), x_title="ndcg@20")
    figure.update_yaxes(
        autorange="reversed", showgrid=False, categoryorder="array", categoryarray=rows["name"].tolist()
    )
    figure.update_xaxes(showgrid=True)
    return figure
