"""The source model's formula, and the numbers learned for it. Needs no torch.

The score of customer u for product p with k supporters S is a sum of five signals, each divided by its spread σ, and of one that is
the same for all customers:

    words      <t_u, t_p>                                        cosine of TF-IDF rows
    towers     e · <A c_u, B c_p>                                dense content vectors through two trained linear towers
    together   a · 5 / (5 + k) · <h_u, N'N P'>                   what is bought together with p's content neighbours P
    baskets    b · (1 + g_b ln(1 + k)) · cos(h_u, κ_b b_p + Σ_S h_s)    the supporters' baskets; b_p: those who bought P
    taste      c · (1 + g_z ln(1 + k)) · cos(z_u, κ_z z_p + Σ_S z_s)    the same in the co-purchase factor space
    pace       f · how fast the first sales came (see `recsys_core.pace`)

t_u, c_u, z_u, h_u are the customer's history summed and scaled to length 1. In the last two a product's content stands
for κ supporters: a prototype with a prior (Snell et al. 2017). N is the degree-normalised customer × product matrix.
z_p is the neighbours' taste; with a generator (see `generator.py`) a share of z_p is generated from c_p.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.special import expit

from recsys_core.artefacts import pack_sparse, unpack_sparse
from recsys_core.content.filled_products import FilledProducts
from recsys_core.content.unit_rows import unit_rows, unit_sparse_rows
from recsys_core.models.co_purchases import CoPurchases, Placement
from recsys_core.models.content_space import ContentVectors

TYPICAL_SPREAD = {"words": 0.05, "towers": 0.09, "together": 0.0012, "baskets": 0.04, "taste": 0.14}
"""Of four public data sets: for catalogs that are too small to measure it."""
TOGETHER_FADES = 5.0
"""Supporters after which what content neighbours are bought with counts half."""


@dataclass(frozen=True)
class Mixture:
    """The few numbers that weigh the signals; chosen on replayed launches (see `mixing.py`)."""

    towers: float = 0.5
    together: float = 1.0
    baskets: float = 0.5
    taste: float = 1.0
    baskets_prior: float = 5.0
    taste_prior: float = 5.0
    baskets_growth: float = 0.5
    taste_growth: float = 0.5
    pace: float = 0.0
    meaning_share: float = 0.4
    """What of a product's likeness to its content neighbours is its meaning's, the rest its words'; 0 where words mean nothing."""
    activity: float = 0.2
    """Weight of the logarithm of a customer's activity in an audience, in spreads of the score; the same for all shops."""
    spread: dict[str, float] = field(default_factory=lambda: dict(TYPICAL_SPREAD))
    """σ of each signal over customers × products without supporters."""

    def weights(self, shots: np.ndarray) -> dict[str, np.ndarray]:
        """Signal → weight (n,) for products with `shots` (n,) supporters."""
        growth = np.log1p(shots)
        weights = {
            "words": np.ones_like(growth),
            "towers": self.towers + 0 * growth,
            "together": self.together * TOGETHER_FADES / (TOGETHER_FADES + shots),
            "baskets": self.baskets * (1 + self.baskets_growth * growth),
            "taste": self.taste * (1 + self.taste_growth * growth),
        }
        return {name: (weight / self.spread[name]).astype(np.float32) for name, weight in weights.items()}

    def as_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Head:
    """What was learned; d = content dimensions."""

    customer_tower: np.ndarray
    """(d, d) float32 A, applied from the right."""
    product_tower: np.ndarray
    """(d, d) float32 B."""
    sharpness: np.ndarray
    """(2,) float32: of the words' cosine and of the towers' product in the softmax that trained them; no part of a score."""
    mixture: Mixture = field(default_factory=Mixture)
    generator: np.ndarray | None = None
    """(d, r) float32 G, applied from the right: a product's taste from its content; None if there is none."""
    generator_share: np.ndarray = field(default_factory=lambda: np.zeros(1, dtype=np.float32))
    """(1,) float32: of what G makes in a new product's taste; the rest is its neighbours'."""

    def arrays(self) -> dict[str, np.ndarray]:
        arrays = {
            "customer_tower": self.customer_tower,
            "product_tower": self.product_tower,
            "sharpness": self.sharpness,
        }
        if self.generator is not None:
            arrays |= {"generator": self.generator, "generator_share": self.generator_share}
        return arrays


