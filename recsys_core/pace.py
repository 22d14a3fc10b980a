"""How fast new products' first sales follow each other: what sells fast goes on selling.

Only the time between sales counts, not that since the last one: known products that are replayed as new have no today.
"""

from __future__ import annotations

import numpy as np

TRUSTED = 2.0
"""Gaps between sales after which what they say counts half."""


def gaps(product: np.ndarray, time: np.ndarray, n_products: int) -> tuple[np.ndarray, np.ndarray]:
    """(n_products,) mean time between each product's sales, nan for fewer than two, and (n_products,) how many gaps there are.

    product: (m,) which one was sold; time: (m,) when, in any unit; nan, where that isn't known, doesn't count.
    """
    product, time = product[np.isfinite(time)], time[np.isfinite(time)]
    count = np.maximum(np.bincount(product, minlength=n_products) - 1, 0)
    first, last = np.full(n_products, np.inf), np.full(n_products, -np.inf)
    np.minimum.at(first, product, time)
    np.maximum.at(last, product, time)
    between = np.full(n_products, np.nan)
    told = count > 0
    between[told] = (last - first)[told] / count[told]
    return between, count


def pace(product: np.ndarray, time: np.ndarray, n_products: int) -> np.ndarray:
    """(n_products,) float32: the logarithm of how fast each product's sales follow each other, beside the median of those that took time.

    0 for a product with fewer than two sales, and for all where none took any time; the fewer sales, the closer to 0. Arguments
    as of `gaps`.
    """
    between, count = gaps(product, time, n_products)
    # Where times are days, most sales of a fast shop are on the same one.
    apart = between[between > 0]
    if not len(apart):
        return np.zeros(n_products, dtype=np.float32)
    typical = np.median(apart)
    # It is added, so that two sales on one day aren't endlessly fast.
    faster = -np.log((np.where(count, between, typical) + typical) / (2 * typical))
    made: np.ndarray = (faster * count / (count + TRUSTED)).astype(np.float32)
    return made
