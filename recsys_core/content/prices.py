"""A product's price as a soft position among the catalog's prices."""

from __future__ import annotations

import numpy as np
import pandas as pd

LEVELS = 8


class PriceLevels:
    """Encodes prices as membership in the catalog's price levels (quantiles of the logarithm of the price).

    A price between two levels belongs to both in part; a missing price belongs to none (a row of zeros).
    """

    def __init__(self, levels: np.ndarray):
        self.levels = levels
        """(n_levels,) float32, rising: log1p of the price at each level; empty where the catalog has no prices."""

    @classmethod
    def of(cls, products: pd.DataFrame) -> PriceLevels:
        prices = _log_prices(products)
        known = prices[~np.isnan(prices)]
        if not len(known):
            return cls(np.zeros(0, dtype=np.float32))
        return cls(np.unique(np.quantile(known, np.linspace(0.05, 0.95, LEVELS)).astype(np.float32)))

    def encode(self, products: pd.DataFrame) -> np.ndarray:
        """(n_products, n_levels) float32, rows summing to 1 or 0."""
        prices = _log_prices(products)
        encoded = np.zeros((len(products), len(self.levels)), dtype=np.float32)
        known = np.flatnonzero(~np.isnan(prices))
        if not len(self.levels) or not len(known):
            return encoded
        position = np.interp(prices[known], self.levels, np.arange(len(self.levels)))
        below = np.floor(position).astype(int)
        above = np.minimum(below + 1, len(self.levels) - 1)
        share = (position - below).astype(np.float32)
        np.add.at(encoded, (known, below), 1 - share)
        np.add.at(encoded, (known, above), share)
        return encoded


def _log_prices(products: pd.DataFrame) -> np.ndarray:
    if "price" not in products:
        return np.full(len(products), np.nan)
    return np.log1p(products["price"].to_numpy(dtype=np.float64, na_value=np.nan))
