"""Where products lie by what they say of themselves: sparse TF-IDF rows, and dense content vectors made from them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.content.prices import PriceLevels
from recsys_core.content.unit_rows import unit_rows
from recsys_core.content.word_meanings import WordMeanings
from recsys_core.content.words import WordCounts
from recsys_core.run_context import RunContext

PRICE_WEIGHT = 0.5
"""Length of the price part beside a text part and a meaning part of length 1."""


@dataclass(frozen=True)
class ContentVectors:
    """Content of some products in both forms."""

    words: sp.csr_matrix
    """(n, n_tokens) float32, rows of length 1 (0 for a product without text)."""
    dense: np.ndarray
    """(n, dimensions) float32: the words' SVD, rows of length 1, the price level, and the meaning."""
    meaning_dimensions: int = 0
    """So many columns of `dense`, the last, are the meaning."""

    @property
    def meaning(self) -> np.ndarray:
        """(n, meaning_dimensions) float32, rows of length 1 (0 for a product without text)."""
        return self.dense[:, self.dense.shape[1] - self.meaning_dimensions :]

    def take(self, products: np.ndarray | slice) -> ContentVectors:
        """Of those products (positions) alone."""
        return ContentVectors(self.words[products], self.dense[products], self.meaning_dimensions)

    def split(self, at: int) -> tuple[ContentVectors, ContentVectors]:
        """Of the first so many products, and of those after them."""
        return self.take(slice(at)), self.take(slice(at, None))


@dataclass(frozen=True)
class ContentSpace:
    """Content vectors of a catalog, and of any new products placed into the same space."""

    counts: WordCounts
    components: np.ndarray
    """(svd_dimensions, n_tokens) float32: rows of the right singular vectors of the catalog's TF-IDF matrix."""
    prices: PriceLevels
    price_levels: np.ndarray
    """(n_products, n_levels) float32 of the catalog's products."""
    meanings: WordMeanings

    @classmethod
    def of(
        cls,
        products: pd.DataFrame,
        dimensions: int,
        meaning_dimensions: int = 0,
        model: str | None = None,
        *,
        run: RunContext,
    ) -> ContentSpace:
        """dimensions: of the words' SVD; model: of the encoder that reads words. Raises as `WordMeanings.of`."""
        counts, prices = WordCounts.of(products), PriceLevels.of(products)
        tfidf = counts.tfidf()
        size = min(dimensions, min(tfidf.shape) - 1) if tfidf.nnz else 0
        components = np.zeros((0, tfidf.shape[1]), dtype=np.float32)
        if size > 0:
            from sklearn.utils.extmath import randomized_svd

            components = randomized_svd(tfidf, size, n_iter=3, random_state=run.seed)[2].astype(np.float32)
        meanings = WordMeanings.of(counts, tfidf, meaning_dimensions, model, run=run)
        return cls(counts, components, prices, prices.encode(products), meanings)

    def without(self, products: np.ndarray) -> ContentSpace:
        """The space of a catalog in which those products (positions) say nothing; the dimensions stay."""
        return replace(self, counts=self.counts.without(products))

    @property
    def dimensions(self) -> int:
        return self.components.shape[0] + self.price_levels.shape[1] + self.meanings.dimensions

    def catalog(self) -> ContentVectors:
        return self.vectors(self.counts.tfidf(), self.price_levels)

    def with_launch(
        self, products: pd.DataFrame, new_words: np.ndarray | None = None, *, run: RunContext = RunContext()
    ) -> ContentSpace:
        """This space with new products after the catalog's, and their words after its words.

        new_words: (n_new_words, m) what they mean, where it is known; else they are read. Raises as `WordMeanings.of`.
        """
        counts = self.counts.with_products(products)
        if new_words is None:
            meanings = self.meanings.extended(counts, run=run)
        else:
            meanings = self.meanings.with_vectors(new_words)
        levels = np.vstack([self.price_levels, self.prices.encode(products)])
        return replace(self, counts=counts, price_levels=levels, meanings=meanings)

    def vectors(self, words: sp.csr_matrix, price_levels: np.ndarray) -> ContentVectors:
        """From TF-IDF rows and price levels; tokens beyond the catalog's aren't in the words' SVD."""
        known = words[:, : self.components.shape[1]]
        text = unit_rows(known @ self.components.T)
        parts = [text, PRICE_WEIGHT * price_levels, self.meanings.products(words)]
        return ContentVectors(words, np.hstack(parts).astype(np.float32), self.meanings.dimensions)
