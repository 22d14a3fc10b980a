"""One category: its profile, what it is like, and what a new product in it can expect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from recsys_core.charts.style import CONFIG
from recsys_core.charts.uncertainty_figures import first_sales_figure
from recsys_core.tables.columns import CATEGORY_SEPARATOR
from recsys_core.ui.category_choice import Chosen, best_sellers, choose_category
from recsys_core.ui.category_pair import shared_words
from recsys_core.ui.numbers import counted, number, percent
from recsys_core.ui.plain import plain
from recsys_core.workspace.records import AtlasRecord

NEAREST = 10


def one_category(chosen: Chosen, record: AtlasRecord) -> None:
    level, at = chosen.level, chosen.category
    row = level.profiles.iloc[at]
    with st.container(horizontal=True, gap="small"):
        st.metric("Products", number(int(row["products"])), border=True, height="stretch")
        buying = f"{percent(row['customers'] / level.customers)} of all" if level.customers else None
        st.metric(
            "Customers",
            number(int(row["customers"])),
            buying,
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
        )
        st.metric("Who bought what", number(int(row["sales"])), border=True, height="stretch")
        if np.isfinite(row["price"]):
            between = f"half from {number(row['price_low'], 2)} to {number(row['price_high'], 2)}"
            st.metric(
                "Usual price",
                number(row["price"], 2),
                between,
                delta_color="off",
                delta_arrow="off",
                border=True,
                height="stretch",
            )
    words = level.words.loc[level.words["category"] == at, "word"].head(15)
    st.markdown(f":material/sell: Its words: {', '.join(plain(word, 40) for word in words) or 'none that tell'}.")
    left, right = st.columns(2, gap="medium")
    with left:
        _nearest(chosen)
    with right:
        st.markdown("**Best sellers**")
        st.dataframe(
            best_sellers(chosen, at, NEAREST),
            hide_index=True,
            column_order=["title", "price", "buyers"],
            column_config={
                "title": st.column_config.TextColumn("Title", width="medium"),
                "price": st.column_config.NumberColumn("Price", format="%.2f"),
                "buyers": st.column_config.NumberColumn("Buyers", format="%d"),
            },
            key="best-sellers",
            alt="Products of the category with most buyers.",
        )
    _expected(chosen, record)


def _nearest(chosen: Chosen) -> None:
    level, at = chosen.level, chosen.category
    st.markdown("**Most like it**")
    order = np.argsort(-chosen.similarity[at], kind="stable")
    order = order[order != at][:NEAREST]
    rows = pd.DataFrame(
        {
            "category": [level.names[other] for other in order],
            "similarity": chosen.similarity[at, order],
            "customers": level.shared[at, order].astype(int),
            "shares": [", ".join(shared_words(level.words, at, other)[:5]) for other in order],
        }
    )
    picked = st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "category": st.column_config.TextColumn("Category", width=190),
            "similarity": st.column_config.NumberColumn("Alike", format="%.2f", width=55),
            "customers": st.column_config.NumberColumn("Buy both", format="%d", width=70),
            "shares": st.column_config.TextColumn("Words of both"),
        },
        on_select="rerun",
        selection_mode="single-row",
        key=f"nearest-{chosen.number}-{chosen.view}-{at}",
        alt="The categories that are most like the chosen one.",
    )
    for row in picked.selection.rows:
        choose_category(chosen, int(order[row]))
    st.caption("Select a row to go there.")


def _expected(chosen: Chosen, record: AtlasRecord) -> None:
    from recsys_core.selection.certainty import Certainty

    top = chosen.name.split(CATEGORY_SEPARATOR)[0]
    st.markdown("**What a new product in it can expect**")
    known = record.summary.get("expected", {}).get(top)
    if known is None:
        why = (
            "Too few of its products were held out of training, with enough buyers, to replay launches."
            if record.summary.get("trained")
            else "Train the source model, then compare again: launches of this category are then replayed."
        )
        st.caption(why)
        return
    curve = Certainty.of_dict(known)
    where = "" if top == chosen.name else f" in all of {plain(top, 80)}"
    st.markdown(f"{curve.worth()} ({counted(curve.products, 'replayed launch', 'replayed launches')}{where}.)")
    st.plotly_chart(
        first_sales_figure(curve.shots, curve.levels, curve.low, curve.high),
        config=CONFIG,
        key="expected",
        alt="How good recommendations are with each number of first sales.",
    )
