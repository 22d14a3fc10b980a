"""Every fault that a table can come with: it is read right, or said plainly with where it is and what was expected."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from recsys_core.errors import InvalidTable
from recsys_core.tables.checking import CheckedTable, read_table
from recsys_core.tables.columns import Kind
from recsys_core.tables.mapping import Mapping
from recsys_core.workspace import Workspace
from recsys_core.workspace.exports import safe_csv
from recsys_core.workspace.imports import Upload, check_files

NOW = dt.datetime(2026, 6, 1, 12)
HEADER = "product_id,title,price,brand,launched_at\n"


def check(data: str | bytes, kind: Kind = "products", name: str = "shop.csv") -> CheckedTable:
    return read_table(data.encode() if isinstance(data, str) else data, kind, name=name, now=NOW)


def refused(data: str | bytes, kind: Kind = "products", name: str = "shop.csv") -> str:
    with pytest.raises(InvalidTable) as error:
        check(data, kind, name)
    message = str(error.value)
    assert name in message
    assert "\n" not in message
    return message


def workbook(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("name", ["shop.csv", "shop.xlsx", "shop.parquet", "shop.csv.gz", "shop"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\n \r\n,,\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (HEADER.encode(), "no rows below"),
        (HEADER.encode("utf-16"), "no rows below"),
        (b"7806397051,Colour Palette 15,12.50\n9759091062,Xtreme Lash 02,7.00\n", "doesn't hold column names but data"),
        (b"product_id,title,Title\n1,a,b\n", "the same name"),
        (b"product_id,title,price,price\n1,a,2,3\n", "the same name"),
        (b"PK\x03\x04\x14\0\x06\0" + bytes(range(256)), "damaged"),
        (b"PK\x05\x06" + bytes(18), "an empty zip archive"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG picture"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "a PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "old Excel workbook"),
        (b"PAR1" + bytes(100), "damaged"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "damaged .gz archive"),
        (b"<!DOCTYPE html><html><body>Please log in</body></html>", "a web page"),
        (b"colour,weather\nred,rain\n", '"product_id"'),
    ],
)
def test_what_is_no_table_is_refused_whatever_it_is_called(data: bytes, said: str, name: str) -> None:
    assert said in refused(data, name=name)


@pytest.mark.parametrize(
    ("encoding", "mark", "title"),
    [
        ("utf-8", b"", "Größe – 大きい 🍵"),
        ("utf-8", b"\xef\xbb\xbf", "Größe – 大きい 🍵"),
        ("utf-16", b"", "Größe – 大きい 🍵"),
        ("utf-16-le", b"", "Größe – grün"),
        ("utf-16-be", b"", "Größe – grün"),
        ("cp1252", b"", "Größe – Übertöpfe für 5 €"),
        ("gb18030", b"", "家居用品，红色的茶杯"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends(
    encoding: str, mark: bytes, title: str, delimiter: str, line_end: str
) -> None:
    lines = [["product_id", "title", "price"], *([f"{number:05}", title, f"{number}.5"] for number in range(20))]
    text = "".join(delimiter.join(line) + line_end for line in lines)
    table = check(mark + text.encode(encoding))
    assert table.rejected.empty
    assert table.frame["product_id"].tolist() == [f"{number:05}" for number in range(20)]
    assert set(table.frame["title"]) == {title}
    assert table.frame["price"].sum() == 200


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_quoted_line_breaks_stay_and_a_row_with_them_is_one_row(line_end: str) -> None:
    text = f'product_id,title,price{line_end}1,"two{line_end}lines, ""quoted""",2{line_end}2,b,x{line_end}'
    table = check(text)
    assert table.frame["title"].tolist() == [f'two{line_end}lines, "quoted"']
    assert table.rejected["row"].tolist() == [3]


@pytest.mark.parametrize(
    ("data", "row"),
    [
        (b'product_id,title\n1,a\n2,"b\n3,c\n', 3),
        (b'product_id,title\n1,a\n2,"b\n3,c\n4,"d"\n', 3),
        (b"product_id,title\n1,a\n2,b\0c\n", 3),
        (b"product_id,title\n1,caf\xc3\xa9\n2,\xe8\x8c\xb6\n3,\xff\n", 4),
    ],
    ids=["unclosed quote", "a quote closed too late", "NUL", "a damaged letter"],
)
def test_what_makes_a_file_unreadable_is_named_with_its_row(data: bytes, row: int) -> None:
    assert f"ow {row} " in refused(data)


