"""Who bought new products, beside a crowd of customers, as methods see them that fit a θ_p to each product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recsys_core.models.head import CustomerSide, NewProducts, ProductSide, Scorer

PAIRS = 4096
"""Pairs that are gathered at once."""


@dataclass(frozen=True)
class Crowd:
    """How customers are drawn who stand for all."""

    size: int
    seed: int

    def drawn(self, scorer: Scorer) -> CustomerSide:
        """Of the customers with history, `size` or all; rows as of `Scorer.customers`."""
        known = np.flatnonzero(np.diff(scorer.weights.indptr))
        size = min(self.size, len(known))
        chosen = np.sort(np.random.default_rng(self.seed).choice(known, size, replace=False))
        return scorer.customers(scorer.weights[chosen])


@dataclass(frozen=True)
class Supporters:
    """The supporters of n products; D = dimensions of a customer's x, which ends with a 1."""

    content: np.ndarray
    """(n, d) float32: of the products."""
    customers: np.ndarray
    """(u, D) float32: x of every supporter, once."""
    bought: sp.csr_matrix
    """(n, u): a 1 for each pair of product and supporter. The pairs' order is this matrix's."""
    scores: np.ndarray
    """(m,) float32: what the source model says of each pair."""
    crowd: np.ndarray
    """(q, D) float32: x of the crowd."""
    crowd_scores: np.ndarray
    """(n, q) float32: what the source model says of the crowd."""

    @property
    def shots(self) -> np.ndarray:
        """(n,) how many supporters each product has."""
        return np.diff(self.bought.indptr)

    @property
    def product(self) -> np.ndarray:
        """(m,) which product a pair is about."""
        return np.repeat(np.arange(len(self.content)), self.shots)

    @classmethod
    def of(cls, scorer: Scorer, new: NewProducts, base: ProductSide, crowd: CustomerSide) -> Supporters:
        """base: the products by the source model's formula; crowd: see `Crowd`."""
        buyers, position = np.unique(new.support.indices, return_inverse=True)
        bought = sp.csr_matrix(
            (np.ones(len(position), dtype=np.float32), position, new.support.indptr), (len(new), len(buyers))
        )
        customers = scorer.customers(scorer.weights[buyers])
        product = np.repeat(np.arange(len(new)), np.diff(bought.indptr))
        scores = dot_pairs(customers.dense, base.dense, position, product)
        for some in _some_pairs(len(position)):
            both = customers.sparse[position[some]].multiply(base.sparse[product[some]])
            scores[some] += np.asarray(both.sum(axis=1)).ravel()
        return cls(
            new.content.dense,
            customers.dense,
            bought,
            scores,
            crowd.dense,
            np.ascontiguousarray(base.scores(crowd).T),
        )


def dot_pairs(left: np.ndarray, right: np.ndarray, left_row: np.ndarray, right_row: np.ndarray) -> np.ndarray:
    """(m,) products of rows of `left` (·, D) and `right` (·, D); which rows: (m,) each."""
    dots = np.empty(len(left_row), dtype=np.float32)
    for some in _some_pairs(len(left_row)):
        dots[some] = np.einsum("md,md->m", left[left_row[some]], right[right_row[some]])
    return dots


def _some_pairs(count: int) -> Iterator[slice]:
    for start in range(0, count, PAIRS):
        yield slice(start, start + PAIRS)
