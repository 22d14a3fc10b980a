from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.content.combination import UNKNOWN_SHARE, CombinedEncoder, learned_share
from recsys_core.content.unit_rows import unit_rows
from recsys_core.content.words import WordCounts
from recsys_core.run_context import RunContext

KINDS = ("mug", "spade", "doll")


class Told:
    """Vectors that tell the category, or nothing."""

    def __init__(self, tells: bool):
        self.tells = tells

    def encode(self, products: pd.DataFrame, *, run: RunContext) -> np.ndarray:
        rng = np.random.default_rng(0)
        noise = rng.normal(size=(len(products), 8)).astype(np.float32)
        if self.tells:
            noise[:, : len(KINDS)] += 20 * np.eye(len(KINDS))[products["kind"]]
        return unit_rows(noise)


def shop(words_tell: bool) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    kind = np.tile(np.arange(len(KINDS)), 60)
    words = [KINDS[k] if words_tell else f"word{rng.integers(40)}" for k in kind]
    titles = [f"{word} thing{rng.integers(40)}" for word in words]
    frame = pd.DataFrame({"product_id": np.arange(len(kind)).astype(str), "title": titles, "kind": kind})
    return frame.assign(category=[KINDS[k] for k in kind])


def test_the_one_that_tells_the_category_counts() -> None:
    sentences, words = CombinedEncoder(Told(True)), CombinedEncoder(Told(False))
    vectors = sentences.encode(shop(words_tell=False), run=RunContext())
    words.encode(shop(words_tell=True), run=RunContext())
    assert words.share_ < 0.5 < sentences.share_
    lengths = np.sqrt(vectors.multiply(vectors).sum(axis=1))
    np.testing.assert_allclose(lengths, 1, atol=1e-5)


def test_cosines_add_up_by_the_share() -> None:
    encoder = CombinedEncoder(Told(True))
    products = shop(words_tell=True)
    vectors = encoder.encode(products, run=RunContext())
    words = WordCounts.of(products.drop(columns="category")).tfidf()
    sentences = Told(True).encode(products, run=RunContext())
    expected = (1 - encoder.share_) * (words[0] @ words[3].T)[0, 0] + encoder.share_ * sentences[0] @ sentences[3]
    np.testing.assert_allclose((vectors[0] @ vectors[3].T)[0, 0], expected, atol=1e-5)


def test_without_categories_the_usual_share() -> None:
    encoder = CombinedEncoder(Told(True))
    encoder.encode(shop(words_tell=True).drop(columns="category"), run=RunContext())
    assert encoder.share_ == UNKNOWN_SHARE
    words = np.eye(3, dtype=np.float32)
    assert learned_share(sp.csr_matrix(words), words, np.array([0, 1, -1]), 0) == UNKNOWN_SHARE
