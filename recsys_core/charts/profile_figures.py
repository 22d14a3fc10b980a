"""What a table looks like: how much of each column is filled, and how the values of one are spread."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recsys_core.charts.style import QUIET, styled

_LONGEST = 28
"""Letters of a name at an axis; the hover text has more of it."""
_COLUMNS = 30
_TICKS = 10
_WIDE = 1.5
"""Bins that are wider than the others by this factor are told apart: drawn as wide as they are, they would be lower."""
_PALE = 0.45


def filled_figure(profile: pd.DataFrame) -> go.Figure:
    """The filled and the missing share of each column, as `recsys_core.tables.profile.profile` tells them.

    Of more than 30 columns those with the most missing are shown.
    """
    shown = profile.loc[profile["missing"].nlargest(_COLUMNS, keep="first").sort_index().index].iloc[::-1]
    at = np.arange(len(shown))
    hover = [
        f"{_harmless(name, 80)}<br>{filled:.1%} filled, {missing:,} missing"
        for name, filled, missing in zip(shown["column"], shown["filled"], shown["missing"], strict=True)
    ]
    figure = go.Figure()
    for share, colour in ((shown["filled"], None), (1 - shown["filled"], QUIET)):
        figure.add_bar(
            y=at,
            x=share,
            orientation="h",
            marker={} if colour is None else {"color": colour},
            hovertext=hover,
            hovertemplate="%{hovertext}<extra></extra>",
        )
    styled(figure, height=max(140, 60 + 26 * len(shown)), x_title="Share of the rows that is filled")
    figure.update_layout(barmode="stack")
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    labels = [_harmless(name, _LONGEST) for name in shown["column"]]
    return figure.update_yaxes(showgrid=False, tickmode="array", tickvals=at, ticktext=labels)


def distribution_figure(distribution: pd.DataFrame, title: str, rows: str = "Rows") -> go.Figure:
    """How the values of a column are spread; `distribution` is what `recsys_core.tables.profile.distribution` gave.

    title: of the values' axis, as a person gave it; rows: what the rows are, for the other axis. Values that aren't
    counted by name aren't drawn: together they would dwarf the others.
    """
    if "value" in distribution:
        return _values_figure(distribution.dropna(subset="value"), rows)
    if pd.api.types.is_datetime64_any_dtype(distribution["low"].dtype):
        return _dates_figure(distribution, rows)
    return _numbers_figure(distribution, _harmless(title, 60), rows)


def wide_bins(bins: pd.DataFrame) -> np.ndarray:
    """(n_bins,) bool: the bins of numbers that hold the stragglers; they are drawn pale, and as broad as any other."""
    width = (bins["high"] - bins["low"]).to_numpy(dtype=np.float64)
    return width > _WIDE * np.median(width) if len(width) else np.zeros(0, dtype=bool)


def _values_figure(values: pd.DataFrame, rows: str) -> go.Figure:
    shown = values.iloc[::-1]
    at = np.arange(len(shown))
    bars = go.Bar(
        # Texts may repeat once they are cut; the positions don't.
        y=at,
        x=shown["rows"],
        orientation="h",
        hovertext=[_harmless(value, 120) for value in shown["value"]],
        hovertemplate=f"%{{hovertext}}<br>%{{x:,}} {rows.lower()}<extra></extra>",
    )
    figure = styled(go.Figure(bars), height=max(140, 60 + 24 * len(shown)), x_title=rows)
    figure.update_xaxes(showgrid=True, tickformat=",", rangemode="tozero")
    labels = [_harmless(value, _LONGEST) for value in shown["value"]]
    return figure.update_yaxes(showgrid=False, tickmode="array", tickvals=at, ticktext=labels)


def _numbers_figure(bins: pd.DataFrame, title: str, rows: str) -> go.Figure:
    if bins.empty:
        return styled(go.Figure(), x_title=title, y_title=rows)
    low, high = bins["low"].to_numpy(), bins["high"].to_numpy()
    exact = bool((low == high).all())
    last = len(bins) - 1
    spans = [
        _number(a) if exact else f"{_number(a)} to {'' if at == last else 'under '}{_number(b)}"
        for at, (a, b) in enumerate(zip(low, high, strict=True))
    ]
    bars = go.Bar(
        x=np.arange(len(bins)),
        y=bins["rows"],
        marker={"opacity": np.where(wide_bins(bins), _PALE, 1)},
        hovertext=spans,
        hovertemplate=f"%{{hovertext}}: %{{y:,}} {rows.lower()}<extra></extra>",
    )
    figure = styled(go.Figure(bars), x_title=title, y_title=rows)
    edges = low if exact else np.append(low, high[-1:])
    places = np.arange(len(edges)) - (0 if exact else 0.5)
    kept = np.arange(0, len(edges), max(1, -(-len(edges) // (len(edges) if exact else _TICKS))))
    figure.update_xaxes(
        tickmode="array", tickvals=places[kept], ticktext=[_number(edges[at]) for at in kept], tickangle=0
    )
    figure.update_layout(bargap=0.25 if exact else 0.06)
    return figure.update_yaxes(tickformat=",", rangemode="tozero")


def _dates_figure(bins: pd.DataFrame, rows: str) -> go.Figure:
    days = (bins["high"] - bins["low"]).dt.days.to_numpy()
    longest = days.max(initial=0)
    step, form = (
        ("day", "%-d %b %Y")
        if longest <= 1
        else ("week", "%-d %b %Y")
        if longest <= 7
        else ("month", "%b %Y")
        if longest <= 31
        else ("year", "%Y")
    )
    before = "Week of " if step == "week" else ""
    bars = go.Bar(
        x=bins["low"],
        y=bins["rows"],
        offset=0,
        width=days * 86_400_000,
        hovertemplate=f"{before}%{{x|{form}}}: %{{y:,}} {rows.lower()}<extra></extra>",
    )
    figure = styled(go.Figure(bars), y_title=f"{rows} a {step}")
    figure.update_layout(bargap=0)
    return figure.update_yaxes(tickformat=",", rangemode="tozero")


def _number(value: float) -> str:
    return f"{value:,.10g}"


def _harmless(text: str, at_most: int) -> str:
    """Plotly reads a little HTML and LaTeX in texts, and a hover text's own marks: they show as they are."""
    cut = text if len(text) <= at_most else text[: at_most - 1] + "…"
    return html.escape(cut).replace("$", "&#36;").replace("%{", "%&#123;")
