from __future__ import annotations

import csv
import datetime as dt
import io
import random
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys_core.errors import InvalidTable
from recsys_core.tables.checking import CheckedTable, read_table
from recsys_core.tables.columns import Kind
from recsys_core.tables.difference import OnDuplicate
from recsys_core.tables.mapping import Mapping
from recsys_core.tables.matching import MissingColumn
from recsys_core.workspace.exports import safe_csv

NOW = dt.datetime(2026, 6, 1, 12)


def check(text: str, kind: Kind = "products") -> CheckedTable:
    return read_table(text.encode(), kind, name="shop.csv", now=NOW)


def refused(text: str, kind: Kind = "products") -> str:
    with pytest.raises(InvalidTable) as error:
        check(text, kind)
    return str(error.value)


def reasons(table: CheckedTable) -> list[tuple[int, str, str, str]]:
    return list(table.rejected.iloc[:, :4].itertuples(index=False, name=None))


def test_a_clean_table() -> None:
    table = check(
        "Product-ID, TITLE ,category,Price,tags,launched at,colour\n"
        "007,Mug,Kitchen>Mugs,3.50,red|blue,2024-03-31,NA\n"
        "1E5,Cup,,,,,\n"
    )
    frame = table.frame
    assert list(frame.columns) == ["product_id", "title", "category", "price", "tags", "launched_at", "colour"]
    assert frame["product_id"].tolist() == ["007", "1E5"]
    assert frame["category"].tolist()[0] == "Kitchen > Mugs"
    assert frame["price"].tolist()[0] == 3.5
    assert frame["tags"].tolist() == [["red", "blue"], []]
    assert frame["launched_at"].tolist()[0] == pd.Timestamp("2024-03-31")
    assert frame["colour"].tolist()[0] == "NA"
    assert frame.loc[1, ["category", "price", "launched_at", "colour"]].isna().all()
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "product_id": "str",
        "title": "str",
        "category": "str",
        "price": "float64",
        "tags": "object",
        "launched_at": "datetime64[us]",
        "colour": "str",
    }
    assert frame.index.tolist() == [0, 1]
    assert (table.kind, table.name, table.rows_read, table.notes) == ("products", "shop.csv", 2, ())
    assert table.rejected.empty
    assert table.summary() == "2 rows read, 2 good, 0 rejected."


def test_bad_rows_are_told_and_good_ones_go_on() -> None:
    table = check(
        "customer_id,product_id,quantity,unit_price,timestamp\n"
        "c1,p1,1,2.50,2024-01-01\n"
        "c1,p1,one,-2.50,2024-01-01\n"
        " ,p1,1,2.50,2024-01-01\n"
        "c2,p1,1\n"
        "c2,p2,-1,0,2024-01-01\n"
        "c3,p3,1,1e400,0000-00-00\n"
        "c3,p3,1,1,2031-01-01\n"
        "c4,p4,,,\n",
        "interactions",
    )
    assert table.frame["customer_id"].tolist() == ["c1", "c2", "c4"]
    assert table.frame["quantity"].tolist()[:2] == [1, -1]
    assert table.frame.index.tolist() == [0, 1, 2]
    number, price, date = (
        "a number such as 12 or 3.5",
        "a price of 0 or more, such as 12.50",
        "a date such as 2024-03-31",
    )
    assert reasons(table) == [
        (3, "quantity; unit_price", "one; -2.50", f"{number}; {price}"),
        (4, "customer_id", " ", "an id: the cell may not be empty"),
        (5, "", "3 values", "5, as in the first row"),
        (7, "unit_price; timestamp", "1e400; 0000-00-00", f"{price}; {date}, or a time such as 2024-03-31 14:05"),
        (8, "timestamp", "2031-01-01", "a date that isn't in the future"),
    ]
    assert table.rows_read == 8
    summary = table.summary()
    assert summary.startswith(
        '8 rows read, 3 good, 5 rejected: row 3, quantity; unit_price "one; -2.50" (expected a number'
    )
    assert "row 5, 3 values (expected 5, as in the first row)" in summary
    assert summary.endswith("and 2 more.")


def test_rejected_rows_keep_their_text() -> None:
    table = check('product_id,title,price,row\n 01 ,"a, ""b""",x,9\n2,b,1,2,3\n3,c\n')
    assert list(table.rejected.columns) == [
        "row",
        "column",
        "found",
        "expected",
        "product_id",
        "title",
        "price",
        "row (file)",
    ]
    assert table.rejected.iloc[:, 4:].to_numpy().tolist() == [
        [" 01 ", 'a, "b"', "x", "9"],
        ["2", "b", "1", "2,3"],
        ["3", "c", "", ""],
    ]
    assert table.frame.empty
    assert list(table.frame.columns) == ["product_id", "title", "price", "row"]


def test_row_numbers_behind_quoted_line_breaks_and_blank_rows() -> None:
    table = check('product_id,title,price\n1,"a\nb\nc",1\n\n2,b,x\n,,\n3,c,y\n')
    assert table.rejected["row"].tolist() == [4, 6]
    assert table.rows_read == 3


