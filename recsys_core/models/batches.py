"""Training tasks made from a catalog: each batch treats its products as new, with k supporters, and its buyers as queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recsys_core.content.unit_rows import unit_rows, unit_sparse_rows
from recsys_core.models.content_space import ContentVectors


@dataclass(frozen=True)
class Batch:
    """b pairs of customer and product bought, over the c distinct products among them."""

    tokens: np.ndarray
    """(t,) the words that occur in the batch's products."""
    customer_words: sp.csr_matrix
    """(b, t): TF-IDF of each customer's history without the pair's product, scaled to length 1 over all words."""
    product_words: np.ndarray
    """(t, c)."""
    customer_content: np.ndarray
    """(b, d)."""
    product_content: np.ndarray
    """(c, d)."""
    customer_taste: np.ndarray
    """(b, r), before the learned map."""
    supporter_taste: np.ndarray
    """(c, r): sum over the supporters, before the learned map."""
    supporters: np.ndarray
    """(b, c): cosine of the customer's basket with the supporters' baskets."""
    shots: np.ndarray
    """(c,) how many supporters each product has."""
    log_frequency: np.ndarray
    """(c,) logarithm of the chance that a product is drawn into a batch (Yi et al. 2019)."""
    target: np.ndarray
    """(b,) position of the bought product among the c."""
    known: np.ndarray
    """(b, c) bool: other products that the customer bought: not negatives."""


class TaskSampler:
    """Draws batches from the interactions that may be learned from.

    No query leaks into its own support: a pair's product is taken out of its customer's history, supporters of a
    product are never customers who stand in the batch as its buyers, and the product is taken out of its supporters'
    histories too.
    """

    def __init__(self, weights: sp.csr_matrix, content: ContentVectors, factors: np.ndarray, shots: Sequence[int]):
        self.weights = weights
        self.by_product = weights.tocsc()
        self.content = content
        self.factors = factors
        self.shots = tuple(shots)
        self.taste = np.asarray(weights @ factors)
        self.baskets = unit_sparse_rows(weights).tocsr()
        pairs = weights.tocoo()
        self.customers, self.products, self.strength = pairs.row, pairs.col, pairs.data
        buyers = np.bincount(self.products, minlength=weights.shape[1])
        self.log_frequency = np.log(np.maximum(buyers, 1) / max(len(self.products), 1)).astype(np.float32)

    def n_batches(self, size: int, pairs_per_epoch: int) -> int:
        return max(1, min(len(self.products), pairs_per_epoch) // size)

    def epoch(self, rng: np.random.Generator, size: int, pairs_per_epoch: int) -> Iterator[Batch]:
        """Batches of `size` pairs each, in a random order, without repetition; at most `pairs_per_epoch` pairs in all."""
        order = rng.permutation(len(self.products))
        for step in range(self.n_batches(size, pairs_per_epoch)):
            yield self._batch(order[step * size : (step + 1) * size], int(rng.choice(self.shots)), rng)

    def _batch(self, pairs: np.ndarray, shots: int, rng: np.random.Generator) -> Batch:
        customer, product = self.customers[pairs], self.products[pairs]
        products, target = np.unique(product, return_inverse=True)
        histories = self._histories_without(customer, product, self.strength[pairs])
        words = self.content.words[products]
        tokens = np.unique(words.indices)
        customer_words = unit_sparse_rows(histories @ self.content.words)[:, tokens]
        known = np.asarray(self.weights[customer][:, products].todense()) > 0
        known[np.arange(len(pairs)), target] = False
        supporter, supported = self._supporters(customer, products, target, shots, rng)
        sums = sp.csr_matrix(
            (np.ones(len(supporter), dtype=np.float32), (supported, np.arange(len(supporter)))),
            (len(products), len(supporter)),
        )
        weight = np.asarray(self.weights[supporter, products[supported]]).ravel()
        taste = unit_rows(self.taste[supporter] - weight[:, None] * self.factors[products[supported]])
        baskets = unit_sparse_rows(sums @ self.baskets[supporter])
        return Batch(
            tokens=tokens,
            customer_words=customer_words,
            product_words=words[:, tokens].T.toarray(),
            customer_content=unit_rows(histories @ self.content.dense),
            product_content=self.content.dense[products],
            customer_taste=unit_rows(histories @ self.factors),
            supporter_taste=np.asarray(sums @ taste, dtype=np.float32),
            supporters=(unit_sparse_rows(histories) @ baskets.T).toarray().astype(np.float32),
            shots=np.bincount(supported, minlength=len(products)).astype(np.float32),
            log_frequency=self.log_frequency[products],
            target=target,
            known=known,
        )

    def _histories_without(self, customer: np.ndarray, product: np.ndarray, weight: np.ndarray) -> sp.csr_matrix:
        histories = self.weights[customer]
        histories.data = histories.data.copy()
        row = np.repeat(np.arange(len(customer)), np.diff(histories.indptr))
        histories.data[histories.indices == product[row]] = 0
        return histories

    def _supporters(
        self, customer: np.ndarray, products: np.ndarray, target: np.ndarray, shots: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Up to `shots` random buyers of each product that aren't its queries: (supporter, position of the product)."""
        buyers = self.by_product[:, products]
        supporter, supported = buyers.indices, np.repeat(np.arange(len(products)), np.diff(buyers.indptr))
        if not shots:
            return supporter[:0], supported[:0]
        queries = np.unique(target.astype(np.int64) * self.weights.shape[0] + customer)
        free = ~np.isin(supported.astype(np.int64) * self.weights.shape[0] + supporter, queries)
        supporter, supported = supporter[free], supported[free]
        order = np.lexsort((rng.random(len(supporter)), supported))
        supporter, supported = supporter[order], supported[order]
        count = np.bincount(supported, minlength=len(products))
        rank = np.arange(len(supporter)) - np.repeat(np.cumsum(count) - count, count)
        return supporter[rank < shots], supported[rank < shots]
