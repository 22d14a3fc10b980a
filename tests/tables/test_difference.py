"""What a file adds to a table, changes in it and lacks, against the same said row by row in plain Python."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.tables import difference as tables_difference
from recsys_core.tables.columns import Kind
from recsys_core.tables.difference import Difference, Missing, OnDuplicate, combine, difference, sentence_of

PRODUCTS = pd.DataFrame(
    {
        "product_id": ["a", "b", "c", "007"],
        "title": ["Mug", "Doll", None, "Spade"],
        "price": [1.0, np.nan, 3.0, 4.0],
        "tags": pd.Series([["red", "new"], [], ["big"], []], dtype=object),
        "launched_at": pd.to_datetime(["2024-01-01", None, "2024-01-02 10:00", None], format="mixed"),
    }
)
FILE = pd.DataFrame(
    {
        "product_id": ["z", "b", "a", "007"],
        "title": ["Zip", "Doll", "Big mug", "Spade"],
        "price": [9.0, 2.0, np.nan, 4.0],
        "tags": pd.Series([["x"], [], [], []], dtype=object),
        "brand": [None, None, "Acme", None],
    }
)


def rows_of(frame: pd.DataFrame) -> dict[str, dict[str, object]]:
    """Each row's filled cells by its id."""
    rows = {}
    for row in frame.to_dict("records"):
        filled = {name: list(value) if isinstance(value, list | np.ndarray) else value for name, value in row.items()}
        rows[str(row["product_id"])] = {
            name: value for name, value in filled.items() if (value if isinstance(value, list) else pd.notna(value))
        }
    return rows


def test_keep_adds_and_leaves_the_rest() -> None:
    combined = combine(PRODUCTS, FILE, "products", "keep")
    assert combined.frame["product_id"].tolist() == ["a", "b", "c", "007", "z"]
    assert {key: row for key, row in rows_of(combined.frame).items() if key != "z"} == rows_of(PRODUCTS)
    assert not combined.gone.any()
    assert combined.fresh["product_id"].tolist() == ["z"]
    told = combined.difference
    # The file's launched_at isn't there: that is no difference. Its empty price is one.
    assert (told.added, told.changed, told.unchanged, told.missing, told.kept_as_they_were) == (1, 0, 1, 1, 2)
    assert told.sentence() == (
        "1 product added, 1 unchanged, 2 different in the file (kept as they were), "
        "1 in the catalog but not in the file (kept)."
    )
    assert set(told.changes["column"]) == {"price", "title", "tags", "brand"}
    assert told.missing_rows["product_id"].tolist() == ["c"]
    assert told.added_rows["product_id"].tolist() == ["z"]


def test_replace_takes_the_new_row_entirely() -> None:
    combined = combine(PRODUCTS, FILE, "products", "replace")
    assert combined.gone.tolist() == [True, True, False, False]
    assert combined.fresh["product_id"].tolist() == ["z", "b", "a"]
    rows = rows_of(combined.frame)
    assert rows["a"] == {"product_id": "a", "title": "Big mug", "brand": "Acme"}
    assert rows["b"] == {"product_id": "b", "title": "Doll", "price": 2.0}
    assert rows["007"] == rows_of(PRODUCTS)["007"]
    assert (combined.difference.changed, combined.difference.unchanged) == (2, 1)


def test_merge_overwrites_with_what_is_filled() -> None:
    combined = combine(PRODUCTS, FILE, "products", "merge")
    rows = rows_of(combined.frame)
    assert rows["a"] == rows_of(PRODUCTS)["a"] | {"title": "Big mug", "brand": "Acme"}
    assert rows["b"] == {"product_id": "b", "title": "Doll", "price": 2.0}
    told = combined.difference
    assert told.changes.fillna("-").values.tolist() == [
        ["b", "price", "-", "2"],
        ["a", "title", "Mug", "Big mug"],
        ["a", "brand", "-", "Acme"],
    ]
    # What the merge gave is the same as before when the file comes again.
    again = combine(combined.frame, FILE, "products", "merge")
    assert again.difference.nothing_changed
    assert again.frame is combined.frame


def test_rows_the_file_lacks_are_removed_where_that_is_asked() -> None:
    combined = combine(PRODUCTS, FILE, "products", "keep", "remove")
    assert combined.frame["product_id"].tolist() == ["a", "b", "007", "z"]
    assert combined.gone.tolist() == [False, False, True, False]
    assert combined.difference.sentence().endswith("1 removed.")


