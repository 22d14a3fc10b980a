"""A replayed launch looked at closely: who was found, who was missed, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_core.selection.backtests.groups import FEW_BOUGHT
from recsys_core.selection.backtests.replayed import Said, Stage

UNLIKE_SHARE = 0.25
"""Of all later purchases, the share whose customers are called unlike the product: those whose history says least of it."""


def products_of(stage: Stage, said: Said, at: int, share: float) -> pd.DataFrame:
    """The replayed products: product_id, title, buyers (later ones), audience (its size), captured (share of the buyers in it);
    most buyers first."""
    size = max(1, int(len(stage.customers) * share))
    buyers = np.bincount(stage.queries.product, minlength=len(stage.few))
    found = np.bincount(stage.queries.product, said.in_audience[at] <= size, minlength=len(stage.few))
    rows = stage.products.iloc[stage.few][["product_id", "title"]].assign(
        buyers=buyers, audience=size, captured=found / np.maximum(buyers, 1)
    )
    return rows.sort_values("buyers", ascending=False, kind="stable").reset_index(drop=True)


def audience_of(stage: Stage, said: Said, at: int, product_id: str, share: float) -> pd.DataFrame:
    """The later buyers of a product, best first: customer_id, rank among all customers, hit (in the first share of them), bought
    (products before), why."""
    size = max(1, int(len(stage.customers) * share))
    pairs = _pairs(stage, said.in_audience[at] <= size)
    product = int(np.flatnonzero(stage.products["product_id"].to_numpy()[stage.few] == product_id)[0])
    rows = pairs.assign(rank=said.in_audience[at])[stage.queries.product == product]
    return rows[["customer_id", "rank", "hit", "bought", "why"]].sort_values("rank").reset_index(drop=True)


def lists_of(stage: Stage, said: Said, at: int, customer_id: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A customer's list (rank, product_id, title, category if there, buyers, hit), and what was bought but not in it (rank, title,
    why)."""
    ids = stage.customers["customer_id"].to_numpy()[stage.queries.asked]
    row = int(np.flatnonzero(ids == customer_id)[0])
    listed = said.lists[at, row]
    listed = listed[listed >= 0]
    products = stage.products.iloc[stage.few].reset_index(drop=True)
    mine = stage.queries.customer == row
    bought = stage.queries.product[mine]
    columns = [name for name in ("product_id", "title", "category", "buyers") if name in products]
    table = products.iloc[listed][columns].assign(rank=np.arange(1, len(listed) + 1), hit=np.isin(listed, bought))
    missed = ~np.isin(bought, listed)
    why = _pairs(stage, np.zeros(len(mine), dtype=bool)).loc[mine, "why"].to_numpy()[missed]
    misses = pd.DataFrame(
        {"rank": said.in_list[at][mine][missed], "title": products["title"].to_numpy()[bought[missed]], "why": why}
    )
    return table.reset_index(drop=True), misses.sort_values("rank").reset_index(drop=True)


def _pairs(stage: Stage, hit: np.ndarray) -> pd.DataFrame:
    """The later purchases: customer_id, bought, hit, and why they were easy or hard to find; hit: (m,)."""
    customer = stage.queries.asked[stage.queries.customer]
    bought = stage.customers["bought"].to_numpy()[customer]
    unlike = stage.likeness <= np.quantile(stage.likeness, UNLIKE_SHARE)
    why = np.select(
        [bought <= FEW_BOUGHT, unlike, hit],
        ["had bought next to nothing before", "had bought little like it before", "had bought things like it before"],
        "had bought things like it, but others fitted better",
    )
    ids = stage.customers["customer_id"].to_numpy()[customer]
    return pd.DataFrame({"customer_id": ids, "bought": bought, "hit": hit, "why": why})
