"""Known products for known customers: the source model beside EASE (Steck 2019), which learns what goes with what in closed form.

The score is the sum of two, each divided by its spread: the source model's formula, with a product's buyers as its supporters, and
x_u B, with x_u what the customer bought and B = I - P · diag(1 / diag P), P = (X'X + λI)^-1. Only the most sold products
are in B, whose size is their number squared; for the others the formula speaks alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.linalg.lapack import spotrf, spotri

from recsys_core.models.co_purchases import ones
from recsys_core.models.head import ProductSide, Scorer
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

PENALTY = 50.0
"""λ, in customers."""
MOST_PRODUCTS = 10_000
"""So many products, at most, are in B: 400 MB."""
SAMPLE = 500
"""Customers who tell the spread of both scores."""


@dataclass(frozen=True)
class KnownProducts:
    scorer: Scorer
    side: ProductSide
    """All products of the catalog, with their buyers."""
    together: np.ndarray
    """(m, m) float32 B."""
    products: np.ndarray
    """(m,) positions of B's products in the catalog."""
    scale: tuple[float, float]
    """What formula and EASE are divided by."""

    @classmethod
    def of(cls, source: SourceModel, *, run: RunContext) -> KnownProducts:
        """Learned from all of the source model's interactions; (n_customers, n_products) are those of its catalog."""
        content = source.space_.catalog()
        scorer = source.scorer(content)
        run.progress("Learning what goes together", 0, 2)
        side = scorer.products(scorer.new_products(content, source.weights_.T.tocsr()))
        run.progress("Learning what goes together", 1, 2)
        products = np.sort(np.argsort(-scorer.co_purchases.sold, kind="stable")[:MOST_PRODUCTS])
        known = cls(scorer, side, ease(ones(source.weights_[:, products])), products, (1.0, 1.0))
        some = np.flatnonzero(np.diff(source.weights_.indptr))
        some = np.random.default_rng(run.seed).permutation(some)[:SAMPLE]
        scale = tuple(max(float(scores.std()), 1e-9) for scores in (known.formula(some), known._ease(some)))
        run.progress("Learning what goes together", 2, 2)
        return cls(scorer, side, known.together, products, (scale[0], scale[1]))

    def scores(self, customers: np.ndarray) -> np.ndarray:
        """(b, n_products) float32 for customers' positions (b,). What a customer has bought already scores like the rest."""
        total = self.formula(customers) / self.scale[0]
        total[:, self.products] += self._ease(customers) / self.scale[1]
        return total

    def formula(self, customers: np.ndarray) -> np.ndarray:
        """The first of the two alone."""
        return self.side.scores(self.scorer.customers(self.scorer.weights[customers]))

    def _ease(self, customers: np.ndarray) -> np.ndarray:
        return ones(self.scorer.weights[customers][:, self.products]) @ self.together


def ease(bought: sp.csr_matrix, penalty: float = PENALTY) -> np.ndarray:
    """(m, m) float32 B with zeros on its diagonal; bought: (n_customers, m) of ones."""
    gram = (bought.T @ bought).toarray(order="F").astype(np.float32, copy=False)
    gram[np.diag_indices_from(gram)] += penalty
    # In place, by Cholesky: for 10,000 products each copy of the matrix would be 400 MB.
    factor, failed = spotrf(gram, overwrite_a=True, clean=False)
    weights, undefined = spotri(factor, overwrite_c=True)
    if failed or undefined:
        raise np.linalg.LinAlgError("the matrix of common customers can't be inverted")
    for row in range(len(weights)):
        weights[row + 1 :, row] = weights[row, row + 1 :]
    weights /= -np.diag(weights).copy()
    weights[np.diag_indices_from(weights)] = 0
    return weights
