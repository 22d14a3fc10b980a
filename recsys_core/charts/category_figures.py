"""How categories relate: all pairs, the tree, the map, and the links of one."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.express as px
import plotly.graph_objects as go

from recsys_core.charts.style import QUIET, styled

GROUP_COLOURS: list[str] = px.colors.qualitative.Safe
DIVERGING = [[0, "rgb(176, 112, 48)"], [0.5, "rgba(128, 140, 136, 0.08)"], [1, "rgb(26, 147, 138)"]]
"""From unlike over nothing to alike; the middle lets the page through, light or dark."""
NAMED = 60
"""With more categories than this their names don't fit at the axes; hovering tells them."""
LABELLED = 12
BAR_ROOM = {"t": 44}
"""Pixels above a figure, for its tool bar."""
WEBGL_FROM = 2000
"""More points than this are drawn by WebGL."""
LEAVES = 80
LINKS = {
    "same parent": {"color": QUIET, "dash": "dot"},
    "also bought": {"color": "rgb(204, 102, 119)", "dash": "solid"},
    "similar": {"color": "rgb(26, 147, 138)", "dash": "solid"},
}
INVISIBLE = "rgba(0, 0, 0, 0)"
_SEPARATOR = " &gt; "


def leaf(label: str, at_most: int = 24) -> str:
    """The last part of a path that is safe as HTML, cut to that many letters."""
    last = html.unescape(label.rpartition(_SEPARATOR)[2].strip())
    cut = last if len(last) <= at_most else last[: at_most - 1] + "…"
    return html.escape(cut).replace("$", "&#36;")


def heatmap_figure(similarity: np.ndarray, labels: Sequence[str], *, height: int = 640) -> go.Figure:
    """A cell a pair; similarity: (n, n), -1 to 1, in drawing order; labels: (n,) safe as HTML.

    Above the cells lie squares that aren't seen until one is clicked: a heatmap itself can't be selected from. Their
    customdata is [row, column].
    """
    n = len(labels)
    shown = similarity.astype(np.float64)
    np.fill_diagonal(shown, np.nan)
    figure = go.Figure(go.Heatmap(z=shown, colorscale=DIVERGING, zmid=0, hoverinfo="skip", colorbar={"thickness": 10}))
    row, column = np.nonzero(~np.eye(n, dtype=bool))
    figure.add_trace(
        _points(len(row))(
            x=column,
            y=row,
            mode="markers",
            marker={"symbol": "square", "size": max(5, round(0.8 * height / max(n, 1))), "opacity": 0},
            selected={"marker": {"opacity": 0.6, "color": QUIET}},
            unselected={"marker": {"opacity": 0}},
            customdata=np.column_stack([row, column]).tolist(),
            text=[
                f"{labels[a]}<br>{labels[b]}<br>{shown[a, b]:.2f}"
                for a, b in zip(row.tolist(), column.tolist(), strict=True)
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    )
    styled(figure, height=height)
    figure.update_layout(clickmode="event+select", margin=BAR_ROOM)
    ticks = {"tickmode": "array", "tickvals": list(range(n)), "ticktext": [leaf(label) for label in labels]}
    hidden = {"showticklabels": False, "ticks": ""}
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        axis.update(ticks if n <= NAMED else hidden)
    figure.update_xaxes(tickangle=-60, range=[-0.5, n - 0.5], tickfont={"size": 11}, showgrid=False)
    return figure.update_yaxes(range=[n - 0.5, -0.5], tickfont={"size": 11}, showgrid=False)


def dendrogram_figure(linkage: np.ndarray, labels: Sequence[str], *, height: int | None = None) -> go.Figure:
    """The tree, lying; linkage: (n - 1, 4) of SciPy on the distance 1 - similarity; labels: (n,) safe as HTML.

    More than LEAVES categories are drawn as that many branches.
    """
    from scipy.cluster.hierarchy import dendrogram

    n = len(labels)
    cut = {"truncate_mode": "lastp", "p": LEAVES} if n > LEAVES else {}
    drawn = dendrogram(linkage, no_plot=True, **cut)
    x: list[float | None] = []
    y: list[float | None] = []
    for distance, place in zip(drawn["dcoord"], drawn["icoord"], strict=True):
        x += [*distance, None]
        y += [*((at - 5) / 10 for at in place), None]
    figure = go.Figure(go.Scatter(x=x, y=y, mode="lines", line={"width": 1.5}, hoverinfo="skip"))
    branches = [_branch(int(at), linkage, labels) for at in drawn["leaves"]]
    names = [name + more for name, more in branches]
    # Where nothing joins yet there is nothing to see.
    joins = [float(distances[1]) for distances in drawn["dcoord"]] or [0.0]
    first, most = min(joins), max(joins)
    start = first - 0.15 * (most - first or 1.0)
    figure.add_scatter(
        x=np.full(len(names), start),
        y=np.arange(len(names)),
        mode="markers",
        marker={"size": 6, "color": QUIET},
        text=names,
        hovertemplate="%{text}<extra></extra>",
    )
    styled(figure, height=height or 120 + 19 * len(names), x_title="Alike by")
    figure.update_layout(margin=BAR_ROOM)
    ticks = np.linspace(first, most, 6 if most > first else 1)
    figure.update_xaxes(
        tickmode="array",
        tickvals=ticks,
        ticktext=[f"{1 - tick:.2f}" for tick in ticks],
        showgrid=True,
        range=[start, most + 0.03 * (most - start)],
    )
    return figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(names))),
        ticktext=[leaf(name, 40) + more for name, more in branches],
        showgrid=False,
        range=[len(names) - 0.5, -0.5],
    )


