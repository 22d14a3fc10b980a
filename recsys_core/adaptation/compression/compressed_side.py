"""Products ready to be scored, in little room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from recsys_core.adaptation.compression.rows import Rows, packed, rows_of
from recsys_core.artefacts import part, prefixed
from recsys_core.models.head import CustomerSide, ProductSide

BLOCK = 256
"""Products unpacked at once: what is kept in little room must not be held in full while it is scored."""


@dataclass(frozen=True)
class CompressedSide:
    """`ProductSide` by the same formula: <x_u, dense> + <s_u, sparse> + Σ w_i σ(<x_u, θ_i>)."""

    dense: Rows
    sparse: Rows
    terms: tuple[Rows, ...]
    """θ of each term."""
    term_weights: np.ndarray
    """(n_terms, n) float32."""

    @classmethod
    def of(cls, side: ProductSide, int8: bool) -> CompressedSide:
        n = len(side.dense)
        weights = np.zeros((len(side.terms), n), dtype=np.float32)
        for at, term in enumerate(side.terms):
            weights[at] = term.weight
        terms = tuple(packed(term.theta, int8) for term in side.terms)
        return cls(packed(side.dense, int8), packed(side.sparse, int8), terms, weights)

    def scores(self, customers: CustomerSide) -> np.ndarray:
        """(n_customers, n) float32."""
        n = len(self.dense)
        total = np.empty((customers.dense.shape[0], n), dtype=np.float32)
        for start in range(0, n, BLOCK):
            stop = min(start + BLOCK, n)
            block = self.dense.between(start, stop).times(customers.dense)
            block += self.sparse.between(start, stop).times(customers.sparse)
            for weight, theta in zip(self.term_weights, self.terms, strict=True):
                block += weight[start:stop] * expit(theta.between(start, stop).times(customers.dense))
            total[:, start:stop] = block
        return total

    def take(self, products: np.ndarray) -> CompressedSide:
        terms = tuple(theta.take(products) for theta in self.terms)
        return CompressedSide(
            self.dense.take(products), self.sparse.take(products), terms, self.term_weights[:, products]
        )

    def arrays(self) -> dict[str, np.ndarray]:
        parts = {"dense": self.dense, "sparse": self.sparse}
        parts |= {f"term.{at}": theta for at, theta in enumerate(self.terms)}
        arrays = {"term_weights": self.term_weights}
        for name, rows in parts.items():
            arrays |= prefixed(rows.arrays(), f"{name}.")
        return arrays

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> CompressedSide:
        weights = arrays["term_weights"]
        dense, sparse, *terms = (
            rows_of(part(arrays, f"{name}."))
            for name in ("dense", "sparse", *(f"term.{at}" for at in range(len(weights))))
        )
        return cls(dense, sparse, tuple(terms), weights)
