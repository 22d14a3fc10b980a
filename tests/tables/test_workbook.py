import datetime as dt
import io
import random
import warnings
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.xml.constants import SHARED_STRINGS
from openpyxl.xml.constants import SHEET_MAIN_NS as MAIN

from recsys_core.errors import Cancelled, InvalidTable
from recsys_core.run_context import RunContext
from recsys_core.tables import sheet_cells, workbook
from recsys_core.tables.workbook import Grid, read_grid


def book(*rows: list, **more_sheets: list[list]) -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for title, its_rows in more_sheets.items():
        sheet = made.create_sheet(title)
        for row in its_rows:
            sheet.append(row)
    return made


def saved(made: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def with_part(data: bytes, name: str, content: str | bytes) -> bytes:
    """The archive with one part replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return out.getvalue()


def with_sheet(rows: str, head: str = "", strings: str | None = None) -> bytes:
    """A workbook whose sheet has exactly this XML, for what openpyxl doesn't write."""
    data = with_part(
        saved(book(["x"])),
        "xl/worksheets/sheet1.xml",
        f'{head}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    )
    if strings is None:
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        types = archive.read("[Content_Types].xml").decode()
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED_STRINGS}"/></Types>'
    data = with_part(data, "[Content_Types].xml", types.replace("</Types>", override))
    return with_part(data, "xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{strings}</sst>')


def texts(grid: Grid) -> list[list[str]]:
    return [list(row.values()) for row in grid.table.to_pylist()]


def test_cells_are_read_as_a_person_sees_them() -> None:
    grid = read_grid(
        saved(
            book(
                ["Product", "Price", "In stock", "Launched", "Updated", "At", "Barcode"],
                [
                    "0012",
                    19.99,
                    True,
                    dt.date(2024, 3, 31),
                    dt.datetime(2024, 3, 31, 14, 5),
                    dt.time(14, 5),
                    4006381333931,
                ],
                [
                    " é ",
                    5.0,
                    False,
                    dt.datetime(1999, 12, 31),
                    None,
                    dt.timedelta(hours=26, minutes=30),
                    4.006381333931e12,
                ],
            )
        ),
        "shop.xlsx",
    )
    assert texts(grid)[1:] == [
        ["0012", "19.99", "TRUE", "2024-03-31", "2024-03-31 14:05:00", "14:05:00", "4006381333931"],
        [" é ", "5", "FALSE", "1999-12-31", "", "26:30:00", "4006381333931"],
    ]
    assert grid.table.schema == pa.schema([(str(number), pa.string()) for number in range(7)])
    assert (grid.rows.tolist(), grid.rows.dtype) == ([1, 2, 3], np.int64)
    assert (grid.name, grid.sheet, grid.sheets, grid.notes) == ("shop.xlsx", "Sheet", ("Sheet",), ())


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("4.006381333931E+12", "4006381333931"),
        ("123456789012345678901", "123456789012345678901"),
        ("1E+20", "100000000000000000000"),
        ("-7", "-7"),
        ("-0.0", "0"),
        ("0.1", "0.1"),
        ("19.989999999999998", "19.99"),
        ("1E-7", "1e-07"),
        ("1E+300", "1e+300"),
    ],
)
def test_numbers_have_all_their_digits(stored: str, text: str) -> None:
    assert texts(read_grid(with_sheet(f'<row r="1"><c r="A1"><v>{stored}</v></c></row>'), "a.xlsx")) == [[text]]


def test_leading_zeros_that_a_format_shows_are_kept() -> None:
    made = book([123, 45, 6.5])
    for cell in made.active[1]:
        cell.number_format = "00000"
    assert texts(read_grid(saved(made), "a.xlsx")) == [["00123", "00045", "6.5"]]


def test_dates_count_from_1904_where_the_workbook_says_so() -> None:
    made = book([dt.date(2024, 3, 31)])
    made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    assert texts(read_grid(saved(made), "a.xlsx")) == [["2024-03-31"]]


