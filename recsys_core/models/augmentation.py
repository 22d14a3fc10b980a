"""Augmentation: products that say less of themselves than they could, and customers who stand in for their buyers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recsys_core.content.unit_rows import unit_sparse_rows
from recsys_core.models.co_purchases import BLOCK
from recsys_core.models.content_space import ContentSpace, ContentVectors
from recsys_core.models.head import Scorer

PSEUDO_CUSTOMERS = 20
"""So many customers, at most, stand in for a product's buyers."""


@dataclass(frozen=True)
class ContentDropout:
    """Draws products with some of their words and attributes missing, as a launch's products often have them."""

    space: ContentSpace
    words: sp.csr_matrix
    """(n_products, n_tokens): the catalog's TF-IDF rows."""
    chance: np.ndarray
    """(n_tokens,) of each token to be dropped."""
    price_chance: float
    """Of a product's price to be dropped."""

    @classmethod
    def of(
        cls, space: ContentSpace, words: sp.csr_matrix, word_chance: float, attribute_chance: float
    ) -> ContentDropout:
        """attribute_chance: of tokens such as "category=..." or "brand=...", and of the price; word_chance: of others."""
        attribute = np.array(["=" in token for token in space.counts.vocabulary], dtype=bool)
        return cls(space, words, np.where(attribute, attribute_chance, word_chance), attribute_chance)

    def draw(self, products: np.ndarray, rng: np.random.Generator) -> ContentVectors:
        """Content of those products (positions); each keeps one token at least, rows of length 1 again."""
        words = self.words[products]
        words.data = words.data * self._kept(words, rng)
        words.eliminate_zeros()
        words = unit_sparse_rows(words)
        priced = rng.random(len(products)) >= self.price_chance
        return self.space.vectors(words, self.space.price_levels[products] * priced[:, None])

    def _kept(self, words: sp.csr_matrix, rng: np.random.Generator) -> np.ndarray:
        """(nnz,) bool."""
        luck = rng.random(words.nnz)
        kept = luck >= self.chance[words.indices]
        filled = np.diff(words.indptr) > 0
        row = np.repeat(np.arange(len(filled)), np.diff(words.indptr))
        luckiest = np.lexsort((luck, row))[words.indptr[1:][filled] - 1]
        left = np.bincount(row, weights=kept, minlength=len(filled))[filled]
        kept[luckiest[left == 0]] = True
        return kept


def pseudo_supporters(scorer: Scorer, content: ContentVectors, at_most: int = PSEUDO_CUSTOMERS) -> sp.csr_matrix:
    """(n, n_customers) float32: those who bought most of each product's nearest warm products, weights summing to 1.

    A product without a content neighbour has none. The formula's `Placement.baskets` is the same idea, of all buyers and
    at a product's basket; here they are customers, for methods that learn from a support.
    """
    co_purchases = scorer.co_purchases
    neighbours = co_purchases.neighbours(content, scorer.content, scorer.head.mixture.meaning_share)
    # In blocks: all who bought any of a product's neighbours can be most of the customers.
    starts = range(0, max(neighbours.shape[0], 1), BLOCK)
    blocks = (co_purchases.buyers(neighbours[start : start + BLOCK]) for start in starts)
    return sp.vstack([_most(buyers, at_most) for buyers in blocks], format="csr")


def _most(buyers: sp.csr_matrix, at_most: int) -> sp.csr_matrix:
    """The entries with most weight of each row, scaled to sum to 1."""
    row = np.repeat(np.arange(buyers.shape[0]), np.diff(buyers.indptr))
    order = np.lexsort((buyers.indices, -buyers.data, row))
    rank = np.arange(buyers.nnz) - buyers.indptr[row]
    chosen = order[rank < at_most]
    weight = buyers.data[chosen] / np.bincount(row[chosen], buyers.data[chosen], buyers.shape[0])[row[chosen]]
    return sp.csr_matrix((weight.astype(np.float32), (row[chosen], buyers.indices[chosen])), buyers.shape)