class CustomerSide(NamedTuple):
    dense: np.ndarray
    """(n_customers, d + r + 1) float32: content, taste, and a 1."""
    sparse: sp.csr_matrix
    """(n_customers, V + n_products): words and basket."""


@dataclass(frozen=True)
class ProductSide:
    """What products bring to a score: <x_u, dense> + <s_u, sparse> + Σ w_i σ(<x_u, θ_i>), x and s of the customers' side."""

    dense: np.ndarray
    """(n, d + r + 1) float32."""
    sparse: sp.csr_matrix
    """(n, V + n_products)."""
    terms: tuple[Term, ...] = ()

    def scores(self, customers: CustomerSide) -> np.ndarray:
        """(n_customers, n) float32."""
        total = self._filled.times(customers.sparse)
        total += customers.dense @ self.dense.T
        for term in self.terms:
            total += term.weight * expit(customers.dense @ term.theta.T)
        return total

    @cached_property
    def _filled(self) -> FilledProducts:
        return FilledProducts(self.sparse)

    def take(self, products: np.ndarray) -> ProductSide:
        """The side of those products (positions) alone."""
        n = len(self.dense)
        terms = tuple(Term(np.broadcast_to(term.weight, n)[products], term.theta[products]) for term in self.terms)
        return ProductSide(self.dense[products], self.sparse[products], terms)

    def times(self, factor: float | np.ndarray) -> ProductSide:
        """The side whose scores are `factor` times these; factor: one for all products, or (n,) one for each."""
        each = np.broadcast_to(np.asarray(factor, dtype=np.float32), len(self.dense))
        terms = tuple(Term(each * term.weight, term.theta) for term in self.terms)
        return ProductSide(each[:, None] * self.dense, (sp.diags(each) @ self.sparse).tocsr(), terms)

    def plus(self, other: ProductSide) -> ProductSide:
        """The side whose scores are the sum of both."""
        return ProductSide(self.dense + other.dense, (self.sparse + other.sparse).tocsr(), self.terms + other.terms)

    def arrays(self) -> dict[str, np.ndarray]:
        terms = {f"term.{i}": term.theta for i, term in enumerate(self.terms)}
        weights = np.array([np.broadcast_to(term.weight, len(self.dense)) for term in self.terms])
        return {"dense": self.dense, "term_weights": weights} | pack_sparse("sparse", self.sparse) | terms

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> ProductSide:
        terms = tuple(Term(w, arrays[f"term.{i}"]) for i, w in enumerate(arrays["term_weights"]))
        return cls(arrays["dense"], unpack_sparse("sparse", arrays), terms)


class Term(NamedTuple):
    """One σ(θ·x) for each product."""

    weight: float | np.ndarray
    """One for all products, or (n,) one for each."""
    theta: np.ndarray
    """(n, d + r + 1) float32."""


@dataclass(frozen=True)
class NewProducts:
    """New products as a method sees them."""

    content: ContentVectors
    placement: Placement
    """Where they lie among the catalog's products by their content."""
    support: sp.csr_matrix
    """(n, n_customers): who bought them already; damped weights."""
    pace: np.ndarray
    """(n,) of their first sales, to whomever; see `recsys_core.pace`."""

    def __len__(self) -> int:
        return self.support.shape[0]

    def with_support(self, support: sp.csr_matrix, pace: np.ndarray) -> NewProducts:
        return replace(self, support=support, pace=pace)

    def with_supporters(self, support: sp.csr_matrix) -> NewProducts:
        """Others have bought them, some of those who did, say; their pace stays."""
        return replace(self, support=support)

    def without_supporters(self) -> NewProducts:
        """Nobody has bought them, but their pace is known."""
        return self.with_supporters(sp.csr_matrix(self.support.shape, dtype=np.float32))

    def without_support(self) -> NewProducts:
        return replace(self.without_supporters(), pace=np.zeros_like(self.pace))

    def take(self, products: np.ndarray) -> NewProducts:
        """Those products (positions) alone."""
        content, placement = self.content, self.placement
        return NewProducts(
            content.take(products),
            Placement(placement.together[products], placement.baskets[products], placement.taste[products]),
            self.support[products],
            self.pace[products],
        )

    def repeated(self, product: int, times: int) -> NewProducts:
        """The same product again and again."""
        return self.take(np.full(times, product))


