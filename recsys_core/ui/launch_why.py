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

KINDS = {"history": "Bought before", "word": "Words of the product", "supporter": "First buyers"}
SAID = {
    "history": "that **{name}** was bought before",
    "word": "“**{name}**” in what the product says of itself",
    "supporter": "that customer **{name}** bought it first",
}
LABEL_LENGTH = 32


def why(loaded: Loaded, customer_id: str, product_id: str) -> None:
    """The strongest reasons for the pair, as one sentence and bars."""
    st.markdown(f"**Why {plain(loaded.title(product_id), 80)} for {plain(loaded.customer_name(customer_id), 60)}?**")
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
    best = found.loc[found["effect"].idxmax()]
    st.markdown(
        f"What counts most is {SAID[best['kind']].format(name=plain(best['name'], 80))}: "
        f"without it the score falls by {best['effect']:.3f}."
    )
    labels = pd.Series([for_html(name, LABEL_LENGTH) for name in found["name"]], dtype="str")
    figure = reasons_figure(found.assign(label=labels), KINDS)
    st.plotly_chart(figure, config=CONFIG, key=f"why-{product_id}-{customer_id}", alt="By how much the score falls without each.")
    st.caption(
        "Each bar: by how much the score falls if this one thing is taken away. Reasons can stand in for each other, so the bars "
        "don't add up to the score."
    )
