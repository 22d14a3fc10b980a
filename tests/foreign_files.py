"""The sample shop as shops of other countries would export it: foreign headers, encodings and notations, one set a country."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
from openpyxl import Workbook

import recsys_core

SAMPLE = Path(__file__).parents[1] / "sample_data"


def products() -> pd.DataFrame:
    return recsys_core.read(SAMPLE / "products.csv", "products")


def interactions(rows: int) -> pd.DataFrame:
    return recsys_core.read(SAMPLE / "interactions.csv.gz", "interactions").head(rows)


def german_products() -> bytes:
    """Semicolons, decimal commas, points between thousands, Windows-1252."""
    frame = products()
    theirs = pd.DataFrame(
        {
            "Artikelnummer": frame["product_id"],
            "Bezeichnung": frame["title"] + " für zu Hause",
            "Warengruppe": frame["category"],
            "VK-Preis (€)": frame["price"].map(_german, na_action="ignore"),
            "Lagerort": "Köln",
        }
    )
    return theirs.to_csv(index=False, sep=";", lineterminator="\r\n").encode("cp1252", errors="replace")


def german_sales(rows: int = 5_000) -> bytes:
    frame = interactions(rows)
    theirs = pd.DataFrame(
        {
            "Kundennummer": frame["customer_id"],
            "Artikelnummer": frame["product_id"],
            "Bestelldatum": frame["timestamp"].dt.strftime("%d.%m.%Y %H:%M"),
            "Menge": frame["quantity"].astype(int),
            "Einzelpreis": frame["unit_price"].map(_german),
        }
    )
    return theirs.to_csv(index=False, sep=";", lineterminator="\r\n").encode("cp1252")


def chinese_products() -> bytes:
    """GB18030, full-width currency signs."""
    frame = products()
    theirs = pd.DataFrame(
        {
            "商品编号": frame["product_id"],
            "商品名称": "家居 " + frame["title"],
            "分类": frame["category"],
            "价格（元）": frame["price"].map(lambda price: f"￥{price:.2f}", na_action="ignore"),
        }
    )
    return theirs.to_csv(index=False).encode("gb18030")


def chinese_sales(rows: int = 5_000) -> bytes:
    frame = interactions(rows)
    times = frame["timestamp"]
    theirs = pd.DataFrame(
        {
            "会员号": frame["customer_id"],
            "商品编号": frame["product_id"],
            "数量": frame["quantity"].astype(int),
            "下单时间": [f"{time.year}年{time.month}月{time.day}日 {time:%H:%M}" for time in times],
        }
    )
    return theirs.to_csv(index=False).encode("gb18030")


def excel_products() -> bytes:
    """A workbook from a French desktop: a sheet of notes, then a title and a date above the table."""
    frame = products()
    book = Workbook()
    page = book.active
    page.title = "Catalogue"
    page.append(["Catalogue des produits"])
    page.append(["Édité le", "31/08/2011"])
    page.append([])
    page.append(["Référence", "Désignation", "Catégorie", "Prix TTC"])
    for line in frame[["product_id", "title", "category", "price"]].itertuples(index=False):
        page.append([None if pd.isna(cell) else cell for cell in line])
    return _saved(book)


def excel_sales(rows: int = 5_000) -> bytes:
    frame = interactions(rows)
    book = Workbook()
    page = book.active
    page.title = "Ventes"
    page.append(["Ventes 2011"])
    page.append(["N° client", "Référence", "Date de commande", "Quantité"])
    for line in frame[["customer_id", "product_id", "timestamp", "quantity"]].itertuples(index=False):
        page.append([line[0], line[1], line[2].to_pydatetime(), int(line[3])])
    return _saved(book)


def _german(number: float) -> str:
    return f"{number:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def _saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
