"""Creates a launch: a name, the new products, and the first sales that there are."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.tables.columns import PRODUCT
from recsys_core.ui.file_input import checked_file, file_details, forget, is_of_no_use
from recsys_core.ui.launch_choice import choose
from recsys_core.ui.launch_loaded import newest_catalog
from recsys_core.ui.numbers import counted, number
from recsys_core.ui.plain import plain
from recsys_core.ui.session import workspace
from recsys_core.workspace.launch_check import (
    CheckedProducts,
    CheckedSales,
    check_first_sales,
    check_new_products,
)

OPEN = "launch-create"
"""Session state: whether the form is open."""
PRODUCTS, SALES = "new-products", "first-sales"
NEEDS_PRODUCTS = "A table with an id and a title for each product; category, description, brand, price and tags help."
NEEDS_SALES = "A table that says who bought which product; quantity, kind of event and time help."


def create_launch(closable: bool) -> None:
    """The form; when the launch is created the page goes on with it."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader("New launch", anchor=False, width="stretch")
            if closable and st.button("Close", icon=":material/close:", type="tertiary"):
                _close()
        name = st.text_input("Name", placeholder="Autumn 2026", max_chars=120, key="launch-name")
        products = _products()
        if products is None:
            st.caption("First sales can be added once the new products are there: now, or at any time later.")
            st.button("Create the launch", type="primary", disabled=True, help="Upload the new products first.")
            return
        frame = _new_ones(products)
        sales = _sales(frame)
        not_yet = frame.empty or is_of_no_use(SALES)
        if st.button("Create the launch", type="primary", icon=":material/add:", disabled=not_yet):
            try:
                record = workspace().create_launch(name, frame, None if sales is None else sales.table.frame)
            except LaunchdeskError as error:
                st.error(plain(error), icon=":material/error:")
                return
            st.toast(f"Launch “{plain(record.name, 60)}” created.", icon=":material/check_circle:")
            choose("launch", record.id)
            _close()


def _close() -> None:
    forget(PRODUCTS, SALES)
    st.session_state[OPEN] = False
    st.rerun()


def _products() -> CheckedProducts | None:
    products = checked_file(
        "New products",
        PRODUCTS,
        "products",
        NEEDS_PRODUCTS,
        lambda upload, run: check_new_products(upload, newest_catalog(), run),
    )
    file_details(PRODUCTS, "products")
    return products


def _new_ones(products: CheckedProducts) -> pd.DataFrame:
    known = len(products.in_catalog)
    leave_out = known > 0 and st.checkbox(
        f"Leave out {counted(known, 'product')} that the catalog has already", value=True
    )
    frame = products.frame(leave_out_known=leave_out)
    if frame.empty:
        st.error("All products of this file are in the catalog already: there is nothing new to launch.")
    return frame


def _sales(products: pd.DataFrame) -> CheckedSales | None:
    ids = pd.Index(products[PRODUCT])
    sales = checked_file(
        "First sales (if there are any yet)",
        SALES,
        "interactions",
        NEEDS_SALES,
        lambda upload, run: check_first_sales(upload, ids, newest_catalog(), run),
        beside=tuple(ids),
    )
    file_details(SALES, "interactions")
    if sales is None:
        st.caption("Without first sales, recommendations go by what the products say of themselves.")
    else:
        st.caption(f"{number(sales.products_sold)} of {counted(len(ids), 'new product')} have a first sale.")
    return sales
