import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.errors import Cancelled, InvalidTable
from recsys_core.run_context import RunContext
from recsys_core.tables import parquet
from recsys_core.tables.parquet import read_parquet_text


def written(table: pa.Table, **options: object) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def column(values: list, type_: pa.DataType | None = None) -> list[str]:
    """What one column of a file is read as."""
    table, notes = read_parquet_text(written(pa.table({"a": pa.array(values, type_)})), "a.parquet")
    assert notes == ()
    assert table.schema == pa.schema([("a", pa.string())])
    assert table.column(0).null_count == 0
    return table.column(0).to_pylist()


NOON = dt.datetime(2024, 3, 31, 12, 5)
MIDNIGHT = dt.datetime(2024, 3, 31)


@pytest.mark.parametrize(
    ("type_", "values", "texts"),
    [
        (pa.string(), ["0012", " é ", "", "NA", None], ["0012", " é ", "", "NA", ""]),
        (pa.large_string(), ["a", None], ["a", ""]),
        (pa.string_view(), ["a", None], ["a", ""]),
        (pa.binary(), ["é".encode(), None], ["é", ""]),
        (pa.large_binary(), [b"a", None], ["a", ""]),
        (pa.binary(2), [b"ab", None], ["ab", ""]),
        (pa.dictionary(pa.int8(), pa.string()), ["a", None, "a"], ["a", "", "a"]),
        (pa.int8(), [-1, None], ["-1", ""]),
        (pa.int64(), [4006381333931, -(2**63), None], ["4006381333931", "-9223372036854775808", ""]),
        (pa.uint64(), [2**64 - 1], ["18446744073709551615"]),
        (pa.bool_(), [True, False, None], ["TRUE", "FALSE", ""]),
        (pa.null(), [None, None], ["", ""]),
        (
            pa.float64(),
            [5.0, -5.0, 19.99, 4006381333931.0, 999999999999999.0, -0.0, 0.1, float("nan"), float("inf"), None],
            ["5", "-5", "19.99", "4006381333931", "999999999999999", "0", "0.1", "", "inf", ""],
        ),
        (pa.float32(), [0.1, 5.0, None], ["0.1", "5", ""]),
        (pa.float16(), [np.float16(0.5), np.float16(5)], ["0.5", "5"]),
        (pa.decimal128(10, 2), [Decimal("12.50"), None], ["12.50", ""]),
        (pa.date32(), [dt.date(2024, 3, 31), None], ["2024-03-31", ""]),
        (pa.date64(), [dt.date(2024, 3, 31), None], ["2024-03-31", ""]),
        (pa.timestamp("s"), [NOON, MIDNIGHT, None], ["2024-03-31 12:05:00", "2024-03-31", ""]),
        (pa.timestamp("ms"), [NOON, MIDNIGHT], ["2024-03-31 12:05:00", "2024-03-31"]),
        (pa.timestamp("us"), [NOON.replace(microsecond=120_000)], ["2024-03-31 12:05:00.12"]),
        (pa.timestamp("ns"), [NOON, MIDNIGHT], ["2024-03-31 12:05:00", "2024-03-31"]),
        (pa.timestamp("us", "Asia/Tokyo"), [NOON.replace(tzinfo=dt.UTC), None], ["2024-03-31 12:05:00", ""]),
        (pa.time32("s"), [dt.time(14, 5)], ["14:05:00"]),
        (pa.time64("us"), [dt.time(0, 0)], ["00:00:00"]),
        (pa.list_(pa.string()), [["red", "blue"], [], None, ["a", None, "", "b"]], ["red|blue", "", "", "a|b"]),
        (pa.large_list(pa.int64()), [[1, 2], None, [3]], ["1|2", "", "3"]),
        (pa.list_(pa.float64(), 2), [[1.0, 2.5], None, [3.0, 4.0]], ["1|2.5", "", "3|4"]),
    ],
    ids=str,
)
def test_values_are_written_as_a_person_would(type_: pa.DataType, values: list, texts: list[str]) -> None:
    assert column(values, type_) == texts


def test_what_pandas_writes_is_read() -> None:
    frame = pd.DataFrame(
        {
            "id": ["p1", None],
            " brand ": pd.Categorical(["Acme", None]),
            "launched_at": pd.to_datetime(["2024-03-31", None]),
            "stock": pd.array([1, None], dtype="Int64"),
        },
        index=[7, 8],
    )
    file = io.BytesIO()
    frame.to_parquet(file)
    table, notes = read_parquet_text(file, "a.parquet")
    assert table.to_pylist() == [
        {"id": "p1", "brand": "Acme", "launched_at": "2024-03-31", "stock": "1"},
        {"id": "", "brand": "", "launched_at": "", "stock": ""},
    ]
    assert notes == ("Column “__index_level_0__” of a.parquet only numbers the rows for pandas and was left out.",)
    assert not file.closed


def test_columns_with_columns_of_their_own_are_left_out_and_said() -> None:
    table, notes = read_parquet_text(
        written(
            pa.table(
                {
                    "id": ["a"],
                    "size": [{"wide": 1}],
                    "more": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
                    "lists": [[[1]]],
                    "": ["x"],
                }
            )
        ),
        "a.parquet",
    )
    assert table.column_names == ["id"]
    assert notes == (
        "Column “size” of a.parquet holds several values in each row (struct) and was left out. "
        "Give each of them a column of its own to use it.",
        "Column “more” of a.parquet holds several values in each row (map) and was left out. "
        "Give each of them a column of its own to use it.",
        "Column “lists” of a.parquet holds several values in each row (list) and was left out. "
        "Give each of them a column of its own to use it.",
        "Column 5 of a.parquet has no name and was left out.",
    )