def test_a_row_too_long_or_too_short_shifts_nothing() -> None:
    table = check("product_id,title,price\n1,a,2\n2,b,c,3\n3,d\n4,e,5\n")
    assert table.frame["price"].tolist() == [2, 5]
    assert table.rejected["row"].tolist() == [3, 4]
    assert table.rejected["found"].tolist() == ["4 values", "2 values"]


def test_words_that_programs_take_for_nothing_stay_words() -> None:
    words = ["NA", "N/A", "null", "NULL", "None", "nan", "NaN", "true", "-", "inf", "1E5", "00123", "1e400"]
    for column in ("product_id", "title", "brand"):
        rows = [",".join(word if name == column else f"{name}{at}" for name in ("product_id", "title", "brand"))
                for at, word in enumerate(words)]  # fmt: skip
        table = check("product_id,title,brand\n" + "\n".join(rows) + "\n")
        assert table.frame[column].tolist() == words
        assert table.rejected.empty


def test_excels_marks_in_ids_stay_and_are_flagged() -> None:
    table = check("product_id,title\n1.23E+12,a\n4006381333931,b\n007,c\n")
    assert table.frame["product_id"].tolist() == ["1.23E+12", "4006381333931", "007"]
    assert any("1 value of product_id" in note and "shortened" in note for note in table.notes)


def test_formulas_are_text() -> None:
    title = '=HYPERLINK("https://example.org","Click")'
    assert check(f'product_id,title\n1,"{title.replace(chr(34), chr(34) * 2)}"\n').frame["title"].tolist() == [title]
    table = check(workbook(["product_id", "title"], ["1", "a"], ["2", title]))
    assert table.frame["title"].fillna("").tolist() == ["a", ""]
    assert any("formula" in note and "B3" in note for note in table.notes)


@pytest.mark.parametrize(
    ("cells", "prices", "said"),
    [
        (["1.299,00", "3,50", "0,99"], [1299, 3.5, 0.99], "decimal comma"),
        (["1,299.00", "3.50", "0.99"], [1299, 3.5, 0.99], "commas between thousands"),
        (["¥ 99", "¥ 1,299", "¥ 5"], [99, 1299, 5], "currency left out"),
        (["￥99", "￥1299", "5元"], [99, 1299, 5], "currency left out"),
        (["１２．５０", "９９", "5"], [12.5, 99, 5], ""),
        (["1 299,00 €", "3,50 €", "5 €"], [1299, 3.5, 5], "decimal comma"),
        (["1'299.00", "CHF 3.50", "5"], [1299, 3.5, 5], "apostrophes between thousands"),
    ],
)
def test_prices_as_shops_write_them(cells: list[str], prices: list[float], said: str) -> None:
    table = check("product_id;title;price\n" + "".join(f"{at};a;{cell}\n" for at, cell in enumerate(cells)))
    assert table.rejected.empty
    assert table.frame["price"].tolist() == prices
    assert said in table.columns[2].read_as


def test_a_price_that_may_mean_two_things_is_flagged() -> None:
    assert "1299 or 1.299" in check("product_id,title,price\n1,a,1.299\n2,b,3.500\n").columns[2].unsure
    table = check('product_id,title,price\n1,a,1.50\n2,b,"3,5"\n3,c,2.25\n')
    assert table.frame["price"].tolist() == [1.5, 2.25]
    assert table.rejected["found"].tolist() == ["3,5"]


def test_dates_as_excel_counts_them() -> None:
    table = check("product_id,title,launched_at\n1,a,44927\n2,b,44928.5\n")
    assert table.frame["launched_at"].tolist() == [pd.Timestamp("2023-01-01"), pd.Timestamp("2023-01-02 12:00")]
    assert "Excel" in table.columns[2].read_as
    table = check(workbook(["product_id", "title", "launched_at"], ["1", "a", dt.datetime(2023, 1, 1)]))
    assert table.frame["launched_at"].tolist() == [pd.Timestamp("2023-01-01")]


