"""The lists of the Launch page as frames: a customer's new products, a product's audience, what speaks for a pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from recsys_core.tables.columns import CATEGORY_SEPARATOR, CUSTOMER, PRODUCT
from recsys_core.ui.launch_loaded import OURS, Loaded
from recsys_core.workspace.exports import with_customers, with_products

TYPICAL_SAMPLE = 500
"""Customers from whom a product's typical score is taken."""


@dataclass(frozen=True)
class Ranked:
    """A ranked list, and the score at which its bars begin."""

    rows: pd.DataFrame
    typical: float
    """The median score: of this customer for all new products, or of the shop's customers for this product."""


@st.cache_data(max_entries=200, show_spinner=False)
def new_products(_loaded: Loaded, adapted_id: str, customer_id: str) -> Ranked:
    """All new products for a customer, best first: customer_id, product_id, what is known of the product, rank, score,
    probability."""
    rows = _loaded.adapted.recommend([customer_id], top=len(_loaded.adapted.launch.product_ids))
    return Ranked(with_products(rows, _loaded.new_products), float(rows["score"].median()))


@st.cache_data(max_entries=50, show_spinner="Ranking the customers …")
def audience(_loaded: Loaded, adapted_id: str, product_id: str, top: int | None, share: float | None) -> Ranked:
    """The customers for a product, best first: customer_id, their own columns, orders, …, rank, score,
    probability."""
    adapted = _loaded.adapted
    rows = adapted.audience([product_id], top=top, share=share)
    everyone = np.arange(len(adapted.source.customer_ids_))
    some = everyone[:: max(1, len(everyone) // TYPICAL_SAMPLE)]
    typical = np.median(adapted.audience_scores(adapted.positions([product_id]))(some))
    return Ranked(with_customers(rows, _loaded.customers), float(typical))


@st.cache_data(max_entries=500, show_spinner=False)
def reasons(_loaded: Loaded, adapted_id: str, customer_id: str, product_id: str) -> pd.DataFrame:
    """See `AdaptedModel.explain`, with titles and customers' attributes as names."""
    found = _loaded.adapted.explain(customer_id, product_id)
    named = {"history": _loaded.title, "supporter": _loaded.customer_name}
    names = [
        named[kind](id_) if kind in named else name for kind, id_, name in found[["kind", "id", "name"]].to_numpy()
    ]
    return found.assign(name=pd.Series(names, dtype="str"))


def history(loaded: Loaded, customer_id: str) -> pd.DataFrame:
    """What a customer bought, most and most often first: product_id, title, category (where there)."""
    source = loaded.adapted.source
    at = source.customer_ids_.get_indexer(pd.Index([customer_id]))[0]
    row = source.weights_[at] if at >= 0 else source.weights_[:0]
    bought = row.indices[np.argsort(-row.data, kind="stable")]
    rows = pd.DataFrame({PRODUCT: source.product_ids_.to_numpy()[bought]})
    rows["title"] = [loaded.title(product) for product in rows[PRODUCT]]
    if "category" in loaded.products:
        rows["category"] = rows[PRODUCT].map(loaded.products.set_index(PRODUCT)["category"])
    return rows


def matching_customers(customers: pd.DataFrame, words: str, at_most: int) -> tuple[list[str], int]:
    """Ids of the customers whose id or attributes hold every word, the most active first, and how many these are."""
    found = np.ones(len(customers), dtype=bool)
    text = customers[[name for name in customers if name not in OURS]].astype("str")
    for word in words.split():
        found &= text.apply(lambda column: column.str.contains(word, case=False, regex=False)).any(axis=1).to_numpy()  # noqa: B023
    activity = next((name for name in OURS if name in customers), CUSTOMER)
    best = customers[found].sort_values(activity, ascending=False, kind="stable")
    return best[CUSTOMER].head(at_most).tolist(), int(found.sum())


@dataclass(frozen=True)
class ProductFacts:
    """What is known of a new product. `buyers` and `unknown_buyers` are distinct customers."""

    category: str | None
    brand: str | None
    price: float | None
    first_sales: int
    buyers: int
    unknown_buyers: int
    """Those whom the catalog doesn't know."""
    days_between: float | None
    """Mean days from one first sale to the next; None for fewer than two, or where their times aren't known."""
    days_between_usually: float
    """The median over the launch's products; nan where there is none."""


def product_facts(loaded: Loaded, product_id: str) -> ProductFacts:
    launch = loaded.adapted.launch
    products = loaded.new_products
    row = products.loc[products[PRODUCT] == product_id].iloc[0]
    present = {name: row[name] for name in ("category", "brand", "price") if name in row and pd.notna(row[name])}
    sales = launch.support[launch.support[PRODUCT] == product_id]
    buyers = pd.Index(sales[CUSTOMER].unique())
    between = launch.days_between
    return ProductFacts(
        category=present.get("category"),
        brand=present.get("brand"),
        price=present.get("price"),
        first_sales=len(sales),
        buyers=len(buyers),
        unknown_buyers=int((~buyers.isin(loaded.adapted.source.customer_ids_)).sum()),
        days_between=between[product_id] if pd.notna(between[product_id]) else None,
        days_between_usually=float(between.median()),
    )


def category_shares(loaded: Loaded, customers: pd.Series, at_most: int = 6) -> pd.DataFrame:
    """The catalog's top categories that an audience buys more than all customers do.

    Columns: category, audience, everyone (shares of the distinct products that they bought). The largest differences
    first; empty where the catalog has no categories.
    """
    if "category" not in loaded.products:
        return pd.DataFrame({"category": [], "audience": [], "everyone": []})
    source = loaded.adapted.source
    category = loaded.products.set_index(PRODUCT)["category"].reindex(source.product_ids_)
    levels, names = pd.factorize(category.str.split(CATEGORY_SEPARATOR).str[0].to_numpy())
    bought = source.weights_[source.customer_ids_.get_indexer(pd.Index(customers))]

    def share(columns: np.ndarray) -> np.ndarray:
        known = levels[columns]
        counts: np.ndarray = np.bincount(known[known >= 0], minlength=len(names)).astype(np.float64)
        return counts / max(1.0, float(counts.sum()))

    rows = pd.DataFrame(
        {"category": names, "audience": share(bought.indices), "everyone": share(source.weights_.indices)}
    )
    more = rows[rows["audience"] > rows["everyone"]]
    order = (more["audience"] - more["everyone"]).sort_values(ascending=False).index
    return more.loc[order[:at_most]].reset_index(drop=True)