class Scorer:
    """Both sides of a score, for one catalog and one head."""

    def __init__(self, head: Head, content: ContentVectors, co_purchases: CoPurchases):
        """content: of the catalog's products."""
        self.head, self.content, self.co_purchases = head, content, co_purchases

    def customers(self, histories: sp.csr_matrix) -> CustomerSide:
        """histories: (n_customers, n_products) damped weights, one row a customer."""
        towers = unit_rows(histories @ self.content.dense) @ self.head.customer_tower
        taste = unit_rows(histories @ self.co_purchases.factors)
        dense = np.hstack([towers, taste, np.ones((histories.shape[0], 1), dtype=np.float32)])
        words = unit_sparse_rows(histories @ self.content.words)
        return CustomerSide(dense, sp.hstack([words, unit_sparse_rows(histories)], format="csr"))

    def with_meaning_share(self, share: float) -> Scorer:
        """The same with other content neighbours; see `Mixture.meaning_share`."""
        mixture = replace(self.head.mixture, meaning_share=share)
        return Scorer(replace(self.head, mixture=mixture), self.content, self.co_purchases)

    @property
    def weights(self) -> sp.csr_matrix:
        """(n_customers, n_products) the histories."""
        return self.co_purchases.weights

    def place(self, content: ContentVectors) -> Placement:
        """Where new products lie among the catalog's, by their content."""
        placement = self.co_purchases.place(content, self.content, self.head.mixture.meaning_share)
        if self.head.generator is None:
            return placement
        made, share = unit_rows(content.dense @ self.head.generator), self.head.generator_share
        return replace(placement, taste=unit_rows((1 - share) * placement.taste + share * made))

    def new_products(
        self, content: ContentVectors, support: sp.csr_matrix, pace: np.ndarray | None = None
    ) -> NewProducts:
        """content: of n products; support: (n, n_customers) a stored entry where that customer bought that product; pace: (n,)
        of their first sales, None if it isn't known."""
        pace = np.zeros(support.shape[0], dtype=np.float32) if pace is None else pace
        return NewProducts(content, self.place(content), support, pace)

    def products(self, new: NewProducts, head: Head | None = None) -> ProductSide:
        """The products' side by the formula; head: other numbers than the scorer's."""
        head, content, placement = head or self.head, new.content, new.placement
        buyers = np.unique(new.support.indices)
        supporters, support = self.customers(self.weights[buyers]), new.support[:, buyers]
        mixture = head.mixture
        bought = support.copy()
        bought.data = np.ones_like(bought.data)
        weight = mixture.weights(np.diff(bought.indptr).astype(np.float32))
        d, n_words = content.dense.shape[1], content.words.shape[1]
        taste = unit_rows(mixture.taste_prior * placement.taste + bought @ supporters.dense[:, d:-1])
        baskets = unit_sparse_rows(mixture.baskets_prior * placement.baskets + bought @ supporters.sparse[:, n_words:])
        dense = np.hstack(
            [
                weight["towers"][:, None] * (content.dense @ head.product_tower),
                weight["taste"][:, None] * taste,
                mixture.pace * new.pace[:, None],
            ]
        )
        words = sp.diags(weight["words"]) @ content.words
        history = sp.diags(weight["baskets"]) @ baskets + sp.diags(weight["together"]) @ placement.together
        return ProductSide(dense.astype(np.float32), sp.hstack([words, history], format="csr", dtype=np.float32))
