"""How the columns of the ranked lists look."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from recsys_core.ui.launch_lists import Ranked
from recsys_core.ui.launch_uncertainty import CHANCE_HELP

CHANCE = "%.2g%%"
WAY_HELP = "What the recommendation builds on: the product's first sales, the category where it was placed, or its own words alone."


def table_height(rows: int, at_most: int = 10) -> int:
    """In pixels, for that many rows and half of the next one, which tells that there are more."""
    return 38 + 35 * rows if rows <= at_most else 38 + 35 * at_most + 18


def score_column(ranked: Ranked, help: str) -> Any:
    """Scores as bars that begin at the typical score and end at the best one."""
    best = float(ranked.rows["score"].max()) if len(ranked.rows) else ranked.typical
    # A bar needs some length, even where all scores are equal.
    floor = min(ranked.typical, best - 1e-6)
    return st.column_config.ProgressColumn(
        "Score", help=help, format="%.2f", min_value=floor, max_value=best, width=120
    )


def with_chances(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with their probability as a percentage; without that column where none is known."""
    if rows["probability"].isna().all():
        return rows.drop(columns="probability")
    return rows.assign(probability=100 * rows["probability"])


def chance_column() -> Any:
    """For what `with_chances` made; two digits that count."""
    return st.column_config.NumberColumn("Chance", help=CHANCE_HELP, format=CHANCE, width="small")


def chance_bars(rows: pd.DataFrame) -> Any:
    """The same as bars that end at the best one."""
    best = max(float(rows["probability"].max()), 1e-6)
    return st.column_config.ProgressColumn(
        "Chance", help=CHANCE_HELP, format=CHANCE, min_value=0, max_value=best, width=140
    )


def product_columns(rows: pd.DataFrame) -> dict[str, Any]:
    """Titles and formats of the columns that a product has."""
    known = {
        "rank": st.column_config.NumberColumn("#", width=40),
        "title": st.column_config.TextColumn("Product", width=245),
        "category": st.column_config.TextColumn("Category", width=165),
        "brand": st.column_config.TextColumn("Brand"),
        "price": st.column_config.NumberColumn("Price", format="%.2f", width="small"),
        "way": st.column_config.TextColumn("Goes by", help=WAY_HELP, width=115),
    }
    return {name: column for name, column in known.items() if name in rows}


def customer_columns(rows: pd.DataFrame) -> dict[str, Any]:
    """Titles and formats of the columns that every customer has; a shop's own columns keep their names."""
    known = {
        "rank": st.column_config.NumberColumn("#", width=40),
        "customer_id": st.column_config.TextColumn("Customer"),
        "orders": st.column_config.NumberColumn("Orders", help="Orders so far, in the catalog's history."),
        "products_bought": st.column_config.NumberColumn("Products", help="Different products bought so far."),
        "last_order": st.column_config.DateColumn("Last order", format="D MMM YYYY"),
    }
    return {name: column for name, column in known.items() if name in rows}
