"""Training tasks made from a catalog: each batch treats its products as new, and their buyers as queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recsys_core.content.filled_products import FilledProducts
from recsys_core.content.unit_rows import unit_rows, unit_sparse_rows
from recsys_core.models.augmentation import ContentDropout
from recsys_core.models.content_space import ContentVectors

MASKED = np.float32(-1e4)
SUMMED = 75_000
"""Pairs whose customers' histories are in memory together."""


@dataclass(frozen=True)
class Batch:
    """b pairs of customer and product bought, over the c distinct products among them. The product of each pair is
    taken out of its customer's history, so that nothing of the answer is in the question."""

    words: np.ndarray
    """(b, c) float32: cosine of TF-IDF rows."""
    customers: np.ndarray
    """(b, d) float32: the history's dense content, rows of length 1."""
    products: np.ndarray
    """(c, d) float32."""
    log_frequency: np.ndarray
    """(c,) logarithm of the chance that a product is drawn into a batch (Yi et al. 2019)."""
    target: np.ndarray
    """(b,) position of the bought product among the c."""
    mask: np.ndarray
    """(b, c) float32, to be added to scores: MASKED at other products that the customer bought, which are no negatives; else 0."""


def one_ahead(make: Callable[[int], Batch], steps: range) -> Iterator[Batch]:
    """make(step) for one step after another, each made in a thread while the one before is learned from."""
    with ThreadPoolExecutor(1) as maker:
        coming = [maker.submit(make, step) for step in steps[:1]]
        for step in (*steps[1:], None):
            batch = coming.pop().result()
            if step is not None:
                coming.append(maker.submit(make, step))
            yield batch


@dataclass(frozen=True)
class Histories:
    """The histories of some customers, summed once for all batches that ask for them."""

    row: np.ndarray
    """(n_customers,) where each of those customers is; the others' mean nothing."""
    words: sp.csr_matrix
    """(m, n_tokens) float32."""
    dense: np.ndarray
    """(m, d) float32."""

    @classmethod
    def of(cls, weights: sp.csr_matrix, content: ContentVectors, customers: np.ndarray) -> Histories:
        """customers: positions, each once."""
        row = np.zeros(weights.shape[0], dtype=np.int64)
        row[customers] = np.arange(len(customers))
        histories = weights[customers]
        return cls(row, (histories @ content.words).tocsr(), histories @ content.dense)

    def without(
        self, customer: np.ndarray, product: np.ndarray, weight: np.ndarray, content: ContentVectors
    ) -> tuple[sp.csr_matrix, np.ndarray]:
        """(b, n_tokens) words and (b, d) dense content of b customers, each without one product that has `weight` there; rows
        of length 1."""
        row = self.row[customer]
        words = self.words[row] - sp.diags(weight) @ content.words[product]
        return unit_sparse_rows(words.tocsr()), unit_rows(self.dense[row] - weight[:, None] * content.dense[product])


class TaskSampler:
    """Draws batches from the interactions that may be learned from."""

    def __init__(self, weights: sp.csr_matrix, content: ContentVectors, dropout: ContentDropout | None = None):
        """weights: (n_customers, n_products) damped; dropout: what a batch's products leave unsaid (not the histories)."""
        self.weights, self.content, self.dropout = weights, content, dropout
        pairs = weights.tocoo()
        self.customers, self.products, self.damped = pairs.row, pairs.col, pairs.data
        buyers = np.bincount(self.products, minlength=weights.shape[1])
        self.log_frequency = np.log(np.maximum(buyers, 1) / max(len(self.products), 1)).astype(np.float32)

    def n_batches(self, size: int, pairs_per_epoch: int) -> int:
        return max(1, min(len(self.products), pairs_per_epoch) // size)

    def epoch(self, rng: np.random.Generator, size: int, pairs_per_epoch: int) -> Iterator[Batch]:
        """Batches of `size` pairs each, in a random order, without repetition; at most `pairs_per_epoch` pairs in all."""
        order = rng.permutation(len(self.products))
        steps, together = range(self.n_batches(size, pairs_per_epoch)), max(1, SUMMED // size)
        summed: dict[int, Histories] = {}

        def make(step: int) -> Batch:
            number = step // together
            if number not in summed:
                some = order[number * together * size : min((number + 1) * together, len(steps)) * size]
                summed.clear()
                summed[number] = Histories.of(self.weights, self.content, np.unique(self.customers[some]))
            return self.batch(order[step * size : (step + 1) * size], rng, summed[number])

        return one_ahead(make, steps)

    def batch(
        self, pairs: np.ndarray, rng: np.random.Generator | None = None, histories: Histories | None = None
    ) -> Batch:
        """The batch of these pairs (positions among the interactions); rng: draws what is dropped; histories: of the pairs'
        customers, if they were summed before."""
        customer, product = self.customers[pairs], self.products[pairs]
        products, target = np.unique(product, return_inverse=True)
        histories = histories or Histories.of(self.weights, self.content, np.unique(customer))
        words, customers = histories.without(customer, product, self.damped[pairs], self.content)
        mask = np.where(self.weights[customer][:, products].toarray() > 0, MASKED, np.float32(0))
        mask[np.arange(len(pairs)), target] = 0
        content = self.content.take(products)
        if self.dropout and rng:
            content = self.dropout.draw(products, rng)
        return Batch(
            words=FilledProducts(content.words).times(words),
            customers=customers,
            products=content.dense,
            log_frequency=self.log_frequency[products],
            target=target,
            mask=mask,
        )
