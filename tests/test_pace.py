"""How fast first sales follow each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_core.dataset import Launch
from recsys_core.pace import gaps, pace


def sold(*days: list[float]) -> tuple[np.ndarray, np.ndarray, int]:
    product = np.repeat(np.arange(len(days)), [len(times) for times in days])
    return product, np.concatenate([np.array(times, dtype=float) for times in days]), len(days)


def test_gaps_are_from_the_first_to_the_last_in_any_order() -> None:
    between, count = gaps(*sold([9, 3, 5], [4, 4], [1], []))
    np.testing.assert_array_equal(between, [3, 0, np.nan, np.nan])
    np.testing.assert_array_equal(count, [2, 1, 0, 0])


def test_fast_is_above_slow_and_what_says_nothing_is_between() -> None:
    fast, usual, slow, once, never = pace(*sold([0, 1, 2], [0, 4, 8], [0, 20, 40], [3], []))
    assert fast > 0 > slow
    assert usual == once == never == 0


def test_more_sales_at_the_same_pace_say_more() -> None:
    many, few, *_ = pace(*sold([0, 1, 2, 3, 4, 5], [0, 1], [0, 10], [0, 10], [0, 10]))
    assert many > few > 0


def test_the_unit_of_time_does_not_matter() -> None:
    product, days, n = sold([0, 1, 2], [0, 4, 8], [0, 20, 40])
    np.testing.assert_allclose(pace(product, 86400 * days, n), pace(product, days, n), rtol=1e-6)


def test_without_times_or_differences_there_is_no_pace() -> None:
    np.testing.assert_array_equal(pace(*sold([np.nan, np.nan], [np.nan, 4.0])), 0)
    np.testing.assert_array_equal(pace(*sold([5, 5], [7, 7, 7])), 0)
    np.testing.assert_array_equal(pace(*sold([], [])), 0)


def test_where_most_sales_are_on_one_day_others_are_slower() -> None:
    same, also, apart = pace(*sold([0, 0], [5, 5], [0, 30]))
    assert same == also > 0
    assert apart == 0


def test_a_launch_counts_each_customer_once_and_strangers_too() -> None:
    rows = [("a", "p", 1), ("b", "p", 3), ("a", "p", 30), ("a", "q", 1), ("stranger", "q", 9), ("b", "r", 2)]
    sales = pd.DataFrame(rows, columns=["customer_id", "product_id", "day"])
    sales["timestamp"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(sales.pop("day"), unit="D")
    products = pd.DataFrame({"product_id": ["p", "q", "r"]})
    launch = Launch("l", products, sales)
    between, _ = gaps(*launch.first_purchases, 3)
    np.testing.assert_array_equal(between, [2, 8, np.nan])
    assert launch.pace[0] > 0 > launch.pace[1]
    assert launch.pace[2] == 0
    untimed = Launch("l", products, sales.drop(columns="timestamp"))
    np.testing.assert_array_equal(untimed.pace, 0)
    unknown = Launch("l", products, sales.assign(timestamp=pd.NaT))
    np.testing.assert_array_equal(unknown.pace, 0)
