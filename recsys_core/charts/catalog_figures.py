"""What a catalog looks like: its sales over time, its long tail, its categories, its customers."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recsys_core.charts.catalog_counts import Step
from recsys_core.charts.style import ACCENT_FILL, styled

_POINTS = 400
_LONGEST = 28
"""Letters of a category's name at an axis; the hover text has it whole."""


def over_time_figure(over_time: pd.DataFrame, step: Step) -> go.Figure:
    """Interactions a day, week or month; `over_time` has start, interactions."""
    line = go.Scatter(
        x=over_time["start"],
        y=over_time["interactions"],
        mode="lines",
        line={"width": 2},
        fill="tozeroy",
        fillcolor=ACCENT_FILL,
        hovertemplate=f"{step.capitalize()} of %{{x|%-d %b %Y}}: %{{y:,}}<extra></extra>",
    )
    figure = styled(go.Figure(line), y_title=f"Interactions a {step}")
    return figure.update_yaxes(rangemode="tozero", tickformat=",")


def long_tail_figure(buyers: pd.Series) -> go.Figure:
    """Buyers of each product, best sellers first (`buyers` is sorted so)."""
    # A curve of a million products is drawn from a few hundred of them, denser where it falls fast.
    at = np.unique(np.geomspace(1, len(buyers), min(_POINTS, len(buyers))).round().astype(int))
    line = go.Scatter(
        x=at,
        y=buyers.to_numpy()[at - 1],
        mode="lines",
        line={"width": 2},
        fill="tozeroy",
        fillcolor=ACCENT_FILL,
        hovertemplate="Product no. %{x:,}: %{y:,} buyers<extra></extra>",
    )
    figure = styled(go.Figure(line), x_title="Products, best sellers first", y_title="Buyers")
    figure.update_xaxes(tickformat=",")
    return figure.update_yaxes(rangemode="tozero", tickformat=",")


def categories_figure(categories: pd.DataFrame, at_most: int = 16) -> go.Figure:
    """A bar for each of the largest categories; `categories` has name, products, buyers, largest first."""
    shown = categories.head(at_most).iloc[::-1]
    bars = go.Bar(
        # Names may repeat once they are cut; the positions don't.
        y=np.arange(len(shown)),
        x=shown["products"],
        orientation="h",
        customdata=np.column_stack([_harmless(shown["name"]), shown["buyers"] / shown["products"]]),
        hovertemplate="%{customdata[0]}<br>%{x:,} products<br>%{customdata[1]:,.0f} buyers each<extra></extra>",
    )
    figure = styled(go.Figure(bars), height=420, x_title="Products")
    figure.update_xaxes(showgrid=True, tickformat=",")
    names = _harmless(shown["name"].map(lambda name: name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"))
    return figure.update_yaxes(showgrid=False, tickmode="array", tickvals=np.arange(len(shown)), ticktext=names)


def activity_figure(activity: pd.DataFrame) -> go.Figure:
    """How many customers bought how many different products; `activity` has bought, customers."""
    bars = go.Bar(
        x=activity["bought"],
        y=activity["customers"],
        hovertemplate="%{x} different products: %{y:,} customers<extra></extra>",
    )
    figure = styled(go.Figure(bars), x_title="Different products bought", y_title="Customers")
    figure.update_xaxes(type="category", tickangle=0, tickfont={"size": 11})
    return figure.update_yaxes(tickformat=",")


def _harmless(names: pd.Series) -> list[str]:
    """Plotly reads a little HTML and LaTeX in texts: these show as they are."""
    return [html.escape(name).replace("$", "&#36;") for name in names]
