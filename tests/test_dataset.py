from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recsys_core.dataset import Dataset, Launch, interest
from recsys_core.errors import InvalidTable


def shop(rows: list[tuple], columns: list[str]) -> Dataset:
    products = pd.DataFrame({"product_id": ["p1", "p2"], "title": ["one", "two"]})
    return Dataset(products, pd.DataFrame(rows, columns=columns))


def test_returns_and_nothing_bought_do_not_count() -> None:
    sales = pd.DataFrame({"event_type": ["purchase", " Return ", None], "quantity": [1.0, 2.0, 0.0]})
    assert interest(sales).index.tolist() == [0]


def test_one_wholesaler_does_not_drown_the_households() -> None:
    rows = [("w", "p1", 1000.0), ("h1", "p2", 1.0), ("h2", "p2", 1.0)]
    weights = shop(rows, ["customer_id", "product_id", "quantity"]).weights
    wholesaler, household = weights.data.max(), weights.data.min()
    assert household == 1
    assert 1 < wholesaler <= 2.5
    again = shop(rows + rows[:1] * 3, ["customer_id", "product_id", "quantity"]).weights.max()
    assert wholesaler < again < 2 * wholesaler


def test_repeats_count_more_than_one_and_less_than_their_number() -> None:
    weights = shop([("a", "p1")] * 4 + [("b", "p1")], ["customer_id", "product_id"]).weights
    assert weights.toarray()[:, 0].tolist() == [2.0, 1.0]


def test_rows_of_unknown_products_and_missing_customers_are_left_out() -> None:
    catalog = shop([("a", "p1"), ("a", "elsewhere"), (None, "p2")], ["customer_id", "product_id"])
    assert catalog.customer_ids.tolist() == ["a"]
    assert catalog.weights.toarray().tolist() == [[1.0, 0.0]]
    assert len(catalog.interactions) == 3


def test_numbers_as_ids_are_the_same_as_text() -> None:
    products = pd.DataFrame({"product_id": [1, 2], "title": ["one", "two"]})
    catalog = Dataset(products, pd.DataFrame({"customer_id": [7, 7], "product_id": ["1", "2"]}))
    assert catalog.customer_ids.tolist() == ["7"]
    assert catalog.weights.nnz == 2


def test_a_repeated_product_is_refused_by_name() -> None:
    with pytest.raises(InvalidTable, match="p1"):
        Launch("l", pd.DataFrame({"product_id": ["p1", "p1"], "title": ["", ""]}))


def test_support_of_unknown_customers_is_counted_and_left_out() -> None:
    sales = pd.DataFrame({"customer_id": ["a", "x", "x"], "product_id": ["n1", "n1", "n2"]})
    launch = Launch("l", pd.DataFrame({"product_id": ["n1", "n2"], "title": ["", ""]}), sales)
    known = pd.Index(["a", "b"])
    assert launch.unknown_supporters(known) == 1
    np.testing.assert_array_equal(launch.support_weights(known).toarray(), [[1, 0], [0, 0]])
