"""Known products treated as if they were new: which ones, what is their support, and what is left to be found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.dataset import Dataset

MIN_PRODUCTS = 10
"""With fewer replayed products a figure says nothing."""
MIN_QUERIES = 3
"""A product needs that many buyers after its support to be judged."""


def held_out_products(catalog: Dataset, share: float, at_most: int, seed: int) -> np.ndarray:
    """Positions of products to hold out, rising: a seeded random `share` of the ones that were sold, or `at_most`."""
    sold = np.flatnonzero(np.bincount(catalog.weights.indices, minlength=len(catalog.product_ids)))
    chosen = np.random.default_rng(seed).permutation(sold)[: min(int(len(sold) * share), at_most)]
    return np.sort(chosen)


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


def pseudo_launch(
    catalog: Dataset, held_out: np.ndarray, shots: int, seed: int, queries_after: int | None = None
) -> PseudoLaunch:
    """The held-out products that have enough buyers with other history, with their first `shots` buyers as support.

    What is to be found are the buyers after the first `queries_after` (default: `shots`); for the same `queries_after`
    the products and queries are the same, whatever `shots`, and the supports are nested. A product needs
    `queries_after` + MIN_QUERIES buyers; with queries_after = 0 every held-out product counts. The first buyers are the
    earliest where the sales have times, else a seeded random draw.
    """
    queries_after = shots if queries_after is None else queries_after
    weights = catalog.weights
    history = np.diff(without_products(weights, held_out).indptr) > 0
    bought = weights.tocsc()[:, held_out].tocoo()
    keep = history[bought.row]
    customer, product, weight = bought.row[keep], bought.col[keep], bought.data[keep]
    order = np.lexsort((_turns(catalog, customer, held_out[product], seed), product))
    customer, product, weight = customer[order], product[order], weight[order]
    buyers = np.bincount(product, minlength=len(held_out))
    rank = np.arange(len(product)) - np.repeat(np.cumsum(buyers) - buyers, buyers)
    eligible = np.flatnonzero(buyers >= queries_after + MIN_QUERIES) if queries_after else np.arange(len(held_out))
    position = np.full(len(held_out), -1)
    position[eligible] = np.arange(len(eligible))
    shape = (weights.shape[0], len(eligible))

    def matrix(rows: np.ndarray) -> sp.csr_matrix:
        rows = rows & (position[product] >= 0)
        return sp.csr_matrix((weight[rows], (customer[rows], position[product[rows]])), shape)

    return PseudoLaunch(held_out[eligible], matrix(rank < shots), matrix(rank >= queries_after))


def _turns(catalog: Dataset, customer: np.ndarray, product: np.ndarray, seed: int) -> np.ndarray:
    """When each (customer, product) pair came: its first sale's time, or a random number where there are no times."""
    random = np.random.default_rng(seed).random(len(customer))
    if not catalog.has_times:
        return random
    sales = catalog.sales
    sales = sales[sales["product_id"].isin(catalog.product_ids[np.unique(product)])]
    pair = catalog.customer_ids.get_indexer(pd.Index(sales["customer_id"])).astype(np.int64) * len(catalog.product_ids)
    pair += catalog.product_ids.get_indexer(pd.Index(sales["product_id"]))
    time = sales["timestamp"].to_numpy(dtype="datetime64[s]")
    # A sale that doesn't say when it was isn't taken for a first one.
    time = np.where(np.isnat(time), np.iinfo(np.int64).max, time.astype(np.int64))
    order = np.lexsort((time, pair))
    pair, first = np.unique(pair[order], return_index=True)
    return time[order][first][np.searchsorted(pair, customer.astype(np.int64) * len(catalog.product_ids) + product)]
