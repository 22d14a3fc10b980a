"""Known products treated as if they were new: which ones, what is their support, and what is left to be found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.dataset import Dataset, damped_weights
from recsys_core.errors import InvalidSetting
from recsys_core.pace import pace

MIN_PRODUCTS = 10
"""With fewer replayed products a figure says nothing."""
MIN_QUERIES = 3
"""A product needs that many buyers after its support to be judged."""

HeldOutBy = Literal["product", "category", "date"]
"""What a task is: a new product, a new category (whole leaf categories are held out), or whatever was first sold after a
date, before which the customers' histories end."""


@dataclass(frozen=True)
class HeldOut:
    """Products taken out of a catalog, and what is left of its interactions."""

    products: np.ndarray
    """(n,) positions in the catalog, rising."""
    shown: sp.csr_matrix
    """(n_customers, n_products): damped weights of the interactions that may be learned from."""


def hold_out(catalog: Dataset, share: float, at_most: int, seed: int, by: HeldOutBy = "product") -> HeldOut:
    """Holds out a `share` of the products that were sold, or `at_most`.

    by product: a seeded random draw; by category: whole leaf categories in a seeded random order; by date: those first
    sold last, and with them every interaction from the first of their sales on.
    Raises InvalidSetting where the catalog has no categories, or no times, to go by.
    """
    sold = np.flatnonzero(np.bincount(catalog.weights.indices, minlength=len(catalog.product_ids)))
    size = min(int(len(sold) * share), at_most)
    if by == "date":
        return _latest(catalog, size)
    order = np.random.default_rng(seed).permutation(sold)
    products = np.sort(_whole_categories(catalog, order, size) if by == "category" else order[:size])
    return HeldOut(products, without_products(catalog.weights, products))


def _whole_categories(catalog: Dataset, order: np.ndarray, size: int) -> np.ndarray:
    """The products of whole leaf categories, as these come first in `order`: at most `size`, and at least one category."""
    if "category" not in catalog.products or catalog.products["category"].notna().sum() == 0:
        raise InvalidSetting(
            "Tasks can't be made by category: no product of the catalog has one. Make them by product, or upload categories."
        )
    leaf = pd.factorize(catalog.products["category"])[0][order]
    order, leaf = order[leaf >= 0], leaf[leaf >= 0]
    number = pd.factorize(leaf)[0]
    whole = np.cumsum(np.bincount(number)) <= size
    whole[:1] = True
    chosen: np.ndarray = order[whole[number]]
    return chosen


def _latest(catalog: Dataset, size: int) -> HeldOut:
    if not catalog.has_times:
        raise InvalidSetting(
            "Tasks can't be made by date: the catalog's interactions have no times. Make them by product instead."
        )
    first = catalog.sales.groupby("product_id")["timestamp"].min().dropna().sort_values(kind="stable")
    later = first.iloc[len(first) - size :] if size else first.iloc[:0]
    if not len(later):
        return HeldOut(np.zeros(0, dtype=np.int64), catalog.weights)
    cut = later.iloc[0]
    before = catalog.sales[catalog.sales["timestamp"] < cut]
    products = np.sort(catalog.product_ids.get_indexer(first.index[first >= cut]))
    return HeldOut(products, damped_weights(before, catalog.customer_ids, catalog.product_ids))


def without_products(weights: sp.csr_matrix, products: np.ndarray) -> sp.csr_matrix:
    """`weights` with all interactions of those products taken out; the shape stays."""
    keep = np.ones(weights.shape[1], dtype=bool)
    keep[products] = False
    stay = keep[weights.indices]
    indptr = np.concatenate([[0], np.cumsum(stay)])[weights.indptr]
    return sp.csr_matrix((weights.data[stay], weights.indices[stay], indptr), weights.shape)


@dataclass(frozen=True)
class PseudoLaunch:
    """Held-out products with k supporters each, and who bought them besides."""

    products: np.ndarray
    """(n,) positions in the catalog."""
    support: sp.csr_matrix
    """(n_customers, n): the support interactions, weights as in the catalog."""
    queries: sp.csr_matrix
    """(n_customers, n): what is to be found; its customers have history outside these products."""
    pace: np.ndarray
    """(n,) of the support; see `recsys_core.pace`."""


