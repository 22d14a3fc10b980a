"""Who buys what together, and where a product that nobody has bought yet would stand in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recsys_core.content.unit_rows import unit_rows, unit_sparse_rows
from recsys_core.evaluation.ranking import best_columns
from recsys_core.models.content_space import ContentVectors

NEIGHBOURS = 100
SHARPNESS = 3
"""Neighbours weigh as much as their cosine to this power."""
KEPT = 2000
"""Entries kept in each row of what is placed; the many small ones beyond cost memory and change nothing."""
BLOCK = 512


@dataclass(frozen=True)
class Placement:
    """New products among the catalog's; rows of a product without a content neighbour are zeros."""

    together: sp.csr_matrix
    """(n, n_products): how much each product is bought together with the new product's content neighbours."""
    baskets: sp.csr_matrix
    """(n, n_products), rows of length 1: the mean basket of those who bought the neighbours (pseudo-supporters)."""
    taste: np.ndarray
    """(n, r) float32, rows of length 1: the neighbours' factors."""


class CoPurchases:
    """The co-purchase structure of a catalog's interactions."""

    def __init__(self, weights: sp.csr_matrix, factors: np.ndarray):
        """weights: (n_customers, n_products) damped; factors: see `product_factors`."""
        self.weights = weights
        self.factors = factors
        self.sold = _bought(weights)
        """(n_products,) how many customers bought each product."""
        self._normalised = _degree_normalised(weights)
        self._normalised_by_product = self._normalised.T.tocsr()
        self._unit_factors = unit_rows(factors)
        self._unit_baskets = unit_sparse_rows(weights)
        self._buyers = sp.diags((1 / np.maximum(self.sold, 1)).astype(np.float32)) @ ones(weights).T.tocsr()
        """(n_products, n_customers), rows summing to 1."""

    def place(self, content: ContentVectors, catalog: ContentVectors, meaning_share: float) -> Placement:
        """Places products by their nearest sold products; catalog: content of the catalog's products; meaning_share: see
        `neighbours`."""
        neighbours = self.neighbours(content, catalog, meaning_share)
        starts = range(0, max(neighbours.shape[0], 1), BLOCK)
        together, baskets = zip(*(self._baskets(neighbours[start : start + BLOCK]) for start in starts), strict=True)
        taste = unit_rows(neighbours @ self._unit_factors)
        return Placement(sp.vstack(together, format="csr"), sp.vstack(baskets, format="csr"), taste)

    def _baskets(self, neighbours: sp.csr_matrix) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """`together` and `baskets` of a block of rows: before their small entries are dropped they can fill the memory."""
        together = (neighbours @ self._normalised_by_product) @ self._normalised
        return largest(together), unit_sparse_rows(largest(self.buyers(neighbours) @ self._unit_baskets))

    def buyers(self, neighbours: sp.csr_matrix) -> sp.csr_matrix:
        """(n, n_customers): who bought the neighbours, each of which spreads its weight evenly over its buyers."""
        return neighbours @ self._buyers

    def neighbours(self, content: ContentVectors, catalog: ContentVectors, meaning_share: float) -> sp.csr_matrix:
        """(n, n_products): the NEIGHBOURS most similar sold products of each row, weights summing to 1.

        Similar: by the cosine of their meanings to the share `meaning_share`, the rest by that of their words.
        """
        sold = (self.sold > 0).astype(np.float32)
        others = (sp.diags(sold) @ catalog.words).T.tocsr()
        meanings = sold[:, None] * catalog.meaning
        parts = [sp.csr_matrix((0, len(sold)), dtype=np.float32)]
        for start in range(0, content.words.shape[0], BLOCK):
            some = slice(start, start + BLOCK)
            likeness = content.words[some] @ others
            if meaning_share and content.meaning_dimensions:
                likeness = (1 - meaning_share) * likeness.toarray() + content.meaning[some] @ (
                    meaning_share * meanings
                ).T
            similarity = largest(likeness, NEIGHBOURS)
            similarity.data = similarity.data**SHARPNESS
            total = np.asarray(similarity.sum(axis=1)).ravel()
            parts.append(sp.diags(1 / np.where(total > 0, total, 1)) @ similarity)
        return sp.vstack(parts, format="csr", dtype=np.float32)