def test_a_number_that_is_no_date_stays_a_number() -> None:
    made = book([99999999], [-5])
    for (cell,) in made.active.iter_rows():
        cell.number_format = "yyyy-mm-dd"
    assert texts(read_grid(saved(made), "a.xlsx")) == [["99999999"], ["-5"]]


def test_dates_written_as_iso_text_are_dates() -> None:
    made = book([dt.date(2024, 3, 31), dt.datetime(2024, 3, 31, 14, 5)])
    made.iso_dates = True
    assert texts(read_grid(saved(made), "a.xlsx")) == [["2024-03-31", "2024-03-31 14:05:00"]]


def test_title_rows_and_blank_rows_keep_the_numbers_of_the_sheet() -> None:
    made = openpyxl.Workbook()
    made.active["B2"] = "Spring range"
    made.active["A5"], made.active["B5"] = "id", "title"
    made.active["A7"], made.active["C7"] = "p1", "  "
    made.active["A8"] = "   "
    grid = read_grid(saved(made), "a.xlsx")
    assert texts(grid) == [["", "Spring range"], ["id", "title"], ["p1", ""]]
    assert grid.rows.tolist() == [2, 5, 7]


def test_the_first_sheet_with_text_is_read_and_hidden_ones_come_last() -> None:
    made = book(Shop=[["a"]], Other=[["b"]])
    hidden = made.create_sheet("Lists", 0)
    hidden.append(["hidden"])
    hidden.sheet_state = "hidden"
    data = saved(made)
    grid = read_grid(data, "a.xlsx")
    assert (grid.sheet, texts(grid), grid.sheets) == ("Shop", [["a"]], ("Sheet", "Shop", "Other", "Lists"))
    assert texts(read_grid(data, "a.xlsx", sheet="Lists")) == [["hidden"]]
    with pytest.raises(InvalidTable, match=r"no sheet “shop”\. It has: “Sheet”, “Shop”, “Other”, “Lists”"):
        read_grid(data, "a.xlsx", sheet="shop")
    with pytest.raises(InvalidTable, match=r"Sheet “Sheet” of a\.xlsx is empty"):
        read_grid(data, "a.xlsx", sheet="Sheet")


def test_a_hidden_sheet_is_read_where_no_other_has_text() -> None:
    made = book(Data=[["a"]])
    made["Data"].sheet_state = "veryHidden"
    assert read_grid(saved(made), "a.xlsx").sheet == "Data"


def test_a_workbook_without_text_is_refused() -> None:
    with pytest.raises(InvalidTable, match=r"a\.xlsx is empty: it has no cell with text"):
        read_grid(saved(book([" ", None])), "a.xlsx")


def test_charts_sheets_are_passed_over() -> None:
    made = book(["a"])
    made.create_chartsheet("Chart", 0)
    assert read_grid(saved(made), "a.xlsx").sheets == ("Sheet",)


def test_errors_are_empty_and_said() -> None:
    grid = read_grid(saved(book(["id", "price"], ["a", "#N/A"], ["b", "#REF!"])), "a.xlsx")
    assert texts(grid) == [["id", "price"], ["a", ""], ["b", ""]]
    assert grid.notes == (
        "Sheet “Sheet” of a.xlsx has 2 cells with an error such as #N/A (the first is B2); read as empty.",
    )


def test_formulas_give_the_results_that_the_file_holds() -> None:
    grid = read_grid(
        with_sheet(
            '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>"a"&amp;"b"</f><v>a_x000D_b</v></c>'
            '<c r="C1" t="str"><f>""</f><v></v></c><c r="D1"><f>1+2</f></c></row>'
        ),
        "a.xlsx",
    )
    assert texts(grid) == [["2", "a\rb"]]
    assert "has 1 cell with a formula whose result isn’t in the file (D1); read as empty. To have" in grid.notes[0]


def test_formulas_that_were_never_worked_out_are_counted() -> None:
    grid = read_grid(saved(book(["id", "total"], ["a", "=1+1"], ["b", "=1+1"])), "a.xlsx")
    assert texts(grid) == [["id", "total"], ["a", ""], ["b", ""]]
    assert "has 2 cells with a formula whose result isn’t in the file (the first is B2)" in grid.notes[0]


