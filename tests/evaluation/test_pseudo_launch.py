from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from recsys_core.dataset import Dataset, damped_weights
from recsys_core.errors import InvalidSetting
from recsys_core.evaluation.pseudo_launch import MIN_QUERIES, HeldOut, held_out_sales, hold_out, without_products


def shop(timed: bool, categories: bool = False) -> Dataset:
    rng = np.random.default_rng(0)
    sales = pd.DataFrame(
        {"customer_id": rng.integers(60, size=2000), "product_id": rng.integers(40, size=2000)}
    ).astype("str")
    if timed:
        sales["timestamp"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(2000), unit="h")
    products = pd.DataFrame({"product_id": [str(i) for i in range(40)], "title": ["x"] * 40})
    if categories:
        products["category"] = [f"leaf {i % 8}" for i in range(40)]
    return Dataset(products, sales)


def test_nothing_of_the_held_out_products_is_left() -> None:
    catalog = shop(timed=False)
    held_out = hold_out(catalog, 0.25, 1000, seed=0).products
    assert len(held_out) == 10
    assert len(hold_out(catalog, 0.25, 4, seed=0).products) == 4
    left = hold_out(catalog, 0.25, 1000, seed=0).shown
    assert left[:, held_out].nnz == 0
    others = np.setdiff1d(np.arange(40), held_out)
    assert (left[:, others] != catalog.weights[:, others]).nnz == 0


def test_supports_are_nested_and_queries_the_same() -> None:
    catalog = shop(timed=True)
    sales = held_out_sales(catalog, hold_out(catalog, 0.25, 1000, seed=0), seed=0)
    launches = [sales.launch(k, queries_after=5) for k in (0, 1, 2, 5)]
    for smaller, larger in pairwise(launches):
        np.testing.assert_array_equal(smaller.products, larger.products)
        assert (smaller.queries != larger.queries).nnz == 0
        assert smaller.support.multiply(larger.support).nnz == smaller.support.nnz
    last = launches[-1]
    assert (np.diff(last.support.tocsc().indptr) == 5).all()
    assert (np.diff(last.queries.tocsc().indptr) >= MIN_QUERIES).all()
    assert last.support.multiply(last.queries).nnz == 0


def test_no_query_was_bought_before_the_last_of_the_support() -> None:
    catalog = shop(timed=True)
    launch = held_out_sales(catalog, hold_out(catalog, 0.25, 1000, seed=0), seed=0).launch(5)
    first = catalog.sales.groupby(["customer_id", "product_id"])["timestamp"].min()
    for column, product in enumerate(catalog.product_ids[launch.products]):
        support, queries = (
            [first[catalog.customer_ids[row], product] for row in matrix[:, [column]].nonzero()[0]]
            for matrix in (launch.support, launch.queries)
        )
        assert max(support) <= min(queries)


def test_every_buyer_has_other_history() -> None:
    catalog = shop(timed=False)
    held_out = np.arange(40)[::2]
    shown = without_products(catalog.weights, held_out)
    history = np.diff(shown.indptr) > 0
    launch = held_out_sales(catalog, HeldOut(held_out, shown), seed=0).launch(0)
    assert history[np.unique(launch.queries.nonzero()[0])].all()
    assert launch.support.nnz == 0


def test_whole_categories_are_held_out() -> None:
    catalog = shop(timed=False, categories=True)
    held_out = hold_out(catalog, 0.3, 1000, seed=0, by="category")
    leaves = catalog.products["category"].iloc[held_out.products]
    assert leaves.nunique() == 2
    assert len(held_out.products) == 10
    assert not held_out.shown[:, held_out.products].nnz
    others = catalog.products["category"].drop(index=held_out.products)
    assert not set(leaves) & set(others)
    with pytest.raises(InvalidSetting, match="no product of the catalog has one"):
        hold_out(shop(timed=False), 0.3, 1000, seed=0, by="category")


def test_nothing_later_than_the_date_is_left() -> None:
    catalog = shop(timed=True)
    held_out = hold_out(catalog, 0.25, 1000, seed=0, by="date")
    first = catalog.sales.groupby("product_id")["timestamp"].min()
    cut = first[catalog.product_ids[held_out.products]].min()
    before = catalog.sales[catalog.sales["timestamp"] < cut]
    assert not set(before["product_id"]) & set(catalog.product_ids[held_out.products])
    expected = damped_weights(before, catalog.customer_ids, catalog.product_ids)
    assert (held_out.shown != expected).nnz == 0
    launch = held_out_sales(catalog, held_out, seed=0).launch(2)
    assert launch.support.nnz
    with pytest.raises(InvalidSetting, match="no times"):
        hold_out(shop(timed=False), 0.25, 1000, seed=0, by="date")


def test_the_sales_of_some_products_are_theirs() -> None:
    catalog = shop(timed=True)
    sales = held_out_sales(catalog, hold_out(catalog, 0.25, 1000, seed=0), seed=0)
    some = sales.products[[1, 4, 7]]
    part, whole = sales.of(some).launch(2), sales.launch(2)
    columns = np.flatnonzero(np.isin(whole.products, some))
    np.testing.assert_array_equal(part.products, some)
    assert (part.support != whole.support[:, columns]).nnz == 0
    assert (part.queries != whole.queries[:, columns]).nnz == 0
