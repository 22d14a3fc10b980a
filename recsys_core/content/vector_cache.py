"""Where an encoder's vectors are kept between runs. A store implements it; learning doesn't know which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class VectorCache(Protocol):
    """Vectors by the encoder's name and a key that tells the text: the same key means the same vector for ever."""

    def get(self, encoder: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
        """The vectors, each (dimensions,) float32, of those keys that are known."""

    def put(self, encoder: str, keys: Sequence[str], vectors: np.ndarray) -> None:
        """Keeps vectors, (n_keys, dimensions) float32, one for each key (ASCII)."""


class MemoryVectors:
    """A `VectorCache` for the life of a process."""

    def __init__(self) -> None:
        self._vectors: dict[tuple[str, str], np.ndarray] = {}

    def get(self, encoder: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
        return {key: self._vectors[encoder, key] for key in keys if (encoder, key) in self._vectors}

    def put(self, encoder: str, keys: Sequence[str], vectors: np.ndarray) -> None:
        self._vectors |= {(encoder, key): vector for key, vector in zip(keys, vectors, strict=True)}
