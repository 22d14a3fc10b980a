"""What speaks for a pair of customer and product: by how much the score falls without each reason."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from recsys_core.charts.style import styled


def reasons_figure(rows: pd.DataFrame, kinds: dict[str, str]) -> go.Figure:
    """One bar a reason, those of a kind together, the kinds by colour.

    rows: kind, label (safe as HTML), effect > 0; kinds: the kinds in the order to be drawn, each with its name to show.
    """
    figure = go.Figure()
    ordered = rows.reset_index(drop=True)
    for kind, name in kinds.items():
        part = ordered[ordered["kind"] == kind]
        # An empty trace keeps each kind's colour the same whichever kinds there are.
        figure.add_bar(
            x=part["effect"],
            y=part.index,
            orientation="h",
            name=name,
            showlegend=len(part) > 0,
            customdata=part["label"],
            text=[f"−{effect:.3f}" for effect in part["effect"]],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{customdata}<br>Without it the score falls by %{x:.4f}<extra></extra>",
        )
    styled(figure, height=60 + 26 * len(ordered))
    # Measured from the edge of the figure: beside long labels there would be no room for a row.
    legend = {
        "orientation": "h",
        "xref": "container",
        "x": 0,
        "yref": "container",
        "y": 1,
        "yanchor": "top",
        "entrywidth": 96,
    }
    figure.update_layout(showlegend=True, legend={**legend, "itemclick": False}, margin={"t": 44}, bargap=0.35)
    figure.update_yaxes(
        tickmode="array", tickvals=ordered.index, ticktext=ordered["label"], autorange="reversed", showgrid=False
    )
    furthest = float(ordered["effect"].max()) if len(ordered) else 1.0
    figure.update_xaxes(showticklabels=False, range=[0, furthest * 1.2])
    return figure
