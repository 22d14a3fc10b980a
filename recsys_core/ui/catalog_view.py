"""What the catalog looks like: figures, pictures, and a table of its products to search."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from recsys_core.charts.catalog_counts import HEAD_SHARE, CatalogCounts, count_catalog
from recsys_core.charts.catalog_figures import activity_figure, categories_figure, long_tail_figure, over_time_figure
from recsys_core.charts.style import CONFIG
from recsys_core.tables.columns import PRODUCT
from recsys_core.ui.numbers import counted, date, number, percent
from recsys_core.ui.plain import one_line
from recsys_core.ui.session import workspace
from recsys_core.workspace import CatalogVersion

ALL = "All categories"
NO_LEAF = "Directly in it"
PAGE = 100
"""Products on a page of the table."""
MOST_VALUES = 500
"""Values of a column that are offered as a filter, the most frequent first."""
ORDERS = {"Most buyers": ("buyers", False), "Fewest buyers": ("buyers", True), "Title": ("title", True)}
PRICE_ORDERS = {"Highest price": ("price", False), "Lowest price": ("price", True)}


# Shared by all sessions and never changed, so that a rerun copies nothing.
@st.cache_resource(max_entries=3, show_spinner="Counting the catalog …")
def counts(version_id: str) -> CatalogCounts:
    """What the pictures of this version of the catalog show."""
    return count_catalog(workspace().catalog(version_id))


def figures(version: CatalogVersion) -> None:
    """The catalog in five figures."""
    seen = counts(version.id)
    span = f"{date(seen.first)} to {date(seen.last)}" if seen.first is not None and seen.last is not None else None
    with st.container(horizontal=True, gap="small"):
        st.metric("Products", number(version.products), border=True, height="stretch")
        st.metric("Customers", number(version.customers), border=True, height="stretch")
        st.metric(
            "Interactions",
            number(version.interactions),
            border=True,
            height="stretch",
            help=f"Sales, views, ratings and returns. The {counted(seen.returns, 'return')} among them don't count as interest.",
        )
        st.metric(
            "Who bought what",
            number(seen.pairs),
            border=True,
            height="stretch",
            help="Different pairs of customer and product: what the source model learns from.",
        )
    if span:
        st.caption(f"Interactions from {span}.")


def pictures(version: CatalogVersion) -> None:
    """Sales over time, the long tail, customers by activity, categories."""
    seen = counts(version.id)
    left, right = st.columns(2, gap="small")
    with left.container(border=True, height="stretch"):
        st.markdown("**Sales over time**")
        if seen.over_time is None:
            st.caption("The interactions have no times. With a column “timestamp” this shows the seasons.")
        else:
            figure = over_time_figure(seen.over_time, seen.step)
            st.plotly_chart(figure, config=CONFIG, key="over-time", alt=f"Interactions by {seen.step}.")
            st.caption(f"The first and the last {seen.step} may be cut short.")
    with right.container(border=True, height="stretch"):
        st.markdown("**The long tail**")
        if seen.head_share is None:
            st.caption("No product has a buyer yet. Import interactions, too.")
        else:
            figure = long_tail_figure(seen.products["buyers"])
            st.plotly_chart(figure, config=CONFIG, key="long-tail", alt="Buyers of each product, best sellers first.")
            st.caption(_tail(seen))
    left, right = st.columns(2, gap="small")
    with left.container(border=True, height="stretch"):
        _categories(seen)
    with right.container(border=True, height="stretch"):
        st.markdown("**Customers by activity**")
        if not seen.customers:
            st.caption("No customer has bought anything yet. Import interactions, too.")
            return
        figure = activity_figure(seen.activity).update_layout(height=440)
        alt = "How many customers bought how many different products."
        st.plotly_chart(figure, config=CONFIG, key="activity", alt=alt)
        once = int(seen.activity["customers"].iloc[0])
        st.caption(f"{counted(once, 'customer')} of {seen.customers:,} bought one product only.")


def _categories(seen: CatalogCounts) -> None:
    st.markdown("**Categories**")
    if seen.categories.empty:
        st.caption(
            "The products have no categories. With a column “category”, such as “Kitchen > Mugs”, they show here."
        )
        return
    tops = seen.categories.groupby("top")[["products", "buyers"]].sum().sort_values("products", ascending=False)
    inside = st.selectbox(
        "Look into a category",
        [ALL, *tops.index],
        format_func=lambda name: one_line(name, 60),
        key="category",
        label_visibility="collapsed",
    )
    if inside == ALL:
        shown = tops.reset_index(names="name")
    else:
        shown = seen.categories[seen.categories["top"] == inside].rename(columns={"leaf": "name"})
        shown = shown.replace({"name": {"": NO_LEAF}})
    figure = categories_figure(shown)
    st.plotly_chart(figure, config=CONFIG, key="categories", alt="Number of products in each category.")
    more = len(shown) - len(figure.data[0].y)
    st.caption(f"{counted(len(shown), 'category', 'categories')}{f', {more} smaller ones not shown' if more else ''}.")


def product_table(version: CatalogVersion) -> None:
    """The products, searched, ordered and cut into pages here, so that a browser gets one page at a time."""
    seen = counts(version.id)
    products = _filtered(seen)
    orders = ORDERS | (PRICE_ORDERS if "price" in products else {})
    search_box, order_box, page_box = st.columns([3, 1.2, 0.8], vertical_alignment="bottom")
    wanted = search_box.text_input(
        "Search products",
        placeholder="Title, category, id, or any of your columns",
        key="product-search",
        max_chars=100,
    )
    order = order_box.selectbox("Order", list(orders), key="product-order")
    searched = [name for name in ("title", "category", "brand", PRODUCT) if name in products]
    found = _ordered(_matching(products, wanted, [*searched, *seen.attributes]), *orders[order])
    pages = max(1, -(-len(found) // PAGE))
    page = page_box.number_input(f"Page (of {pages:,})", 1, pages, 1, key=f"product-page-{wanted}-{order}")
    if found.empty:
        st.info("No product has these words.", icon=":material/search_off:")
        return
    first = (page - 1) * PAGE
    st.dataframe(
        found.iloc[first : first + PAGE],
        hide_index=True,
        height=520 if len(found) > 13 else "auto",
        placeholder="",
        key="product-table",
        column_order=[
            name
            for name in ["title", "category", "brand", "price", "buyers", "launched_at", "product_id", *seen.attributes]
            if name in found
        ],
        column_config={
            "product_id": st.column_config.TextColumn("Product id"),
            "title": st.column_config.TextColumn("Title", width=310),
            "category": st.column_config.TextColumn("Category", width=270),
            "brand": st.column_config.TextColumn("Brand"),
            "price": st.column_config.NumberColumn("Price", format="%.2f"),
            "launched_at": st.column_config.DateColumn("Launched", format="D MMM YYYY"),
            "buyers": st.column_config.ProgressColumn(
                "Buyers", width=150, format="%d", min_value=0, max_value=max(1, int(products["buyers"].max()))
            ),
        },
        alt="Products with title, category, price and number of buyers.",
    )
    st.caption(f"{first + 1:,} to {min(first + PAGE, len(found)):,} of {counted(len(found), 'product')}.")


def _filtered(seen: CatalogCounts) -> pd.DataFrame:
    """The products, those with certain values of one column only where a person wants that."""
    columns = [name for name in ("brand", *seen.attributes) if name in seen.products]
    if not columns:
        return seen.products
    which, values = st.columns([1, 3], vertical_alignment="bottom")
    name = which.selectbox(
        "Filter by", ["", *columns], format_func=lambda name: one_line(name, 40) or "no column", key="product-filter"
    )
    if not name:
        return seen.products
    there = seen.products[name].value_counts().head(MOST_VALUES)
    chosen = values.multiselect(
        "Values",
        there.index.tolist(),
        format_func=lambda value: f"{one_line(value, 60)} ({there[value]:,})",
        key=f"values-{name}",
    )
    return seen.products[seen.products[name].isin(chosen)] if chosen else seen.products


def _matching(products: pd.DataFrame, wanted: str, columns: list[str]) -> pd.DataFrame:
    """The products in whose columns every word occurs."""
    for word in wanted.split():
        hit = pd.Series(False, index=products.index)
        for name in columns:
            hit |= products[name].astype("str").str.contains(word, case=False, regex=False, na=False)
        products = products[hit]
    return products


def _ordered(products: pd.DataFrame, column: str, ascending: bool) -> pd.DataFrame:
    # The table is kept with most buyers first.
    if (column, ascending) == ("buyers", False):
        return products
    return products.sort_values(column, ascending=ascending, kind="stable")


def _tail(seen: CatalogCounts) -> str:
    median = int(seen.products["buyers"].median())
    never = (
        f" {counted(seen.never_bought, 'product')} {'has' if seen.never_bought == 1 else 'have'} none."
        if seen.never_bought
        else ""
    )
    return (
        f"The best-selling {percent(HEAD_SHARE)} of the products have {percent(seen.head_share)} of the buyers; "
        f"half of all products have at most {median:,}.{never}"
    )
