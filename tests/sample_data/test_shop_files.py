"""The committed files of the sample shop fit together."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from recsys_core.tables.columns import COLUMNS, REQUIRED, Kind
from shop_categories import Categories

SHOP = Path(__file__).parents[2] / "sample_data"
CUT = "2011-08-01"
KINDS: dict[str, Kind] = {
    "products.csv": "products",
    "new_products.csv": "products",
    "interactions.csv.gz": "interactions",
    "first_sales.csv": "interactions",
    "customers.csv": "customers",
}


@pytest.fixture(scope="module")
def shop() -> dict[str, pd.DataFrame]:
    return {name: pd.read_csv(SHOP / name, dtype=str, keep_default_na=False) for name in KINDS}


@pytest.fixture(scope="module")
def all_products(shop: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([shop["products.csv"], shop["new_products.csv"]], ignore_index=True)


def test_all_files_together_are_under_5_mb() -> None:
    assert sum((SHOP / name).stat().st_size for name in KINDS) < 5_000_000


@pytest.mark.parametrize("name", KINDS)
def test_columns_are_those_of_an_upload(shop: dict[str, pd.DataFrame], name: str) -> None:
    extra = set(shop[name].columns) - set(COLUMNS[KINDS[name]])
    assert extra == ({"country"} if name == "customers.csv" else set())
    for column in REQUIRED[KINDS[name]]:
        assert shop[name][column].ne("").all()


def test_ids_are_unique(shop: dict[str, pd.DataFrame], all_products: pd.DataFrame) -> None:
    assert all_products["product_id"].is_unique
    assert shop["customers.csv"]["customer_id"].is_unique


def test_history_ends_before_the_cut_and_names_only_the_catalog(shop: dict[str, pd.DataFrame]) -> None:
    history = shop["interactions.csv.gz"]
    assert history["timestamp"].str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d").all()
    assert history["timestamp"].max() < CUT
    sold = history[history["event_type"] == "purchase"]
    assert set(sold["product_id"]) == set(history["product_id"]) == set(shop["products.csv"]["product_id"])
    assert set(sold["customer_id"]) == set(history["customer_id"]) == set(shop["customers.csv"]["customer_id"])


def test_returns_and_only_returns_have_a_negative_quantity(shop: dict[str, pd.DataFrame]) -> None:
    history = shop["interactions.csv.gz"]
    assert set(history["event_type"]) == {"purchase", "return"}
    assert ((history["quantity"].astype(int) < 0) == (history["event_type"] == "return")).all()


def test_new_products_have_no_history(shop: dict[str, pd.DataFrame]) -> None:
    new = shop["new_products.csv"]
    assert len(new) > 200
    assert new["launched_at"].min() >= CUT
    assert not new["product_id"].isin(shop["interactions.csv.gz"]["product_id"]).any()


def test_first_sales_are_at_most_ten_customers_of_each_new_product(shop: dict[str, pd.DataFrame]) -> None:
    first = shop["first_sales.csv"]
    assert first.groupby("product_id").size().max() == 10
    assert not first.duplicated(["customer_id", "product_id"]).any()
    assert set(first["product_id"]) <= set(shop["new_products.csv"]["product_id"])
    assert set(first["event_type"]) == {"purchase"}
    launched = first["product_id"].map(shop["new_products.csv"].set_index("product_id")["launched_at"])
    assert (first["timestamp"].str[:10] >= launched).all()


def test_prices_are_positive(all_products: pd.DataFrame) -> None:
    assert (all_products["price"].astype(float) > 0).all()


def test_titles_are_clean(all_products: pd.DataFrame) -> None:
    assert not all_products["title"].str.contains(r"^\s|\s\s|\s$", regex=True).any()
    assert not all_products["title"].str.isupper().any()


def test_categories_cover_the_shop_in_many_small_leaves(all_products: pd.DataFrame) -> None:
    given = all_products.loc[all_products["category"] != "", "category"]
    assert len(given) >= 0.9 * len(all_products)
    assert given.nunique() >= 30
    assert given.value_counts().max() <= 0.15 * len(all_products)
    assert all(re.fullmatch(r"[^>]+ > [^>]+", leaf) for leaf in given.unique())


def test_categories_are_what_the_keyword_table_says(all_products: pd.DataFrame) -> None:
    of = Categories().of
    assert all_products["category"].tolist() == [of(title) for title in all_products["title"]]
