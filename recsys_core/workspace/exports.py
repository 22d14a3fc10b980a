"""Tables that people take away: CSV that a spreadsheet program can't run, lists with titles and attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recsys_core.tables.columns import CUSTOMER, PRODUCT, TAG_SEPARATOR
from recsys_core.tables.formulas import marked

if TYPE_CHECKING:
    from recsys_core.dataset import Dataset

RECOMMENDATIONS = [CUSTOMER, PRODUCT, "rank", "score", "probability"]
AUDIENCE = [PRODUCT, CUSTOMER, "rank", "score", "probability"]
SIMILARITY = ["category", "other", "similarity", "shared_customers", "lift"]
PLACEMENT = [PRODUCT, "rank", "category", "probability", "known"]
METRICS = ["method", "k", "cut", "group", "metric", "value", "low", "high", "n"]
PRODUCT_COLUMNS = ["title", "category", "brand", "price"]


def safe_csv(frame: pd.DataFrame, delimiter: str = ",") -> bytes:
    """The frame as a CSV file for people: UTF-8 with a mark by which Excel knows it, formulas made harmless.

    A text (or a column's name) that a spreadsheet program would run gets a leading '; numbers stay as they are.
    """
    return _csv(frame, delimiter).encode("utf-8-sig")


def recommendations_csv(frame: pd.DataFrame) -> bytes:
    """What `AdaptedModel.recommend` returned as a CSV file for programs: customer_id, product_id, rank, score,
    probability (empty where it isn't known)."""
    return _csv(frame[RECOMMENDATIONS]).encode()


def audience_csv(frame: pd.DataFrame) -> bytes:
    """What `AdaptedModel.audience` returned as a CSV file for programs: product_id, customer_id, rank, score,
    probability (empty where it isn't known)."""
    return _csv(frame[AUDIENCE]).encode()


def similarity_csv(frame: pd.DataFrame) -> bytes:
    """What `similarity_table` returned as a CSV file for programs: category, other, similarity, shared_customers, lift
    (empty where a category has no customer)."""
    return _csv(frame[SIMILARITY]).encode()


def placement_csv(frame: pd.DataFrame) -> bytes:
    """What `place` returned as a CSV file for programs: product_id, rank, category, probability, known (true or false)."""
    return _csv(frame[PLACEMENT].assign(known=frame["known"].map({True: "true", False: "false"}))).encode()


def metrics_csv(frame: pd.DataFrame) -> bytes:
    """The figures of a backtest as a CSV file for programs: method, k, cut, group, metric, value, low, high (empty where
    undefined), n."""
    return _csv(frame[METRICS].round({"value": 6, "low": 6, "high": 6})).encode()


def with_products(frame: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """The same rows in the same order, with title, category, brand and price (where there) after the product_id."""
    kept = [name for name in PRODUCT_COLUMNS if name in products and name not in frame]
    return _beside(frame, PRODUCT, products[[PRODUCT, *kept]])


def with_customers(frame: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """The same rows in the same order, with the customers' own columns after the customer_id.

    A column that is called like one of ours gets " (customer)" after its name.
    """
    taken = set(frame) - {CUSTOMER}
    own = customers.rename(columns={name: f"{name} (customer)" for name in customers if name in taken})
    return _beside(frame, CUSTOMER, own)


def customer_table(catalog: Dataset) -> pd.DataFrame:
    """One row for each customer with history, in the order of `catalog.customer_ids`.

    Columns: customer_id; the columns of the customers' file; orders (distinct times at which they bought; where there
    are no times, rows); products_bought (distinct); last_order, where there are times. Ours come last, and are left
    out where the customers' file has a column of that name.
    """
    sales = catalog.sales
    by_customer = sales.groupby(CUSTOMER, sort=False)
    timed = "timestamp" in sales and bool(sales["timestamp"].notna().any())
    figures = {
        "orders": by_customer["timestamp"].nunique().clip(lower=1) if timed else by_customer.size(),
        "products_bought": by_customer[PRODUCT].nunique(),
    }
    if timed:
        figures["last_order"] = by_customer["timestamp"].max()
    table = pd.DataFrame({CUSTOMER: catalog.customer_ids.to_numpy()})
    if catalog.customers is not None:
        table = table.merge(catalog.customers, on=CUSTOMER, how="left")
    for name, values in figures.items():
        if name not in table:
            table[name] = values.reindex(catalog.customer_ids).to_numpy()
    return table


def _beside(frame: pd.DataFrame, key: str, more: pd.DataFrame) -> pd.DataFrame:
    joined = frame.merge(more, on=key, how="left", validate="many_to_one")
    at = list(frame).index(key) + 1
    added = [name for name in more if name != key]
    return joined[[*list(frame)[:at], *added, *list(frame)[at:]]]


def _csv(frame: pd.DataFrame, delimiter: str = ",") -> str:
    harmless = frame.rename(columns={name: marked(str(name)) for name in frame})
    for name, values in harmless.items():
        if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
            continue
        if values.map(lambda value: isinstance(value, (list, np.ndarray))).any():  # Parquet gives arrays
            values = values.map(TAG_SEPARATOR.join, na_action="ignore")
        # A list's values repeat (ids, titles): each distinct one is looked at once.
        known = {text: marked(text) for text in values.dropna().astype("str").unique()}
        harmless[name] = values.astype("str").map(known)
    text = harmless.to_csv(index=False, sep=delimiter, lineterminator="\n")
    # A bare carriage return is put into quotation marks only where it is part of the line end.
    return harmless.to_csv(index=False, sep=delimiter, lineterminator="\r\n") if "\r" in text else text
