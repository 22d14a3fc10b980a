"""What a peer is given: customers' baskets, content of known and of new products, and who is to find what among the new ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from benchmarks.cases import Case
from benchmarks.judging import Score, ndcg, ranked
from benchmarks.references import tfidf

HELD_OUT_SHARE = 0.2
HELD_OUT_AT_MOST = 1500
JUDGED_CUSTOMERS = 2500


@dataclass(frozen=True)
class Task:
    baskets: sp.csr_matrix
    """(n_customers, n_products) float32, 1 for bought."""
    content: sp.csr_matrix
    """(n_products, n_words) TF-IDF rows of length 1."""
    new_content: sp.csr_matrix
    """(n_new_products, n_words)."""
    who: np.ndarray
    """(n,) positions of the customers with something to find."""
    relevant: sp.csr_matrix
    """(n, n_new_products)."""

    @classmethod
    def of(cls, case: Case) -> Task:
        """The case itself, zero-shot: every customer of the truth ranks all new products."""
        return cls(case.baskets, *tfidf(case), *case.truth("zero_shot"))

    def pseudo(self, seed: int) -> Task:
        """A launch replayed from the catalog, to choose settings by: a seeded random fifth of its products come as new.

        Their buyers with other history, 2,500 of them at most, are to find them.
        """
        rng = np.random.default_rng(seed)
        n = self.baskets.shape[1]
        new = np.zeros(n, dtype=bool)
        new[rng.permutation(n)[: min(int(n * HELD_OUT_SHARE), HELD_OUT_AT_MOST)]] = True
        known = self.baskets[:, ~new]
        wanted = self.baskets[:, new]
        who = rng.permutation(np.flatnonzero((np.diff(known.indptr) > 0) & (np.diff(wanted.indptr) > 0)))
        who = np.sort(who[:JUDGED_CUSTOMERS])
        return Task(known, self.content[~new], self.content[new], who, wanted[who])

    def with_fewer_pairs(self, at_most: int, seed: int) -> Task:
        """The same with the baskets of a random part of the other customers emptied, to about that many pairs in all."""
        size = np.diff(self.baskets.indptr)
        if size.sum() <= at_most:
            return self
        order = np.random.default_rng(seed).permutation(len(size))
        # Those who are judged come first: their baskets speak for them.
        order = np.concatenate([self.who, order[~np.isin(order, self.who)]])
        keep = np.zeros(len(size), dtype=np.float32)
        keep[order[np.cumsum(size[order]) <= max(at_most, size[self.who].sum())]] = 1
        baskets = (sp.diags(keep) @ self.baskets).tocsr().astype(np.float32)
        baskets.eliminate_zeros()
        return Task(baskets, self.content, self.new_content, self.who, self.relevant)

    def lists(self, score: Score) -> np.ndarray:
        """(n, 20) best new products of each customer in `who`."""
        return ranked(score, self.who)

    def ndcg(self, score: Score) -> float:
        return float(ndcg(self.lists(score), self.relevant).mean())
