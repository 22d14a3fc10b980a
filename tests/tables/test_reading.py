from __future__ import annotations

import gzip
import io
import random
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pytest
from openpyxl import Workbook

from recsys_core.errors import Cancelled, InvalidTable
from recsys_core.run_context import RunContext
from recsys_core.tables import reading, source
from recsys_core.tables.mapping import Mapping
from recsys_core.tables.reading import TextTable, read_text

HEADER = "product_id,title,price\n"


def read(text: str | bytes, name: str = "shop.csv") -> TextTable:
    return read_text(text.encode() if isinstance(text, str) else text, name=name)


def rows(table: TextTable) -> list[list[str]]:
    return [list(row.values()) for row in table.table.to_pylist()]


def refused(text: str | bytes) -> str:
    with pytest.raises(InvalidTable) as error:
        read(text)
    return str(error.value)


def test_everything_stays_text_as_it_was() -> None:
    table = read("id,brand,code\n007,NA,1E5\n 8 ,null,\n")
    assert table.table.column_names == ["id", "brand", "code"]
    assert rows(table) == [["007", "NA", "1E5"], [" 8 ", "null", ""]]
    assert table.rows.tolist() == [2, 3]
    assert (table.encoding, table.delimiter, table.misfits, table.notes) == ("utf-8", ",", (), ())


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = 'id;title;price\n1;"Mug; blue, large|round";3\n2;A, b, c, d;4\n'.replace(";", delimiter)
    table = read(text)
    assert table.delimiter == delimiter
    assert table.table.column_names == ["id", "title", "price"]
    assert table.table.num_rows + len(table.misfits) == 2


def test_decimal_commas_and_tags_do_not_pass_for_delimiters() -> None:
    table = read("id;price;size\n1;3,50;1,5\n2;4,99;2,5\n")
    assert (table.delimiter, rows(table)) == (";", [["1", "3,50", "1,5"], ["2", "4,99", "2,5"]])
    assert read("id,tags\n1,a|b|c\n2,d|e|f\n").delimiter == ","


def test_one_column_is_a_table_too() -> None:
    assert rows(read("customer_id\nA\nB\n")) == [["A"], ["B"]]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(line_end: str, last: bool) -> None:
    text = line_end.join(["id,title", "1,a", "2,b"]) + (line_end if last else "")
    table = read(text)
    assert rows(table) == [["1", "a"], ["2", "b"]]
    assert table.rows.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("utf-8", "Größe 茶杯 €"),
        ("utf-8-sig", "Größe 茶杯 €"),
        ("utf-16", "Größe 茶杯 €"),
        ("utf-16-le", "Mug Größe"),
        ("utf-16-be", "Mug Größe"),
        ("cp1252", "Größe für Übergrößen, CAFÉ crème à 5 €"),
        ("cp1252", "GRÖßE"),
        ("gb18030", "蓝色陶瓷茶杯，大号（两只装）"),
    ],
)
def test_the_encoding_is_found(encoding: str, title: str) -> None:
    table = read(f'product_id,title\n1,"{title}"\n'.encode(encoding))
    assert table.encoding == encoding
    assert table.table.column_names == ["product_id", "title"]
    assert rows(table) == [["1", title]]


def test_an_encoding_that_shows_only_after_the_first_megabytes() -> None:
    text = "id,title\n" + "1,plain\n" * 300_000 + "2,Größe\n"
    table = read(text.encode("cp1252"))
    assert table.encoding == "cp1252"
    assert rows(table)[-1] == ["2", "Größe"]
    assert table.rows[-1] == 300_002


def test_a_letter_cut_in_two_between_two_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "id,title\n" + "".join(f"{number},茶杯ö€\n" for number in range(100))
    for encoding in ("utf-8", "utf-16", "gb18030"):
        for size in range(30, 50):
            monkeypatch.setattr(reading, "ROW_BYTES", size)
            table = read(text.encode(encoding))
            assert [title for _, title in rows(table)] == ["茶杯ö€"] * 100
            assert table.encoding == encoding


def test_one_damaged_letter_in_utf_8_is_refused_with_its_row() -> None:
    message = refused("id,title\n1,Größe\n".encode() + b'2,"a\nb"\n3,Gr\xf6\xdfe\n4,\xc3\xb6\xc3\xb6\n')
    assert message.startswith("shop.csv is text in UTF-8, but row 4 holds bytes that are no letters")


@pytest.mark.parametrize("form", ["path", "gz path", "bytes", "gz bytes", "file", "gz file", "stream"])
def test_where_it_comes_from(form: str, tmp_path: Path) -> None:
    content = b"id,title\n1,Gr\xf6\xdfe\n"
    data = gzip.compress(content) if form.startswith("gz") else content
    given: Path | bytes | BinaryIO = data
    if form.endswith("path"):
        given = tmp_path / "a.csv"
        given.write_bytes(data)
    elif form.endswith("file"):
        given = io.BytesIO(data)
    elif form == "stream":
        given = _Unseekable(data)
    assert rows(read_text(given, name="a.csv")) == [["1", "Größe"]]
    if form.endswith("file") and isinstance(given, io.BytesIO):
        assert not given.closed
        assert rows(read_text(given, name="a.csv")) == [["1", "Größe"]]