def test_formatted_and_japanese_texts_are_whole() -> None:
    strings = (
        "<si><r><t>Red </t></r><r><rPr><b/></rPr><t>shoes</t></r></si>"
        '<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si><si><t>a_x005F_x000D_b_x000D_c_xD83D__xDE00_ x005F_</t></si><si/>'
    )
    cells = "".join(f'<c t="s"><v>{number}</v></c>' for number in (3, 0, 1, 2))
    assert texts(read_grid(with_sheet(f"<row>{cells}</row>", strings=strings), "a.xlsx")) == [
        ["", "Red shoes", "東京", "a_x000D_b\rc😀 x005F_"]
    ]


def test_sixteen_thousand_formatted_columns_and_a_wrong_dimension_leave_no_trace() -> None:
    made = book(["id", "title"], ["p1", "Tent"])
    for column in range(3, 16_385):
        made.active.cell(1, column).fill = PatternFill("solid", fgColor="FFFF00")
    data = saved(made)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert 'ref="A1:XFD2"' in xml
    xml = xml.replace("A1:XFD2", "A1:XFD1048576").replace("</sheetData>", '<row r="1048576" s="1"/></sheetData>')
    grid = read_grid(with_part(data, "xl/worksheets/sheet1.xml", xml), "a.xlsx")
    assert texts(grid) == [["id", "title"], ["p1", "Tent"]]
    assert grid.rows.tolist() == [1, 2]


def test_a_dimension_that_is_too_small_hides_nothing() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="3"><c r="C3"><v>2</v></c></row>'
    data = with_part(
        saved(book(["x"])),
        "xl/worksheets/sheet1.xml",
        f'<worksheet xmlns="{MAIN}"><dimension ref="A1"/><sheetData>{rows}</sheetData></worksheet>',
    )
    assert texts(read_grid(data, "a.xlsx")) == [["1", "", ""], ["", "", "2"]]


def test_rows_are_gathered_in_pieces_of_any_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_cells, "_PIECE_ROWS", 3)
    rows = [["a"], ["b", None, "c"], ["d"], ["e"], ["f"], [None, "g"], ["h", "i", "j", "k"]]
    grid = read_grid(saved(book(*rows)), "a.xlsx")
    assert texts(grid) == [[cell or "" for cell in row] + [""] * (4 - len(row)) for row in rows]
    assert grid.table.column(0).num_chunks == 3
    assert sum(column.null_count for column in grid.table.columns) == 0


def test_the_same_comes_of_a_path_bytes_and_an_open_file(tmp_path: Path) -> None:
    data = saved(book(["a", 1]))
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with path.open("rb") as file:
        file.seek(5)
        grids = [read_grid(source, "a.xlsx") for source in (path, data, file, file)]
        assert not file.closed
    assert all(texts(grid) == [["a", "1"]] for grid in grids)
    with pytest.raises(InvalidTable, match="There is no file"):
        read_grid(tmp_path / "b.xlsx", "b.xlsx")


@pytest.mark.parametrize("strings", [False, True])
def test_a_bar_moves_and_reading_can_be_stopped(strings: bool) -> None:
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" t="s"><v>{row - 1}</v></c></row>'
        if strings
        else f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{"x" * 100}</t></is></c></row>'
        for row in range(1, 40_001)
    )
    texts_of_it = f"<si><t>{'x' * 100}</t></si>" * 40_000
    data = with_sheet(rows, strings=texts_of_it if strings else None)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = ["xl/worksheets/sheet1.xml", *(["xl/sharedStrings.xml"] if strings else [])]
        total = sum(archive.getinfo(name).file_size for name in names)
    news: list[dict] = []
    read_grid(data, "a.xlsx", run=RunContext(report=news.append))
    assert {(one["stage"], one["total"]) for one in news} == {("Reading a.xlsx", total)}
    done = [one["done"] for one in news]
    assert done == sorted(done)
    assert done[-1] == total
    assert max(later - earlier for earlier, later in zip([0, *done], done, strict=False)) < 1.1 * 2**20
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked == len(news) // 2

    with pytest.raises(Cancelled):
        read_grid(data, "a.xlsx", run=RunContext(stop_asked=stop))
    assert asked == len(news) // 2