def test_nothing_before_is_all_new() -> None:
    combined = combine(None, FILE, "products", "merge")
    assert combined.difference.sentence() == "4 products added."
    pd.testing.assert_frame_equal(combined.frame, FILE)


def test_types_stay_what_they_were() -> None:
    combined = combine(PRODUCTS.astype({"title": "str"}), FILE.drop(columns="brand"), "products", "merge")
    assert combined.frame.dtypes.astype(str).to_dict() == {
        "product_id": "str",
        "title": "str",
        "price": "float64",
        "tags": "object",
        "launched_at": PRODUCTS["launched_at"].dtype.name,
    }
    without = combine(PRODUCTS, FILE.drop(columns="tags"), "products", "keep").frame
    assert list(without["tags"].iloc[-1]) == []


def test_ids_are_texts_and_times_are_moments_however_they_came() -> None:
    numbers = pd.DataFrame({"product_id": [1, 2], "title": ["A", "B"], "launched_at": ["2024-01-01", "2024-01-02"]})
    numbers["launched_at"] = pd.to_datetime(numbers["launched_at"], utc=True).astype("datetime64[ns, UTC]")
    texts = numbers.assign(product_id=["1", "2"], launched_at=numbers["launched_at"].dt.tz_localize(None))
    assert difference(numbers, texts, "products").unchanged == 2


def sales(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "product_id", "timestamp", "quantity"])
    return frame.assign(timestamp=pd.to_datetime(frame["timestamp"]))


TWICE = sales(("a", "x", "2024-01-01", 1), ("a", "x", "2024-01-01", 2), ("a", "x", "2024-01-02", 1), ("b", "x", "", 1))


def test_an_invoice_may_name_a_product_twice() -> None:
    assert difference(TWICE, TWICE.iloc[::-1].reset_index(drop=True), "interactions").unchanged == 4
    # The second line alone is that line, not a correction of the first.
    alone = combine(TWICE, TWICE.iloc[[1]], "interactions", "replace")
    assert alone.difference.nothing_changed
    thrice = combine(TWICE, pd.concat([TWICE, TWICE.head(1)]), "interactions", "replace").difference
    assert (thrice.added, thrice.changed, thrice.unchanged) == (1, 0, 4)
    corrected = TWICE.assign(quantity=[1.0, 5.0, 1.0, 1.0])
    told = combine(TWICE, corrected, "interactions", "replace").difference
    assert told.changes.values.tolist() == [["a", "x", "2024-01-01", "quantity", "2", "5"]]


def test_a_return_is_not_the_purchase() -> None:
    bought = TWICE.assign(event_type="sale")
    returned = bought.head(1).assign(event_type="return")
    for before in (bought, TWICE):
        for how in ("keep", "replace", "merge"):
            assert combine(before, returned, "interactions", how).difference.added == 1  # type: ignore[arg-type]


def test_what_is_shown_is_capped_and_what_is_counted_is_not() -> None:
    before = pd.DataFrame({"customer_id": [f"c{i}" for i in range(30_000)], "city": "Ulm", "tier": "1"})
    after = before.assign(city="Bern", tier="2").tail(20_000)
    after = pd.concat([after, pd.DataFrame({"customer_id": [f"n{i}" for i in range(5_000)]})], ignore_index=True)
    told = difference(before, after, "customers")
    assert (told.added, told.changed, told.missing) == (5_000, 20_000, 10_000)
    assert (len(told.changes), len(told.added_rows), len(told.missing_rows)) == (10_000, 1_000, 1_000)
    # The first rows whole, rather than one column of more rows.
    assert told.changes["customer_id"].nunique() == 5_000


