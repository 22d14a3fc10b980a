"""Pictures of replayed launches: what each method finds, where, at what cost, and what an audience is worth."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from recsys_core.charts.style import ACCENT_FILL, QUIET, styled

METHOD_COLOURS = (
    "#1a938a",
    "#d1741f",
    "#7a6fd0",
    "#c2457e",
    "#5b8f22",
    "#b58a00",
    "#3a86c8",
    "#a0623a",
    "#6b7f8e",
    "#9b4fb5",
)
"""For both themes, and told apart by people who see red and green alike; a method has the same colour in all pictures."""
DASHES = ("dot", "dash", "dashdot", "longdash")
BASELINE_SYMBOLS = ("x", "diamond", "square", "triangle-up")


def colour_of(method: str, methods: Sequence[str]) -> str:
    """methods: all that aren't baselines."""
    return METHOD_COLOURS[list(methods).index(method) % len(METHOD_COLOURS)]


def shots_curve(
    rows: pd.DataFrame,
    baselines: Collection[str],
    *,
    y_title: str,
    percent: bool,
    bands: Collection[str] | None = None,
    from_zero: bool = True,
) -> go.Figure:
    """The few-shot curve: a line for each method, dashed for baselines, over evenly spaced numbers of first sales.

    rows: method, k, value, low, high, n; bands: the methods with their 95 % range drawn (None: all). Without from_zero
    the picture is as high as its lines.
    """
    shots = sorted(set(rows["k"]))
    methods = [name for name in dict.fromkeys(rows["method"]) if name not in baselines]
    spec = ".1%" if percent else ".3f"
    figure = go.Figure()
    for name, mine in rows.groupby("method", sort=False):
        mine = mine.sort_values("k")
        at = [shots.index(k) for k in mine["k"]]
        quiet = name in baselines
        colour = QUIET if quiet else colour_of(str(name), methods)
        dash = DASHES[list(baselines).index(str(name)) % len(DASHES)] if quiet else "solid"
        if not quiet and (bands is None or name in bands) and mine["low"].notna().all():
            figure.add_scatter(
                x=[*at, *reversed(at)],
                y=[*mine["high"], *reversed(mine["low"].tolist())],
                fill="toself",
                fillcolor=_faint(colour),
                line={"width": 0},
                mode="lines",
                hoverinfo="skip",
                showlegend=False,
                legendgroup=name,
            )
        figure.add_scatter(
            x=at,
            y=mine["value"],
            name=name,
            legendgroup=name,
            mode="lines+markers",
            marker={"size": 7 if quiet else 9, "color": colour},
            line={"width": 2, "color": colour, "dash": dash},
            customdata=mine[["method", "k", "low", "high", "n"]].to_numpy().tolist(),
            hovertemplate=(
                f"<b>%{{customdata[0]}}</b><br>%{{customdata[1]}} first sales: %{{y:{spec}}}<br>"
                f"%{{customdata[2]:{spec}}} to %{{customdata[3]:{spec}}}, n = %{{customdata[4]:,}}<extra></extra>"
            ),
        )
    styled(figure, height=430, x_title="First sales of a product", y_title=y_title)
    _legend(figure)
    figure.update_layout(clickmode="event+select")
    figure.update_xaxes(tickmode="array", tickvals=list(range(len(shots))), ticktext=[str(k) for k in shots])
    return figure.update_yaxes(tickformat=".0%" if percent else None, rangemode="tozero" if from_zero else "normal")


