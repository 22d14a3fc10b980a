"""What words mean, as vectors: each is read by the pretrained encoder once, apart from the texts that it stands in.

A product's meaning is then the TF-IDF mean of its words' vectors: a fraction of the work of encoding every text, and
in replays of launches it found buyers better (`benchmarks/RESULTS.md`). What all words have in common, their mean and the
first directions, is taken out of the vectors (Mu and Viswanath, "All-but-the-top", 2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
import scipy.sparse as sp

from recsys_core.content.pretrained import PretrainedEncoder
from recsys_core.content.unit_rows import unit_rows
from recsys_core.content.vector_cache import MemoryVectors
from recsys_core.content.words import SHARED, WordCounts
from recsys_core.run_context import RunContext

MOST_WORDS = 20_000
"""The most frequent words of a catalog, and as many of a launch, are read; the others mean nothing."""
COMMON = 3
"""Directions that all words share; taken out."""


@dataclass(frozen=True)
class WordMeanings:
    """The vectors of a catalog's words, and how those of other words come into the same space."""

    vectors: np.ndarray
    """(n_tokens, m) float32; zeros for a word that wasn't read."""
    mean: np.ndarray
    """(e,) float32 of the encoder's vectors."""
    projection: np.ndarray
    """(e, m) float32: from the encoder's vectors, less their mean."""
    model: str | None
    """The encoder's; None: the packaged one."""

    @classmethod
    def none(cls, n_tokens: int) -> WordMeanings:
        """No word means anything."""
        nothing = np.zeros(0, dtype=np.float32)
        return cls(np.zeros((n_tokens, 0), dtype=np.float32), nothing, np.zeros((0, 0), dtype=np.float32), None)

    @classmethod
    def of(
        cls, counts: WordCounts, tfidf: sp.csr_matrix, dimensions: int, model: str | None, *, run: RunContext
    ) -> WordMeanings:
        """counts, tfidf: of a catalog; dimensions: m, at most. Raises InvalidSetting and DamagedArtefact as
        `PretrainedEncoder.encode` does, Cancelled."""
        vocabulary, frequency = counts.vocabulary, counts.frequency()
        chosen = _most_frequent(frequency)
        if not dimensions or not len(chosen):
            return cls.none(len(vocabulary))
        read = _read([vocabulary[token] for token in chosen], model, run)
        weight = frequency[chosen, None] / frequency[chosen].sum()
        mean = (weight * read).sum(axis=0)
        centred = read - mean
        common = _directions(np.sqrt(weight) * centred)[:, :COMMON]
        told_apart = np.eye(read.shape[1]) - common @ common.T
        products = unit_rows(tfidf[:, chosen] @ (centred @ told_apart))
        axes = _directions(products)[:, : min(dimensions, len(chosen))]
        projection = (told_apart @ axes).astype(np.float32)
        vectors = np.zeros((len(vocabulary), projection.shape[1]), dtype=np.float32)
        vectors[chosen] = centred @ projection
        return cls(vectors, mean.astype(np.float32), projection, model)

    def extended(self, counts: WordCounts, *, run: RunContext) -> WordMeanings:
        """With the vectors of more words after these; counts: of all words and products."""
        known = len(self.vectors)
        chosen = _most_frequent(counts.frequency()[known:])
        new = np.zeros((len(counts.vocabulary) - known, self.dimensions), dtype=np.float32)
        if self.dimensions and len(chosen):
            read = _read([counts.vocabulary[known + token] for token in chosen], self.model, run)
            new[chosen] = (read - self.mean) @ self.projection
        return self.with_vectors(new)

    def with_vectors(self, new: np.ndarray) -> WordMeanings:
        """new: (n_new_tokens, m), after these."""
        return replace(self, vectors=np.vstack([self.vectors, new]))

    @property
    def dimensions(self) -> int:
        return self.vectors.shape[1]

    def products(self, words: sp.csr_matrix) -> np.ndarray:
        """(n, m) float32, rows of length 1 or 0, from TF-IDF rows; tokens beyond these are passed over."""
        return unit_rows(words[:, : len(self.vectors)] @ self.vectors)

    def arrays(self) -> dict[str, np.ndarray]:
        return {"vectors": self.vectors, "mean": self.mean, "projection": self.projection}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray], model: str | None) -> WordMeanings:
        return cls(**arrays, model=model)


def _most_frequent(frequency: np.ndarray) -> np.ndarray:
    """Positions, in order, of the tokens that products share, MOST_WORDS at most."""
    order = np.argsort(-frequency, kind="stable")[:MOST_WORDS]
    return np.sort(order[frequency[order] >= SHARED])


def _directions(rows: np.ndarray) -> np.ndarray:
    """(e, e): the right singular vectors of (n, e) rows as columns, the strongest first."""
    gram = rows.T.astype(np.float64) @ rows
    return np.linalg.eigh(gram)[1][:, ::-1]


def _read(tokens: list[str], model: str | None, run: RunContext) -> np.ndarray:
    """(n, e) the encoder's vectors; of "brand=acme" and the like it reads what is behind the sign."""
    texts = [token.partition("=")[2] or token for token in tokens]
    return _encoder(model).encode(pd.DataFrame({"title": texts}), run=run)


@lru_cache(maxsize=2)
def _encoder(model: str | None) -> PretrainedEncoder:
    """One a process: the model is loaded once, and a word is read once."""
    return PretrainedEncoder(model, MemoryVectors(), "Reading the words")
