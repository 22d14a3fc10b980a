"""Where a category that the catalog never had belongs, as a whole: beside which known ones, how sure that is, and when it can't be told.

Learned by taking each known category for new: P(c' | c) = softmax(similarity / temperature) over the others, with the temperature by
which the siblings (same parent) are likeliest. Of a tree without siblings, or with one parent, categories are cut in halves instead, and each half
is to find the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.special import logsumexp, softmax

from recsys_core.categories.calibration import Calibration, best_temperature, cross_fitted
from recsys_core.categories.levels import Categories
from recsys_core.categories.placement import ERROR_RATE, MIN_HELD_OUT, Trust, threshold_for, trust_in
from recsys_core.categories.similarity import by_meaning
from recsys_core.errors import NotThere
from recsys_core.tables.columns import CATEGORY_SEPARATOR

FOLDS = 10
"""Categories are few: each is judged by a calibration of nine tenths of them."""
FAR = -30.0
"""The log-odds of a parent that has no other category."""


@dataclass(frozen=True)
class Learned:
    """What was learned of the known categories."""

    categories: Categories
    vectors: sp.csr_matrix | np.ndarray
    """(n_products, dimensions) of the catalog."""
    parents: np.ndarray
    """(n,) number of each category's parent; in a tree without siblings, of the category itself."""
    temperature: float
    calibration: Calibration
    threshold: float
    trust: Trust
    foretold: np.ndarray
    """(n_judged,) the first parent's probability of each category that `trust` is measured on."""


def learn(categories: Categories, vectors: sp.csr_matrix | np.ndarray, error_rate: float = ERROR_RATE) -> Learned:
    """vectors: (n_products, dimensions) content without categories. Raises NotThere for fewer than MIN_HELD_OUT categories."""
    names = categories.names
    parents = pd.factorize(pd.Series([name.rpartition(CATEGORY_SEPARATOR)[0] or name for name in names]))[0]
    judged = np.bincount(parents)[parents] > 1
    if judged.sum() >= MIN_HELD_OUT and len(np.unique(parents[judged])) > 1:
        similarity = by_meaning(vectors, categories).astype(np.float64)
        np.fill_diagonal(similarity, -np.inf)
    else:
        parents = np.arange(len(names))
        first, other = _halves(categories)
        similarity = by_meaning(vectors, Categories([*names, *names], np.where(first >= 0, first, other)))
        similarity = similarity[: len(names), len(names) :].astype(np.float64)
        judged = np.isin(parents, first) & np.isin(parents + len(names), other)
    if judged.sum() < MIN_HELD_OUT:
        raise NotThere(
            f"To place a whole new category takes {MIN_HELD_OUT} known ones to learn from; the catalog has {len(names)}."
        )
    similarity, truth = similarity[judged], parents[judged]
    temperature = best_temperature(
        lambda scaled: _by_parent(scaled, parents) - logsumexp(scaled, axis=1, keepdims=True),
        similarity,
        truth,
        (-5, 1),
    )
    margins = _by_parent(similarity / temperature, parents)
    chances = cross_fitted(margins, truth, FOLDS)
    threshold = threshold_for(chances, truth, error_rate)
    calibration = Calibration.fit(margins, truth)
    return Learned(
        categories,
        vectors,
        parents,
        temperature,
        calibration,
        threshold,
        trust_in(chances, truth, threshold),
        chances.max(axis=1),
    )


def place_category(learned: Learned, products: sp.csr_matrix | np.ndarray, top: int = 3) -> tuple[pd.DataFrame, bool]:
    """The known categories that a new one is most like: rank, category, probability; and whether that is known.

    products: (n, dimensions) content of its products, in the same space. The probabilities of a parent's categories add up
    to how likely it is that the new one belongs there, too.
    """
    names = learned.categories.names
    together = Categories(
        [*names, "new"], np.concatenate([learned.categories.of_product, np.full(products.shape[0], len(names))])
    )
    both = [learned.vectors, products]
    vectors = sp.vstack(both, format="csr") if sp.issparse(products) else np.vstack(both)
    logits = by_meaning(vectors, together)[-1:, :-1] / learned.temperature
    chances = learned.calibration.chances(_by_parent(logits, learned.parents))[0]
    share = softmax(logits[0])
    of_parent = np.bincount(learned.parents, share, len(chances))
    probability = share / np.maximum(of_parent[learned.parents], 1e-12) * chances[learned.parents]
    best = np.argsort(-probability, kind="stable")[:top]
    frame = pd.DataFrame(
        {"rank": np.arange(1, len(best) + 1), "category": [names[at] for at in best], "probability": probability[best]}
    )
    return frame, bool(chances.max() >= learned.threshold)


def _halves(categories: Categories) -> tuple[np.ndarray, np.ndarray]:
    """(n_products,) each: every second product of a category, numbered as it; the others, numbered after all; else -1."""
    of_product = categories.of_product
    turn = pd.Series(of_product).groupby(of_product).cumcount().to_numpy() % 2
    known = of_product >= 0
    first = np.where(known & (turn == 0), of_product, -1)
    return first, np.where(known & (turn == 1), of_product + len(categories.names), -1)


def _by_parent(logits: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """(n, n_parents) log of the summed odds of each parent's categories; logits: (n, n_categories)."""
    columns = [logsumexp(logits[:, parents == parent], axis=1) for parent in range(parents.max() + 1)]
    return np.maximum(np.column_stack(columns), FAR)
