"""Makes the sample shop from UCI Online Retail: the files a merchandiser would have on 1 August 2011.

    python sample_data/build.py SOURCE_DIR [--out DIR]

SOURCE_DIR holds products.parquet, customers.parquet and interactions.parquet (see README.md for where they come from).
The same source gives the same files, byte for byte.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from shop_categories import Categories
from shop_titles import readable

CUT = pd.Timestamp("2011-08-01")
"""What was sold before is the catalog's history; what was first sold from then on is the launch."""

SHOTS = 10
"""At most so many first sales of each new product."""


class Source(NamedTuple):
    products: pd.DataFrame
    customers: pd.DataFrame
    sales: pd.DataFrame
    """Purchases by customers with an id, in order of time."""
    returns: pd.DataFrame
    """Returns by customers with an id, in order of time."""


def read_source(folder: Path) -> Source:
    products, customers, interactions = (
        pd.read_parquet(folder / f"{name}.parquet") for name in ("products", "customers", "interactions")
    )
    known = interactions[interactions["customer_id"].notna() & interactions["product_id"].isin(products["product_id"])]
    known = known.sort_values("timestamp", kind="stable")
    returned = (known["event_type"] == "return") | (known["quantity"] <= 0)
    return Source(
        products.sort_values("product_id", ignore_index=True),
        customers.sort_values("customer_id", ignore_index=True),
        known[~returned],
        known[returned],
    )


def new_products(source: Source) -> set[str]:
    """Launches that the source saw, first sold (to anyone) from the cut on; not new variants of an old style."""
    products = source.products.set_index("product_id")
    first = source.sales.groupby("product_id")["timestamp"].min().reindex(products.index)
    # Never sold to a customer with an id: no day, so not after the cut.
    sold_after = (first >= CUT) & (products["first_seen"] >= CUT)
    launched = products["launch_observed"] & sold_after
    old_styles = set(products.loc[~launched, "style_code"])
    return set(products.index[launched & ~products["style_code"].isin(old_styles)])


def product_table(products: pd.DataFrame, prices: pd.Series) -> pd.DataFrame:
    """The columns of an upload; a category that no keyword tells stays empty."""
    titles = products["title"].map(readable)
    return pd.DataFrame(
        {
            "product_id": products["product_id"],
            "title": titles,
            "category": titles.map(Categories().of),
            "price": products["product_id"].map(prices).astype(float).round(2),
            "launched_at": products["first_seen"].dt.strftime("%Y-%m-%d").where(products["launch_observed"]),
        }
    )


def interaction_table(interactions: pd.DataFrame) -> pd.DataFrame:
    columns = ["customer_id", "product_id", "event_type", "quantity", "unit_price", "timestamp"]
    table = interactions[columns].copy()
    table["unit_price"] = table["unit_price"].astype(float).round(2)
    table["timestamp"] = table["timestamp"].dt.strftime("%Y-%m-%d %H:%M")
    return table


def make(source: Source) -> dict[str, pd.DataFrame]:
    """The five tables by file name."""
    new = new_products(source)
    before = source.sales["timestamp"] < CUT
    history = source.sales[before & ~source.sales["product_id"].isin(new)]
    launch = source.sales[source.sales["product_id"].isin(new)]
    old, customers = set(history["product_id"]), set(history["customer_id"])

    # A return alone, of something bought before the source begins, would name a product or customer that isn't there.
    returns = source.returns[
        (source.returns["timestamp"] < CUT)
        & source.returns["product_id"].isin(old)
        & source.returns["customer_id"].isin(customers)
    ]
    first_sales = launch.drop_duplicates(["product_id", "customer_id"])
    first_sales = first_sales[first_sales.groupby("product_id").cumcount() < SHOTS]

    # Only what was known on the day: no price that was asked after it.
    paid = history.groupby("product_id")["unit_price"].median()
    asked = launch.groupby("product_id")["unit_price"].first()
    products = source.products
    known = source.customers["customer_id"].isin(customers)
    return {
        "products.csv": product_table(products[products["product_id"].isin(old)], paid),
        "customers.csv": source.customers.loc[known, ["customer_id", "country"]],
        "interactions.csv.gz": interaction_table(pd.concat([history, returns]).sort_values("timestamp", kind="stable")),
        "new_products.csv": product_table(products[products["product_id"].isin(new)], asked),
        "first_sales.csv": interaction_table(first_sales),
    }


def write(table: pd.DataFrame, path: Path) -> None:
    data = table.to_csv(index=False, lineterminator="\n").encode("utf-8")
    if path.suffix == ".gz":
        data = gzip.compress(data, compresslevel=9, mtime=0)
    path.write_bytes(data)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the sample shop from UCI Online Retail.")
    parser.add_argument("source", type=Path, metavar="SOURCE_DIR", help="folder with the three parquet files")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder for the files (default: here)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, table in make(read_source(args.source)).items():
        write(table, args.out / name)
        print(f"{name}: {len(table):,} rows, {(args.out / name).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
