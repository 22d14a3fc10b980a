from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.tables.profile import distribution, profile, word_counts, words_distribution

HOSTILE = "<img src=x onerror=alert(1)>"
PRODUCTS = pd.DataFrame(
    {
        "product_id": ["A1", "A2", "A30", "A4"],
        "title": ["Mug", HOSTILE, "Mug", "  "],
        "category": ["Kitchen > Mugs", None, "Kitchen > Mugs", "Home"],
        "price": [4.5, np.nan, 1299.0, 4.5],
        "tags": [["red", "big"], [], ["red"], None],
        "launched_at": pd.to_datetime(["2025-03-01", None, "2024-01-31 14:05", None], format="ISO8601").as_unit("us"),
        "colour": [None, None, None, None],
    }
).astype({"product_id": "str", "title": "str", "category": "str", "colour": "str"})


def row(column: str, frame: pd.DataFrame = PRODUCTS) -> dict[str, object]:
    found = profile(frame, "products").set_index("column").loc[column]
    return {str(name): None if pd.isna(value) else value for name, value in found.items()}


def seen(frame: pd.DataFrame) -> list[list[object]]:
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


def test_each_column_is_told_in_the_tables_order() -> None:
    assert profile(PRODUCTS, "products")["column"].tolist() == list(PRODUCTS)
    assert profile(PRODUCTS, "products")["type"].tolist() == [
        "id",
        "text",
        "category",
        "price",
        "tags",
        "date",
        "attribute",
    ]


def test_texts() -> None:
    assert row("title") == {
        "type": "text",
        "filled": 0.75,
        "missing": 1,
        "distinct": 2,
        "lowest": "3 characters",
        "highest": "28 characters",
        "most_common": "Mug",
        "most_common_rows": 2,
        "example": HOSTILE,
    }
    assert (row("product_id")["most_common"], row("product_id")["example"]) == (None, "A1")
    assert (row("category")["lowest"], row("category")["highest"]) == ("1 level", "2 levels")


def test_numbers_dates_and_tags() -> None:
    price, date, tags = row("price"), row("launched_at"), row("tags")
    assert (price["lowest"], price["highest"], price["most_common"], price["most_common_rows"]) == (
        "4.5",
        "1299",
        "4.5",
        2,
    )
    assert (date["filled"], date["lowest"], date["highest"]) == (0.5, "2024-01-31 14:05", "2025-03-01")
    assert (tags["filled"], tags["missing"], tags["distinct"]) == (0.5, 2, 2)
    assert (tags["lowest"], tags["highest"], tags["most_common"]) == ("1 tag", "2 tags", "red")


def test_a_column_without_values_and_a_table_without_rows() -> None:
    empty = {"filled": 0.0, "distinct": 0, "lowest": None, "highest": None, "most_common": None, "example": None}
    assert row("colour") == {"type": "attribute", "missing": 4, "most_common_rows": None} | empty
    no_rows = profile(PRODUCTS.iloc[:0], "products")
    assert no_rows["filled"].tolist() == [0.0] * 7
    assert no_rows["missing"].tolist() == [0] * 7
    assert profile(pd.DataFrame(), "customers").empty
    for name in PRODUCTS:
        assert distribution(PRODUCTS.iloc[:0], name).empty
    assert distribution(PRODUCTS, "colour").empty


def test_long_values_are_cut() -> None:
    frame = pd.DataFrame({"title": ["x" * 100_000]}, dtype="str")
    assert len(str(row("title", frame)["example"])) == 200
    assert row("title", frame)["highest"] == "100,000 characters"
    assert len(distribution(frame, "title")["value"].iloc[0]) == 200


def test_a_notebooks_frame_may_hold_other_types() -> None:
    frame = pd.DataFrame(
        {
            "product_id": [1, 2, 2],
            "new": [True, False, None],
            "kind": pd.Categorical(["a", "a", None]),
            "launched_at": pd.to_datetime(["2025-01-01T01:00+01:00"] * 3),
        }
    )
    assert (row("product_id", frame)["lowest"], row("product_id", frame)["highest"]) == ("1", "2")
    assert (row("new", frame)["missing"], row("new", frame)["distinct"]) == (1, 2)
    assert (row("kind", frame)["most_common"], row("kind", frame)["missing"]) == ("a", 1)
    assert row("launched_at", frame)["lowest"] == "2025-01-01"