class _Unseekable(io.BytesIO):
    def seekable(self) -> bool:
        return False


def test_a_row_with_line_breaks_counts_as_one() -> None:
    table = read('id,title\n1,"a\nb\r\nc"\n2,d,e\n3,f\n')
    assert rows(table) == [["1", "a\nb\r\nc"], ["3", "f"]]
    assert table.rows.tolist() == [2, 4]
    assert [(misfit.row, misfit.values) for misfit in table.misfits] == [(3, ("2", "d", "e"))]


def test_rows_of_another_width_are_set_apart() -> None:
    table = read('a,b,c\n1,2,3\n1,2\n1,2,3\n"x, y",2,3,4\n1,2,3\n')
    assert table.rows.tolist() == [2, 4, 6]
    assert [(misfit.row, misfit.values) for misfit in table.misfits] == [(3, ("1", "2")), (5, ("x, y", "2", "3", "4"))]


def test_a_file_of_rows_of_another_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_MISFITS", 10)
    message = refused("a,b\n" + "1,2,3\n" * 20)
    assert "More than 10 rows of shop.csv have another number of values" in message
    assert "2 there, but mostly 3 below" in message


def test_blank_rows_are_passed_over_but_counted_on() -> None:
    table = read("\n\nid,title\n\n1,a\n,\n  , \n2,b\n\n\n")
    assert rows(table) == [["1", "a"], ["2", "b"]]
    assert table.rows.tolist() == [5, 8]
    assert table.misfits == ()


def test_columns_without_a_name() -> None:
    table = read(",id,title,\n0,1,a,\n1,2,b,\n")
    assert table.table.column_names == ["id", "title"]
    assert table.notes == ("Column 1 of shop.csv has no name in the first row and was left out.",)


@pytest.mark.parametrize("empty", [b"", b"\n\n", b"  \r\n", gzip.compress(b""), b"\xef\xbb\xbf"])
def test_an_empty_file(empty: bytes) -> None:
    message = refused(empty)
    assert message.startswith("shop.csv is empty")
    assert "Expected" in message


def test_a_header_alone() -> None:
    for text in (HEADER, HEADER.strip(), HEADER + "\n\n", HEADER + ",,\n"):
        message = refused(text)
        assert "no rows below them" in message
        assert '"product_id", "title", "price"' in message


def test_header_names_that_are_the_same() -> None:
    message = refused("id,notes,Notes \n1,a,b\n")
    assert message.startswith('Two columns of shop.csv have the same name: "notes" (column 2) and "Notes" (column 3).')


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "a PNG picture"),
        (b"\xff\xd8\xff\xe0\0", "a JPEG picture"),
        (b"%PDF-1.7\n", "a PDF document"),
    ],
)
def test_other_kinds_of_files(start: bytes, what: str) -> None:
    for data in (start, gzip.compress(start)):
        assert refused(data) == f"shop.csv is {what}, not CSV text. Save or export the table as CSV and use that."


def test_damaged_workbooks_and_parquet_files() -> None:
    assert "damaged and can't be read as a workbook" in refused(b"PK\x03\x04....")
    assert "damaged and can't be read as a Parquet file" in refused(b"PAR1\x15\x04")
    assert refused(gzip.compress(b"PK\x03\x04....")).startswith("shop.csv is a packed Excel workbook")


def test_a_workbook_with_a_title_above_the_table() -> None:
    book = Workbook()
    page = book.create_sheet("Preisliste")
    for cells in (
        ["Preisliste 2024"],
        [],
        ["Artikelnummer", "Bezeichnung", "Preis"],
        [4006381333931, "Tasse", 3.5],
        ["7", None, 4],
    ):
        page.append(cells)
    file = io.BytesIO()
    book.save(file)
    table = read_text(file.getvalue(), name="shop.xlsx")
    assert (table.sheet, table.sheets, table.header_row) == ("Preisliste", ("Sheet", "Preisliste"), 3)
    assert table.table.column_names == ["Artikelnummer", "Bezeichnung", "Preis"]
    assert rows(table) == [["4006381333931", "Tasse", "3.5"], ["7", "", "4"]]
    assert table.rows.tolist() == [4, 5]
    with pytest.raises(InvalidTable, match="“Sheet”"):
        read_text(file.getvalue(), name="shop.xlsx", mapping=Mapping(sheet="Sheet1"))


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_files_that_are_no_text_may_come_forward_only_and_be_stopped(kind: str) -> None:
    file = io.BytesIO()
    frame = pd.DataFrame({"id": ["1", "2"], "title": ["a", "b"]})
    frame.to_excel(file, index=False) if kind == "xlsx" else frame.to_parquet(file)
    given = _Unseekable(file.getvalue())
    news: list[dict] = []
    assert rows(read_text(given, name="shop", run=RunContext(report=news.append))) == [["1", "a"], ["2", "b"]]
    assert not given.closed
    assert news[-1]["stage"] == "Reading shop"
    assert news[-1]["done"] == news[-1]["total"] > 0
    with pytest.raises(Cancelled):
        read_text(file.getvalue(), name="shop", run=RunContext(stop_asked=lambda: True))


