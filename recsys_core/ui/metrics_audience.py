"""Audiences: how many of the buyers the first customers hold, and what that is in money and people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from recsys_core.charts.audience_figures import gain_figure, letters_figure
from recsys_core.selection.backtests.audiences import expected, gains
from recsys_core.selection.backtests.figures import AUDIENCE
from recsys_core.selection.backtests.names import BASELINES, POPULARITY, RANDOM
from recsys_core.selection.backtests.words import figure, sales
from recsys_core.ui.metrics_choice import Chosen, is_replayed, said, stage
from recsys_core.ui.numbers import number, percent
from recsys_core.ui.picture_files import file_row, picture

SHARES = [0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0]
SIZES = 60
"""Points of the curve over the number of letters."""


def audience(chosen: Chosen) -> None:
    if not is_replayed(chosen):
        return
    curves = gain_curves(chosen)
    here = figure(chosen.metrics, "capture", chosen.method, chosen.k, chosen.cut)
    if here is not None:
        st.markdown(
            f"**The first {percent(AUDIENCE)} of customers hold {percent(here['value'])} of the buyers** of a new product with "
            f"{sales(chosen.k)} ({percent(here['low'])} to {percent(here['high'])}): {here['value'] / AUDIENCE:.1f} times as many as "
            "by chance."
        )
    kind = file_row(chosen.file("gain"), "gain", lambda: curves.assign(lift=curves["value"] / curves["share"]))
    lift = st.toggle("As lift", key="as-lift", bind="query-params", help="How many times as many buyers as by chance.")
    st.plotly_chart(
        gain_figure(SHARES, curves, list(BASELINES), AUDIENCE, methods=chosen.methods, lift=lift),
        config=picture(chosen.file("gain"), kind, zoom=False),
        key=f"gain-{chosen.id}-{chosen.cut}-{chosen.k}-{chosen.method}-{lift}",
        alt="Share of the buyers among the first customers.",
    )
    st.caption("Mean over the replayed products, with the 95% range. Popularity ranks customers by how much they buy.")
    _letters(chosen)


def gain_curves(chosen: Chosen) -> pd.DataFrame:
    """method, share, value, low, high."""
    parts = []
    for way in dict.fromkeys([chosen.method, POPULARITY, RANDOM]):
        replayed = [(stage(chosen.id, at), said(chosen.id, at, way)) for at, cut in chosen.cuts if way in cut["ways"]]
        if replayed:
            parts.append(gains(replayed, chosen.k, SHARES, chosen.facts["seed"]).assign(method=way))
    return pd.concat(parts, ignore_index=True)[["method", "share", "value", "low", "high"]]


def _letters(chosen: Chosen) -> None:
    """Write to so many customers, and expect so many buyers."""
    st.subheader("In people and money", anchor=False)
    replayed = [(stage(chosen.id, at), said(chosen.id, at, chosen.method)) for at, _ in chosen.cuts]
    most = min(seen.whole for seen, _ in replayed)
    first, second, third = st.columns(3)
    letters = first.number_input(
        "Customers to write to, for each product", 1, most, min(150, most), step=10, key="letters", bind="query-params"
    )
    margin = second.number_input(
        "What a sale brings (margin)", 0.0, value=0.0, step=1.0, key="margin", bind="query-params", help="0: not known."
    )
    cost = third.number_input(
        "What one contact costs", 0.0, value=0.0, step=0.1, key="contact-cost", bind="query-params"
    )
    sizes = np.unique(np.append(np.geomspace(1, most, SIZES).astype(int), letters))
    rows = expected(replayed, chosen.k, sizes, chosen.facts["seed"])
    here = rows[rows["size"] == letters].iloc[0]
    sentence = (
        f"Write to {int(letters):,} customers for a product with {sales(chosen.k)}, and expect about "
        f"**{_count(here['value'])} buyers** after its first {chosen.first_buyers} ({_count(here['low'])}–{_count(here['high'])}) among them; half of the replayed "
        f"products had {_count(here['quarter'])} to {_count(here['three_quarters'])}."
    )
    profit = None
    if margin > 0 or cost > 0:
        profit = rows["value"] * margin - rows["size"] * cost
        best, brings = rows.iloc[int(profit.argmax())], here["value"] * margin - letters * cost
        sentence += f" At {number(margin, 2)} a sale and {number(cost, 2)} a contact that brings {number(brings, 2)}; "
        sentence += (
            f"writing to {int(best['size']):,} would bring most, {number(profit.max(), 2)}."
            if profit.max() > 0
            else "at this price no contact pays."
        )
    st.markdown(sentence)
    kind = file_row(chosen.file("letters"), "letters", lambda: rows)
    st.plotly_chart(
        letters_figure(
            rows["size"].tolist(),
            rows["value"].tolist(),
            rows["low"].tolist(),
            rows["high"].tolist(),
            None if profit is None else profit.tolist(),
            int(letters),
        ),
        config=picture(chosen.file("letters"), kind, zoom=False),
        key=f"letters-{chosen.id}-{chosen.cut}-{chosen.k}-{chosen.method}-{letters}-{margin}-{cost}",
        alt="Expected buyers by the number of customers written to.",
    )
    st.caption(
        "From the replayed launches: buyers by themselves, without a letter. Whom a letter makes a buyer can't be known from sales "
        "alone; the order of customers is the same. Mean over products, with its 95% range. "
        f"{chosen.sell_better()}"
    )


def _count(buyers: float) -> str:
    return f"{buyers:,.0f}" if buyers >= 4 else f"{buyers:.1f}"