def test_a_few_numbers_are_counted_one_by_one() -> None:
    found = distribution(pd.DataFrame({"rating": [5, 1, 5, np.nan, np.inf]}), "rating")
    assert seen(found) == [[1.0, 1.0, 1], [5.0, 5.0, 2]]


def test_many_numbers_go_into_round_bins() -> None:
    found = distribution(pd.DataFrame({"price": np.arange(1000) / 100}), "price")
    assert found["low"].tolist() == [at / 2 for at in range(20)]
    assert found["rows"].tolist() == [50] * 20


def test_stragglers_do_not_squeeze_the_picture() -> None:
    found = distribution(pd.DataFrame({"quantity": [*np.arange(1000) % 50, -80_995, 74_215]}), "quantity")
    assert found["low"].iloc[0] == -80_995
    assert found["high"].iloc[-1] == 74_215
    assert (found["rows"].iloc[0], found["rows"].iloc[-1]) == (1, 1)
    assert ((found["high"] - found["low"]).iloc[1:-1] <= 5).all()


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=False), max_size=80))
def test_every_number_is_in_one_bin(numbers: list[float]) -> None:
    found = distribution(pd.DataFrame({"x": np.array(numbers, dtype=np.float64)}), "x")
    assert found["rows"].sum() == sum(np.isfinite(number) for number in numbers)
    assert (found["low"] <= found["high"]).all()


@pytest.mark.parametrize(
    ("first", "last", "low", "bins"),
    [
        ("2025-01-01 10:00", "2025-01-05", ["2025-01-01", "2025-01-02"], 5),
        ("2025-01-01", "2025-05-01", ["2024-12-30", "2025-01-06"], 18),
        ("2020-01-15", "2025-01-01", ["2020-01-01", "2020-02-01"], 61),
        ("1969-05-05", "9999-12-31", ["1969-01-01", "1970-01-01"], 8031),
    ],
)
def test_dates_go_into_days_weeks_months_or_years(first: str, last: str, low: list[str], bins: int) -> None:
    times = pd.Series(np.array([first, last, first, "NaT"], dtype="datetime64[us]"))
    found = distribution(pd.DataFrame({"timestamp": times}), "timestamp")
    assert found["low"].iloc[:2].tolist() == [pd.Timestamp(one) for one in low]
    assert (found["rows"].iloc[0], found["rows"].iloc[-1], found["rows"].sum(), len(found)) == (2, 1, 3, bins)
    assert (found["high"].iloc[:-1].to_numpy() == found["low"].iloc[1:].to_numpy()).all()


def test_texts_are_counted_by_name_and_the_rest_together() -> None:
    names = ["often"] * 5 + [f"name {at}" for at in range(20)] + ["", None]
    found = distribution(pd.DataFrame({"brand": pd.Series(names, dtype="str")}), "brand")
    assert len(found) == 16
    assert seen(found.iloc[[0, 1, -1]]) == [["often", 5], ["name 0", 1], [None, 6]]
    assert seen(distribution(PRODUCTS, "title")) == [["Mug", 2], [HOSTILE, 1]]
    assert seen(distribution(PRODUCTS, "tags")) == [["red", 2], ["big", 1]]


def test_words_are_what_has_letters_or_digits() -> None:
    texts = ["Mug", "red T-light, 3 pieces", " - ", None, "", "naïve Größe", "红色的杯子", "Mug 红色", "کتاب خوب"]
    assert word_counts(pd.Series(texts, dtype="str")).tolist() == [1, 4, 0, 0, 0, 2, 3, 2, 2]
    assert word_counts(PRODUCTS["tags"]).tolist() == [2, 0, 1, 0]
    assert seen(words_distribution(pd.DataFrame({"title": pd.Series(texts, dtype="str")}), "title")) == [
        [1, 1, 1],
        [2, 2, 3],
        [3, 3, 1],
        [4, 4, 1],
    ]