def test_parquet() -> None:
    file = io.BytesIO()
    pd.DataFrame({"id": [1, 2], "title": ["a", None], "price": [2.0, 2.5], "tags": [["x", "y"], []]}).to_parquet(file)
    table = read_text(file.getvalue(), name="shop.parquet")
    assert rows(table) == [["1", "a", "2", "x|y"], ["2", "", "2.5", ""]]
    assert table.rows.tolist() == [2, 3]


def test_random_bytes_are_refused_or_read_but_never_crash() -> None:
    generator = random.Random(0)
    for size in (1, 2, 3, 10, 100, 1000) * 30:
        data = generator.randbytes(size)
        for text in (data, HEADER.encode() + data):
            try:
                read(text)
            except InvalidTable as error:
                assert "shop.csv" in str(error)  # noqa: PT017 (either outcome is right)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('a,b,c\n1,2,3\n1,"2,3\n4,5,6\n7,8,9\n', 3),  # runs to the end of the file, as a row of another width
        ('a,b,c\n1,2,3\n1,2,"3\n4,5,6\n7,8,9\n', 3),  # runs to the end of the file, as a row that fits
        ('a,b,c\n1,"2,3\n4,5,6\n7,"8",9\n1,2,3\n', 2),  # ends at a later mark, as a row that fits
        ('a,b,c\n1,2,3\n"1,2,3\n4,5,6\n7,8,"9"\n1,2,3\n', 3),  # ends at a later mark, as a row of another width
        ('a,b,c\n1,2,"3', 2),
        ('"a,b,c\n1,2,3\n', 1),
        ('a\n"b\nc\n', 2),
    ],
)
def test_a_quotation_mark_that_is_not_closed(text: str, row: int) -> None:
    for given in (text, text.replace("\n", "\r\n")):
        message = refused(given)
        assert message.startswith(f"Row {row} of shop.csv opens a quotation mark")
        assert "Close it" in message


def test_sound_quotation_marks_pass() -> None:
    text = 'a,b\n1,"say ""hi""\nand, ""go"""\n2,12" ruler\n3,""\n4,""""\n'
    assert rows(read(text)) == [["1", 'say "hi"\nand, "go"'], ["2", '12" ruler'], ["3", ""], ["4", '"']]


def test_an_open_quotation_mark_before_much_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROW_BYTES", 1000)
    assert refused("a,b\n" * 5 + '1,"2\n' + "3,4\n" * 1000).startswith("Row 6 of shop.csv opens a quotation mark")


def test_a_row_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROW_BYTES", 1 << 20)
    message = refused("a,b\n1," + "x" * (3 << 20) + "\n")
    assert "a row of more than 1 MB, the limit for one row" in message


def test_too_many_columns() -> None:
    message = refused(",".join(f"c{number}" for number in range(5001)) + "\n")
    assert "5,001 columns; the limit is 5,000" in message


def test_two_thousand_columns() -> None:
    line = ",".join(f"c{number}" for number in range(2000))
    assert read(f"{line}\n{line}\n").table.shape == (1, 2000)


def test_a_file_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LIMIT_BYTES", 1 << 10)
    for data in (b"a,b\n" * 1000, gzip.compress(b"a,b\n" * 1000)):
        assert "the limit for one file" in refused(data)


def test_nul_bytes() -> None:
    message = refused(b'a,b\n1,"x\ny"\n2,z\0\n3,w\n')
    assert message.startswith("Row 3 of shop.csv holds a NUL byte")


def test_a_damaged_archive() -> None:
    packed = gzip.compress(b"a,b\n" + random.Random(0).randbytes(9999).hex().encode())
    for damaged in (packed[:-20], packed[:500] + b"\xff\xff" + packed[502:]):
        assert "damaged .gz archive" in refused(damaged)


def test_a_path_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidTable, match=r"There is no file .*nothing\.csv"):
        read_text(tmp_path / "nothing.csv", name="nothing.csv")
    with pytest.raises(InvalidTable, match="can't be opened"):
        read_text(tmp_path, name="folder")


def test_encoding_and_delimiter_can_be_given() -> None:
    table = read_text(
        "a;b,c\n1;é,3\n".encode("cp1252"), name="x.csv", mapping=Mapping(encoding="cp1252", delimiter=";")
    )
    assert (table.table.column_names, rows(table)) == (["a", "b,c"], [["1", "é,3"]])
    with pytest.raises(InvalidTable, match="is text in UTF-8, but row 2 holds"):
        read_text("a\né\n".encode("cp1252"), name="x.csv", mapping=Mapping(encoding="utf-8"))