@dataclass(frozen=True)
class HeldOutSales:
    """Who bought the held-out products, in order; all of them have history besides.

    The first buyers are the earliest where the sales have times, else a seeded random draw.
    """

    products: np.ndarray
    """(n,) positions in the catalog."""
    customer: np.ndarray
    """(m,) position of each buyer: product by product, first buyers first."""
    product: np.ndarray
    """(m,) which of `products` it is, rising."""
    weight: np.ndarray
    """(m,) float32 damped."""
    time: np.ndarray
    """(m,) seconds; nan where that isn't known."""
    n_customers: int

    def of(self, products: np.ndarray) -> HeldOutSales:
        """The sales of those products (positions in the catalog) alone."""
        number = np.full(len(self.products), -1)
        chosen = np.isin(self.products, products)
        number[chosen] = np.arange(chosen.sum())
        rows = chosen[self.product]
        return HeldOutSales(
            self.products[chosen],
            self.customer[rows],
            number[self.product[rows]],
            self.weight[rows],
            self.time[rows],
            self.n_customers,
        )

    @property
    def rank(self) -> np.ndarray:
        """(m,) the how manieth buyer of the product, from 0."""
        buyers = np.bincount(self.product, minlength=len(self.products))
        return np.arange(len(self.product)) - np.repeat(np.cumsum(buyers) - buyers, buyers)

    def pace(self, shots: int) -> np.ndarray:
        """(n,) of the first `shots` buyers; see `recsys_core.pace`."""
        rows = self.rank < shots
        return pace(self.product[rows], self.time[rows], len(self.products))

    def launch(self, shots: int, queries_after: int | None = None) -> PseudoLaunch:
        """The products that have enough buyers, with their first `shots` buyers as support.

        What is to be found are the buyers after the first `queries_after` (default: `shots`); for the same `queries_after`
        the products and queries are the same, whatever `shots`, and the supports are nested. A product needs
        `queries_after` + MIN_QUERIES buyers; with queries_after = 0 every product counts.
        """
        queries_after = shots if queries_after is None else queries_after
        buyers = np.bincount(self.product, minlength=len(self.products))
        rank = self.rank
        enough = buyers >= queries_after + MIN_QUERIES if queries_after else np.ones(len(buyers), dtype=bool)
        eligible = np.flatnonzero(enough)
        position = np.full(len(self.products), -1)
        position[eligible] = np.arange(len(eligible))
        shape = (self.n_customers, len(eligible))

        def matrix(rows: np.ndarray) -> sp.csr_matrix:
            rows = rows & (position[self.product] >= 0)
            return sp.csr_matrix((self.weight[rows], (self.customer[rows], position[self.product[rows]])), shape)

        chosen = self.products[eligible]
        return PseudoLaunch(chosen, matrix(rank < shots), matrix(rank >= queries_after), self.of(chosen).pace(shots))

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            "products": self.products,
            "customer": self.customer,
            "product": self.product,
            "weight": self.weight,
            "time": self.time,
        }


def held_out_sales(catalog: Dataset, held_out: HeldOut, seed: int) -> HeldOutSales:
    """The sales of the held-out products to customers who have history among what is shown."""
    history = np.diff(held_out.shown.indptr) > 0
    bought = catalog.weights.tocsc()[:, held_out.products].tocoo()
    keep = history[bought.row]
    customer, product, weight = bought.row[keep], bought.col[keep], bought.data[keep]
    time = _times(catalog, customer, held_out.products[product])
    # A sale that doesn't say when it was isn't taken for a first one.
    turn = np.where(np.isnan(time), np.inf, time)
    if not catalog.has_times:
        turn = np.random.default_rng(seed).random(len(customer))
    order = np.lexsort((turn, product))
    return HeldOutSales(
        held_out.products, customer[order], product[order], weight[order], time[order], catalog.weights.shape[0]
    )


def _times(catalog: Dataset, customer: np.ndarray, product: np.ndarray) -> np.ndarray:
    """(m,) seconds: when each (customer, product) pair came first; nan where that isn't known."""
    if not catalog.has_times:
        return np.full(len(customer), np.nan)
    sales = catalog.sales
    sales = sales[sales["product_id"].isin(catalog.product_ids[np.unique(product)])]
    pair = catalog.customer_ids.get_indexer(pd.Index(sales["customer_id"])).astype(np.int64) * len(catalog.product_ids)
    pair += catalog.product_ids.get_indexer(pd.Index(sales["product_id"]))
    time = sales["timestamp"].to_numpy(dtype="datetime64[s]")
    time = np.where(np.isnat(time), np.nan, time.astype(np.float64))
    order = np.lexsort((time, pair))
    pair, first = np.unique(pair[order], return_index=True)
    return time[order][first][np.searchsorted(pair, customer.astype(np.int64) * len(catalog.product_ids) + product)]
