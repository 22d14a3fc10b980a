"""How far suggested places can be trusted, and what is done with them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from recsys_core.charts.placement_figures import answered_figure
from recsys_core.charts.style import CONFIG
from recsys_core.ui.numbers import counted, percent
from recsys_core.ui.plain import plain
from recsys_core.workspace.records import AtlasRecord


def held_out(trust: dict[str, Any], products: int) -> None:
    """How placing did on products of the catalog that were held out."""
    right = trust["first_of_answered"]
    answered = "none was sure enough" if right is None else f"{percent(right)} of them rightly"
    st.markdown(
        f"On {counted(trust['products'], 'product')} of your own that were held out: {percent(trust['answered'])} were placed, "
        f"{answered}. The right category came first for {percent(trust['first'])}, among the first three for "
        f"{percent(trust['first_three'])}."
    )
    with st.expander("How sure are the suggestions?", icon=":material/target:"):
        st.plotly_chart(
            answered_figure(trust["surest"], trust["answered"]),
            config=CONFIG,
            key="answered",
            alt="Share in the right category among the surest products.",
        )
        st.caption(
            f"At 90% answered, {percent(trust['surest'][-2])} are right. Probabilities are off by "
            f"{percent(trust['calibration_error'], 1)} on average (ECE). {counted(products, 'product')} to place."
        )


def new_categories(told: dict[str, Any]) -> None:
    """Foreign categories as wholes: what each is most like."""
    if note := told.get("note"):
        st.caption(plain(note, 300))
    if not told.get("rows"):
        return
    rows = pd.DataFrame(told["rows"])
    rows["beside"] = [
        f"{name} ({share:.0%})" for name, share in zip(rows["category"], rows["probability"], strict=True)
    ]
    wide = rows.groupby(["given", "products", "known"], sort=False)["beside"].agg(list).reset_index()
    first, second, third = (
        wide["beside"].map(lambda found, at=at: found[at] if at < len(found) else "") for at in range(3)
    )
    trust = told["trust"]
    st.markdown("**New categories as a whole**: which of yours each is most like.")
    st.dataframe(
        pd.DataFrame(
            {
                "Came as": wide["given"],
                "Products": wide["products"],
                "Most like": first,
                "Then": second,
                "And": third,
                "": wide["known"].map({True: "", False: "unlike anything here"}),
            }
        ),
        hide_index=True,
        key="new-categories",
        alt="New categories with the known ones that they are most like.",
    )
    st.caption(
        f"Of {counted(trust['products'], 'category', 'categories')} of yours taken for new, {percent(trust['first'])} came to "
        f"their own parent first; the probabilities are off by {percent(trust['calibration_error'], 1)} on average."
    )


def way(record: AtlasRecord) -> None:
    """Whether new products go through their place, and why."""
    from recsys_core.selection.router import Routing

    routing = Routing.of_record(record.summary.get("routing", {}))
    if routing is not None:
        st.caption(f":material/alt_route: {routing.sentence()}")
