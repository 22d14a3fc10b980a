"""Where products and customers lie by who bought what: a truncated SVD of the degree-normalised interactions."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from sklearn.utils.extmath import randomized_svd

from recsys_core.evaluation.pseudo_launch import without_products


def product_factors(
    weights: sp.csr_matrix, held_out: np.ndarray, dimensions: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Frozen product factors (n_products, min(dimensions, rank)) float32, about 1 long in the mean, twice.

    The factors are the right singular vectors of D_u^-1/2 W D_p^-1/2, W = `weights` (n_customers, n_products) and D the
    degrees. Trained factors would memorise the history (they did, in trials); frozen ones leave room for new products.
    They are computed without the `held_out` products. In the first matrix those have zeros; in the second they are
    folded in afterwards, for use when nothing needs to be judged on them any more.
    """
    shown = without_products(weights, held_out)
    size = min(dimensions, min(weights.shape) - 1)
    if size < 1 or not shown.nnz:
        nothing = np.zeros((weights.shape[1], 0), dtype=np.float32)
        return nothing, nothing
    normalised = _degree_normalised(shown)
    _, singular, right = randomized_svd(normalised, size, n_iter=4, random_state=seed)
    scale = np.sqrt(weights.shape[1] / size)
    factors = (right.T * scale).astype(np.float32)
    folded = factors.copy()
    customers = normalised @ right.T / np.maximum(singular, 1e-6) ** 2
    folded[held_out] = (_degree_normalised(weights).T @ customers)[held_out] * scale
    return factors, folded


def _degree_normalised(weights: sp.csr_matrix) -> sp.csr_matrix:
    customer_degree = np.diff(weights.indptr)
    product_degree = np.bincount(weights.indices, minlength=weights.shape[1])
    left = sp.diags(1 / np.sqrt(np.maximum(customer_degree, 1)))
    right = sp.diags(1 / np.sqrt(np.maximum(product_degree, 1)))
    return (left @ weights @ right).tocsr().astype(np.float32)


def mean_of_buyers(weights: sp.csr_matrix, taste: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each product the mean `taste` (n_customers, d) of its buyers (n_products, d), and how many those are (n_products,)."""
    bought = weights.copy()
    bought.data = np.ones_like(bought.data)
    buyers = np.asarray(bought.sum(axis=0)).ravel()
    return np.asarray(bought.T @ taste) / np.maximum(buyers, 1)[:, None], buyers


def ridge(inputs: np.ndarray, targets: np.ndarray, weight: np.ndarray, strength: float) -> np.ndarray:
    """argmin_G Σ_i weight_i |inputs_i G - targets_i|² + strength |G|². Returns (inputs' columns, targets' columns) float32."""
    weighted = inputs * weight[:, None]
    gram = weighted.T @ inputs + strength * np.eye(inputs.shape[1], dtype=np.float32)
    return np.linalg.solve(gram, weighted.T @ targets).astype(np.float32)
