"""Which of a product's likeliest categories it is in, by all that speaks for each: learned on products that others placed.

Gradient-boosted trees (Friedman 2001) tell for each candidate alone whether it is the one. They see products as their models saw
them in the folds that these weren't learned on, so they learn how far each voice can be trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys_core.categories.calibration import TINY
from recsys_core.categories.candidates import Candidates
from recsys_core.run_context import RunContext

SETTINGS = {
    "learning_rate": 0.05,
    "max_iter": 200,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 50,
    "l2_regularization": 5.0,
    "max_features": 0.5,
}
FOLDS = 4


@dataclass(frozen=True)
class Reranker:
    trees: Any

    @classmethod
    def fit(cls, candidates: Candidates, of_product: np.ndarray) -> Reranker:
        """of_product: (n,) positions of the products' own categories."""
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        right = candidates.category == of_product[:, None]
        trees = HistGradientBoostingClassifier(**SETTINGS, early_stopping=False, random_state=0)
        # On a machine with other work threads wait for each other at every split: minutes instead of seconds.
        with threadpool_limits(1, "openmp"):
            return cls(trees.fit(_flat(candidates.features), right.ravel()))

    def chances(self, candidates: Candidates, n_categories: int) -> np.ndarray:
        """(n, n_categories) float64; next to nothing for what is no candidate."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "openmp"):
            right = self.trees.predict_proba(_flat(candidates.features))[:, 1].reshape(candidates.category.shape)
        chances = np.full((len(right), n_categories), TINY)
        np.put_along_axis(chances, candidates.category, np.maximum(right, TINY), axis=1)
        return chances


def cross_reranked(
    candidates: Candidates, of_product: np.ndarray, n_categories: int, at_most: int, *, run: RunContext
) -> tuple[np.ndarray, Reranker]:
    """(n, n_categories) chances of the first `at_most` products, of each fold by what was learned on all others; and what was
    learned on all."""
    stage = "Choosing among the likeliest categories"
    fold = np.arange(len(of_product)) % FOLDS
    chances = np.empty((min(at_most, len(fold)), n_categories))
    for number in range(FOLDS):
        run.progress(stage, number, FOLDS + 1)
        judged, others = np.flatnonzero(fold[:at_most] == number), np.flatnonzero(fold != number)
        reranker = Reranker.fit(candidates.take(others), of_product[others])
        chances[judged] = reranker.chances(candidates.take(judged), n_categories)
    run.progress(stage, FOLDS, FOLDS + 1)
    reranker = Reranker.fit(candidates, of_product)
    run.progress(stage, FOLDS + 1, FOLDS + 1)
    return chances, reranker


def _flat(features: np.ndarray) -> np.ndarray:
    return features.reshape(-1, features.shape[2])
