"""Whatever the text, a table that we export comes back equal; whatever the bytes, reading gives a table or a plain refusal."""

from __future__ import annotations

import gzip
import io
import time
import tracemalloc
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.errors import InvalidTable
from recsys_core.tables.checking import read_table
from recsys_core.tables.columns import COLUMNS, Kind
from recsys_core.tables.mapping import Mapping
from recsys_core.workspace.exports import safe_csv
from recsys_core.workspace.spreadsheet import safe_xlsx

# NUL is refused by every reader, and half a character isn't text.
LETTERS = st.characters(exclude_characters="\0", exclude_categories=("Cs",))
SIGNS = st.sampled_from("=+-@'\"\t\r\n,;|\\＝＠ _x0D5F\ufeff\u00a0\u200b\u2028\x1f\x85é€茶🍵NA1.")
PIECES = st.sampled_from(
    ["NA", "null", "1e5", "1.299,00", "\r\n", '"', '""', "'=", "''@", "#N/A", "_x000D_", "=1+1", " > "]
)
CELLS = st.text(LETTERS, max_size=12) | st.lists(SIGNS | PIECES, max_size=8).map("".join)
# What only spaces fill is missing, so nobody can tell it from an empty cell.
TEXTS = CELLS.map(lambda text: text if text.strip() else None)
IDS = CELLS.map(str.strip).filter(bool)
TAGS = st.lists(CELLS.map(lambda text: text.replace("|", "").strip()).filter(bool), max_size=3, unique=True)
CATEGORIES = st.lists(CELLS.map(lambda text: text.replace(">", "").strip()).filter(bool), max_size=3)
PRICES = st.none() | st.floats(0, allow_infinity=False) | st.integers(0, 10**6).map(lambda cents: cents / 100)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
PAST = st.none() | st.datetimes(pd.Timestamp("1900-03-01"), pd.Timestamp("2024-12-31"))
PLANNED = st.none() | st.datetimes(pd.Timestamp("1900-03-01"), pd.Timestamp("2099-12-31")) | st.dates(
    pd.Timestamp("2000-01-01").date(), pd.Timestamp("2030-12-31").date()
).map(pd.Timestamp)  # fmt: skip
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "id": IDS,
    "text": TEXTS,
    "category": CATEGORIES.map(lambda parts: " > ".join(parts) or None),
    "number": NUMBERS,
    "price": PRICES,
    "time": PAST,
    "planned": PLANNED,
    "tags": TAGS,
}
TYPES = {
    "number": "float64",
    "price": "float64",
    "time": "datetime64[us]",
    "planned": "datetime64[us]",
    "tags": "object",
}
ATTRIBUTE = "Lagerort"


@st.composite
def tables(draw: st.DrawFn, kind: Kind) -> pd.DataFrame:
    """A table as the catalog holds it: all known columns and one of the shop's own."""
    types = {**COLUMNS[kind], ATTRIBUTE: "text"}
    unique = None if kind == "interactions" else next(iter(COLUMNS[kind]))
    rows = draw(
        st.lists(
            st.tuples(*(VALUES[type_] for type_ in types.values())),
            min_size=1,
            max_size=8,
            unique_by=None if unique is None else lambda row: row[0],
        )
    )
    return pd.DataFrame(
        {
            name: pd.Series([row[at] for row in rows], dtype=TYPES.get(type_, "str"))
            for at, (name, type_) in enumerate(types.items())
        }
    )


def read_again(data: bytes, kind: Kind, name: str) -> pd.DataFrame:
    table = read_table(data, kind, name=name)
    assert table.rejected.empty, table.summary()
    return table.frame


@pytest.mark.parametrize("kind", ["products", "interactions", "customers"])
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_table_comes_back_from_csv(kind: Kind, data: st.DataObject) -> None:
    table = data.draw(tables(kind))
    pd.testing.assert_frame_equal(read_again(safe_csv(table), kind, "a.csv"), table)


