"""What customers of a category buy besides: by this, too, a product that was placed there and that nobody has bought yet finds buyers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from recsys_core.content.unit_rows import unit_sparse_rows
from recsys_core.content.words import WordCounts
from recsys_core.models.co_purchases import Placement, largest, ones

DOUBT = 5.0
"""So many customers are added to those who buy in both categories and to those expected: a few alone prove nothing."""
SAMPLE = 500
"""Customers by whom the spread is measured."""
SHARE = 0.5
"""Of what the place says, in spreads, beside what the product's content neighbours are bought with."""


@dataclass(frozen=True)
class CategoryLift:
    """How much more often than by chance the categories of a catalog have the same customers."""

    profiles: sp.csr_matrix
    """(n_categories, n_products) float32, in spreads of a customer's basket: the logarithm of how many times as many customers buy in
    the category and in the product's own as expected; 0 where there are no more, and within the category itself."""

    @classmethod
    def of(cls, weights: sp.csr_matrix, categories: np.ndarray, n_categories: int) -> CategoryLift:
        """weights: (n_customers, n_products) of the catalog; categories: (n_products,) number of each one's, -1 for none."""
        there = np.flatnonzero(categories >= 0)
        shape = (len(categories), n_categories)
        membership = sp.csr_matrix((np.ones(len(there), dtype=np.float32), (there, categories[there])), shape)
        bought = ones((weights @ membership).tocsr())
        both = (bought.T @ bought).toarray()
        expected = np.outer(both.diagonal(), both.diagonal()) / max(bought.shape[0], 1)
        lift = np.maximum(np.log((both + DOUBT) / (expected + DOUBT)), 0).astype(np.float32)
        np.fill_diagonal(lift, 0)
        some = np.linspace(0, weights.shape[0] - 1, min(weights.shape[0], SAMPLE)).astype(int)
        spread = float(((unit_sparse_rows(weights[some]) @ membership) @ lift).std()) if lift.any() else 1.0
        return cls(largest(sp.csr_matrix(lift / (spread or 1.0)) @ membership.T))

    def added_to(self, placement: Placement, places: np.ndarray, spread: float) -> Placement:
        """The placement with what the places say in `together`, whose spread in this shop is `spread`.

        places: (n,) number of each product's category; -1 for one that was placed nowhere, which stays as it is.
        """
        placed = np.flatnonzero(places >= 0)
        chosen = (np.full(len(placed), SHARE * spread, dtype=np.float32), (placed, places[placed]))
        said = sp.csr_matrix(chosen, (len(places), self.profiles.shape[0])) @ self.profiles
        return replace(placement, together=(placement.together + said).tocsr())


def numbered(counts: WordCounts) -> tuple[np.ndarray, int]:
    """(n_products,) number of each product's category path by its tokens, -1 for none; and how many paths there are."""
    levels = np.array([token.startswith("category=") for token in counts.vocabulary], dtype=bool)
    told = counts.counts[:, levels].tocsr()
    told.sort_indices()
    number: dict[tuple[int, ...], int] = {(): -1}
    rows = (tuple(told.indices[start:end]) for start, end in zip(told.indptr[:-1], told.indptr[1:], strict=True))
    # Of an empty path the number is -1, which the first real one must not count.
    found = np.array([number.setdefault(row, len(number) - 1) for row in rows], dtype=np.int64)
    return found, len(number) - 1
