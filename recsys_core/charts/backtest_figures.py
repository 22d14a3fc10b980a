"""Pictures of replayed launches: what each method finds, where, and at what cost."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from recsys_core.charts.method_looks import METHOD_COLOURS, band, columns, look, methods_of, ranges, with_legend
from recsys_core.charts.style import QUIET, styled

UNLIKE = [(0, "rgba(176, 112, 48, 0.4)"), (0.5, "rgba(128, 140, 136, 0.1)"), (1, "rgba(26, 147, 138, 0.4)")]
"""From under the mean to over it; thin enough for the theme's letters, light or dark."""
FAINT = "rgb(120, 132, 128)"
"""Letters that count for less, and can be read on both themes."""
PLACES = {"middle right": (0.5, 0), "middle left": (-0.5, 0), "top center": (0, -1), "bottom center": (0, 1)}
"""Where a name may stand beside its point: so many of its lengths to the right, and lines down."""


def shots_curve(
    rows: pd.DataFrame,
    baselines: Collection[str],
    *,
    y_title: str,
    percent: bool,
    bands: Collection[str] | None = None,
    from_zero: bool = True,
    methods: Sequence[str] | None = None,
) -> go.Figure:
    """The few-shot curve: a line for each method, dashed for baselines, over evenly spaced numbers of first sales.

    rows: method, k, value, low, high, n; bands: what has its 95 % range drawn (None: all methods). Without from_zero the
    picture is as high as its lines. methods: all of them, for their colours (None: those of the rows).
    """
    shots = sorted(set(rows["k"]))
    methods = methods_of(rows["method"], baselines, methods)
    spec = ".1%" if percent else ".3f"
    figure = go.Figure()
    for name, mine in rows.groupby("method", sort=False):
        mine = mine.sort_values("k").assign(at=lambda mine: mine["k"].map(shots.index))
        marker, dash = look(str(name), methods, baselines)
        if name in (methods if bands is None else bands):
            band(figure, mine, "at", marker["color"])
        figure.add_scatter(
            x=mine["at"].tolist(),
            y=mine["value"].tolist(),
            name=name,
            legendgroup=name,
            mode="lines+markers",
            marker={**marker, "size": 9},
            line={"width": 2, "color": marker["color"], "dash": dash},
            customdata=[
                [name, k, ranges(low, high, spec), n] for k, low, high, n in columns(mine, "k", "low", "high", "n")
            ],
            hovertemplate=(
                f"<b>%{{customdata[0]}}</b><br>%{{customdata[1]}} first sales: %{{y:{spec}}}%{{customdata[2]}}<br>"
                "%{customdata[3]:,} customers<extra></extra>"
            ),
        )
    styled(figure, height=380, x_title="First sales of a product", y_title=y_title)
    with_legend(figure)
    figure.update_layout(clickmode="event+select")
    figure.update_xaxes(tickmode="array", tickvals=list(range(len(shots))), ticktext=[str(k) for k in shots])
    return figure.update_yaxes(tickformat=".0%" if percent else None, rangemode="tozero" if from_zero else "normal")