def _branch(at: int, linkage: np.ndarray, labels: Sequence[str]) -> tuple[str, str]:
    """A category, or one of those of a branch that isn't drawn out; and how many more it has."""
    n, more = len(labels), 0
    if at >= n:
        more = int(linkage[at - n, 3]) - 1
    while at >= n:
        at = int(linkage[at - n, 0])
    return labels[at], f" and {more} more" if more else ""


def map_figure(categories: pd.DataFrame, products: pd.DataFrame, *, height: int = 640) -> go.Figure:
    """Products as small points, categories as large ones by sales, one colour a group.

    categories: x, y, label (safe as HTML), group, sales, category; products: x, y, label, group, position. customdata is
    ["category", category] or ["product", position].
    """
    figure = go.Figure()
    categories = categories.reset_index(drop=True)
    size = np.sqrt(categories["sales"].to_numpy(dtype=np.float64))
    size = 7 + 19 * size / max(float(size.max()), 1.0)
    named = set(categories.nlargest(LABELLED, "sales").index)
    for group in sorted(categories["group"].unique()):
        colour = GROUP_COLOURS[int(group) % len(GROUP_COLOURS)]
        inside = products[products["group"] == group]
        figure.add_trace(
            _points(len(products))(
                x=inside["x"],
                y=inside["y"],
                mode="markers",
                marker={"size": 4, "opacity": 0.35, "color": colour},
                legendgroup=str(group),
                showlegend=False,
                customdata=[["product", int(at)] for at in inside["position"]],
                text=inside["label"],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    for group in sorted(categories["group"].unique()):
        inside = categories[categories["group"] == group]
        figure.add_scatter(
            x=inside["x"],
            y=inside["y"],
            mode="markers+text",
            marker={
                "size": size[inside.index],
                "opacity": 0.85,
                "color": GROUP_COLOURS[int(group) % len(GROUP_COLOURS)],
                "line": {"width": 1, "color": QUIET},
            },
            name=f"Group {int(group) + 1}",
            legendgroup=str(group),
            text=[leaf(label, 22) if at in named else "" for at, label in inside["label"].items()],
            textposition="top center",
            textfont={"size": 11},
            customdata=[["category", int(at)] for at in inside["category"]],
            hovertext=[f"{label}<br>{sold:,} sales" for label, sold in inside[["label", "sales"]].to_numpy()],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    styled(figure, height=height)
    figure.update_layout(
        clickmode="event+select",
        dragmode="lasso",
        showlegend=True,
        legend={"orientation": "h", "y": 0, "yanchor": "top", "x": 0},
        margin=BAR_ROOM,
    )
    figure.update_xaxes(showticklabels=False)
    return figure.update_yaxes(showticklabels=False, showgrid=False)


def graph_figure(nodes: pd.DataFrame, edges: pd.DataFrame, *, height: int = 560) -> go.Figure:
    """One category, its neighbours and theirs.

    nodes: x, y, label (safe as HTML), size, kind ("centre", "neighbour", "further"), category, which is their customdata;
    edges: x0, y0, x1, y1, kind, reason (safe as HTML), which is told in the middle of each.
    """
    figure = go.Figure()
    for kind, line in LINKS.items():
        part = edges[edges["kind"] == kind]
        ends = [part[["x0", "y0"]].to_numpy(), part[["x1", "y1"]].to_numpy(), np.full((len(part), 2), np.nan)]
        drawn = np.stack(ends, axis=1).reshape(-1, 2)
        figure.add_scatter(
            x=drawn[:, 0],
            y=drawn[:, 1],
            mode="lines",
            line={**line, "width": 2},
            name=kind.capitalize(),
            hoverinfo="skip",
            showlegend=len(part) > 0,
        )
    figure.add_scatter(
        x=(edges["x0"] + edges["x1"]) / 2,
        y=(edges["y0"] + edges["y1"]) / 2,
        mode="markers",
        marker={"size": 14, "color": INVISIBLE},
        text=edges["reason"],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    radius = 12 + 20 * nodes["size"].to_numpy(dtype=np.float64) / max(float(nodes["size"].max()), 1e-9)
    colours = {"centre": "rgb(204, 102, 119)", "neighbour": "rgb(26, 147, 138)", "further": QUIET}
    figure.add_scatter(
        x=nodes["x"],
        y=nodes["y"],
        mode="markers+text",
        marker={"size": radius, "color": nodes["kind"].map(colours), "line": {"width": 1, "color": QUIET}},
        text=[leaf(label, 26) for label in nodes["label"]],
        textposition="top center",
        textfont={"size": 11},
        customdata=nodes[["category"]].to_numpy().tolist(),
        hovertext=nodes["label"],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    styled(figure, height=height)
    figure.update_layout(
        clickmode="event+select",
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "x": 0, "itemclick": False},
        dragmode="pan",
        margin=BAR_ROOM,
    )
    span = float(np.abs(nodes[["x", "y"]].to_numpy()).max()) * 1.2 or 1.0
    figure.update_xaxes(showticklabels=False, range=[-span, span])
    return figure.update_yaxes(showticklabels=False, showgrid=False, range=[-span, span])


def _points(count: int) -> type[go.Scatter] | type[go.Scattergl]:
    return go.Scattergl if count > WEBGL_FROM else go.Scatter