@pytest.mark.parametrize(
    "price", ["-1", "-0.01", "inf", "-inf", "NaN", "Infinity", "1e400", "abc", "1.2.3", "1e", "０.０.１"]
)
def test_impossible_prices_are_rejected_with_the_reason(price: str) -> None:
    table = check(f"{HEADER}1,a,2,b,\n2,b,{price},c,\n")
    assert table.frame["product_id"].tolist() == ["1"]
    assert table.rejected.iloc[0].tolist() == [
        3, "price", price, "a price of 0 or more, such as 12.50", "2", "b", price, "c", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "time",
    ["0000-00-00", "0000-00-00 00:00:00", "2023-02-30", "2023-13-01", "2027-01-01", "9999-12-31", "1023-01-01", "soon"],
)
def test_impossible_times_are_rejected_with_the_reason(time: str) -> None:
    table = check(f"customer_id,product_id,timestamp\nc,p,2023-01-01\nc,q,{time}\n", "interactions")
    assert table.frame["product_id"].tolist() == ["p"]
    assert table.rejected[["row", "column", "found"]].to_numpy().tolist() == [[3, "timestamp", time]]
    assert "a date" in table.rejected["expected"][0]
    assert table.rejected.iloc[0].tolist()[4:] == ["c", "q", time]


def test_dates_in_two_orders_in_one_file() -> None:
    times = ["31.01.2024", "25.02.2024", "01/13/2024", "28.03.2024"]
    text = "customer_id,product_id,timestamp\n" + "".join(f"c,p{at},{time}\n" for at, time in enumerate(times))
    table = check(text, "interactions")
    assert table.rejected["found"].tolist() == ["01/13/2024"]
    assert "order" in table.rejected["expected"][0]
    assert table.frame["timestamp"].tolist() == [
        pd.Timestamp("2024-01-31"), pd.Timestamp("2024-02-25"), pd.Timestamp("2024-03-28"),
    ]  # fmt: skip
    table = check(text.replace("25.02.2024", "05.02.2024"), "interactions")
    assert "two orders" in table.columns[2].unsure


def test_an_id_twice_is_rejected_with_both_rows() -> None:
    table = check("product_id,title\nA,first\nB,b\nA,second\n A ,third\n")
    assert table.frame["title"].tolist() == ["first", "b"]
    assert table.rejected["row"].tolist() == [4, 5]
    assert all("row 2 " in reason for reason in table.rejected["expected"])
    assert table.rejected["title"].tolist() == ["second", "third"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tee-1", "tee-1"),
        ("Tee 1", "Tee1"),
        ("Tee\u00a01", "Tee 1"),
        ("Caf\u00e9", "Cafe\u0301"),
        ("Tee\u200b1", "Tee1"),
        ("Tee\ufeff1", "Tee1"),
        ("Tee\u00ad1", "Tee1"),
        ("Tee\u20631", "Tee1"),
        ("Tee\u202e1", "Tee1"),
        ("\uff34ee1", "Tee1"),
    ],
)
def test_ids_that_differ_invisibly_are_told_with_their_rows(one: str, other: str) -> None:
    table = check(f"product_id,title\n{one},a\nX,x\n{other},b\n")
    assert table.frame["product_id"].tolist() == [one, "X", other]
    said = next(note for note in table.notes if "differ only by" in note)
    assert "row 2" in said
    assert "row 4" in said


