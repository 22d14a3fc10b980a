"""What of the categories is looked at: level, view, and the chosen category. All of it is in the address."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from recsys_core.categories.atlas import Atlas, Level
from recsys_core.categories.levels import Categories
from recsys_core.tables.columns import PRODUCT
from recsys_core.ui.catalog_view import counts
from recsys_core.ui.launch_choice import choose, linked_choice
from recsys_core.ui.plain import for_html, one_line
from recsys_core.workspace import CatalogVersion

VIEWS = {
    "combined": "Both together",
    "meaning": "By meaning",
    "customers": "By customers",
}
EXPLAINED = {
    "meaning": "**By meaning**: how alike the words of two categories' products are, beside what the whole shop has in common. "
    "1 is the same, 0 as different as usual, below 0 more different than that.",
    "customers": "**By customers**: whether more people buy in both than would by chance, so that big categories don't win by "
    "size. 0 is as by chance, 1 always together, below 0 seldom together.",
    "combined": "**Both together**: what meaning, the tree and purchases say of purchases across the two; the weights were "
    "learned on one half of your customers to tell what the other half bought.",
}


@dataclass(frozen=True)
class Chosen:
    """One level by one view, with one category in the middle of attention."""

    version: CatalogVersion
    atlas_id: str
    """What caches go by."""
    atlas: Atlas
    number: int
    """Of the level."""
    view: str
    category: int

    @property
    def level(self) -> Level:
        return self.atlas.levels[self.number]

    @property
    def similarity(self) -> np.ndarray:
        return self.level.similarity[self.view]

    @property
    def name(self) -> str:
        return self.level.names[self.category]

    def label(self, category: int, at_most: int = 200) -> str:
        """For Plotly."""
        return for_html(self.level.names[category], at_most)


def choice(version: CatalogVersion, atlas_id: str, atlas: Atlas) -> Chosen:
    """The controls at the top of the page."""
    left, middle, right = st.columns([1, 1.4, 3], vertical_alignment="bottom")
    with left:
        number = int(linked_choice("Level", [str(number) for number in atlas.levels], lambda n: _of(atlas, n), "level"))
    level = atlas.levels[number]
    with middle:
        views = [view for view in VIEWS if view in level.similarity]
        view = linked_choice("Alike", views, VIEWS.__getitem__, "by")
    with right:
        by_sales = np.argsort(-level.profiles["sales"].to_numpy(), kind="stable")
        names = [level.names[at] for at in by_sales]
        name = linked_choice(
            "Category", names, lambda name: one_line(name, 100), "category", placeholder="Type to search"
        )
    st.caption(" ".join([EXPLAINED[view], *level.without.values()]))
    return Chosen(version, atlas_id, atlas, number, view, level.names.index(name))


def choose_category(chosen: Chosen, category: int) -> None:
    """Puts another category into the middle, here and in the address."""
    if chosen.level.names[category] != chosen.name:
        choose("category", chosen.level.names[category])
        st.rerun()


@st.cache_data(max_entries=4, show_spinner=False)
def category_of_products(version_id: str, number: int) -> pd.Series:
    """Position of each product's category at that level, -1 without one; by product id, in the order of `counts`."""
    products = counts(version_id).products
    return pd.Series(Categories.of(products, number).of_product, products[PRODUCT])


def best_sellers(chosen: Chosen, category: int, at_most: int = 5) -> pd.DataFrame:
    """Products of a category, most buyers first: product_id, title, buyers, price if there."""
    products = counts(chosen.version.id).products
    inside = category_of_products(chosen.version.id, chosen.number).to_numpy() == category
    rows = products[inside].head(at_most)
    return rows[[name for name in ("title", "price", "buyers", PRODUCT) if name in rows]]


def _of(atlas: Atlas, number: str) -> str:
    return f"{number} ({len(atlas.levels[int(number)].names):,})"
