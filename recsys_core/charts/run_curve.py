"""How a training goes: its loss and its quality, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from recsys_core.charts.style import styled

_PANELS = {"loss": "Loss", "ndcg": "Quality (ndcg@20)"}

_EACH_TICK = 12
"""Up to so many epochs have each its tick."""


def run_curve(points: Sequence[Mapping[str, Any]]) -> go.Figure | None:
    """One panel for each of loss and ndcg that was measured at least twice; None where neither was.

    A point has some of epoch (else done), loss, ndcg.
    """
    measured = {
        name: [(point.get("epoch", point.get("done")), point[name]) for point in points if point.get(name) is not None]
        for name in _PANELS
    }
    drawn = {name: pairs for name, pairs in measured.items() if len(pairs) > 1}
    if not drawn:
        return None
    figure = make_subplots(1, len(drawn), subplot_titles=[_PANELS[name] for name in drawn], horizontal_spacing=0.09)
    for column, pairs in enumerate(drawn.values(), start=1):
        epochs, values = zip(*pairs, strict=True)
        line = go.Scatter(x=epochs, y=values, mode="lines+markers", marker={"size": 5}, line={"width": 2})
        line.hovertemplate = "Epoch %{x}: %{y:.4f}<extra></extra>"
        figure.add_trace(line, 1, column)
    styled(figure, height=230)
    figure.update_layout(margin={"t": 30})
    longest = max(len(pairs) for pairs in drawn.values())
    return figure.update_xaxes(title_text="Epoch", dtick=1 if longest <= _EACH_TICK else None)
