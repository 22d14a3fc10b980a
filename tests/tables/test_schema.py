"""Frames from Python are held to the same rules as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import recsys_core
from recsys_core.errors import InvalidTable
from recsys_core.tables.schema import valid

SAMPLE = Path(__file__).parents[2] / "sample_data"


def refused(frame: pd.DataFrame, kind) -> str:
    with pytest.raises(InvalidTable) as error:
        valid(frame, kind)
    return str(error.value)


@pytest.mark.parametrize("name", ["products", "customers", "new_products"])
def test_what_a_file_gives_is_valid(name: str) -> None:
    kind = "customers" if name == "customers" else "products"
    frame = recsys_core.read(SAMPLE / f"{name}.csv", kind)
    assert valid(frame, kind) is frame


def test_plain_frames_are_valid_whatever_the_type_of_their_ids() -> None:
    products = pd.DataFrame({"product_id": [1, 2], "title": ["a", None], "price": [0, 3], "tags": [["x"], []]})
    assert valid(products, "products") is products
    sales = pd.DataFrame({"customer_id": ["a"], "product_id": [1], "timestamp": pd.to_datetime(["2024-01-01"])})
    assert valid(sales, "interactions") is sales


def test_all_that_is_wrong_is_told_at_once() -> None:
    said = refused(
        pd.DataFrame(
            {
                "product_id": ["a", "a", None, "d"],
                "price": [1, -3, np.inf, 2],
                "tags": ["x", ["y"], [], []],
                "launched_at": ["2024-01-01"] * 4,
            }
        ),
        "products",
    )
    for phrase in (
        "there is no column title",
        "product_id: 1 value is missing (row 2",
        "product_id: 1 value is there already (row 1: a)",
        "price: 1 value isn’t prices of 0 or more (row 1: -3.0)",
        "price: 1 value isn’t finite numbers (row 2: inf)",
        "tags: 1 value isn’t lists of texts (row 0: x)",
        "launched_at should hold times",
        "recsys_core.read",
    ):
        assert phrase in said
    assert "quantity should hold numbers" in refused(
        pd.DataFrame({"customer_id": ["a"], "product_id": ["b"], "quantity": ["many"]}), "interactions"
    )


def test_the_verbs_refuse_such_frames() -> None:
    products = pd.DataFrame({"product_id": ["a"], "title": ["b"], "price": ["cheap"]})
    sales = pd.DataFrame({"customer_id": ["c"], "product_id": ["a"]})
    for verb in (recsys_core.train, recsys_core.backtest):
        with pytest.raises(InvalidTable, match="price should hold numbers"):
            verb(products, sales)
