"""The shop's products with their history: bring them in, see what they look like, go back to what was."""

from __future__ import annotations

import streamlit as st

from recsys_core.ui.catalog_download import downloads
from recsys_core.ui.catalog_import import import_files, is_given
from recsys_core.ui.catalog_imported import imported_just_now
from recsys_core.ui.catalog_profile import health_card, profile_view
from recsys_core.ui.catalog_versions import shown_version, version_list
from recsys_core.ui.catalog_view import figures, pictures, product_table
from recsys_core.ui.numbers import moment
from recsys_core.ui.plain import plain
from recsys_core.ui.sample_shop import CREDIT, is_sample_shop, sample_button
from recsys_core.ui.session import workspace
from recsys_core.workspace import CatalogVersion

TAB = "show"
NEXT_TAB = "catalog-next-tab"
"""Session state: the tab that the next run of the page opens; while it runs, that can't be said to the tabs themselves."""
FIRST = "catalog-first"
"""Session state: whether this session was last told that there is no catalog yet."""
LOOK, PRODUCTS, PROFILE, BRING, VERSIONS = (
    "What it looks like",
    "Products",
    "Columns",
    "Import a new version",
    "Versions",
)


def first_import() -> None:
    st.session_state[FIRST] = True
    st.markdown("The products that have history, with that history: what the source model learns from.")
    with st.container(border=True, key="first-import"):
        st.subheader("Upload your shop's files", anchor=False)
        st.caption(
            "Tables as your shop or Excel exports them: CSV, TSV, XLSX or Parquet, with your own column names. What is "
            "found is shown before anything is kept."
        )
        if import_files():
            del st.session_state[FIRST]
            st.rerun()
    if is_given():
        return
    with st.container(border=True, key="sample"):
        st.markdown("**No files at hand?** Look around in a real shop.")
        sample_button(primary=False)
        st.caption(CREDIT)


def catalog(newest: CatalogVersion) -> None:
    if NEXT_TAB in st.session_state:
        st.session_state[TAB] = st.session_state.pop(NEXT_TAB)
    if st.session_state.pop(FIRST, False) and is_given():
        st.session_state[TAB] = BRING
        st.warning(
            "Someone else has imported a catalog meanwhile. Your files add to it: look again at what they change."
        )
    imported_just_now()
    version = shown_version(newest)
    files = ", ".join(plain(file.get("name", ""), 60) for file in version.files)
    st.markdown(f"Last change {moment(version.created)}, from {files}.")
    # Only the tab that is open is drawn.
    look, products, profile, bring, versions = st.tabs(
        [LOOK, PRODUCTS, PROFILE, BRING, VERSIONS], key=TAB, bind="query-params"
    )
    if look.open:
        with look:
            figures(version)
            health_card(version)
            pictures(version)
            if is_sample_shop(version):
                st.caption(CREDIT)
    if products.open:
        with products:
            product_table(version)
            downloads(version)
    if profile.open:
        with profile:
            profile_view(version)
    if bring.open:
        with bring:
            st.markdown(
                "New files add to the catalog, and change only what you say. Source models and launches stay as they are; "
                "every version can be restored."
            )
            if import_files():
                st.session_state[NEXT_TAB] = LOOK
                st.rerun()
    if versions.open:
        with versions:
            if version_list(newest):
                st.session_state[NEXT_TAB] = LOOK
                st.rerun()


st.title("Catalog", anchor=False)
newest = workspace().catalog_version()
if newest is None:
    first_import()
else:
    catalog(newest)
