"""Figures of audiences, a product at a time, from the rank (from 1) of each later buyer among all customers.

product, rank: (m,) of each buyer. A product without buyers has nan.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def expected_buyers(
    product: np.ndarray, rank: np.ndarray, sizes: Sequence[int] | np.ndarray, n_products: int
) -> np.ndarray:
    """(n_products, n_sizes) later buyers among the first `size` customers."""
    counts = np.zeros((n_products, len(sizes)))
    for column, size in enumerate(sizes):
        counts[:, column] = np.bincount(product[rank <= size], minlength=n_products)
    return counts


def capture(product: np.ndarray, rank: np.ndarray, size: int, n_products: int) -> np.ndarray:
    """(n_products,) share of each product's later buyers among the first `size` customers."""
    return _shares(product, rank, [size], n_products)[:, 0]


def lift(captured: np.ndarray, share: float) -> np.ndarray:
    """How many times as many buyers as the same share of customers drawn at random would hold."""
    return captured / share


def gain_curve(
    product: np.ndarray, rank: np.ndarray, n_customers: int, shares: Sequence[float], n_products: int
) -> np.ndarray:
    """(n_products, n_shares) share of each product's buyers among the first share of all customers (one at least)."""
    return _shares(product, rank, [max(1, int(n_customers * share)) for share in shares], n_products)


def _shares(product: np.ndarray, rank: np.ndarray, sizes: Sequence[int], n_products: int) -> np.ndarray:
    buyers = np.bincount(product, minlength=n_products)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(buyers > 0, expected_buyers(product, rank, sizes, n_products) / buyers, np.nan)