def test_of_many_changed_columns_only_what_is_shown_becomes_text(monkeypatch: pytest.MonkeyPatch) -> None:
    before = pd.DataFrame({"customer_id": [f"c{i}" for i in range(1_000)]} | {f"n{i}": 0 for i in range(300)})
    after = before.assign(**{f"n{i}": 1 for i in range(300)})
    after.loc[0, "n0"] = 0
    made = 0

    def counted(values: Any) -> Any:
        nonlocal made
        made += len(values)
        return text(values)

    text = tables_difference._text
    monkeypatch.setattr(tables_difference, "_text", counted)
    told = difference(before, after, "customers")
    assert told.changed == 1_000
    # A key, the old and the new value for each line, of the last row all columns.
    assert 30_000 <= made <= 3 * 10_300
    cells = [(f"c{row}", f"n{column}") for row in range(1_000) for column in range(300) if row or column]
    assert list(zip(told.changes["customer_id"], told.changes["column"], strict=True)) == cells[:10_000]
    assert set(told.changes["old"]) == {"0"}
    assert set(told.changes["new"]) == {"1"}


def test_a_difference_is_kept_as_counts() -> None:
    told = Difference("products", 12, 3, 3_317, 4, removed=False)
    assert sentence_of("products", told.counts()) == told.sentence()
    assert (
        told.sentence() == "12 products added, 3 changed, 3,317 unchanged, 4 in the catalog but not in the file (kept)."
    )


CELL = st.sampled_from([None, "u", "v"])
ROWS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), CELL, CELL), max_size=12)


@given(
    old=ROWS,
    new=ROWS,
    on_duplicate=st.sampled_from(["keep", "replace", "merge"]),
    missing=st.sampled_from(["keep", "remove"]),
)
@settings(max_examples=200, deadline=None)
def test_counts_and_rows_always_add_up(
    old: list[tuple[str, str, str | None, str | None]],
    new: list[tuple[str, str, str | None, str | None]],
    on_duplicate: OnDuplicate,
    missing: Missing,
) -> None:
    names = ["customer_id", "product_id", "event_type", "note"]
    before, coming = (pd.DataFrame(rows, columns=names, dtype="str") for rows in (old, new))
    combined = combine(before, coming, "interactions", on_duplicate, missing)
    told = combined.difference
    olds, news = (Counter(row[:3] for row in rows) for rows in (old, new))
    matched = sum((olds & news).values())
    assert told.added == len(new) - matched
    assert told.missing == len(old) - matched
    assert told.changed + told.unchanged + told.kept_as_they_were == matched
    assert len(combined.frame) == len(old) + told.added - (told.missing if missing == "remove" else 0)
    result = Counter(
        combined.frame.astype(object).where(combined.frame.notna(), None).itertuples(index=False, name=None)
    )
    if on_duplicate == "replace" and missing == "remove":
        assert result == Counter(new)
    if on_duplicate == "keep" and missing == "keep":
        assert not Counter(old) - result
    # Rows that agree in every cell are never taken for changed ones.
    assert told.unchanged >= sum((Counter(old) & Counter(new)).values())
    kept = before[~combined.gone]
    assert combined.frame.head(len(kept)).fillna("").values.tolist() == kept.fillna("").values.tolist()


@pytest.mark.parametrize("kind", ["products", "customers", "interactions"])
def test_empty_tables_are_no_case_of_their_own(kind: Kind) -> None:
    frame = pd.DataFrame({"product_id": ["a"], "customer_id": ["b"], "title": ["A"]})
    assert difference(frame, frame.head(0), kind).missing == 1
    assert difference(frame.head(0), frame, kind).added == 1
    assert difference(frame.head(0), frame.head(0), kind).nothing_changed


def test_a_key_that_only_one_side_tells_pairs_nothing() -> None:
    timed = pd.DataFrame({"customer_id": ["c"], "product_id": ["p"], "timestamp": pd.to_datetime(["2024-01-01"])})
    plain = pd.DataFrame({"customer_id": ["c"], "product_id": ["p"]})
    for before, new in ((timed, plain), (plain, timed)):
        for how in ("keep", "replace", "merge"):
            combined = combine(before, new, "interactions", how)  # type: ignore[arg-type]
            assert combined.difference.sentence() == "1 interaction added, 1 in the catalog but not in the file (kept)."
            assert len(combined.frame) == 2
            assert combined.frame["timestamp"].notna().sum() == 1


def test_what_is_spared_is_not_missing() -> None:
    before = pd.DataFrame({"product_id": ["a", "b", "c"], "title": ["A", "B", "C"]})
    combined = combine(before, before.head(1), "products", "replace", "remove", {"b"})
    assert combined.frame["product_id"].tolist() == ["a", "b"]
    assert combined.difference.missing == 1
