from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from recsys_core.dataset import Dataset
from recsys_core.evaluation.pseudo_launch import MIN_QUERIES, held_out_products, pseudo_launch, without_products


def shop(timed: bool) -> Dataset:
    rng = np.random.default_rng(0)
    sales = pd.DataFrame(
        {"customer_id": rng.integers(60, size=2000), "product_id": rng.integers(40, size=2000)}
    ).astype("str")
    if timed:
        sales["timestamp"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(2000), unit="h")
    products = pd.DataFrame({"product_id": [str(i) for i in range(40)], "title": ["x"] * 40})
    return Dataset(products, sales)


def test_nothing_of_the_held_out_products_is_left() -> None:
    catalog = shop(timed=False)
    held_out = held_out_products(catalog, 0.25, 1000, seed=0)
    assert len(held_out) == 10
    assert len(held_out_products(catalog, 0.25, 4, seed=0)) == 4
    left = without_products(catalog.weights, held_out)
    assert left[:, held_out].nnz == 0
    others = np.setdiff1d(np.arange(40), held_out)
    assert (left[:, others] != catalog.weights[:, others]).nnz == 0


def test_supports_are_nested_and_queries_the_same() -> None:
    catalog = shop(timed=True)
    held_out = held_out_products(catalog, 0.25, 1000, seed=0)
    launches = [pseudo_launch(catalog, held_out, k, 0, queries_after=5) for k in (0, 1, 2, 5)]
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
    launch = pseudo_launch(catalog, held_out_products(catalog, 0.25, 1000, seed=0), 5, seed=0)
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
    history = np.diff(without_products(catalog.weights, held_out).indptr) > 0
    launch = pseudo_launch(catalog, held_out, 0, seed=0)
    assert history[np.unique(launch.queries.nonzero()[0])].all()
    assert launch.support.nnz == 0
