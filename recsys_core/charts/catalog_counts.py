"""What the pictures of a catalog count, in one pass over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from recsys_core.dataset import Dataset, interest
from recsys_core.tables.columns import CATEGORY_SEPARATOR, COLUMNS, PRODUCT

Step = Literal["day", "week", "month"]

NO_CATEGORY = "Without a category"
HEAD_SHARE = 0.2
"""The part of the products, best sellers first, whose share of all pairs is told."""
_ACTIVITY = [(1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, 50), (51, 100), (101, None)]
_SHOWN = ["title", "category", "brand", "price", "launched_at"]
MOST_ATTRIBUTES = 20


@dataclass(frozen=True)
class CatalogCounts:
    """Small frames and figures of one catalog; none of them is to be changed."""

    products: pd.DataFrame
    """One row a product, most buyers first: product_id, title, category, brand, price, launched_at if there, the first 20 of
    the shop's own columns, buyers."""
    attributes: list[str]
    """Those own columns."""
    over_time: pd.DataFrame | None
    """start, interactions: those that count, by `step`, gaps as 0; None without times."""
    step: Step
    first: pd.Timestamp | None
    last: pd.Timestamp | None
    categories: pd.DataFrame
    """top, leaf, products, buyers (sum over products), by the first two levels; empty where there are no categories."""
    activity: pd.DataFrame
    """bought (a range, as text), customers: how many customers bought that many different products."""
    customers: int
    pairs: int
    """Different pairs of customer and product."""
    returns: int
    """Interactions that don't count as interest."""
    never_bought: int
    head_share: float | None
    """Share of all pairs that falls on the best-selling `HEAD_SHARE` of the products; None without pairs."""


def count_catalog(catalog: Dataset) -> CatalogCounts:
    """Counts a catalog for its pictures."""
    buyers = catalog.weights.getnnz(axis=0)
    attributes = [str(name) for name in catalog.products if name not in COLUMNS["products"]][:MOST_ATTRIBUTES]
    shown = [name for name in _SHOWN if name in catalog.products]
    products = catalog.products[[PRODUCT, *shown, *attributes]].copy()
    products["buyers"] = buyers
    products = products.sort_values("buyers", ascending=False, kind="stable", ignore_index=True)
    head = int(np.ceil(len(products) * HEAD_SHARE))
    pairs = int(buyers.sum())
    over_time, step, first, last = _over_time(catalog.sales)
    return CatalogCounts(
        products=products,
        attributes=attributes,
        over_time=over_time,
        step=step,
        first=first,
        last=last,
        categories=_categories(products),
        activity=_activity(catalog.weights.getnnz(axis=1)),
        customers=len(catalog.customer_ids),
        pairs=pairs,
        returns=len(catalog.interactions) - len(interest(catalog.interactions)),
        never_bought=int((buyers == 0).sum()),
        head_share=float(products["buyers"].iloc[:head].sum() / pairs) if pairs else None,
    )


def _over_time(sales: pd.DataFrame) -> tuple[pd.DataFrame | None, Step, pd.Timestamp | None, pd.Timestamp | None]:
    times = sales["timestamp"].dropna() if "timestamp" in sales else pd.Series(dtype="datetime64[us]")
    if times.empty:
        return None, "week", None, None
    first, last = times.min(), times.max()
    days = (last - first).days
    step: Step = "day" if days <= 60 else "week" if days <= 800 else "month"
    starts = times.dt.to_period({"day": "D", "week": "W", "month": "M"}[step])
    by_step = starts.value_counts().sort_index()
    by_step = by_step.reindex(pd.period_range(starts.min(), starts.max(), freq=by_step.index.freq), fill_value=0)
    frame = pd.DataFrame({"start": by_step.index.start_time, "interactions": by_step.to_numpy()})
    return frame, step, first, last


def _categories(products: pd.DataFrame) -> pd.DataFrame:
    empty = pd.DataFrame(columns=["top", "leaf", "products", "buyers"])
    if "category" not in products or products["category"].isna().all():
        return empty
    levels = products["category"].fillna(NO_CATEGORY).str.split(CATEGORY_SEPARATOR.strip(), n=2, regex=False)
    top = levels.str[0].str.strip()
    leaf = levels.str[1].astype("str").str.strip().fillna("")
    frame = pd.DataFrame({"top": top, "leaf": leaf, "buyers": products["buyers"]})
    grouped = frame.groupby(["top", "leaf"], sort=False).agg(products=("buyers", "size"), buyers=("buyers", "sum"))
    return grouped.reset_index().sort_values("products", ascending=False, ignore_index=True)


def _activity(bought: np.ndarray) -> pd.DataFrame:
    rows = []
    for low, high in _ACTIVITY:
        within = (bought >= low) & (bought <= high if high else True)
        label = f"{low}" if low == high else f"{low}–{high}" if high else f"{low - 1}+"
        rows.append((label, int(within.sum())))
    return pd.DataFrame(rows, columns=["bought", "customers"])
