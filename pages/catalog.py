"""The shop's products with their history: bring them in, and see what they look like."""

from __future__ import annotations

import streamlit as st

from recsys_core.ui.catalog_import import import_files, is_checked
from recsys_core.ui.catalog_view import figures, pictures, product_table
from recsys_core.ui.numbers import moment
from recsys_core.ui.plain import plain
from recsys_core.ui.sample_shop import CREDIT, is_sample_shop, sample_button
from recsys_core.ui.session import workspace
from recsys_core.workspace import CatalogVersion

TAB = "show"
LOOK, PRODUCTS, BRING = "What it looks like", "Products", "Import a new version"


def first_import() -> None:
    st.markdown("The products that have history, with that history: what the source model learns from.")
    with st.container(border=True, key="first-import"):
        st.subheader("Upload your shop's files", anchor=False)
        import_files()
    with st.container(border=True, key="sample"):
        st.markdown("**No files at hand?** Look around in a real shop.")
        sample_button(primary=False)
        st.caption(CREDIT)


def checked_files() -> None:
    st.subheader("What the check found", anchor=False)
    if import_files():
        st.session_state[TAB] = LOOK
        st.rerun()


def catalog(version: CatalogVersion) -> None:
    files = ", ".join(plain(file.get("name", ""), 60) for file in version.files)
    st.markdown(f"Imported {moment(version.created)} from {files}.")
    # Only the tab that is open is drawn.
    look, products, bring = st.tabs([LOOK, PRODUCTS, BRING], key=TAB, bind="query-params")
    if look.open:
        with look:
            figures(version)
            pictures(version)
            if is_sample_shop(version):
                st.caption(CREDIT)
    if products.open:
        with products:
            product_table(version)
    if bring.open:
        with bring:
            st.markdown("The new files become the catalog. Source models and launches that are there stay as they are.")
            import_files()


st.title("Catalog", anchor=False)
newest = workspace().catalog_version()
if is_checked():
    checked_files()
elif newest is None:
    first_import()
else:
    catalog(newest)
