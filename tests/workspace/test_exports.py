"""Files that people take away: harmless in a spreadsheet, and the same rows as the model's own."""

from __future__ import annotations

from io import BytesIO

import pandas as pd
import pytest

from recsys_core.adaptation import AdaptedModel
from recsys_core.adaptation.registry import method_named
from recsys_core.dataset import Dataset, Launch
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext
from recsys_core.selection.uncertainty import with_uncertainty
from recsys_core.workspace.exports import (
    audience_csv,
    customer_table,
    recommendations_csv,
    safe_csv,
    with_customers,
    with_products,
)


@pytest.fixture(scope="module")
def adapted(supporter_source: SourceModel, supporter_shop: tuple[Dataset, Launch]) -> AdaptedModel:
    made = method_named("prototype").adapt(supporter_source, supporter_shop[1], run=RunContext())
    return with_uncertainty(made, run=RunContext())[0]


def read(csv: bytes) -> pd.DataFrame:
    return pd.read_csv(BytesIO(csv), dtype={"customer_id": str, "product_id": str}, keep_default_na=False)


def test_recommendations_are_those_of_the_model(adapted: AdaptedModel) -> None:
    frame = adapted.recommend(top=20)
    assert list(frame) == ["customer_id", "product_id", "rank", "score", "probability"]
    pd.testing.assert_frame_equal(read(recommendations_csv(frame)), frame, check_dtype=False)


def test_audiences_are_those_of_the_model(adapted: AdaptedModel) -> None:
    frame = adapted.audience(top=7)
    assert list(frame) == ["product_id", "customer_id", "rank", "score", "probability"]
    pd.testing.assert_frame_equal(read(audience_csv(frame)), frame, check_dtype=False)


def test_titles_and_attributes_change_neither_rows_nor_order(
    adapted: AdaptedModel, supporter_shop: tuple[Dataset, Launch]
) -> None:
    frame = adapted.recommend(top=5)
    customers = customer_table(supporter_shop[0])
    wide = read(
        safe_csv(with_customers(with_products(frame, adapted.launch.products), customers)).removeprefix(b"\xef\xbb\xbf")
    )
    pd.testing.assert_frame_equal(wide[list(frame)], frame, check_dtype=False)
    titles = adapted.launch.products.set_index("product_id")["title"]
    assert wide["title"].tolist() == titles[frame["product_id"]].tolist()
    assert list(wide)[:3] == ["customer_id", "orders", "products_bought"]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_what_a_spreadsheet_would_run_gets_a_quotation_mark(first: str) -> None:
    text = f"{first}1+1"
    csv = safe_csv(pd.DataFrame({"title": [text, "harmless"], "price": [-1.5, 2.0]}))
    back = pd.read_csv(BytesIO(csv), dtype=str, keep_default_na=False)
    assert back["title"].iloc[0] == f"'{text}"
    assert back["title"].iloc[1] == "harmless"
    assert back["price"].tolist() == ["-1.5", "2.0"]


def test_a_carriage_return_begins_no_new_row() -> None:
    csv = safe_csv(pd.DataFrame({"title": ["mug\r=1+1", "jar\r\n@x"]}))
    assert csv.decode("utf-8-sig") == 'title\r\n"mug\r=1+1"\r\n"jar\r\n@x"\r\n'


def test_ids_and_column_names_are_protected_too() -> None:
    row = {"customer_id": ["=a"], "product_id": ["@b"], "rank": [1], "score": [-0.5], "probability": [float("nan")]}
    csv = recommendations_csv(pd.DataFrame(row))
    # A probability that isn't known stays empty.
    assert csv == b"customer_id,product_id,rank,score,probability\n'=a,'@b,1,-0.5,\n"
    assert safe_csv(pd.DataFrame({"=cmd": ["a"]})).removeprefix(b"\xef\xbb\xbf") == b"'=cmd\na\n"


def test_missing_values_stay_empty_and_quotes_stay_whole() -> None:
    csv = safe_csv(pd.DataFrame({"title": ['5" pot, red', None], "price": [None, 3.0]}))
    assert csv.decode("utf-8-sig") == 'title,price\n"5"" pot, red",\n,3.0\n'


def test_excel_sees_that_it_is_utf_8() -> None:
    assert safe_csv(pd.DataFrame({"title": ["茶碗"]})) == "title\n茶碗\n".encode("utf-8-sig")


def test_customers_columns_that_are_called_like_ours_are_told_apart() -> None:
    rows = pd.DataFrame({"product_id": ["p"], "customer_id": ["c"], "rank": [1], "score": [0.5]})
    wide = with_customers(rows, pd.DataFrame({"customer_id": ["c"], "score": ["gold"], "country": ["Iceland"]}))
    assert list(wide) == ["product_id", "customer_id", "score (customer)", "country", "rank", "score"]
    assert wide["score"].tolist() == [0.5]


def test_customer_table_counts_orders_by_time_and_leaves_returns_out() -> None:
    catalog = Dataset(
        pd.DataFrame({"product_id": ["a", "b"], "title": ["A", "B"]}),
        pd.DataFrame(
            {
                "customer_id": ["c2", "c2", "c2", "c1", "c1"],
                "product_id": ["a", "b", "a", "a", "b"],
                "event_type": ["purchase", "purchase", "purchase", "purchase", "return"],
                "timestamp": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]),
            }
        ),
        pd.DataFrame({"customer_id": ["c2", "c3"], "country": ["Peru", "Chad"]}),
    )
    table = customer_table(catalog)
    assert table["customer_id"].tolist() == ["c1", "c2"]
    assert table["country"].isna().tolist() == [True, False]
    assert table["orders"].tolist() == [1, 2]
    assert table["products_bought"].tolist() == [1, 2]
    assert table["last_order"].tolist() == [pd.Timestamp("2024-03-01"), pd.Timestamp("2024-02-01")]
    assert customer_table(Dataset(catalog.products, catalog.interactions.drop(columns="timestamp")))[
        "orders"
    ].tolist() == [1, 3]
