"""Categories: how they relate, what is alike, and where products without a category belong."""

from __future__ import annotations

import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.ui.catalog_view import counts
from recsys_core.ui.category_choice import choice
from recsys_core.ui.category_pictures import category_map, graph, heatmap, tree
from recsys_core.ui.category_place import place
from recsys_core.ui.category_study import atlas, first_study, study_again
from recsys_core.ui.category_view import one_category
from recsys_core.ui.empty_state import empty_state
from recsys_core.ui.plain import plain
from recsys_core.ui.session import workspace
from recsys_core.workspace import CatalogVersion
from recsys_core.workspace.atlases import atlas_record

TAB = "look"
ALIKE, ONE, TREE, MAP, LINKS, PLACE = "All pairs", "One category", "Tree", "Map", "Links", "Place products"


def page() -> None:
    st.title("Categories", anchor=False)
    st.markdown("Which categories are alike, who buys across them, and where a new one belongs.")
    version = workspace().catalog_version()
    if version is None:
        empty_state(
            "First, the catalog",
            "Categories are compared by their products and by who bought them.",
            "catalog.py",
            "Go to the catalog",
        )
        return
    if not has_categories(version):
        empty_state(
            "The catalog has no categories",
            "With a column “category” in the products file, such as “Kitchen > Mugs”, they are compared here.",
            "catalog.py",
            "Go to the catalog",
            icon=":material/category:",
        )
        return
    record = atlas_record(workspace(), version.id)
    if record is None:
        first_study(version)
        return
    study_again(record)
    try:
        chosen = choice(version, record.id, atlas(record.id))
    except LaunchdeskError as error:
        st.error(plain(error, 600), icon=":material/error:")
        return
    # Only the tab that is open is drawn.
    alike, one, joined, laid_out, links, placing = st.tabs(
        [ALIKE, ONE, TREE, MAP, LINKS, PLACE], key=TAB, bind="query-params"
    )
    for tab, draw in ((alike, heatmap), (joined, tree), (laid_out, category_map), (links, graph)):
        if tab.open:
            with tab:
                draw(chosen)
    if one.open:
        with one:
            one_category(chosen, record)
    if placing.open:
        with placing:
            place(version, record)


def has_categories(version: CatalogVersion) -> bool:
    products = counts(version.id).products
    return "category" in products and bool(products["category"].notna().any())


page()
