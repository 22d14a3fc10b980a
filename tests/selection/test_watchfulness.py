"""Where figures can't be trusted: each warning comes when its reason is there, and not without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from recsys_core.selection.backtests.audiences import expected
from recsys_core.selection.backtests.replayed import Queries, Replayed, Said, Stage
from recsys_core.selection.backtests.watchfulness import warnings

PRODUCTS, CUSTOMERS, TOP = 50, 400, 5


def stage() -> Stage:
    """50 products, each bought by 10 of 400 customers after a first one; nothing is wrong with it."""
    rng = np.random.default_rng(0)
    product = np.repeat(np.arange(PRODUCTS), 10)
    customer = np.concatenate([rng.permutation(CUSTOMERS)[:10] for _ in range(PRODUCTS)])
    queries = Queries.of(customer, product, PRODUCTS)
    nothing = Queries.of(np.zeros(0, dtype=int), np.zeros(0, dtype=int), 1)
    products = pd.DataFrame(
        {"product_id": [f"p{at}" for at in range(PRODUCTS)], "title": [f"Mug {at}" for at in range(PRODUCTS)]}
    ).assign(buyers=11, twin="Cup", twin_likeness=0.5, first_sold=pd.Timestamp("2024-01-01"))
    customers = pd.DataFrame({"customer_id": [f"c{at}" for at in range(CUSTOMERS)], "bought": 10})
    return Stage(
        name="from 1 May 2024",
        reached=0.9,
        days=30.0,
        whole=CUSTOMERS,
        shots=[0, 1],
        customers=customers,
        products=products,
        known=5,
        few=np.arange(PRODUCTS),
        support=rng.integers(CUSTOMERS, size=(PRODUCTS, 1)),
        queries=queries,
        everything=queries,
        likeness=rng.random(len(product)).astype(np.float32),
        known_queries=nothing,
        known_found=np.zeros((0, TOP), dtype=bool),
        content=np.eye(PRODUCTS, dtype=np.float32),
    )


def said(seen: Stage, lists: np.ndarray) -> Said:
    return Said(
        way="prototype",
        lists=np.stack([lists, lists]),
        in_list=np.ones((2, len(seen.queries.customer)), dtype=np.int32),
        in_audience=np.ones((2, len(seen.queries.customer)), dtype=np.int32),
        everything=lists,
        together=np.zeros((2, 0, TOP), dtype=np.int8),
        chances=[],
        days=None,
    )


def told(seen: Stage, lists: np.ndarray | None = None) -> str:
    n = len(seen.queries.asked)
    if lists is None:
        lists = (np.arange(n)[:, None] * TOP + np.arange(TOP)) % PRODUCTS
    return " ".join(warnings([Replayed(seen, [said(seen, lists)], {})]))


def test_nothing_is_said_where_nothing_is_wrong() -> None:
    assert told(stage()) == ""


def test_few_products_and_few_customers() -> None:
    seen = stage()
    few = Queries.of(np.arange(40), np.arange(40) % PRODUCTS, PRODUCTS)
    said_so = told(replace(seen, queries=few, likeness=seen.likeness[:40]))
    assert "few launches to learn from: 50 products and 40 customers" in said_so


def test_variants_of_known_products() -> None:
    seen = stage()
    likeness = np.where(np.arange(PRODUCTS) < 10, 0.95, 0.2)
    said_so = told(replace(seen, products=seen.products.assign(twin_likeness=likeness)))
    assert "20% of the “new” products are variants of known ones, such as “Mug 0” of “Cup”" in said_so
    assert told(replace(seen, products=seen.products.assign(twin_likeness=np.where(likeness > 0.9, 0.89, 0.2)))) == ""


def test_first_buyers_who_are_unlike_the_rest() -> None:
    seen = stage()
    first = np.isin(np.arange(CUSTOMERS), seen.support)
    bought = np.where(first, 40, 10)
    said_so = told(replace(seen, customers=seen.customers.assign(bought=bought)))
    assert "first buyers aren't like the rest: they had bought 40 products before" in said_so


def test_most_buyers_without_a_history() -> None:
    assert "only 30% of those who bought" in told(replace(stage(), reached=0.3))


def test_everybody_gets_the_same() -> None:
    seen = stage()
    same = np.tile(np.arange(TOP), (len(seen.queries.asked), 1))
    assert "nearly everybody gets the same: 10 of 50 products fill at least half" in told(seen, same)
    assert "prototype (100%)" in told(seen, same)


def test_letters_are_counted_for_the_whole_shop_where_a_draw_was_asked() -> None:
    """Each customer who was asked stands for five."""
    seen = stage()
    heard = said(seen, np.zeros((len(seen.queries.asked), TOP), dtype=int))
    ranks = np.tile(np.arange(1, 1 + len(seen.queries.customer)) % CUSTOMERS + 1, (2, 1)).astype(np.int32)
    heard = replace(heard, in_audience=ranks)
    whole = expected([(replace(seen, whole=5 * CUSTOMERS), heard)], 1, np.array([500]), 0)
    drawn = expected([(seen, heard)], 1, np.array([100]), 0)
    assert whole["value"].iloc[0] == 5 * drawn["value"].iloc[0] > 0
