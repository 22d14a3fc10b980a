"""A customer: what they bought, which new products they should see, and why."""

from __future__ import annotations

import streamlit as st

from recsys_core.ui.launch_choice import linked_choice
from recsys_core.ui.launch_lists import history, matching_customers, new_products
from recsys_core.ui.launch_loaded import Loaded
from recsys_core.ui.launch_tables import chance_column, product_columns, score_column, table_height, with_chances
from recsys_core.ui.launch_why import why
from recsys_core.ui.numbers import counted, number
from recsys_core.ui.plain import plain
from recsys_core.workspace.exports import PRODUCT_COLUMNS

OFFERED = 300
"""Customers in the select box at once; a search finds the others."""
HISTORY_SHOWN = 3
TOPS = [10, 20, 50, 100]
SCORE_HELP = (
    "How well the product fits this customer. The bar begins at a middling score of this launch and ends at the best."
)


def customer_view(loaded: Loaded) -> None:
    """Controls, history, the ranked new products, and the reasons for the row that is selected."""
    find, choose_one, size = st.columns([2, 3, 1], vertical_alignment="bottom")
    searched = find.text_input(
        "Find customers", placeholder="Id, or any attribute", icon=":material/search:", key="customer-search"
    )
    offered, count = matching_customers(loaded.customers, searched, OFFERED)
    asked = st.query_params.get("customer")
    if not searched and asked and asked in loaded.adapted.source.customer_ids_ and asked not in offered:
        offered.insert(0, asked)
    if not offered:
        st.info(f"No customer of the catalog matches “{plain(searched, 60)}”. Try a part of the id, or fewer words.")
        return
    more = (
        f"The most active first. {number(count)} match; the first {number(OFFERED)} are listed."
        if count > OFFERED
        else None
    )
    with choose_one:
        customer = linked_choice(
            f"Customer ({counted(count, 'match', 'matches')})" if searched else "Customer",
            offered,
            loaded.customer_name,
            "customer",
            help=more,
        )
    top = size.selectbox("Show", TOPS, index=1, format_func=lambda count: f"Top {count}", key="customer-top")
    _history(loaded, customer)
    ranked = new_products(loaded, loaded.id, customer)
    rows = ranked.rows.head(top)
    if rows.empty:
        st.info("This customer has bought every product of the launch already.")
        return
    rows = rows.assign(way=rows["product_id"].map(loaded.adapted.ways))
    of_product = [name for name in PRODUCT_COLUMNS if name in rows]
    shown = with_chances(rows[["rank", *of_product, "score", "probability", "way"]])
    selected = st.dataframe(
        shown,
        hide_index=True,
        column_config={
            **product_columns(rows),
            "score": score_column(ranked, SCORE_HELP),
            "probability": chance_column(),
        },
        on_select="rerun",
        selection_mode="single-row-required",
        height=table_height(len(rows)),
        key=f"products-of-{loaded.id}-{customer}-{top}",
        alt="The new products for this customer, best first.",
    )
    st.caption("Select a row to see why. Products of the launch that the customer bought already are left out.")
    at = selected.selection.rows[0] if selected.selection.rows else 0
    why(loaded, customer, rows["product_id"].iloc[at])


def _history(loaded: Loaded, customer: str) -> None:
    bought = history(loaded, customer)
    titles = ", ".join(plain(title, 60) for title in bought["title"].head(HISTORY_SHOWN))
    orders = f"{counted(loaded.orders(customer), 'order')}, " if "orders" not in loaded.attributes else ""
    rest = len(bought) - HISTORY_SHOWN
    st.markdown(
        f":material/history: {orders}{counted(len(bought), 'different product')} so far, most of all "
        f"{titles}{f' and {number(rest)} more' if rest > 0 else ''}."
    )
    if rest > 0 and st.toggle("Show the whole history", key="whole-history"):
        st.dataframe(
            bought.drop(columns="product_id"),
            hide_index=True,
            column_config=product_columns(bought),
            height=table_height(len(bought), 7),
            alt="What the customer bought, most often bought first.",
        )
