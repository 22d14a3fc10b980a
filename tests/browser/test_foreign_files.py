"""Files of German, Chinese and French desktops come in by clicks alone; a wrong guess is mended on the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import foreign_files
import pandas as pd
import pytest
from playwright.sync_api import FilePayload, expect
from running_app import RunningApp, running_app
from visitor import Visitor

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(scope="module")
def app_for_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """One app for the files that change nothing."""
    with running_app(tmp_path_factory.mktemp("refused") / "shop") as app:
        yield app


def payload(name: str, content: bytes) -> FilePayload:
    return FilePayload(name=name, mimeType=XLSX if name.endswith("xlsx") else "text/csv", buffer=content)


@pytest.mark.parametrize(
    ("country", "products", "sales", "ending", "told"),
    [
        ("Artikel", foreign_files.german_products, foreign_files.german_sales, "csv", "Windows-1252, semicolons"),
        ("商品", foreign_files.chinese_products, foreign_files.chinese_sales, "csv", "GB18030, commas"),
        (
            "Catalogue",
            foreign_files.excel_products,
            foreign_files.excel_sales,
            "xlsx",
            "sheet “Catalogue”, names in row 4",
        ),
    ],
    ids=["German", "Chinese", "French Excel"],
)
def test_files_of_other_countries_come_in_by_themselves(
    tmp_path: Path, app_on, visit, country: str, products, sales, ending: str, told: str
) -> None:
    app: RunningApp = app_on(tmp_path / "shop")
    visitor: Visitor = visit(app)
    visitor.open("/catalog", "Catalog")
    visitor.give("Products", payload(f"{country}.{ending}", products()))
    expect(visitor.page.get_by_text("3,332 rows read · 3,332 good")).to_be_visible()
    expect(visitor.page.get_by_text(f"How it was read: {told}")).to_be_visible()
    visitor.give("Interactions", payload(f"sales.{ending}", sales()))
    expect(visitor.page.get_by_text("5,000 rows read · 5,000 good")).to_be_visible()
    visitor.press("Import")
    expect(visitor.page.get_by_text("Imported. The catalog has 3,332 products now.")).to_be_visible()
    assert visitor.problems == []

    catalog = app.workspace.catalog()
    ours = foreign_files.products()
    pd.testing.assert_series_equal(catalog.products["price"], ours["price"])
    pd.testing.assert_series_equal(catalog.products["category"], ours["category"])
    times = foreign_files.interactions(5_000)["timestamp"]
    pd.testing.assert_series_equal(catalog.interactions["timestamp"], times)


def test_columns_without_a_telling_name_are_chosen_on_the_page_and_bad_rows_are_mended(
    tmp_path: Path, app_on, visit
) -> None:
    app: RunningApp = app_on(tmp_path / "shop")
    visitor: Visitor = visit(app)
    page = visitor.page
    visitor.open("/catalog", "Catalog")
    text = "Spalte A;Spalte B;Spalte C\nx1;Tasse;1,50\nx2;Kanne;-2,50\nx3;Topf;zwei\n"
    visitor.give("Products", payload("liste.csv", text.encode()))
    expect(page.get_by_text("Say which of them it is")).to_be_visible()
    expect(visitor.button("Import")).to_be_disabled()
    # What the cells look like is a suggestion that is there already.
    expect(visitor.box("Product id")).to_have_value("Spalte A")
    for ours, theirs in (("Title", "Spalte B"), ("Price", "Spalte C")):
        visitor.choose(ours, theirs)
    visitor.press("Read it this way")
    expect(page.get_by_text("3 rows read · 1 good · 2 rejected")).to_be_visible()
    visitor.cells("row 3: -2,50; row 4: zwei", "zwei")

    visitor.download("Download 2 rejected rows (CSV)", tmp_path / "rejected.csv")
    visitor.press("Import the good rows")
    expect(page.get_by_text("Imported. The catalog has 1 product now.")).to_be_visible()
    mended = pd.read_csv(tmp_path / "rejected.csv", dtype=str, sep=";")
    assert mended["Spalte C"].tolist() == ["'-2,50", "zwei"]
    mended["Spalte C"] = ["'2,50", "2,00"]
    page.get_by_role("tab", name="Import a new version").click()
    visitor.give("Products", payload("rejected.csv", mended.to_csv(index=False).encode()))
    expect(page.get_by_text("2 rows read · 2 good")).to_be_visible()
    expect(page.get_by_text("2 products added, 1 in the catalog but not in the file (kept).")).to_be_visible()
    visitor.press("Import")
    expect(page.get_by_text("Imported. The catalog has 3 products now.")).to_be_visible()
    assert sorted(app.workspace.catalog().products["price"]) == [1.5, 2.0, 2.5]

    visitor.press("Undo the import")
    expect(page.get_by_text("The import is undone.")).to_be_visible()
    visitor.settled()
    assert app.workspace.catalog_version().products == 1
    assert visitor.problems == []


def test_nobody_sees_what_another_uploads(tmp_path: Path, app_on, visit) -> None:
    app: RunningApp = app_on(tmp_path / "shop")
    mine, theirs = visit(app), visit(app)
    for visitor in (mine, theirs):
        visitor.open("/catalog", "Catalog")
    mine.give("Products", payload("mine.csv", b"product_id,title\nA,mine\n"))
    theirs.give("Products", payload("theirs.csv", b"product_id,title\nB,theirs\n"))
    assert "mine.csv" not in theirs.text()
    mine.press("Import")
    expect(mine.page.get_by_text("Imported. The catalog has 1 product now.")).to_be_visible()
    # What the other was shown isn't true any more: nothing is lost, and nothing is imported unseen.
    theirs.press("Import")
    expect(theirs.page.get_by_text("Someone else has imported a catalog meanwhile")).to_be_visible()
    assert app.workspace.catalog().products["product_id"].tolist() == ["A"]
    expect(theirs.page.get_by_text("1 product added, 1 in the catalog but not in the file (kept).")).to_be_visible()
    theirs.press("Import")
    expect(theirs.page.get_by_text("Imported. The catalog has 2 products now.")).to_be_visible()
    assert app.workspace.catalog().products["product_id"].tolist() == ["A", "B"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"leer.csv": b""}, "is empty"),
        ({"bild.csv": b"\x89PNG\r\n\x1a\n\0\0"}, "is a PNG picture"),
        ({"mappe.xlsx": b"PK\x03\x04 and then nothing"}, "damaged and can't be read as a workbook"),
        ({"namen.csv": b"product_id,title\n"}, "no rows below them"),
        ({"doppelt.csv": b"product_id,title,Title\n1,a,b\n"}, "have the same name"),
        ({"ohne.csv": b"4006381333931,Tasse\n4006381333948,Kanne\n"}, "doesn't hold column names but data"),
        ({"offen.csv": b'product_id,title\n1,"Tasse\n2,Kanne\n'}, "opens a quotation mark"),
    ],
    ids=["empty", "picture", "damaged", "names only", "twice", "no names", "open quote"],
)
def test_a_file_that_cannot_be_used_says_why_and_can_be_taken_back(app_for_all: RunningApp, visit, files, said) -> None:
    visitor: Visitor = visit(app_for_all)
    visitor.open("/catalog", "Catalog")
    for name, content in files.items():
        visitor.give("Products", payload(name, content))
    expect(visitor.page.get_by_text(said).first).to_be_visible()
    expect(visitor.button("Import")).to_be_disabled()
    visitor.press("Remove")
    expect(visitor.page.get_by_test_id("stFileUploader")).to_have_count(3)
    assert visitor.problems == []
    assert "Traceback" not in app_for_all.log