@pytest.mark.parametrize("kind", ["products", "interactions", "customers"])
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_table_comes_back_from_excel(kind: Kind, data: st.DataObject) -> None:
    table = data.draw(tables(kind))
    times = [name for name, type_ in COLUMNS[kind].items() if type_ in ("time", "planned")]
    again = read_again(safe_xlsx(table), kind, "a.xlsx")
    # Excel keeps milliseconds.
    for name in times:
        assert (again[name].isna() == table[name].isna()).all()
        assert not ((again[name] - table[name]).abs() > pd.Timedelta(milliseconds=1)).any()
    pd.testing.assert_frame_equal(again.drop(columns=times), table.drop(columns=times))


@settings(max_examples=100, deadline=None)
@given(tables("products"))
def test_any_rejected_rows_read_as_their_file_did(table: pd.DataFrame) -> None:
    """All rows are rejected for their prices; mended, they are as if they had never been."""
    data = safe_csv(table.assign(price="x"))
    rejected = read_table(data, "products", name="a.csv").rejected
    assert len(rejected) == len(table)
    again = read_again(safe_csv(rejected.assign(price="5")), "products", "mended.csv")
    pd.testing.assert_frame_equal(again, table.assign(price=5.0))
    again = read_again(safe_xlsx(rejected.assign(price="5")), "products", "mended.xlsx")
    pd.testing.assert_frame_equal(again, table.assign(price=5.0))


def sample() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product_id": [f"p{at}" for at in range(30)],
            "title": ["Größe L", 'said "no"', "two\nlines"] * 10,
            "price": [1.5, None, 1299.0] * 10,
            "launched_at": pd.to_datetime(["2024-01-31", None, "2023-05-06"] * 10),
            "tags": [["a", "b"], [], ["c"]] * 10,
        }
    )


def files() -> dict[str, bytes]:
    csv = safe_csv(sample())
    parquet = io.BytesIO()
    sample().to_parquet(parquet, index=False)
    text = csv.decode("utf-8-sig")
    return {
        "csv": csv,
        "utf-16": text.encode("utf-16"),
        "cp1252": text.encode("cp1252"),
        "gz": gzip.compress(csv, mtime=0),
        "xlsx": safe_xlsx(sample()),
        "parquet": parquet.getvalue(),
    }


FILES = files()
KINDS: tuple[Kind, ...] = ("products", "interactions", "customers")
SECONDS, MEMORY = 20.0, 256 << 20


def read_or_refuse(data: bytes, kind: Kind, mapping: Mapping = Mapping()) -> None:
    """Any other exception fails the test."""
    started, said = time.monotonic(), "a.csv"
    tracemalloc.start()
    try:
        table = read_table(data, kind, name="a.csv", mapping=mapping)
        assert table.rows_read >= len(table.frame) + len(table.rejected)
        safe_csv(table.frame)
        safe_csv(table.rejected)
    except InvalidTable as error:
        said = str(error)
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert "a.csv" in said or "encoding" in said
    assert "Error" not in said
    assert len(said) < 2_000
    assert most < MEMORY
    assert pa.total_allocated_bytes() < MEMORY
    assert time.monotonic() - started < SECONDS


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        [b"", b"product_id,title\n", b"customer_id,product_id,timestamp\n1,2,", b"\xff\xfe", b"\x1f\x8b\x08\0", b"PAR1"]
    ),
    st.binary(max_size=400) | st.text(LETTERS | SIGNS, max_size=200).map(str.encode),
    st.sampled_from(KINDS),
    st.sampled_from([None, "utf-8", "utf-16", "cp1252", "gb18030", "utf-32", "utf-7", "idna"]),
)
def test_any_bytes_give_a_table_or_a_plain_refusal(begin: bytes, data: bytes, kind: Kind, encoding: str | None) -> None:
    read_or_refuse(begin + data, kind, Mapping(encoding=encoding))


@pytest.mark.parametrize("form", FILES)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_gives_a_table_or_a_plain_refusal(form: str, data: st.DataObject) -> None:
    damaged = bytearray(FILES[form])
    for at in data.draw(st.lists(st.integers(0, len(damaged) - 1), max_size=5), label="changed"):
        damaged[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.slices(len(damaged)), label="kept") if data.draw(st.booleans()) else slice(None)
    read_or_refuse(bytes(damaged[cut]), data.draw(st.sampled_from(KINDS)))
