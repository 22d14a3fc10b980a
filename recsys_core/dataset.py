"""The typed tables with id maps and sparse interactions: the catalog (`Dataset`) and a batch of new products (`Launch`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.errors import InvalidTable
from recsys_core.pace import gaps, pace
from recsys_core.tables.columns import CUSTOMER, PRODUCT, Kind
from recsys_core.tables.interest import is_interest

DAY = 24 * 60 * 60.0
"""Seconds."""


def interest(interactions: pd.DataFrame) -> pd.DataFrame:
    """The interactions that speak of interest: returns, and rows with a quantity of zero or less, are left out."""
    return interactions[is_interest(interactions)]


def damped_weights(interactions: pd.DataFrame, customers: pd.Index, products: pd.Index) -> sp.csr_matrix:
    """How much each customer cares for each product: 1 for one event of one piece, growing with the logarithm of both.

    With n events of q pieces in all, the weight is 1 + log2(n) / 2 + log10(q / n) / 2 (the last term at most 1), so that a
    wholesaler's thousand pieces weigh about as much as three households' single ones. Rows of unknown customers
    or products are left out. Returns (n_customers, n_products), float32.
    """
    row = customers.get_indexer(pd.Index(interactions[CUSTOMER]))
    column = products.get_indexer(pd.Index(interactions[PRODUCT]))
    known = (row >= 0) & (column >= 0)
    shape = (len(customers), len(products))
    where = (row[known], column[known])
    events = sp.csr_matrix((np.ones(known.sum(), dtype=np.float64), where), shape)
    data = 1 + np.log2(events.data) / 2
    if "quantity" in interactions:
        pieces = interactions["quantity"].fillna(1).to_numpy(dtype=np.float64)[known]
        # Summed over the same pairs in the same order as the events, so the two data arrays line up.
        pieces = sp.csr_matrix((pieces, where), shape)
        data += np.clip(np.log10(np.maximum(pieces.data / events.data, 1)) / 2, 0, 1)
    return sp.csr_matrix((data.astype(np.float32), events.indices, events.indptr), shape)


def _text_ids(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with ids as text: 17 in one table and "17" in another are the same product."""
    other = [
        name for name in (CUSTOMER, PRODUCT) if name in frame and not isinstance(frame[name].dtype, pd.StringDtype)
    ]
    return frame.astype(dict.fromkeys(other, "str")) if other else frame


def _unique_products(products: pd.DataFrame, where: str) -> pd.DataFrame:
    products = _text_ids(products)
    repeated = products.loc[products[PRODUCT].duplicated(), PRODUCT]
    if len(repeated):
        raise InvalidTable(
            f"The product “{repeated.iloc[0]}” stands in the {where} more than once ({len(repeated):,} repeated rows in "
            "all). Keep one row for each product_id."
        )
    return products


@dataclass(frozen=True)
class Dataset:
    """A catalog: products with history, their customers, and who bought what.

    `products` has unique product_id; `interactions` may hold returns and rows of unknown products (both are kept,
    neither counts); `customers` may be None. `customer_ids` are all customers with at least one interaction that counts.
    """

    products: pd.DataFrame
    interactions: pd.DataFrame
    customers: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "products", _unique_products(self.products, "catalog"))
        object.__setattr__(self, "interactions", _text_ids(self.interactions))

    def table(self, kind: Kind) -> pd.DataFrame | None:
        """One of the three tables; None where there are no customers' rows."""
        return {"products": self.products, "interactions": self.interactions, "customers": self.customers}[kind]

    @cached_property
    def product_ids(self) -> pd.Index:
        return pd.Index(self.products[PRODUCT], dtype="str", name=PRODUCT)

    @cached_property
    def sales(self) -> pd.DataFrame:
        """The interactions that count: interest in a product of the catalog."""
        counted = interest(self.interactions)
        return counted[counted[PRODUCT].isin(self.product_ids) & counted[CUSTOMER].notna()]

    @cached_property
    def customer_ids(self) -> pd.Index:
        return pd.Index(np.sort(self.sales[CUSTOMER].unique()), dtype="str", name=CUSTOMER)

    @cached_property
    def weights(self) -> sp.csr_matrix:
        """(n_customers, n_products) float32, damped; see `damped_weights`."""
        return damped_weights(self.sales, self.customer_ids, self.product_ids)

    @property
    def has_times(self) -> bool:
        """Whether any sale says when it was."""
        return "timestamp" in self.sales and bool(self.sales["timestamp"].notna().any())


@dataclass(frozen=True)
class Launch:
    """A batch of new products with the few interactions they have so far (the support); none means zero-shot."""

    name: str
    products: pd.DataFrame
    interactions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({CUSTOMER: [], PRODUCT: []}, dtype="str"))

    def __post_init__(self) -> None:
        object.__setattr__(self, "products", _unique_products(self.products, f"launch “{self.name}”"))
        object.__setattr__(self, "interactions", _text_ids(self.interactions))

    @cached_property
    def product_ids(self) -> pd.Index:
        return pd.Index(self.products[PRODUCT], dtype="str", name=PRODUCT)

    @cached_property
    def support(self) -> pd.DataFrame:
        """The interactions that count: interest in a product of this launch."""
        counted = interest(self.interactions)
        return counted[counted[PRODUCT].isin(self.product_ids) & counted[CUSTOMER].notna()]

    def support_weights(self, customers: pd.Index) -> sp.csr_matrix:
        """Who bought which new product already: (n_customers, n_new_products) float32; unknown customers are left out."""
        return damped_weights(self.support, customers, self.product_ids)

    @cached_property
    def first_purchases(self) -> tuple[np.ndarray, np.ndarray]:
        """(m,) position of the product and (m,) time in days of every customer's first purchase of it, where that time is known;
        customers that the catalog doesn't know count too."""
        sales = self.support
        if "timestamp" not in sales:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        first = sales.groupby([PRODUCT, CUSTOMER])["timestamp"].min().dropna()
        product = self.product_ids.get_indexer(first.index.get_level_values(PRODUCT))
        return product, first.to_numpy(dtype="datetime64[s]").astype(np.float64) / DAY

    @property
    def days_between(self) -> pd.Series:
        """Mean days from one first sale to the next, nan for fewer than two; by product id."""
        return pd.Series(gaps(*self.first_purchases, len(self.product_ids))[0], self.product_ids)

    @property
    def pace(self) -> np.ndarray:
        """(n_new_products,) how fast the first sales came; see `recsys_core.pace`."""
        return pace(*self.first_purchases, len(self.product_ids))

    def unknown_supporters(self, customers: pd.Index) -> int:
        """How many distinct customers of the support aren't among `customers`."""
        return int((~pd.Index(self.support[CUSTOMER].unique()).isin(customers)).sum())