def groups_heatmap(values: pd.DataFrame, counts: pd.DataFrame, *, percent: bool, least: int) -> go.Figure:
    """Groups (rows) × methods (columns): the figure in words, its colour telling how it stands to the row's mean.

    counts: of the same shape; a group with fewer than `least` has a star, faint letters and no colour. customdata is
    [group, method].
    """
    mean = values.mean(axis=1).replace(0, np.nan)
    small = counts.fillna(0).lt(least) & values.notna()
    beside = values.sub(mean, axis=0).div(mean, axis=0).mask(small).to_numpy(dtype=np.float64)
    distances = np.abs(beside[np.isfinite(beside)])
    # A few cells far off don't make all others pale.
    most = max(0.05, float(np.quantile(distances, 0.95))) if len(distances) else 1.0
    levels, numbers = values.to_numpy(dtype=np.float64), counts.fillna(0).to_numpy(dtype=np.float64)
    height, width = values.shape
    figure = go.Figure(
        go.Heatmap(
            z=beside.tolist(),
            colorscale=UNLIKE,
            zmin=-most,
            zmax=most,
            hoverinfo="skip",
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    # A heatmap can't be clicked, and its letters are dark in the dark; points with the theme's letters have neither fault.
    for mask, mark, note, letters in (
        (~small, "", "", {}),
        (small, "*", "<br>small group: mostly chance", {"color": FAINT}),
    ):
        cells = np.argwhere(mask.to_numpy(dtype=bool)).tolist()
        found = [(levels[row, column], numbers[row, column]) for row, column in cells]
        said = ["–" if np.isnan(value) else f"{value:.0%}" if percent else f"{value:.3f}" for value, _ in found]
        names = [[values.index.tolist()[row], values.columns.tolist()[column]] for row, column in cells]
        figure.add_scatter(
            x=[column for _, column in cells],
            y=[row for row, _ in cells],
            mode="markers+text",
            # A bar behind the letters, seen once it is clicked.
            marker={
                "symbol": "line-ew",
                "size": 42,
                "opacity": 0,
                "color": QUIET,
                "line": {"width": 20, "color": METHOD_COLOURS[0]},
            },
            text=[text + mark for text in said],
            textfont={"size": 11 if width <= 10 else 10, **letters},
            selected={"marker": {"opacity": 1}, "textfont": {"color": "white"}},
            unselected={"marker": {"opacity": 0}},
            customdata=names,
            hovertext=[
                f"<b>{group}</b><br>{method}: " + ("not measured" if np.isnan(value) else f"{text}, n = {n:,.0f}{note}")
                for (group, method), text, (value, n) in zip(names, said, found, strict=True)
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    styled(figure, height=170 + 26 * height)
    # All of a cell belongs to its point.
    figure.update_layout(clickmode="event+select", hoverdistance=-1, margin={"t": 34, "r": 64})
    figure.update_yaxes(**_names(values.index, 32), range=[max(height, 1) - 0.5, -0.5], showgrid=False)
    return figure.update_xaxes(
        **_names(values.columns, 24), range=[-0.5, max(width, 1) - 0.5], side="top", tickangle=-60
    )


def trade_off(
    points: pd.DataFrame,
    baselines: Collection[str],
    *,
    x_title: str,
    y_title: str,
    x_percent: bool,
    y_percent: bool,
    methods: Sequence[str] | None = None,
) -> go.Figure:
    """A point a method, its name beside it; a legend where not all names have room.

    points: method, x, y; methods: all of them, for their colours (None: those of the points).
    """
    methods = methods_of(points["method"], baselines, methods)
    figure = go.Figure()
    places = _places(points)
    for (name, x, y), place in zip(columns(points, "method", "x", "y"), places, strict=True):
        figure.add_scatter(
            x=[x],
            y=[y],
            name=name,
            legendgroup=name,
            mode="markers+text" if place else "markers",
            marker={**look(name, methods, baselines)[0], "size": 13},
            text=[_short(name, 28)],
            textposition=place,
            textfont={"size": 11},
            customdata=[[name]],
            hovertemplate=(
                f"<b>{name}</b><br>{x_title} %{{x:{'.1%' if x_percent else '.3f'}}}<br>"
                f"{y_title} %{{y:{'.1%' if y_percent else '.3f'}}}<extra></extra>"
            ),
            cliponaxis=False,
        )
    styled(figure, height=400, x_title=x_title, y_title=y_title)
    figure.update_layout(margin={"t": 34})
    if not all(places):
        with_legend(figure)
    figure.update_xaxes(showgrid=True, tickformat=".0%" if x_percent else None)
    return figure.update_yaxes(tickformat=".0%" if y_percent else None)


def sides_figure(rows: pd.DataFrame, baselines: Collection[str], *, methods: Sequence[str] | None = None) -> go.Figure:
    """A panel for each side, a point with its range for each method, where there is one.

    rows: method, side, value, low, high, in the order to be drawn; methods: all of them, for their colours (None: those
    of the rows).
    """
    panels = list(dict.fromkeys(rows["side"]))
    names = list(dict.fromkeys(rows["method"]))
    methods = methods_of(names, baselines, methods)
    figure = make_subplots(1, max(len(panels), 1), shared_yaxes=True, subplot_titles=panels, horizontal_spacing=0.04)
    for column, panel in enumerate(panels, start=1):
        mine = rows[rows["side"] == panel]
        for name, value, low, high in columns(mine, "method", "value", "low", "high"):
            marker, _ = look(name, methods, baselines)
            figure.add_scatter(
                x=[value],
                y=[name],
                error_x=_error([value], [low], [high], marker["color"]),
                mode="markers",
                marker={**marker, "size": 10},
                customdata=[[name, ranges(low, high, ".3f")]],
                hovertemplate="<b>%{customdata[0]}</b>: %{x:.3f}%{customdata[1]}<extra></extra>",
                row=1,
                col=column,
            )
    styled(figure, height=90 + 30 * len(names))
    figure.update_layout(margin={"t": 60})
    figure.update_annotations(font={"size": 13})
    figure.update_xaxes(showgrid=True, rangemode="tozero", nticks=5)
    return figure.update_yaxes(
        autorange="reversed",
        showgrid=False,
        categoryorder="array",
        categoryarray=names,
        **_names(names, 28) | {"tickvals": names},
    )


def _error(values: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str | None) -> dict[str, Any]:
    return {
        "array": [0 if pd.isna(end) else end - value for value, end in zip(values, high, strict=True)],
        "arrayminus": [0 if pd.isna(end) else value - end for value, end in zip(values, low, strict=True)],
        "thickness": 2,
        "width": 4,
        "color": colour,
    }


def _names(names: Iterable[str], at_most: int) -> dict[str, Any]:
    """The ticks of an axis of names."""
    shown = [_short(name, at_most) for name in names]
    return {"tickmode": "array", "tickvals": list(range(len(shown))), "ticktext": shown, "tickfont": {"size": 11}}


def _short(name: str, at_most: int) -> str:
    """A name that is safe as HTML, cut to that many letters."""
    whole = html.unescape(name)
    cut = whole if len(whole) <= at_most else whole[: at_most - 1] + "…"
    return html.escape(cut).replace("$", "&#36;")


def _places(points: pd.DataFrame, width: int = 600, height: int = 280) -> list[str | None]:
    """Where each name covers no point and no other name in a picture of that many pixels; None: nowhere."""
    at = points[["x", "y"]].to_numpy(dtype=np.float64)
    spread = np.ptp(at, axis=0) if len(at) else np.ones(2)
    x, y = ((at - at.min(axis=0, initial=np.inf)) / np.where(spread > 0, spread, 1) * [width, -height]).T
    taken = [(a - 8, b - 8, a + 8, b + 8) for a, b in zip(x, y, strict=True)]
    found: list[str | None] = []
    for number, name in enumerate(points["method"]):
        long = 6.2 * min(len(html.unescape(name)), 28)
        found.append(None)
        for place, (right, down) in PLACES.items():
            a = x[number] + right * (long + 20) - long / 2
            b = y[number] + 17 * down
            box = (a, b - 7, a + long, b + 7)
            free = not any(
                box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3] for other in taken
            )
            if free and box[0] > -30 and box[2] < width + 30:
                found[-1] = place
                taken.append(box)
                break
    return found
