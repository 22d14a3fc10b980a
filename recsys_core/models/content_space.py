"""Where products lie by what they say of themselves: sparse TF-IDF rows, and dense content vectors made from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.content.prices import PriceLevels
from recsys_core.content.unit_rows import unit_rows
from recsys_core.content.words import WordCounts

PRICE_WEIGHT = 0.5
"""Length of the price part beside a text part of length 1."""


@dataclass(frozen=True)
class ContentVectors:
    """Content of some products in both forms."""

    words: sp.csr_matrix
    """(n, n_tokens) float32, rows of length 1 (0 for a product without text)."""
    dense: np.ndarray
    """(n, dimensions) float32: the words' SVD, rows of length 1, and the price level."""


class ContentSpace:
    """Content vectors of a catalog, and of any new products placed into the same space."""

    def __init__(self, counts: WordCounts, components: np.ndarray, prices: PriceLevels, price_levels: np.ndarray):
        self.counts = counts
        self.components = components
        """(svd_dimensions, n_tokens) float32: rows of the right singular vectors of the catalog's TF-IDF matrix."""
        self.prices = prices
        self.price_levels = price_levels
        """(n_products, n_levels) float32 of the catalog's products."""

    @classmethod
    def of(cls, products: pd.DataFrame, dimensions: int, seed: int) -> ContentSpace:
        counts, prices = WordCounts.of(products), PriceLevels.of(products)
        tfidf = counts.tfidf()
        size = min(dimensions, min(tfidf.shape) - 1) if tfidf.nnz else 0
        components = np.zeros((0, tfidf.shape[1]), dtype=np.float32)
        if size > 0:
            from sklearn.utils.extmath import randomized_svd

            components = randomized_svd(tfidf, size, n_iter=3, random_state=seed)[2].astype(np.float32)
        return cls(counts, components, prices, prices.encode(products))

    def without(self, products: np.ndarray) -> ContentSpace:
        """The space of a catalog in which those products (positions) say nothing; the dimensions stay."""
        return ContentSpace(self.counts.without(products), self.components, self.prices, self.price_levels)

    @property
    def dimensions(self) -> int:
        return self.components.shape[0] + self.price_levels.shape[1]

    def catalog(self) -> ContentVectors:
        words = self.counts.tfidf()
        return ContentVectors(words, self.dense(words, self.price_levels))

    def with_launch(self, products: pd.DataFrame) -> tuple[list[str], ContentVectors, ContentVectors]:
        """The words of catalog and new products together, the catalog's content and the new products' content in them."""
        counts = self.counts.with_products(products)
        words = counts.tfidf()
        n_catalog, levels = len(self.price_levels), self.prices.encode(products)
        catalog = ContentVectors(words[:n_catalog], self.dense(words[:n_catalog], self.price_levels))
        return counts.vocabulary, catalog, ContentVectors(words[n_catalog:], self.dense(words[n_catalog:], levels))

    def dense(self, words: sp.csr_matrix, price_levels: np.ndarray) -> np.ndarray:
        """(n, dimensions) from TF-IDF rows, whose tokens beyond the catalog's are passed over, and price levels."""
        known = words[:, : self.components.shape[1]]
        text = unit_rows(known @ self.components.T)
        return np.hstack([text, PRICE_WEIGHT * price_levels]).astype(np.float32)