def groups_heatmap(values: pd.DataFrame, counts: pd.DataFrame, *, percent: bool, least: int) -> go.Figure:
    """Groups (rows) × methods (columns): the figure in words, its colour telling how it stands to the row's mean.

    counts: of the same shape; a group with fewer than `least` has a star, and no colour.
    """
    mean = values.mean(axis=1).replace(0, np.nan)
    beside = values.sub(mean, axis=0).div(mean, axis=0)
    small = counts.fillna(0) < least
    text = values.map(lambda value: "" if pd.isna(value) else f"{value:.0%}" if percent else f"{value:.3f}")
    text = text + small.map(lambda few: "*" if few else "")
    most = float(np.nanmax(np.abs(beside.mask(small).to_numpy()), initial=0.05))
    figure = go.Figure(
        go.Heatmap(
            z=beside.mask(small).to_numpy(),
            x=list(values.columns),
            y=list(values.index),
            text=text.to_numpy(),
            texttemplate="%{text}",
            hoverinfo="skip",
            colorscale=[(0, "#d99a6c"), (0.5, "rgba(128,140,136,0.12)"), (1, "#4fb3aa")],
            zmin=-most,
            zmax=most,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    # A heatmap can't be clicked; points that nobody sees can.
    cells = [(group, method) for group in values.index for method in values.columns]
    few = small.to_numpy().ravel()
    figure.add_scatter(
        x=[method for _, method in cells],
        y=[group for group, _ in cells],
        mode="markers",
        marker={"size": 24, "symbol": "square", "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        customdata=[list(cell) for cell in cells],
        text=[
            f"<b>{group}</b><br>{method}: {said or 'n/a'}, n = {int(n):,}{'<br>small group: mostly chance' if small_ else ''}"
            for (group, method), said, n, small_ in zip(
                cells, text.to_numpy().ravel(), counts.fillna(0).to_numpy().ravel(), few, strict=True
            )
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    styled(figure, height=130 + 26 * len(values))
    figure.update_layout(clickmode="event+select", margin={"t": 34})
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure.update_xaxes(side="top", showgrid=False, tickangle=-30)


def trade_off(
    points: pd.DataFrame,
    baselines: Collection[str],
    *,
    x_title: str,
    y_title: str,
    x_percent: bool,
    y_percent: bool,
) -> go.Figure:
    """points: method, x, y."""
    methods = [name for name in points["method"] if name not in baselines]
    figure = go.Figure()
    for name, x, y in points[["method", "x", "y"]].to_numpy():
        quiet = name in baselines
        figure.add_scatter(
            x=[x],
            y=[y],
            name=name,
            mode="markers",
            marker={
                "size": 13,
                "color": QUIET if quiet else colour_of(name, methods),
                "symbol": BASELINE_SYMBOLS[list(baselines).index(name) % len(BASELINE_SYMBOLS)] if quiet else "circle",
            },
            customdata=[[name]],
            hovertemplate=(
                f"<b>{name}</b><br>{x_title} %{{x:{'.1%' if x_percent else '.3f'}}}<br>"
                f"{y_title} %{{y:{'.1%' if y_percent else '.3f'}}}<extra></extra>"
            ),
            cliponaxis=False,
        )
    _legend(styled(figure, height=460, x_title=x_title, y_title=y_title))
    figure.update_xaxes(showgrid=True, tickformat=".0%" if x_percent else None)
    return figure.update_yaxes(tickformat=".0%" if y_percent else None)


def gain_figure(
    shares: Sequence[float], curves: pd.DataFrame, baselines: Collection[str], marked: float | None = None
) -> go.Figure:
    """How many of the buyers the first share of customers hold. curves: method, share, value, low, high."""
    figure = go.Figure()
    methods = [name for name in dict.fromkeys(curves["method"]) if name not in baselines]
    for name, mine in curves.groupby("method", sort=False):
        quiet = name in baselines
        colour = QUIET if quiet else colour_of(str(name), methods)
        if not quiet:
            figure.add_scatter(
                x=[*mine["share"], *reversed(mine["share"].tolist())],
                y=[*mine["high"], *reversed(mine["low"].tolist())],
                fill="toself",
                fillcolor=_faint(colour),
                line={"width": 0},
                mode="lines",
                hoverinfo="skip",
                showlegend=False,
            )
        figure.add_scatter(
            x=mine["share"],
            y=mine["value"],
            name=name,
            mode="lines",
            line={"width": 2, "color": colour, "dash": "dash" if quiet else "solid"},
            hovertemplate=f"<b>{name}</b><br>The first %{{x:.1%}} hold %{{y:.1%}} of the buyers<extra></extra>",
        )
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        name="by chance",
        mode="lines",
        line={"color": QUIET, "dash": "dot", "width": 1},
        hoverinfo="skip",
    )
    if marked is not None:
        figure.add_vline(x=marked, line={"color": QUIET, "width": 1})
    styled(figure, height=380, x_title="Share of all customers, the likeliest first", y_title="Share of the buyers")
    _legend(figure)
    figure.update_xaxes(tickformat=".0%", range=[0, max(shares)], showgrid=True)
    return figure.update_yaxes(tickformat=".0%", range=[0, 1.02])


def sides_figure(rows: pd.DataFrame, baselines: Collection[str]) -> go.Figure:
    """A panel for each side, a point with its range for each method. rows: method, side, value, low, high."""
    panels = list(dict.fromkeys(rows["side"]))
    names = list(dict.fromkeys(rows["method"]))
    methods = [name for name in names if name not in baselines]
    figure = make_subplots(1, max(len(panels), 1), shared_yaxes=True, subplot_titles=panels, horizontal_spacing=0.04)
    for column, panel in enumerate(panels, start=1):
        for name, value, low, high in rows[rows["side"] == panel][["method", "value", "low", "high"]].to_numpy():
            colour = QUIET if name in baselines else colour_of(name, methods)
            error = {"array": [high - value], "arrayminus": [value - low], "thickness": 2, "width": 4, "color": colour}
            figure.add_scatter(
                x=[value],
                y=[name],
                error_x=None if pd.isna(low) else error,
                mode="markers",
                marker={"size": 10, "color": colour},
                customdata=[[name, low, high]],
                hovertemplate="<b>%{y}</b>: %{x:.3f}<br>%{customdata[1]:.3f} to %{customdata[2]:.3f}<extra></extra>",
                row=1,
                col=column,
            )
    styled(figure, height=90 + 30 * len(names))
    figure.update_layout(margin={"t": 60})
    figure.update_xaxes(showgrid=True, rangemode="tozero")
    return figure.update_yaxes(
        autorange="reversed", showgrid=False, categoryorder="array", categoryarray=names, automargin=True
    )


def letters_figure(
    sizes: Sequence[int],
    buyers: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    profit: Sequence[float] | None,
    chosen: int,
) -> go.Figure:
    """Expected buyers (and profit, in a panel below) over the number of customers written to; all of one length."""
    figure = make_subplots(1 if profit is None else 2, 1, shared_xaxes=True, vertical_spacing=0.08)
    figure.add_scatter(
        x=[*sizes, *reversed(sizes)],
        y=[*high, *reversed(low)],
        fill="toself",
        fillcolor=ACCENT_FILL,
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        row=1,
        col=1,
    )
    line = {"width": 2, "color": METHOD_COLOURS[0]}
    figure.add_scatter(
        x=list(sizes),
        y=list(buyers),
        mode="lines",
        line=line,
        hovertemplate="%{x:,} customers: about %{y:.1f} buyers<extra></extra>",
        row=1,
        col=1,
    )
    if profit is not None:
        best = int(np.argmax(profit))
        figure.add_scatter(
            x=list(sizes),
            y=list(profit),
            mode="lines",
            line=line,
            hovertemplate="%{x:,} customers: %{y:,.2f}<extra></extra>",
            row=2,
            col=1,
        )
        figure.add_scatter(
            x=[sizes[best]],
            y=[profit[best]],
            mode="markers+text",
            text=["most"],
            textposition="bottom center",
            marker={"size": 10, "color": METHOD_COLOURS[0]},
            hoverinfo="skip",
            row=2,
            col=1,
        )
        figure.update_yaxes(title_text="Profit", row=2, col=1)
    figure.add_vline(x=chosen, line={"color": QUIET, "width": 1, "dash": "dot"})
    styled(figure, height=300 if profit is None else 480)
    figure.update_layout(margin={"t": 34})
    figure.update_yaxes(title_text="Later buyers", rangemode="tozero", row=1, col=1)
    return figure.update_xaxes(title_text="Customers written to", row=1 if profit is None else 2, col=1)


def _legend(figure: go.Figure) -> go.Figure:
    """Below the picture, with room for the buttons above it."""
    return figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0}, margin={"t": 34}
    )


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.14)"
