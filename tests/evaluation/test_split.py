from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recsys_core.dataset import Dataset
from recsys_core.errors import CannotRun, InvalidSetting
from recsys_core.evaluation.split import MIN_BASKET, PAIR, Split, splits


def shop(timed: bool = True) -> Dataset:
    """40 products that come one after another, bought by 60 customers; a return of each product comes first of all."""
    rng = np.random.default_rng(0)
    moment = rng.uniform(0, 100, size=3000)
    product = (rng.random(3000) * np.minimum(40, 5 + moment / 2.5)).astype(int)
    sales = pd.DataFrame({"customer_id": rng.integers(60, size=3000), "product_id": product, "event_type": "purchase"})
    returns = pd.DataFrame({"customer_id": 0, "product_id": range(40), "event_type": "return"})
    moment = np.concatenate([moment, np.zeros(40)])
    sales = pd.concat([sales, returns], ignore_index=True).astype("str")
    if timed:
        sales["timestamp"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(moment, unit="D")
    products = pd.DataFrame({"product_id": [str(i) for i in range(40)], "title": "x"})
    products["category"] = [f"leaf {i % 8}" for i in range(40)]
    return Dataset(products, sales)


def checked(split: Split, catalog: Dataset) -> None:
    """What holds for every split."""
    new = set(split.new_products["product_id"])
    assert new
    assert not new & set(split.catalog.product_ids)
    assert not new & set(split.catalog.interactions["product_id"])
    assert set(split.sales["product_id"]) <= new
    for pairs in (split.sales, split.later):
        assert set(pairs["customer_id"]) <= set(split.catalog.customer_ids)
        assert not pairs.duplicated(PAIR).any()
    known = pd.MultiIndex.from_frame(split.catalog.sales[PAIR])
    assert not pd.MultiIndex.from_frame(split.later).isin(known).any()
    assert set(split.later["product_id"]) <= set(split.catalog.product_ids)
    real = pd.MultiIndex.from_frame(catalog.sales[PAIR])
    assert pd.MultiIndex.from_frame(pd.concat([split.sales[PAIR], split.later])).isin(real).all()


def test_a_cut_leaves_nothing_of_what_came_after_it() -> None:
    catalog = shop()
    found = splits(catalog, "date", 2, 0)
    times = catalog.sales["timestamp"]
    for split, share in zip(found, (0.5, 0.7), strict=True):
        checked(split, catalog)
        cut = times.quantile(share)
        assert split.name == f"from {cut:%-d %B %Y}"
        assert split.catalog.interactions["timestamp"].max() < cut
        assert split.sales["timestamp"].min() >= cut
        first = catalog.sales.groupby("product_id")["timestamp"].min()
        assert (first[split.new_products["product_id"]] >= cut).all()
        pd.testing.assert_series_equal(split.first_sold, first[split.first_sold.index], check_names=False)
    # A product is new only once.
    assert not set(found[0].new_products["product_id"]) & set(found[1].new_products["product_id"])


def test_first_buyers_come_first_and_are_counted_once() -> None:
    for split in splits(shop(), "date", 2, 0):
        for _, buyers in split.sales.groupby("product_id"):
            assert buyers["timestamp"].is_monotonic_increasing
        everybody = set(split.first_sold.index)
        assert everybody == set(split.new_products["product_id"])


def test_random_products_and_categories_are_taken_out() -> None:
    catalog = shop(timed=False)
    for by in ("product", "category"):
        for split in splits(catalog, by, 2, 3):
            checked(split, catalog)
            assert len(split.new_products) <= 8
            # One known purchase of each customer is held out, of those who have enough.
            held_out = split.later.groupby("customer_id").size()
            assert (held_out == 1).all()
            assert len(held_out) > 50
            assert (split.catalog.sales.groupby("customer_id")["product_id"].nunique() >= MIN_BASKET - 1).all()
    first, second = splits(catalog, "product", 2, 3)
    assert set(first.new_products["product_id"]) != set(second.new_products["product_id"])
    leaves = {split.new_products["category"].iloc[0] for split in splits(catalog, "category", 3, 0)}
    assert len(leaves) > 1
    for split in splits(catalog, "category", 2, 0):
        assert not set(split.new_products["category"]) & set(split.catalog.products["category"])


def test_the_same_seed_gives_the_same_split() -> None:
    one, same = (splits(shop(timed=False), "product", 1, 5)[0] for _ in range(2))
    pd.testing.assert_frame_equal(one.sales, same.sales)
    pd.testing.assert_frame_equal(one.later, same.later)


def test_it_says_why_the_past_cannot_be_cut() -> None:
    with pytest.raises(CannotRun, match="no times"):
        splits(shop(timed=False), "date", 1, 0)
    catalog = shop()
    bare = Dataset(catalog.products.drop(columns="category"), catalog.interactions)
    with pytest.raises(InvalidSetting, match="no product of the catalog has one"):
        splits(bare, "category", 1, 0)
    old = catalog.sales[catalog.sales["product_id"].isin(["0", "1", "2"])]
    with pytest.raises(CannotRun, match="no launch to replay"):
        splits(Dataset(catalog.products, old), "date", 1, 0)


def test_cuts_on_one_day_have_names_of_their_own() -> None:
    catalog = shop()
    times = catalog.interactions["timestamp"]
    close = pd.Timestamp("2024-01-01") + (times - times.min()) / 1000
    found = splits(Dataset(catalog.products, catalog.interactions.assign(timestamp=close)), "date", 4, 0)
    names = [split.name for split in found]
    assert len(found) > 1
    assert len(set(names)) == len(names)


def test_a_draw_that_leaves_nothing_to_learn_from_says_so() -> None:
    catalog = shop(timed=False)
    with pytest.raises(CannotRun, match="nothing is left to learn from"):
        splits(Dataset(catalog.products.assign(category="one"), catalog.interactions), "category", 2, 0)


def test_the_same_categories_are_drawn_once() -> None:
    catalog = shop(timed=False)
    number = catalog.products["product_id"].astype(int)
    halves = Dataset(catalog.products.assign(category=np.where(number < 8, "few", "many")), catalog.interactions)
    drawn = [frozenset(split.new_products["product_id"]) for split in splits(halves, "category", 6, 0)]
    assert len(set(drawn)) == len(drawn)