@pytest.mark.parametrize(("kind", "name"), [("products", "product_id"), ("customers", "customer_id")])
def test_a_second_row_with_the_same_id_is_rejected(kind: Kind, name: str) -> None:
    table = check(
        f"{name},title,price\nA,bad,{'x' if kind == 'products' else 1}\nB,b,1\nA,a,2\nB ,c,3\nB,d,4\nC,e,5\n", kind
    )
    first = 4 if kind == "products" else 2
    assert table.frame["title"].tolist() == (["b", "a", "e"] if kind == "products" else ["bad", "b", "e"])
    told = {row: expected for row, column, _, expected in reasons(table) if column == name}
    assert told[5] == told[6] == "an id of its own; row 3 has this one already"
    assert told.get(4, "") == ("" if first == 4 else "an id of its own; row 2 has this one already")


def test_repeated_interactions_are_no_fault() -> None:
    assert len(check("customer_id,product_id\na,b\na,b\n", "interactions").frame) == 2


def test_ids_that_look_alike_are_kept_and_told() -> None:
    table = check("product_id,title\nab1,x\nAB1,y\nCafé,z\nCafe\u0301,w\nD\u200b,v\nE,u\n")
    assert len(table.frame) == 6
    assert len(table.notes) == 1
    assert '"ab1" (row 2) and "AB1" (row 3), "Café" (row 4) and "Cafe\u0301" (row 5).' in table.notes[0]


def test_products_without_a_title_are_kept_and_counted() -> None:
    table = check("product_id,title\n1,\n2,b\n3, \n")
    assert len(table.frame) == 3
    assert table.frame["title"].isna().tolist() == [True, False, True]
    assert table.notes == ("2 products without a title: kept, but found by fewer signs.",)


def test_other_names_for_our_columns() -> None:
    table = check("sku,name,Farbe\n1,Mug,red\n")
    assert table.frame.columns.tolist() == ["product_id", "title", "Farbe"]
    assert [(read.ours, read.theirs) for read in table.columns] == [
        ("product_id", "sku"),
        ("title", "name"),
        ("Farbe", "Farbe"),
    ]


def test_a_column_that_is_missing() -> None:
    with pytest.raises(MissingColumn) as error:
        check("title,weather\na,sun\nb,rain\nc,rain\n")
    message = str(error.value)
    assert message.startswith('shop.csv has no column "product_id", which a table of products needs.')
    assert 'Found "title", "weather". Say which of them it is, add it, or check' in message
    assert error.value.theirs == {"title": "title"}


def test_a_doubtful_column_is_asked_for_and_not_taken() -> None:
    with pytest.raises(MissingColumn) as error:
        check("title,prodct_id\na,1\n")
    assert "Perhaps “prodct_id” is product_id (" in str(error.value)
    assert error.value.theirs == {"title": "title", "product_id": "prodct_id"}
    chosen = read_table(
        b"title,prodct_id\na,1\n", "products", name="shop.csv", mapping=Mapping(columns={"product_id": "prodct_id"})
    )
    assert chosen.frame["product_id"].tolist() == ["1"]


def test_a_mapping_decides() -> None:
    text = b"product_id;title;Name;Preis;note\n7;short;The long name;3,50;x\n"
    mapping = Mapping(columns={"title": "Name", "price": "Preis", "brand": None}, left_out=("note",))
    table = read_table(text, "products", name="shop.csv", mapping=mapping)
    # Their own “title” isn't ours any more; nothing of it is lost.
    assert table.frame.to_dict("records") == [
        {"product_id": "7", "title (file)": "short", "title": "The long name", "price": 3.5}
    ]
    assert table.mapping.columns["title"] == "Name"
    assert (table.mapping.delimiter, table.mapping.encoding, table.mapping.header_row) == (";", "utf-8", 1)
    for wrong, said in [
        ({"colour": "note"}, 'names "colour", which a table of products doesn\'t have'),
        ({"brand": "Marke"}, 'has no column "Marke", which the mapping names'),
        ({"brand": "note", "category": "note"}, '“note” of shop.csv was chosen for "brand", "category"'),
    ]:
        with pytest.raises(InvalidTable, match=re.escape(said)):
            read_table(text, "products", name="shop.csv", mapping=Mapping(columns=wrong))


def test_a_title_above_the_table() -> None:
    text = "Artikelliste 2024;;\n;;\nStand: 1.3.2024;;\nArtikelnummer;Bezeichnung;Preis\n1;Tasse;3,50\n2;Kanne;x\n3;Topf;5\n4;Tee;6\n"
    table = check(text)
    assert table.frame[["product_id", "title", "price"]].to_numpy().tolist()[0] == ["1", "Tasse", 3.5]
    assert reasons(table)[0][:3] == (6, "Preis", "x")
    assert table.mapping.header_row == 4
    assert table.notes[0] == "The column names of shop.csv are in row 4; 2 rows above them were left out."
    same = check("Artikelliste, Stand 2024\n\nArtikelnummer;Bezeichnung;Preis\n1;Tasse;3,50\n")
    assert (same.mapping.delimiter, same.mapping.header_row, len(same.frame)) == (";", 3, 1)
    named = read_table(text.encode(), "products", name="shop.csv", mapping=Mapping(header_row=4))
    pd.testing.assert_frame_equal(named.frame, table.frame)


