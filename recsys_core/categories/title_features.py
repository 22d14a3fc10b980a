"""What titles say beyond single words: pairs of neighbours, the word that names the thing, and which texts are spelled alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.content.product_text import text_of, titles_of
from recsys_core.content.unit_rows import unit_rows
from recsys_core.content.words import Tokens, product_tokens

HEAD_ENDS = re.compile(r"[,;(|]|\s[-–—]\s|\b(?:for|with|by|in|from)\b|\b\d", re.IGNORECASE)
"""What ends the first phrase of a title: its last word says what the thing is (“coconut body lotion for men, 8 oz”)."""
BESIDE_WORDS = 0.7
"""What pairs and heads count beside single words."""
SPELLINGS = (3, 5)
"""Shortest and longest run of characters that counts as a spelling."""
MOST_SPELLINGS = 50_000
READ = 120
"""Characters of a title whose spelling counts."""
DIMENSIONS = 256


@dataclass(frozen=True)
class TitleFeatures:
    pairs: sp.csr_matrix
    """(n_products, n_pairs) float32 TF-IDF of neighbouring words."""
    heads: sp.csr_matrix
    """(n_products, n_heads) float32 TF-IDF of the last word, and the last two, of each title's first phrase."""
    meaning: np.ndarray
    """(n_products, at most DIMENSIONS) float32, rows of length 1 or 0: latent semantic analysis (Deerwester et al. 1990) of
    words, pairs, heads and spellings of all the products together, those without a category among them."""


def title_features(products: pd.DataFrame, words: sp.csr_matrix, seed: int) -> TitleFeatures:
    """words: (n_products, n_words) TF-IDF of the same products."""
    titles = titles_of(products)
    whole, phrases = (
        product_tokens(pd.DataFrame({"title": texts}), [])
        for texts in (titles, [first_phrase(title) for title in titles])
    )
    pairs = _tfidf([[f"{a} {b}" for a, b in pairwise(bag)] for bag in whole])
    heads = _tfidf([[bag[-1], " ".join(bag[-2:]) + "."] if bag else [] for bag in phrases])
    brands = products["brand"].map(text_of) if "brand" in products else [""] * len(titles)
    spelled = [f"{title[:READ]} {brand}" for title, brand in zip(titles, brands, strict=True)]
    together = sp.hstack([words, BESIDE_WORDS * pairs, BESIDE_WORDS * heads, spellings(spelled)], format="csr")
    return TitleFeatures(pairs, heads, _latent(together, seed))


def first_phrase(title: str) -> str:
    return HEAD_ENDS.split(title, maxsplit=1)[0]


def _tfidf(bags: list[Tokens]) -> sp.csr_matrix:
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(bags):
        return sp.csr_matrix((len(bags), 0), dtype=np.float32)
    counted = TfidfVectorizer(analyzer=list, sublinear_tf=True, dtype=np.float32).fit_transform(bags)
    # What a single product has tells nothing of others.
    return counted[:, np.flatnonzero(np.bincount(counted.indices, minlength=counted.shape[1]) >= 2)]


def spellings(texts: list[str]) -> sp.csr_matrix:
    """(n_texts, n_spellings) float32 TF-IDF of runs of characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(text.strip() for text in texts):
        return sp.csr_matrix((len(texts), 0), dtype=np.float32)
    vectorizer = TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=SPELLINGS,
        max_features=MOST_SPELLINGS,
        sublinear_tf=True,
        dtype=np.float32,
    )
    return vectorizer.fit_transform(texts)


def _latent(vectors: sp.csr_matrix, seed: int) -> np.ndarray:
    from sklearn.decomposition import TruncatedSVD

    dimensions = min(DIMENSIONS, *(size - 1 for size in vectors.shape))
    if dimensions < 1:
        return np.zeros((vectors.shape[0], 0), dtype=np.float32)
    made = TruncatedSVD(dimensions, n_iter=3, random_state=seed).fit_transform(vectors)
    return unit_rows(made.astype(np.float32))
