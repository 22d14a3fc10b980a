"""build.py on a tiny source whose right answer is known."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

BUILD = Path(__file__).parents[2] / "sample_data" / "build.py"
FILES = ("products.csv", "customers.csv", "interactions.csv.gz", "new_products.csv", "first_sales.csv")

PRODUCTS = [
    # product_id, title, style_code, price, first_seen, launch_observed
    ("10001", " CERAMIC  MUG ", "10001", 9.0, "2010-12-01 08:26", False),
    ("10002", "WALL CLOCK", "10002", 9.0, "2011-10-01 10:00", False),  # restocked after the cut: neither old nor new
    ("10003", "PINK APRON", "10003", 9.0, "2010-12-01 09:00", False),  # sold to nobody who is known
    ("22990A", "ZXQ RED", "22990", 9.0, "2011-03-01 12:00", True),
    ("22990B", "ZXQ BLUE", "22990", 9.0, "2011-09-01 12:00", True),  # a new colour of an old style
    ("23001", "LONDON TRAY", "23001", 9.0, "2011-08-01 09:00", True),
    ("23002", "TEA COSY", "23002", 9.0, "2011-07-15 09:00", True),  # sold before the cut, to someone unknown
]
SALES = [
    # customer_id, product_id, quantity, unit_price, timestamp
    ("1", "10001", 6, 1.0, "2010-12-01 08:26"),
    ("2", "10001", 1, 3.0, "2011-02-01 10:00"),
    ("2", "22990A", 1, 5.0, "2011-03-01 12:00"),
    (None, "10003", 1, 2.0, "2011-01-01 10:00"),
    (None, "23002", 1, 2.0, "2011-07-15 09:00"),
    ("1", "10001", -2, 1.0, "2011-07-31 23:59"),
    ("1", "23002", -1, 2.0, "2011-07-20 10:00"),  # a return of what isn't in the catalog
    ("3", "10001", -1, 1.0, "2011-04-01 10:00"),  # a return by someone who isn't in the catalog
    ("3", "10001", 1, 99.0, "2011-08-01 00:00"),
    ("1", "10002", 1, 4.0, "2011-10-01 10:00"),
    ("1", "22990B", 1, 5.0, "2011-09-01 12:00"),
    ("1", "23002", 1, 2.0, "2011-09-02 10:00"),
    (None, "23001", 1, 7.0, "2011-08-01 09:00"),
    ("1", "23001", 2, 2.5, "2011-08-01 09:05"),
    ("1", "23001", 1, 2.5, "2011-08-01 09:06"),  # the same customer again
    ("1", "23001", -1, 2.5, "2011-08-01 09:07"),
    *((str(100 + n), "23001", 1, 4.0, f"2011-08-02 10:{n:02}") for n in range(11)),
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    columns = ["product_id", "title", "style_code", "price", "first_seen", "launch_observed"]
    products = pd.DataFrame(PRODUCTS, columns=columns).astype({"first_seen": "datetime64[ms]"})
    sales = pd.DataFrame(SALES, columns=["customer_id", "product_id", "quantity", "unit_price", "timestamp"])
    sales = sales.astype({"timestamp": "datetime64[ms]", "unit_price": "float32"})
    sales["event_type"] = sales["quantity"].gt(0).map({True: "purchase", False: "return"})
    customers = pd.DataFrame({"customer_id": ["3", "2", "1"], "country": ["France", "Iceland", "United Kingdom"]})
    products.to_parquet(folder / "products.parquet")
    sales.iloc[::-1].to_parquet(folder / "interactions.parquet")
    customers.to_parquet(folder / "customers.parquet")
    return folder


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return build(source, tmp_path_factory.mktemp("built"))


def build(source: Path, out: Path) -> dict[str, bytes]:
    subprocess.run([sys.executable, str(BUILD), str(source), "--out", str(out)], check=True, capture_output=True)
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    return {name: (out / name).read_bytes() for name in FILES}


def table(data: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)


def test_products_carry_readable_titles_categories_and_what_was_paid_before_the_cut(built: dict[str, bytes]) -> None:
    assert built["products.csv"].decode().splitlines() == [
        "product_id,title,category,price,launched_at",
        "10001,Ceramic mug,Kitchen > Mugs & cups,2.0,",
        "22990A,Zxq red,,5.0,2011-03-01",
    ]


def test_new_products_are_the_launches_seen_after_the_cut_at_their_first_price(built: dict[str, bytes]) -> None:
    assert built["new_products.csv"].decode().splitlines() == [
        "product_id,title,category,price,launched_at",
        "23001,London tray,Kitchen > Trays,2.5,2011-08-01",
    ]


def test_history_ends_at_the_cut_and_keeps_returns(built: dict[str, bytes]) -> None:
    assert gzip.decompress(built["interactions.csv.gz"]).decode().splitlines() == [
        "customer_id,product_id,event_type,quantity,unit_price,timestamp",
        "1,10001,purchase,6,1.0,2010-12-01 08:26",
        "2,10001,purchase,1,3.0,2011-02-01 10:00",
        "2,22990A,purchase,1,5.0,2011-03-01 12:00",
        "1,10001,return,-2,1.0,2011-07-31 23:59",
    ]


def test_customers_are_those_with_history(built: dict[str, bytes]) -> None:
    assert built["customers.csv"].decode().splitlines() == ["customer_id,country", "1,United Kingdom", "2,Iceland"]


def test_first_sales_are_ten_customers_known_or_not(built: dict[str, bytes]) -> None:
    sales = table(built["first_sales.csv"])
    assert sales["customer_id"].tolist() == ["1", *(str(100 + n) for n in range(9))]
    assert sales.iloc[0].tolist() == ["1", "23001", "purchase", "2", "2.5", "2011-08-01 09:05"]


def test_the_same_source_gives_the_same_bytes(source: Path, built: dict[str, bytes], tmp_path: Path) -> None:
    assert build(source, tmp_path) == built
    assert built["interactions.csv.gz"][4:8] == bytes(4), "the gzip header holds a time"
