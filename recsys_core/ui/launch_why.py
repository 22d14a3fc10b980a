"""Why a customer is shown a product: each reason measured by leaving it out."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from recsys_core.charts.reasons import reasons_figure
from recsys_core.charts.style import CONFIG
from recsys_core.errors import UnknownCustomer
from recsys_core.ui.launch_lists import reasons
from recsys_core.ui.launch_loaded import Loaded
from recsys_core.ui.plain import for_html, plain

KINDS = {"history": "Bought before", "word": "Its words", "supporter": "First buyers"}
SAID = {
    "history": "that **{name}** was bought before",
    "word": "“**{name}**” in what the product says of itself",
    "supporter": "that customer **{name}** bought it first",
}
LABEL_LENGTH = 36


def why(loaded: Loaded, customer_id: str, product_id: str) -> None:
    """The strongest reasons for the pair, as one sentence and bars."""
    with st.container(border=True):
        who = plain(loaded.customer_name(customer_id), 60)
        st.markdown(f"**Why {plain(loaded.title(product_id), 80)} for {who}?**")
        try:
            found = reasons(loaded, loaded.id, customer_id, product_id)
        except UnknownCustomer as error:
            st.info(plain(error, 400), icon=":material/info:")
            return
        if found.empty:
            st.markdown(
                "No single purchase, word or first buyer lifts this score by itself: the product is shown for how well "
                "products like it sell to everyone."
            )
            return
        said, drawn = st.columns([1, 2], gap="medium", vertical_alignment="center")
        with said:
            _sentences(found)
        labels = pd.Series([for_html(name, LABEL_LENGTH) for name in found["name"]], dtype="str")
        drawn.plotly_chart(
            reasons_figure(found.assign(label=labels), KINDS),
            config=CONFIG,
            key=f"why-{product_id}-{customer_id}",
            alt="By how much the score falls without each reason.",
        )


def _sentences(found: pd.DataFrame) -> None:
    best = found.iloc[int(found["effect"].to_numpy().argmax())]
    st.markdown(
        f"What counts most is {SAID[best['kind']].format(name=plain(best['name'], 80))}. "
        f"Without it the score would fall by {best['effect']:.3f}."
    )
    st.caption(
        "Each bar is measured: by how much the score falls if this one thing is taken away. Reasons can stand in for "
        "each other, so the bars don't add up to the score."
    )
