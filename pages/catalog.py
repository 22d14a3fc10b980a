"""The shop's products with their history: bring them in, and see what they look like."""

from __future__ import annotations

import streamlit as st

from recsys_core.ui.catalog_import import import_files, is_checked
from recsys_core.ui.catalog_view import figures, pictures, product_table
from recsys_core.ui.numbers import moment
from recsys_core.ui.plain import plain
from recsys_core.ui.sample_shop import CREDIT, is_sample_shop, sample_button
from recsys_core.ui.session import workspace

version = workspace().catalog_version()

st.title("Catalog", anchor=False)

if version is None:
    st.markdown("The products that have history, with that history: what the source model learns from.")
    with st.container(border=True, key="first-import"):
        st.subheader("Check your files" if is_checked() else "Upload your shop's files", anchor=False)
        import_files()
    if not is_checked():
        with st.container(border=True, key="sample"):
            st.markdown("**No files at hand?** Look around in a real shop.")
            sample_button(primary=False)
            st.caption(CREDIT)
else:
    files = ", ".join(plain(file.get("name", ""), 60) for file in version.files)
    st.markdown(f"Imported {moment(version.created)} from {files}.")
    if is_checked():
        st.subheader("Check the new version", anchor=False)
        import_files()
        st.stop()
    # Only the tab that is open is drawn; which one it is, is part of the address.
    look, products, bring = st.tabs(
        ["What it looks like", "Products", "Import a new version"], key="show", bind="query-params"
    )
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