def test_parts_may_be_named_in_another_case() -> None:
    strings = "<si><t>Tent</t></si>"
    data = with_sheet('<row><c t="s"><v>0</v></c></row>', strings=strings)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            new.writestr(part.replace("sharedStrings", "SharedStrings"), old.read(part))
    assert texts(read_grid(out.getvalue(), "a.xlsx")) == [["Tent"]]


def test_colours_that_openpyxl_refuses_do_no_harm() -> None:
    made = book([dt.date(2024, 3, 31)])
    data = saved(made)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        styles = archive.read("xl/styles.xml").decode()
    broken = with_part(data, "xl/styles.xml", styles.replace('patternType="gray125"', 'patternType="tartan"'))
    with pytest.raises(ValueError, match="stylesheet"):
        openpyxl.load_workbook(io.BytesIO(broken))
    assert texts(read_grid(broken, "a.xlsx")) == [["2024-03-31"]]


def archive_of(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


def strict() -> bytes:
    data = saved(book(["a"]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read("xl/workbook.xml").decode()
    return with_part(data, "xl/workbook.xml", xml.replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main"))


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"id,title\n1,Tent\n", "isn't an Excel workbook"),
        (b"\x89PNG\r\n\x1a\n", "isn't an Excel workbook"),
        (OLE + "Workbook".encode("utf-16-le"), r"old kind \(.xls\)"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "locked with a password"),
        (b"PK\x03\x04 and no more", "is damaged"),
        (saved(book(["a"]))[:-300], "is damaged"),
        (archive_of(), "is a zip archive"),
        (archive_of(a_csv="id"), "is a zip archive"),
        (archive_of(word__document_xml="<a/>"), "is a Word document"),
        (archive_of(xl__workbook_bin="."), "is a binary workbook"),
        (archive_of(Index__Document_iwa="."), "is a document of Apple Numbers"),
        (archive_of(mimetype=".", content_xml="."), "is an OpenDocument file"),
        (strict(), "Strict Open XML"),
        (with_part(saved(book(["a"])), "xl/workbook.xml", "<workbook"), "is damaged"),
        (
            with_sheet('<row r="1"><c r="A1" t="s"><v>7</v></c></row>', strings=""),
            "cell A1 of sheet “Sheet” holds what is",
        ),
        (with_sheet('<row r="1"><c r="A1" t="s"><v>-1</v></c></row>', strings="<si/>"), "cell A1 of sheet “Sheet”"),
        (with_sheet('<row r="1"><c r="B1"><v>five</v></c></row>'), "cell B1 of sheet “Sheet”"),
        (with_sheet('<row r="5"><c><v>1</v></c></row><row r="2"><c><v>1</v></c></row>'), "row 2 follows row 5"),
        (with_sheet('<row r="1048577"><c><v>1</v></c></row>'), "row 1,048,577 follows"),
        (with_sheet('<row><c t="inlineStr"><is><t>a_x0000_</t></is></c></row>'), "Cell A1 .* holds a NUL character"),
        (with_sheet(f'<row r="1"><c r="{get_column_letter(5001)}1"><v>1</v></c></row>'), r"column 5,001 \(cell GJI1\)"),
        (with_sheet('<row r="1"><c r="1"><v>1</v></c></row>'), "is damaged"),
    ],
)
def test_what_is_no_workbook_is_refused_in_plain_words(data: bytes, said: str) -> None:
    with pytest.raises(InvalidTable, match=said) as caught:
        read_grid(data, "shop.xlsx")
    assert "shop.xlsx" in str(caught.value)


def test_a_bomb_of_zeros_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved(book(["a"])))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for part in old.namelist():
            new.writestr(part, old.read(part))
        with new.open("xl/worksheets/sheet2.xml", "w") as file:
            for _ in range(513):
                file.write(bytes(1 << 20))
    assert len(out.getvalue()) < 4 << 20
    with pytest.raises(InvalidTable, match="more than 512 MB once it is unpacked"):
        read_grid(out.getvalue(), "a.xlsx")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"]
)
def test_entities_are_refused_wherever_they_are(part: str, encoding: str) -> None:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    xml = f'<?xml version="1.0" encoding="{encoding}"?><!-- c --><!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><x>&e9;</x>'
    with pytest.raises(InvalidTable, match="DOCTYPE"):
        read_grid(with_part(saved(book(["a"])), part, xml.encode(encoding)), "a.xlsx")