def test_a_file_of_many_pieces_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_PIECE_ROWS", 7)
    tags = [None if n % 5 == 0 else [str(n)] * (n % 3) for n in range(100)]
    data = written(pa.table({"n": range(100), "tags": tags}), row_group_size=30)
    table, _ = read_parquet_text(data, "a.parquet")
    assert table.column("n").to_pylist() == [str(n) for n in range(100)]
    assert table.column("tags").to_pylist() == ["|".join(entry or []) for entry in tags]


@pytest.mark.parametrize(("columns", "rows", "step"), [(1, 30_000, 10_000), (200, 2_000, 500)])
def test_a_bar_moves_and_reading_can_be_stopped(columns: int, rows: int, step: int) -> None:
    data = written(pa.table({f"c{number}": pa.repeat(1, rows) for number in range(columns)}))
    news: list[dict] = []
    read_parquet_text(data, "a.parquet", run=RunContext(report=news.append))
    assert {(one["stage"], one["total"]) for one in news} == {("Reading a.parquet", rows)}
    assert [one["done"] for one in news] == [*range(0, rows, step), rows]
    asked = iter([False, True])
    with pytest.raises(Cancelled):
        read_parquet_text(data, "a.parquet", run=RunContext(stop_asked=lambda: next(asked)))
    assert next(asked, None) is None


def test_the_same_comes_of_a_path_bytes_and_an_open_file(tmp_path: Path) -> None:
    data = written(pa.table({"a": [1]}))
    path = tmp_path / "a.parquet"
    path.write_bytes(data)
    with path.open("rb") as file:
        file.seek(3)
        for source in (path, data, file, file):
            assert read_parquet_text(source, "a.parquet")[0].to_pylist() == [{"a": "1"}]
        assert not file.closed
    with pytest.raises(InvalidTable, match="There is no file"):
        read_parquet_text(tmp_path / "b.parquet", "b.parquet")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pa.table([["a"], ["b"]], ["id", "id"]), "Two columns of a.parquet have the same name: “id” and “id”"),
        (pa.table({"Product ID": ["a"], "product_id": ["b"]}), "“Product ID” and “product_id”"),
        (pa.table({"a": ["x", "y\0", "z"]}), "Row 2 of a.parquet holds a NUL character in column “a”"),
        (pa.table({"a": [b"\xff\xfe"]}), "Column “a” of a.parquet holds bytes that are no text"),
        (pa.table({"a": pa.array([], pa.string())}), "has columns but no rows"),
        (pa.table({"a": [{"b": 1}]}), "no column that can be read as text"),
        (pa.table([["a"]] * 5_001, [str(n) for n in range(5_001)]), "5,001 columns; the limit is 5,000"),
        (
            pa.table({"a": pa.repeat("x", 3_000_000), **{str(n): pa.nulls(3_000_000) for n in range(400)}}),
            "more than 4 GB",
        ),
    ],
)
def test_tables_that_are_no_use_are_refused_in_plain_words(table: pa.Table, said: str) -> None:
    with pytest.raises(InvalidTable, match=said):
        read_parquet_text(written(table), "a.parquet")


def test_text_that_grows_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(pa.table({"a": pa.repeat("x" * 1000, 50_000)}))
    monkeypatch.setattr(parquet, "LIMIT_BYTES", 20_000_000)
    assert len(data) < 100_000
    with pytest.raises(InvalidTable, match="once it is unpacked"):
        read_parquet_text(data, "a.parquet")


def test_bytes_that_are_no_text_are_found_in_a_text_column() -> None:
    wrong = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(np.array([0, 2], np.int32)), pa.py_buffer(b"\xff\xfe")]
    )
    with pytest.raises(InvalidTable, match="no text"):
        read_parquet_text(written(pa.table({"a": wrong})), "a.parquet")


SMALL = written(
    pa.table({"id": ["p1", "p2"], "price": [1.5, None], "at": [NOON, MIDNIGHT], "tags": [["a"], ["b", "c"]]}),
    compression="none",
)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "isn't a Parquet file"),
        (b"id,title\n", "isn't a Parquet file"),
        (b"PARE" + SMALL[4:-4] + b"PARE", "is encrypted"),
        (b"PAR1", "is damaged"),
        (SMALL[:-20], "is damaged"),
        (SMALL[:50] + SMALL[-200:], "is damaged"),
    ],
)
def test_what_is_no_parquet_file_is_refused_in_plain_words(data: bytes, said: str) -> None:
    with pytest.raises(InvalidTable, match=said):
        read_parquet_text(data, "a.parquet")


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes_give_a_table_or_a_plain_refusal(changes: list[tuple[int, int]]) -> None:
    data = bytearray(SMALL)
    for place, byte in changes:
        data[place] = byte
    try:
        table, _ = read_parquet_text(bytes(data), "a.parquet")
    except InvalidTable:
        return
    table.validate(full=True)
