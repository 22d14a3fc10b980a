"""A new product: its facts, the customers to show it to, and why."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from recsys_core.charts.category_shares import category_shares_figure
from recsys_core.charts.style import CONFIG
from recsys_core.tables.columns import CUSTOMER, PRODUCT
from recsys_core.ui.launch_choice import linked_choice
from recsys_core.ui.launch_downloads import download, product_file
from recsys_core.ui.launch_lists import Ranked, audience, category_shares, product_facts
from recsys_core.ui.launch_loaded import Loaded
from recsys_core.ui.launch_tables import chance_bars, customer_columns, score_column, table_height, with_chances
from recsys_core.ui.launch_why import why
from recsys_core.ui.numbers import counted, number
from recsys_core.ui.plain import for_html, plain

ROWS_SHOWN = 1000
LEAST_DAYS = 0.1
"""Of a larger audience; the download has all of it."""
BY_NUMBER, BY_SHARE = "Number", "Share"
SHARES = [0.01, 0.02, 0.05, 0.1, 0.2]
SCORE_HELP = (
    "How well the product fits the customer. The bar begins at a typical customer's score and ends at the best one's."
)


def product_view(loaded: Loaded) -> None:
    """Controls, facts, the ranked audience, and the reasons for the row that is selected."""
    choose_one, by, size = st.columns([3, 1, 1], vertical_alignment="bottom")
    with choose_one:
        product = linked_choice("New product", _by_title(loaded), loaded.title, "product", placeholder="Type a title")
    how = by.selectbox("Audience by", [BY_NUMBER, BY_SHARE], key="audience-by")
    top, share = None, None
    if how == BY_NUMBER:
        everyone = len(loaded.customers)
        top = int(size.number_input("Customers", 1, everyone, min(100, everyone), step=50, key="audience-top"))
    else:
        share = size.selectbox(
            "Of all customers", SHARES, index=2, format_func=lambda part: f"{part:.0%}", key="audience-share"
        )
    _facts(loaded, product)
    ranked = audience(loaded, loaded.id, product, top, share)
    rows = ranked.rows.head(ROWS_SHOWN)
    if rows.empty:
        st.info("Every customer of the catalog has bought this product already.")
        return
    customer = _table(loaded, product, ranked)
    why(loaded, customer, product)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        categories = st.toggle("What does this audience buy?", key="audience-categories")
        download(product_file(loaded, product, top, share))
    if categories:
        _categories(loaded, ranked)


def _table(loaded: Loaded, product: str, ranked: Ranked) -> str:
    """The audience; returns the customer who is selected."""
    rows = ranked.rows.head(ROWS_SHOWN)
    between = [str(name) for name in rows if name not in (PRODUCT, CUSTOMER, "rank", "score", "probability")]
    rows = with_chances(rows)
    known = "probability" in rows
    merit = "probability" if known else "score"
    selected = st.dataframe(
        rows[["rank", CUSTOMER, *between, merit]],
        hide_index=True,
        column_config={
            **customer_columns(rows),
            merit: chance_bars(rows) if known else score_column(ranked, SCORE_HELP),
        },
        on_select="rerun",
        selection_mode="single-row-required",
        height=table_height(len(rows)),
        key=f"audience-of-{loaded.id}-{product}-{len(ranked.rows)}",
        alt="The customers for this product, best first.",
    )
    shown = f" The first {number(ROWS_SHOWN)} are shown." if len(ranked.rows) > ROWS_SHOWN else ""
    expected = ranked.rows["probability"].sum(min_count=1)
    about = "Fewer than one" if expected < 1 else f"About {number(expected)}"
    buyers = "" if pd.isna(expected) else f" {about} of them can be expected to buy it."
    st.caption(
        f"{counted(len(ranked.rows), 'customer')}; those who bought it already are left out.{buyers}{shown} "
        "Select a row to see why."
    )
    at = selected.selection.rows[0] if selected.selection.rows else 0
    return str(rows[CUSTOMER].iloc[at])


def _facts(loaded: Loaded, product: str) -> None:
    facts = product_facts(loaded, product)
    said = [plain(value, 80) for value in (facts.category, facts.brand) if value]
    if facts.price is not None:
        said.append(f"price {number(facts.price, 2)}")
    if not facts.first_sales:
        said.append("no first sale yet: only what it says of itself counts")
    else:
        strangers = f", {number(facts.unknown_buyers)} of them new to the catalog" if facts.unknown_buyers else ""
        said.append(f"{counted(facts.first_sales, 'first sale')} to {counted(facts.buyers, 'customer')}{strangers}")
    if facts.days_between is not None:
        said.append(
            f"{_days(facts.days_between)} days from one to the next (median of this launch: "
            f"{_days(facts.days_between_usually)})"
        )
    said.append(f"goes by: {loaded.adapted.ways[product]}")
    st.markdown(f":material/sell: {' · '.join(said)}")
    if loaded.certainty is not None:
        shots = int(loaded.adapted.shots[loaded.adapted.positions([product])[0]])
        st.markdown(f":material/target: {loaded.certainty.sentence(shots)}")


def _days(days: float) -> str:
    return number(days, 1) if days >= LEAST_DAYS else f"under {LEAST_DAYS}"


def _categories(loaded: Loaded, ranked: Ranked) -> None:
    rows = category_shares(loaded, ranked.rows[CUSTOMER])
    if rows.empty:
        st.caption("The catalog has no categories, or this audience buys the same as everyone.")
        return
    labels = [for_html(name, 40) for name in rows["category"]]
    st.caption("The catalog's categories that this audience buys more often than all customers do.")
    st.plotly_chart(
        category_shares_figure(rows.assign(label=labels)),
        config=CONFIG,
        key="category-shares",
        alt="Shares of each category.",
    )


def _by_title(loaded: Loaded) -> list[str]:
    return sorted(loaded.adapted.launch.product_ids, key=lambda product: (loaded.title(product).casefold(), product))