def test_ids_of_the_catalog_are_kept_unless_asked(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    check_files({"products": Upload(b"product_id,title\nA,old\nB,b\n", "shop.csv")}).publish(workspace)
    checked = check_files({"products": Upload(b"product_id,title\nA,new\na,twin\nC,c\n", "more.csv")})
    plan = checked.plan(workspace)
    assert "1" in plan.sentences()[0]
    version = plan.publish(workspace)
    titles = workspace.catalog(version.id).products.set_index("product_id")["title"]
    assert titles.to_dict() == {"A": "old", "B": "b", "a": "twin", "C": "c"}
    assert check_files({"products": Upload(b"product_id,title\nA,new\n", "more.csv")}).plan(workspace).changes_nothing
    replaced = checked.plan(workspace, "replace").publish(workspace)
    assert workspace.catalog(replaced.id).products.set_index("product_id")["title"]["A"] == "new"
    workspace.close()


def test_interactions_of_strangers_are_counted_listed_and_kept_apart(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    checked = check_files(
        {
            "products": Upload(b"product_id,title\nA,a\nB,b\n", "p.csv"),
            "interactions": Upload(b"customer_id,product_id\nc,A\nd,A\nc,ghost\nc,ghost\nd,spook\n", "i.csv"),
            "customers": Upload(b"customer_id\nc\ne\n", "c.csv"),
        }
    )
    plan = checked.plan(workspace)
    assert (plan.fit.unknown_product, plan.fit.unknown_products) == (3, ("ghost", "spook"))
    assert (plan.fit.unknown_customer, plan.fit.unknown_customers) == (2, ("d",))
    said = " ".join(plan.fit.sentences())
    assert '"ghost"' in said
    assert '"d"' in said
    catalog = workspace.catalog(plan.publish(workspace).id)
    assert len(catalog.interactions) == 5
    assert "ghost" not in set(catalog.product_ids)
    assert set(catalog.sales["product_id"]) <= {"A", "B"}
    workspace.close()


def test_rejected_rows_are_downloaded_mended_and_come_alone(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    text = "product_id,title,price,found\nA,a,1,here\nB,=1+1,x,there\nC,'=2+2,-1,\nD,“d”,1.2.3,\n"
    first = check_files({"products": Upload(text.encode(), "shop.csv")})
    assert first.rejected == 3
    first.publish(workspace)
    content = safe_csv(first.tables["products"].rejected)
    file = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    assert file.columns[:4].tolist() == ["row", "column", "found", "expected"]
    assert file["price"].tolist() == ["x", "'-1", "1.2.3"]
    assert file["title"].tolist() == ["'=1+1", "'=2+2", "“d”"]
    mended = file.assign(price="5").to_csv(index=False).encode()
    second = check_files({"products": Upload(mended, "mended.csv")})
    assert second.rejected == 0
    products = workspace.catalog(second.publish(workspace).id).products.set_index("product_id")
    assert products["title"].to_dict() == {"A": "a", "B": "=1+1", "C": "=2+2", "D": "“d”"}
    assert products["price"].tolist() == [1, 5, 5, 5]
    assert products["found"].fillna("").to_dict() == {"A": "here", "B": "there", "C": "", "D": ""}
    workspace.close()


def test_a_price_of_minus_one_survives_the_way_through_a_spreadsheet() -> None:
    """Exports mark it with ' as a text that begins with a sign; it is still a number where it is right to be one."""
    text = "customer_id,product_id,quantity,unit_price\nc,p,-1,5\nc,p,-2,x\n"
    content = safe_csv(check(text, "interactions").rejected)
    table = check(content.replace(b",x", b",5"), "interactions")
    assert table.frame["quantity"].tolist() == [-2]
    assert table.rejected.empty


@pytest.mark.parametrize("encoding", ["klingon", "base64", "undefined", "\0", "utf-16", "utf-32", "idna", "ascii"])
def test_an_encoding_that_does_not_fit_is_said(encoding: str) -> None:
    with pytest.raises(InvalidTable) as error:
        read_table(
            "product_id,title\n1,grün\n".encode(), "products", name="shop.csv", mapping=Mapping(encoding=encoding)
        )
    assert encoding in str(error.value).lower()


def test_utf_16_may_be_chosen_for_a_file_without_its_mark() -> None:
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        data = "product_id,title\n1,grün\n".encode(encoding)
        table = read_table(data, "products", name="shop.csv", mapping=Mapping(encoding="utf-16"))
        assert table.frame["title"].tolist() == ["grün"]


def test_a_long_value_in_a_row_of_another_width_is_set_apart() -> None:
    long = "a" * 200_000
    table = check(f"product_id,title\n1,a\n2,b,{long}\n3,c\n")
    assert table.frame["product_id"].tolist() == ["1", "3"]
    assert table.rejected["title"].tolist() == [f"b,{long}"]