def test_limits_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "ROW_BYTES", 100_000)
    with pytest.raises(InvalidTable, match="a row or a cell of more than"):
        read_grid(with_sheet("<row>" + "<c/>" * 100_000 + "</row>"), "a.xlsx")
    with pytest.raises(InvalidTable, match="a row or a cell of more than"):
        read_grid(with_sheet("", strings=f"<si><t>{'a' * 200_000}</t></si>"), "a.xlsx")
    with pytest.raises(InvalidTable, match="a row or a cell of more than"):
        read_grid(with_sheet("<row/>", head="<!--" + " " * 200_000 + "-->"), "a.xlsx")
    monkeypatch.setattr(sheet_cells, "LIMIT_TEXT", 100_000)
    cells = '<row><c t="s"><v>0</v></c></row>' * 200
    with pytest.raises(InvalidTable, match="GB of text"):
        read_grid(with_sheet(cells, strings=f"<si><t>{'a' * 1_000}</t></si>"), "a.xlsx")
    monkeypatch.setattr(workbook, "MAX_TEXTS", 100)
    with pytest.raises(InvalidTable, match="more than 100 different texts"):
        read_grid(with_sheet(cells, strings="<si/>" * 101), "a.xlsx")
    monkeypatch.setattr(workbook, "MAX_PARTS", 3)
    with pytest.raises(InvalidTable, match="more than 3 parts"):
        read_grid(saved(book(["a"])), "a.xlsx")
    monkeypatch.setattr(workbook, "MAX_PARTS", 100)
    monkeypatch.setattr(workbook, "PART_BYTES", 100)
    with pytest.raises(InvalidTable, match="list of sheets or styles"):
        read_grid(saved(book(["a"])), "a.xlsx")


@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", OLE]))
def test_any_bytes_give_a_grid_or_a_plain_refusal(data: bytes, begin: bytes) -> None:
    with pytest.raises(InvalidTable):
        read_grid(begin + data, "a.xlsx")


def _small() -> bytes:
    """A real workbook, stored without compression, so that a changed byte is a changed letter of its XML."""
    made = book(["id", "price", "when"], ["p1", 9.5, dt.date(2024, 3, 31)], ["p2", "=1+1", True])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(made))) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            if not part.startswith("docProps") and "theme" not in part:
                new.writestr(part, old.read(part))
    return out.getvalue()


SMALL = _small()


def read_or_refused(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            grid = read_grid(data, "a.xlsx")
        except InvalidTable:
            return
    assert grid.table.num_rows == len(grid.rows)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes_of_a_workbook_give_a_grid_or_a_plain_refusal(changes: list[tuple[int, int]]) -> None:
    data = bytearray(SMALL)
    for place, byte in changes:
        data[place] = byte
    read_or_refused(bytes(data))


PARTS = [
    "[Content_Types].xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/styles.xml",
    "xl/worksheets/sheet1.xml",
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PARTS), st.randoms(use_true_random=False))
def test_changed_letters_behind_a_right_checksum_do_so_too(part: str, chance: random.Random) -> None:
    with zipfile.ZipFile(io.BytesIO(SMALL)) as archive:
        xml = bytearray(archive.read(part))
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(xml))
        xml[place : place + chance.randint(0, 3)] = bytes(chance.choices(b'019aAr"<>/=- \xff&', k=chance.randint(0, 3)))
    read_or_refused(with_part(SMALL, part, bytes(xml)))
