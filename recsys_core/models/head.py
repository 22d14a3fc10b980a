"""The learned numbers of the source model, and the two sides of a score made with them. Needs no torch.

The score of customer u for product p with k supporters S is a sum of five signals:

    words      α(k) · <t_u, ω ∘ t_p>              TF-IDF rows, each word with a learned weight ω
    content    β(k) · <A c_u, B c_p>              dense content vectors, two linear towers
    taste      γ(k) · <Z z_u, v_p>                co-purchase space; v_p = (Σ_S Z z_s + κ G c_p) / (k + κ): the content
                                                  stands for κ supporters (a prototype with a learned prior)
    supporters δ(k) · <b_u, Σ_S b_s / |Σ_S b_s|>  the baskets themselves
    popularity <h, c_p>                           how well products like this sell at all

with t_u, c_u, z_u, b_u the customer's history summed and scaled to length 1, and each weight a + b · log(1 + k).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from recsys_core.content.unit_rows import unit_rows, unit_sparse_rows
from recsys_core.models.content_space import ContentVectors


@dataclass(frozen=True)
class Head:
    """d = content dimensions, r = taste dimensions, V = words of the catalog; all float32."""

    word_weights: np.ndarray
    """(V,) ω; a word that the catalog doesn't have weighs 1."""
    customer_tower: np.ndarray
    """(d, d) A, applied from the right."""
    product_tower: np.ndarray
    """(d, d) B."""
    placement: np.ndarray
    """(d, r) G: from content to taste."""
    taste: np.ndarray
    """(r, r) Z."""
    popularity: np.ndarray
    """(d,) h."""
    prior_shots: np.ndarray
    """() κ."""
    mixture: np.ndarray
    """(4, 2): intercept and slope of α, β, γ, δ in log(1 + k)."""

    def arrays(self) -> dict[str, np.ndarray]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


class CustomerSide(NamedTuple):
    dense: np.ndarray
    """(n_customers, d + r + 1) float32."""
    sparse: sp.csr_matrix
    """(n_customers, V' + n_products)."""


class ProductSide(NamedTuple):
    dense: np.ndarray
    """(n, d + r + 1) float32."""
    sparse: sp.csr_matrix
    """(n, V' + n_products)."""


class CustomerEncoder:
    """Turns histories into the customers' side of a score."""

    def __init__(self, head: Head, content: ContentVectors, factors: np.ndarray):
        self.head = head
        self.content = content
        self.factors = factors

    def encode(self, histories: sp.csr_matrix) -> CustomerSide:
        """histories: (n, n_products) damped weights, one row a customer."""
        content = unit_rows(histories @ self.content.dense) @ self.head.customer_tower
        taste = unit_rows(histories @ self.factors) @ self.head.taste
        dense = np.hstack([content, taste, np.ones((histories.shape[0], 1), dtype=np.float32)])
        words = unit_sparse_rows(histories @ self.content.words)
        return CustomerSide(dense, sp.hstack([words, unit_sparse_rows(histories)], format="csr"))


def product_side(head: Head, content: ContentVectors, support: sp.csr_matrix, supporters: CustomerSide) -> ProductSide:
    """The products' side of a score.

    content: of the n products; support: (n, n_supporters), a stored entry where that supporter bought that product;
    supporters: the encoded supporters.
    """
    bought = support.copy()
    bought.data = np.ones_like(bought.data)
    shots = np.asarray(bought.sum(axis=1)).ravel().astype(np.float32)
    d, n_words = content.dense.shape[1], content.words.shape[1]
    words_weight, content_weight, taste_weight, supporters_weight = mixture_at(head.mixture, shots)
    taste = np.asarray(bought @ supporters.dense[:, d:-1]) + head.prior_shots * (content.dense @ head.placement)
    taste /= (shots + head.prior_shots)[:, None]
    dense = np.hstack(
        [
            content_weight[:, None] * (content.dense @ head.product_tower),
            taste_weight[:, None] * taste,
            (content.dense @ head.popularity)[:, None],
        ]
    )
    weights = np.ones(n_words, dtype=np.float32)
    weights[: len(head.word_weights)] = head.word_weights
    words = sp.diags(words_weight) @ content.words @ sp.diags(weights)
    baskets = sp.diags(supporters_weight) @ unit_sparse_rows(bought @ supporters.sparse[:, n_words:])
    return ProductSide(dense.astype(np.float32), sp.hstack([words, baskets], format="csr", dtype=np.float32))


def mixture_at(mixture: np.ndarray, shots: np.ndarray) -> np.ndarray:
    """(4, n): the weights of the four signals for products with `shots` (n,) supporters; δ is 0 without any."""
    growth = np.log1p(shots)
    weights = mixture[:, :1] + mixture[:, 1:] * growth
    weights[3] *= shots > 0
    return weights.astype(np.float32)


def score(customers: CustomerSide, products: ProductSide) -> np.ndarray:
    """(n_customers, n_products) float32."""
    return customers.dense @ products.dense.T + (customers.sparse @ products.sparse.T).toarray()
