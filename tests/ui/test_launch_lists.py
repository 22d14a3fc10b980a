"""What the Launch page's lists hold, on a shop whose right answers are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys_core.adaptation.registry import method_named
from recsys_core.dataset import Dataset, Launch
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext
from recsys_core.ui.launch_lists import (
    audience,
    category_shares,
    history,
    matching_customers,
    new_products,
    product_facts,
    reasons,
)
from recsys_core.ui.launch_loaded import Loaded, describe


@pytest.fixture(scope="module")
def loaded(supporter_source: SourceModel, supporter_shop: tuple[Dataset, Launch]) -> Loaded:
    """The planted shop with categories, which are the themes, and customers' countries."""
    catalog, launch = supporter_shop
    products = catalog.products.assign(
        category=["Theme " + id_[1] + " > Things" for id_ in catalog.products["product_id"]]
    )
    customers = pd.DataFrame({"customer_id": catalog.customer_ids, "country": "Peru"})
    customers.loc[3, "country"] = "United Kingdom"
    stranger = pd.DataFrame({"customer_id": ["stranger"], "product_id": ["n00"]})
    launch = Launch(launch.name, launch.products, pd.concat([launch.interactions, stranger], ignore_index=True))
    adapted = method_named("prototype").adapt(supporter_source, launch, run=RunContext())
    return describe("planted", adapted, Dataset(products, catalog.interactions, customers))


def test_history_is_what_was_bought_with_titles(loaded: Loaded, supporter_shop: tuple[Dataset, Launch]) -> None:
    catalog, customer = supporter_shop[0], loaded.customers["customer_id"].iloc[0]
    sales = catalog.sales
    bought = sales.loc[sales["customer_id"] == customer, "product_id"].value_counts()
    rows = history(loaded, customer)
    assert set(rows["product_id"]) == set(bought.index)
    assert bought[rows["product_id"].iloc[0]] == bought.max()
    assert history(loaded, "nobody").empty


def test_a_customers_list_holds_all_new_products_but_those_bought(loaded: Loaded) -> None:
    support = loaded.adapted.launch.support
    customer = support["customer_id"].value_counts().drop("stranger").index[0]
    count = support.loc[support["customer_id"] == customer, "product_id"].nunique()
    ranked = new_products(loaded, loaded.id, customer)
    assert len(ranked.rows) == len(loaded.adapted.launch.product_ids) - count
    assert ranked.rows["score"].is_monotonic_decreasing
    assert ranked.typical == pytest.approx(ranked.rows["score"].median())


def test_products_are_shown_where_they_were_placed_though_they_do_not_go_by_it(loaded: Loaded) -> None:
    launch = loaded.adapted.launch
    placed = launch.products.assign(category="Sonstiges", place="Theme 1 > Things", placed_by=None)
    adapted = replace(loaded.adapted, placed=replace(loaded.adapted.placed, launch=replace(launch, products=placed)))
    shown = replace(loaded, adapted=adapted)
    assert product_facts(shown, "n00").category == "Theme 1 > Things"
    ranked = new_products(shown, "placed", loaded.customers["customer_id"].iloc[0])
    assert set(ranked.rows["category"]) == {"Theme 1 > Things"}
    assert not shown.adapted.ways.str.contains("placed").any()
    by_person = replace(launch, products=placed.assign(placed_by="person"))
    through = replace(adapted, placed=replace(adapted.placed, launch=by_person))
    assert set(through.ways) == {"first sales, placed category"}


def test_an_audience_has_the_customers_columns(loaded: Loaded) -> None:
    ranked = audience(loaded, loaded.id, "n10", 5, None)
    expected = loaded.adapted.audience(["n10"], top=5)
    assert ranked.rows["customer_id"].tolist() == expected["customer_id"].tolist()
    assert {"country", "orders", "products_bought", "last_order"} <= set(ranked.rows)
    assert ranked.typical < ranked.rows["score"].min()


def test_facts_count_sales_buyers_and_strangers(loaded: Loaded) -> None:
    facts = product_facts(loaded, "n00")
    assert (facts.first_sales, facts.buyers, facts.unknown_buyers) == (6, 6, 1)
    assert (facts.category, facts.price) == (None, None)
    assert facts.days_between == 0


def test_facts_tell_how_fast_first_sales_came(loaded: Loaded) -> None:
    launch = loaded.adapted.launch
    turn = launch.interactions.groupby("product_id").cumcount().clip(upper=4)
    days = turn * launch.interactions["product_id"].map({"n00": 2}).fillna(6)
    timed = launch.interactions.assign(timestamp=pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D"))
    faster = replace(loaded.adapted.placed, launch=replace(launch, interactions=timed))
    shown = replace(loaded, adapted=replace(loaded.adapted, placed=faster))
    facts = product_facts(shown, "n00")
    assert (facts.days_between, facts.days_between_usually) == (pytest.approx(8 / 5), 6)
    assert product_facts(shown, "n01").days_between == 6


def test_customers_are_found_by_id_and_by_attribute(loaded: Loaded) -> None:
    customers = loaded.customers
    fourth = customers["customer_id"].iloc[3]
    assert matching_customers(customers, "kingdom united", 10) == ([fourth], 1)
    assert matching_customers(customers, fourth.upper(), 10)[0] == [fourth]
    offered, count = matching_customers(customers, "", 7)
    assert (len(offered), count) == (7, len(customers))
    orders = customers.set_index("customer_id")["orders"]
    assert orders[offered[0]] == orders.max()
    assert matching_customers(customers, "(.*", 10) == ([], 0)


def test_reasons_name_titles_and_people(loaded: Loaded) -> None:
    customer = audience(loaded, loaded.id, "n10", 1, None).rows["customer_id"].iloc[0]
    found = reasons(loaded, loaded.id, customer, "n10")
    assert {"history", "supporter"} <= set(found["kind"])
    for row in found.itertuples():
        if row.kind == "history":
            assert row.name == loaded.title(row.id)
        if row.kind == "supporter":
            assert row.name == f"{row.id} (Peru)"


def test_an_audience_buys_its_own_theme(loaded: Loaded) -> None:
    rows = category_shares(loaded, audience(loaded, loaded.id, "n20", 20, None).rows["customer_id"])
    assert rows["category"].iloc[0] == "Theme 2"
    assert rows["audience"].iloc[0] > 2 * rows["everyone"].iloc[0]
    assert (rows["audience"] > rows["everyone"]).all()
    everyone = category_shares(loaded, loaded.customers["customer_id"])
    assert everyone.empty or np.allclose(everyone["audience"], everyone["everyone"])


def test_two_products_of_one_title_are_told_apart(
    supporter_source: SourceModel, supporter_shop: tuple[Dataset, Launch]
) -> None:
    products = supporter_shop[1].products.assign(title=["Mug", "Mug", *supporter_shop[1].products["title"][2:]])
    products.loc[2, "title"] = None
    adapted = method_named("zero-shot").adapt(supporter_source, Launch("twins", products), run=RunContext())
    loaded = describe("twins", adapted, supporter_shop[0])
    first, second, untitled = products["product_id"][:3]
    assert loaded.title(first) == f"Mug ({first})"
    assert loaded.title(second) == f"Mug ({second})"
    assert loaded.title(untitled) == untitled
