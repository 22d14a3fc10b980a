"""A real shop's data, loaded with one click."""

from __future__ import annotations

import threading
from pathlib import Path

import streamlit as st

from recsys_core.errors import AlreadyThere, LaunchdeskError
from recsys_core.tables.checking import read_table
from recsys_core.ui.plain import plain
from recsys_core.ui.session import workspace
from recsys_core.workspace import CatalogVersion, Workspace
from recsys_core.workspace.imports import Upload, check_files

FOLDER = Path(__file__).parents[2] / "sample_data"
LAUNCH_NAME = "August launches"
CREDIT = (
    "Data: Daqing Chen, [Online Retail](https://archive.ics.uci.edu/dataset/352/online+retail), UCI Machine Learning "
    "Repository, [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), changed: cleaned, cut on 1 August 2011, and "
    "with categories that were derived from the titles by keywords; they aren't the shop's own."
)

# Two tabs that load at once would both find nothing there, and each make a version.
_one_at_a_time = threading.Lock()


def sample_button(*, primary: bool = True) -> None:
    """A button that loads the sample shop, with what it is and whose."""
    if st.button(
        "Load the sample shop",
        type="primary" if primary else "secondary",
        icon=":material/storefront:",
        key="load-sample-shop",
    ):
        try:
            with st.spinner("Loading 3,332 products and 201,014 interactions …"):
                load_sample_shop(workspace())
        except LaunchdeskError as error:
            st.error(plain(error, 1000), icon=":material/error:")
            return
        st.toast("The sample shop is there. Next: train the source model.", icon=":material/check_circle:")
        st.rerun()


def is_sample_shop(version: CatalogVersion) -> bool:
    """Whether this version of the catalog was made from the sample shop's products."""
    return any(str(file.get("sha256")).startswith(_products_digest()) for file in version.files)


@st.cache_data(show_spinner=False)
def _products_digest() -> str:
    return Upload.of(FOLDER / "products.csv").digest()


def load_sample_shop(into: Workspace) -> None:
    """Makes the sample shop the newest catalog and its new products a launch; what is there isn't made again."""
    with _one_at_a_time:
        catalog = check_files(
            {
                "products": Upload.of(FOLDER / "products.csv"),
                "interactions": Upload.of(FOLDER / "interactions.csv.gz"),
                "customers": Upload.of(FOLDER / "customers.csv"),
            }
        )
        # The whole catalog, not an addition to one that is there: that one stays a version.
        catalog.plan(into, "replace", "remove").publish(into)
        if all(launch.name != LAUNCH_NAME for launch in into.launches()):
            products = read_table(FOLDER / "new_products.csv", "products", name="new_products.csv")
            sales = read_table(FOLDER / "first_sales.csv", "interactions", name="first_sales.csv")
            try:
                into.create_launch(LAUNCH_NAME, products.frame, sales.frame)
            except AlreadyThere:
                # The shell was quicker.
                return
