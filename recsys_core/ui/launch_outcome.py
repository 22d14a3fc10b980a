"""What the adaptation did: which method, why that one, and how much it had to go by."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from recsys_core.charts.method_figures import method_figures
from recsys_core.charts.style import CONFIG
from recsys_core.ui.launch_adapt import sentence_of
from recsys_core.ui.launch_uncertainty import uncertainty
from recsys_core.ui.numbers import counted, duration, moment, number, percent
from recsys_core.ui.plain import for_html, plain
from recsys_core.workspace import AdaptedRecord


def outcome(adapted: AdaptedRecord) -> None:
    """Four figures, the reason for the method, and the table it was chosen from."""
    summary = adapted.summary
    choice: dict[str, Any] | None = summary.get("choice")
    strangers, supporters = summary["unknown_supporters"], summary["supporters"]
    with st.container(horizontal=True, gap="small"):
        st.metric("Method", adapted.method.capitalize(), border=True, help=plain(sentence_of(adapted.method)))
        st.metric("New products", number(summary["products"]), border=True)
        st.metric("With a first sale", number(summary["products_with_first_sales"]), border=True)
        st.metric("First sales", number(summary["first_sales"]), border=True)
        st.metric("First buyers", number(supporters), border=True)
    said = [f"Made {moment(adapted.created)}."]
    if choice:
        said.insert(0, plain(choice["reason"], 400))
    else:
        said.insert(0, f"{adapted.method.capitalize()} was chosen by hand.")
    if strangers:
        said.append(
            f"{counted(strangers, 'first buyer')} of {number(supporters)} ({percent(strangers / supporters)}) "
            f"{'is' if strangers == 1 else 'are'} new to the catalog: without a history they say nothing of other buyers."
        )
    if note := summary.get("details", {}).get("note"):
        said.append(plain(note, 300))
    st.markdown(" ".join(said))
    if choice and choice["table"]:
        with st.expander("How the method was chosen", icon=":material/science:"):
            _tried(choice, adapted.method)
    uncertainty(summary)


def _tried(choice: dict[str, Any], chosen: str) -> None:
    from recsys_core.selection.auto import TIE

    st.caption(
        f"{counted(choice['products'], 'known product')} of your catalog came as if new, with "
        f"{counted(choice['shots'], 'first sale')} each. Quality is ndcg@20: 1 would be every customer's later purchases "
        "on top of the list. The line is the range in which it lies with 95 % certainty. Of methods that differ by less "
        f"than {TIE:.1%}, the simpler one is taken."
    )
    rows = pd.DataFrame([row for row in choice["table"] if "ndcg" in row])
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
    names = [for_html(name.capitalize()) for name in rows["method"]]
    figure = method_figures(rows.assign(name=names), for_html(chosen.capitalize()))
    left.plotly_chart(figure, config=CONFIG, key="method-figures", alt="Quality of each method with its range.")
    shown = pd.DataFrame(
        {
            "Method": rows["method"].str.capitalize(),
            "ndcg@20": rows["ndcg"],
            "95 % range": [f"{low:.3f} – {high:.3f}" for low, high in zip(rows["low"], rows["high"], strict=True)],
            "Time": [duration(seconds) if seconds >= 1 else "under 1 s" for seconds in rows["seconds"]],
        }
    )
    right.dataframe(
        shown,
        hide_index=True,
        column_config={"ndcg@20": st.column_config.NumberColumn(format="%.3f")},
        alt="Quality, range and time of each method.",
    )
    for row in choice["table"]:
        if "note" in row:
            st.caption(f"{plain(row['method'].capitalize())} wasn't tried: {plain(row['note'], 300)}")
