"""The per-product term σ(θ_T·x) of a fine-tuned model: fitted with all shared layers frozen. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.special import expit, log_softmax

from recsys_core.adaptation.supporters import Supporters
from recsys_core.models.augmentation import pseudo_supporters
from recsys_core.models.head import NewProducts, ProductSide, Scorer


@dataclass(frozen=True)
class TermSettings:
    """How the terms are fitted; kept with the adapter, which fits them for any product."""

    scale: float
    """θ_μ > 0."""
    sharpness: float
    """Inverse temperature of the softmax."""
    penalty: float
    """Weight of |θ_T|²."""
    negatives: int
    """Customers drawn from the catalog, beside whom a supporter has to stand out."""
    seed: int
    pseudo_supporters: float = 0.0
    """How many supporters a product's pseudo-supporters count for together."""


class WeighedPairs(NamedTuple):
    """Customers who count as buyers of a product."""

    customers: np.ndarray
    """(m, D): x of each pair's customer."""
    product: np.ndarray
    """(m,) which of the n products the pair is about."""
    scores: np.ndarray
    """(m,) f_S of each pair."""
    weight: np.ndarray
    """(m,) > 0; a supporter has 1."""


@dataclass(frozen=True)
class SupportTask:
    """Who bought (positives), beside customers drawn from everyone (negatives), as seen by the frozen layers."""

    positives: np.ndarray
    """(m, D): x of each support pair's customer."""
    product: np.ndarray
    """(m,) which of the n products the pair is about."""
    positive_scores: np.ndarray
    """(m, n) f_S of each support pair's customer for all products."""
    bought: np.ndarray
    """(m, n) bool: what each support pair's customer has bought of them."""
    negatives: np.ndarray
    """(q, D): x of the customers drawn."""
    negative_scores: np.ndarray
    """(q, n) f_S of the customers drawn."""
    taken: np.ndarray
    """(q, n) bool: what the customers drawn have bought of them: there they are no negatives."""
    pseudo: WeighedPairs
    """Pseudo-supporters: they are learned from, but have bought nothing, so they judge nothing."""

    def of(self, pairs: np.ndarray) -> SupportTask:
        """The task of some of the support pairs, and of all pseudo-supporters; pairs: (m,) bool."""
        return replace(
            self,
            positives=self.positives[pairs],
            product=self.product[pairs],
            positive_scores=self.positive_scores[pairs],
            bought=self.bought[pairs],
        )

    def own_scores(self) -> np.ndarray:
        """(m,) f_S of each support pair."""
        own: np.ndarray = self.positive_scores[np.arange(len(self.product)), self.product]
        return own

    def learned_from(self) -> WeighedPairs:
        """The support pairs, then the pseudo-supporters."""
        support = WeighedPairs(self.positives, self.product, self.own_scores(), np.ones(len(self.product), np.float32))
        return WeighedPairs(*(np.concatenate(both) for both in zip(support, self.pseudo, strict=True)))


def support_task(scorer: Scorer, new: NewProducts, source: ProductSide, settings: TermSettings) -> SupportTask:
    """The task of the new products' support and pseudo-supporters; source: their side by f_S."""
    pairs, n_customers = new.support.tocoo(), new.support.shape[1]
    supporters, position = np.unique(pairs.col, return_inverse=True)
    encoded = scorer.customers(scorer.weights[supporters])
    size = min(settings.negatives, n_customers)
    drawn = np.sort(np.random.default_rng(settings.seed).choice(n_customers, size, replace=False))
    others = scorer.customers(scorer.weights[drawn])
    stand_ins = new.without_support().support
    if settings.pseudo_supporters:
        stand_ins = settings.pseudo_supporters * pseudo_supporters(scorer, new.content)
    pseudo = Supporters.of(scorer, new.with_supporters(stand_ins), source, others)
    return SupportTask(
        positives=encoded.dense[position],
        product=pairs.row,
        positive_scores=source.scores(encoded)[position],
        bought=new.support[:, supporters].T.toarray()[position] > 0,
        negatives=others.dense,
        negative_scores=pseudo.crowd_scores.T,
        taken=new.support[:, drawn].T.toarray() > 0,
        pseudo=WeighedPairs(pseudo.customers[pseudo.bought.indices], pseudo.product, pseudo.scores, stand_ins.data),
    )


def fit_theta(task: SupportTask, settings: TermSettings) -> np.ndarray:
    """θ (n_products, D) float32: for each pair, softmax of sharpness · f_T over its customer and the negatives.

    f_T(x) = σ(θ·x) + scale · f_S(x), n_products as in the task; the loss is the weighted mean over each product's pairs
    (`learned_from`) plus penalty · |θ|². A product without a pair keeps θ = 0. The products' problems are separate, so
    one alone gives what all together give.
    """
    from scipy.optimize import minimize

    n_products, dimensions = task.negative_scores.shape[1], task.negatives.shape[1]
    scale, sharpness, penalty = settings.scale, settings.sharpness, settings.penalty
    customers, product, own_scores, weight = task.learned_from()
    total = np.bincount(product, weight, n_products)
    share = weight / total[product]
    gather = sp.csr_matrix((share, (product, np.arange(len(product)))), (n_products, len(product)))
    wanted = np.flatnonzero(total)
    taken = task.taken.T[product]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        theta = np.zeros((n_products, dimensions))
        theta[wanted] = flat.reshape(len(wanted), dimensions)
        positive = expit(np.einsum("md,md->m", customers, theta[product]))
        negative = expit(task.negatives @ theta.T)
        logits = sharpness * np.column_stack(
            [
                positive + scale * own_scores,
                (negative + scale * task.negative_scores).T[product],
            ]
        )
        logits[:, 1:][taken] = -np.inf
        logs = log_softmax(logits, axis=1)
        chance = np.exp(logs)
        value = -(share * logs[:, 0]).sum() + penalty * (flat**2).sum()
        positive_slope = sharpness * (chance[:, 0] - 1) * positive * (1 - positive)
        negative_slope = sharpness * (gather @ chance[:, 1:]) * (negative * (1 - negative)).T
        gradient = gather @ (positive_slope[:, None] * customers) + negative_slope @ task.negatives
        return float(value), (gradient[wanted] + 2 * penalty * theta[wanted]).ravel()

    theta = np.zeros((n_products, dimensions), dtype=np.float32)
    if len(wanted):
        start = np.zeros(len(wanted) * dimensions)
        fitted = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60})
        theta[wanted] = fitted.x.reshape(len(wanted), dimensions)
    return theta


def reciprocal_ranks(task: SupportTask, theta: np.ndarray, settings: TermSettings) -> np.ndarray:
    """(m,) for each support pair 1 / the rank of its product by f_T among those that its customer hasn't bought."""
    scores = expit(task.positives @ theta.T) + settings.scale * task.positive_scores
    own = scores[np.arange(len(scores)), task.product]
    return 1 / (1 + ((scores > own[:, None]) & ~task.bought).sum(axis=1))
