"""Words and a pretrained encoder together: by how much each counts is learned from the categories that products are in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.content.encoder import Encoder
from recsys_core.content.unit_rows import unit_rows, unit_sparse_rows
from recsys_core.content.words import WordCounts
from recsys_core.run_context import RunContext

SHARES = np.linspace(0, 1, 11)
JUDGED = 2000
"""So many products, at most, say by which share their category is found."""
UNKNOWN_SHARE = 0.3
"""Where there is nothing to learn it from: what came out for the two data sets in `benchmarks/RESULTS.md`, about."""


class CombinedEncoder:
    """TF-IDF words (without the category) beside another encoder's vectors, so that their cosines add up, weighted.

    share_: what of the cosine is the other encoder's, after `encode`.
    """

    share_: float

    def __init__(self, other: Encoder):
        self.other = other

    def encode(self, products: pd.DataFrame, *, run: RunContext) -> sp.csr_matrix:
        words = WordCounts.of(products.drop(columns="category", errors="ignore")).tfidf()
        sentences = np.asarray(self.other.encode(products, run=run))
        self.share_ = UNKNOWN_SHARE
        if "category" in products:
            self.share_ = learned_share(words, sentences, pd.factorize(products["category"], sort=True)[0], run.seed)
        parts = [np.sqrt(1 - self.share_) * words, np.sqrt(self.share_) * sp.csr_matrix(sentences)]
        return unit_sparse_rows(sp.hstack(parts, format="csr").astype(np.float32))


def learned_share(words: sp.csr_matrix, sentences: np.ndarray, of_product: np.ndarray, seed: int) -> float:
    """The share of the second cosine by which held-out products are nearest to their own category's mean most often.

    words: (n, n_words), sentences: (n, dimensions), rows of length 1 or 0; of_product: (n,) category, -1 without one.
    """
    rng = np.random.default_rng(seed)
    known = rng.permutation(np.flatnonzero(of_product >= 0))
    judged, learned = np.split(known, [min(JUDGED, len(known) // 5)])
    found = np.isin(of_product[judged], of_product[learned])
    judged = judged[found]
    if not len(judged) or len(np.unique(of_product[learned])) < 2:
        return UNKNOWN_SHARE
    shape = (of_product.max() + 1, len(of_product))
    members = sp.csr_matrix((np.ones(len(learned)), (of_product[learned], learned)), shape)
    by_words = (words[judged] @ unit_sparse_rows((members @ words).tocsr()).T).toarray()
    by_sentences = sentences[judged] @ unit_rows(members @ sentences).T
    right = [
        (((1 - share) * by_words + share * by_sentences).argmax(axis=1) == of_product[judged]).mean()
        for share in SHARES
    ]
    # Of equally good shares, the middle one.
    return float(np.median(SHARES[np.array(right) == max(right)]))