def product_factors(weights: sp.csr_matrix, dimensions: int, seed: int) -> np.ndarray:
    """Frozen product factors (n_products, min(dimensions, rank)) float32: right singular vectors of D_u^-1/2 W D_p^-1/2.

    W = `weights` (n_customers, n_products), D the degrees; a product that nobody bought has a row of zeros. Trained factors
    would memorise the history (they did, in trials); frozen ones leave room for new products.
    """
    from sklearn.utils.extmath import randomized_svd

    size = min(dimensions, min(weights.shape) - 1)
    if size < 1 or not weights.nnz:
        return np.zeros((weights.shape[1], 0), dtype=np.float32)
    _, _, right = randomized_svd(_degree_normalised(weights), size, n_iter=3, random_state=seed)
    return np.ascontiguousarray(right.T, dtype=np.float32)


def folded_in(factors: np.ndarray, shown: sp.csr_matrix, weights: sp.csr_matrix) -> np.ndarray:
    """`factors` of the interactions `shown`, with rows for the products that were bought in `weights` alone.

    A product's row is its buyers' mean in the same space, V = N'U/s: where the decomposition of all would have put it,
    seen from the customers' side. Shapes as in `product_factors`.
    """
    missing = np.flatnonzero((_bought(shown) == 0) & (_bought(weights) > 0))
    if not len(missing) or not factors.shape[1]:
        return factors
    customers = _degree_normalised(shown) @ factors
    strength = np.maximum((customers**2).sum(axis=0), 1e-9)
    rows = factors.copy()
    rows[missing] = (_degree_normalised(weights)[:, missing].T @ customers) / strength
    return rows


def _bought(weights: sp.csr_matrix) -> np.ndarray:
    """(n_products,) by how many customers."""
    return np.bincount(weights.indices, minlength=weights.shape[1])


def ones(weights: sp.csr_matrix) -> sp.csr_matrix:
    """The same entries, each a 1: bought or not."""
    return sp.csr_matrix((np.ones_like(weights.data), weights.indices, weights.indptr), weights.shape)


def _degree_normalised(weights: sp.csr_matrix) -> sp.csr_matrix:
    customer_degree = np.diff(weights.indptr)
    product_degree = _bought(weights)
    left = sp.diags(1 / np.sqrt(np.maximum(customer_degree, 1)))
    right = sp.diags(1 / np.sqrt(np.maximum(product_degree, 1)))
    return (left @ ones(weights) @ right).tocsr().astype(np.float32)


def largest(matrix: sp.csr_matrix | np.ndarray, count: int = KEPT) -> sp.csr_matrix:
    """`matrix` with all but the `count` largest positive entries of each row dropped."""
    parts = [sp.csr_matrix((0, matrix.shape[1]), dtype=np.float32)]
    for start in range(0, matrix.shape[0], BLOCK):
        rows = matrix[start : start + BLOCK]
        if isinstance(rows, np.ndarray) or np.diff(rows.indptr).max(initial=0) > count:
            dense = rows if isinstance(rows, np.ndarray) else rows.toarray()
            best = np.sort(best_columns(dense, count), axis=1)
            values = np.take_along_axis(dense, best, axis=1)
            indptr = np.arange(len(best) + 1) * best.shape[1]
            rows = sp.csr_matrix((values.ravel(), best.ravel(), indptr), rows.shape)
        parts.append(rows)
    kept = sp.vstack(parts, format="csr", dtype=np.float32)
    kept.data[kept.data < 0] = 0
    kept.eliminate_zeros()
    return kept