def test_rejected_rows_come_back_mended() -> None:
    first = check("product_id,title,price,row\nA,=1+1,x,9\nB,b,1,8\nC,c,-1,7\n")
    mended = first.rejected.assign(price="5")
    again = read_table(safe_csv(mended), "products", name="mended.csv")
    assert again.frame.to_dict("records") == [
        {"product_id": "A", "title": "=1+1", "price": 5.0, "row": "9"},
        {"product_id": "C", "title": "c", "price": 5.0, "row": "7"},
    ]
    assert "the columns with the reasons were left out" in again.notes[0]


@pytest.mark.parametrize("how", ["replace", "merge"])
def test_ids_twice_in_a_file_can_be_put_together(how: OnDuplicate) -> None:
    text = b"product_id,title,price,tags\nA,first,1,x\nB,b,2,\nA,,3,\n"
    table = read_table(text, "products", name="shop.csv", on_duplicate=how)
    assert table.rejected.empty
    last = table.frame.set_index("product_id").loc["A"]
    assert last["price"] == 3
    assert (last["title"], last["tags"]) == (
        ("first", ["x"]) if how == "merge" else (pytest.approx(np.nan, nan_ok=True), [])
    )
    assert any("1 id stands in more than one row (1 surplus)" in note for note in table.notes)


def test_causes_are_grouped() -> None:
    table = check("product_id,title,price\nA,a,x\nB,b,y\nC,c,-1\nB,b,1\nD,d\nB,e,2\n")
    assert [(group.column, group.count, group.examples[0]) for group in table.groups()] == [
        ("price", 3, (2, "x")),
        ("", 1, (6, "2 values")),
        ("product_id", 1, (7, "B")),
    ]
    assert len(table.rejected) == 5


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("7806397051,WAWO 15 Color Palette,Makeup\n9759091062,Xtreme,Skin\n", "products"),
        ("U00225,B0000535UX,2002-06-12\nU00226,B0000535UM,2002-06-13\n", "interactions"),
    ],
)
def test_no_header(text: str, kind: Kind) -> None:
    message = refused(text, kind)
    assert message.startswith("Row 1 of shop.csv doesn't hold column names but data (")
    assert "Put a row with the names above it" in message


def test_a_german_file() -> None:
    text = "product_id;title;price\n1;Größe L;1.299,00\n2;Übertopf;3,50\n"
    table = read_table(text.encode("cp1252"), "products", name="shop.csv")
    assert table.frame["price"].tolist() == [1299, 3.5]
    assert table.frame["title"].tolist() == ["Größe L", "Übertopf"]
    assert table.columns[2].read_as.startswith("decimal comma")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("packed", [False, True])
def test_what_pandas_writes_is_read_again(encoding: str, packed: bool, tmp_path: Path) -> None:
    alphabet = [
        "a",
        "B",
        " ",
        ",",
        ";",
        "|",
        '"',
        "\n",
        "\t",
        "'",
        "=",
        "ö",
        "茶",
        "𝄞",
        "1",
        ".",
        "-",
        "NA",
        "\\",
        "\r\n",
    ]
    generator = random.Random(1)
    titles = ["x" + "".join(generator.choices(alphabet, k=generator.randint(0, 12))) for _ in range(500)]
    written = pd.DataFrame(
        {
            "product_id": [f"{number:05d}" for number in range(500)],
            "title": titles,
            "price": np.round(np.random.default_rng(1).random(500) * 100, 4),
            "launched_at": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(500), unit="h"),
            "remark": titles[::-1],
        }
    )
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    written.to_csv(path, index=False, encoding=encoding)
    table = read_table(path, "products", name=path.name)
    assert table.summary() == "500 rows read, 500 good, 0 rejected."
    pd.testing.assert_frame_equal(table.frame, written.astype({"launched_at": "datetime64[us]"}))


def test_every_planted_fault_is_found_where_it_is() -> None:
    generator = random.Random(2)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["customer_id", "product_id", "quantity", "comment"])
    expected = []
    for row in range(2, 3002):
        line = [f"c{row % 50}", f"p{row % 70}", "1", generator.choice(["", "ok", 'said "no"', "two\nlines", "a,b"])]
        fault = generator.choice(["none"] * 20 + ["short", "long", "number", "id"])
        if fault == "short":
            line.pop()
        elif fault == "long":
            line.append("")
        elif fault == "number":
            line[2] = "many"
        elif fault == "id":
            line[0] = ""
        expected += [] if fault == "none" else [row]
        writer.writerow(line)
    table = read_table(out.getvalue().encode(), "interactions", name="shop.csv")
    assert table.rejected["row"].tolist() == expected
    assert len(table.frame) == 3000 - len(expected)
    assert table.rows_read == 3000


def test_a_table_of_bad_rows_only() -> None:
    table = check("product_id,title,price,tags\n1,a,x,t\n2,b,y,\n")
    assert (len(table.frame), len(table.rejected)) == (0, 2)
    assert str(table.frame["price"].dtype) == "float64"
