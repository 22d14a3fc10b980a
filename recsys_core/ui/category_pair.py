"""Two categories side by side: how alike they are by each view, and what they share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from recsys_core.ui.category_choice import VIEWS, Chosen, best_sellers
from recsys_core.ui.numbers import counted, number, percent
from recsys_core.ui.plain import plain

WORDS_SHOWN = 12


def pair(chosen: Chosen, first: int, second: int) -> None:
    """A box that answers: why are these two alike, or not?"""
    level = chosen.level
    with st.container(border=True, key="pair"):
        st.markdown(f"**{plain(level.names[first])}** and **{plain(level.names[second])}**")
        with st.container(horizontal=True, gap="small"):
            for view, label in VIEWS.items():
                if view in level.similarity:
                    st.metric(
                        label, number(round(float(level.similarity[view][first, second]), 2) + 0.0, 2), border=True
                    )
        st.markdown(f":material/group: {purchases(chosen, first, second)}")
        words = shared_words(level.words, first, second)
        said = ", ".join(plain(word, 40) for word in words)
        st.markdown(f":material/sell: {'Words that both use: ' + said if words else 'No telling word in common'}.")
        for column, side, at in zip(st.columns(2), ("first", "second"), (first, second), strict=True):
            with column:
                st.caption(f"Best sellers of {plain(level.names[at], 80)}")
                st.dataframe(
                    best_sellers(chosen, at),
                    hide_index=True,
                    column_order=["title", "buyers"],
                    column_config={
                        "title": st.column_config.TextColumn("Title", width="large"),
                        "buyers": st.column_config.NumberColumn("Buyers", format="%d"),
                    },
                    key=f"pair-{side}-{at}",
                    alt="Products of the category with most buyers.",
                )


def purchases(chosen: Chosen, first: int, second: int) -> str:
    """Who buys in both, beside who would by chance."""
    level = chosen.level
    both, lift = int(level.shared[first, second]), float(level.lift[first, second])
    if not np.isfinite(lift):
        return "One of the two has no customer yet"
    buyers, everyone = (int(level.shared[at, at]) for at in (first, second))
    said = f"{counted(both, 'customer')} bought in both, {lift:.1f} times as many as by chance"
    if buyers and level.customers:
        said += (
            f": {percent(both / buyers)} of those who buy in the first one, while {percent(everyone / level.customers)} of "
            "all customers buy in the second"
        )
    return f"{said}."


def shared_words(words: pd.DataFrame, first: int, second: int) -> list[str]:
    """Words that are heavy in both, those first whose lighter weight is the heaviest."""
    one, other = (words[words["category"] == at].set_index("word")["weight"] for at in (first, second))
    both = pd.concat([one, other], axis=1, join="inner").min(axis=1)
    return [str(word) for word in both.sort_values(ascending=False, kind="stable").index[:WORDS_SHOWN]]
