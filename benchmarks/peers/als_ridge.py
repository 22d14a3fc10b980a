"""Implicit ALS (Hu, Koren, Volinsky 2008), and a ridge regression from a product's content to its ALS factors."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from sklearn.linear_model import Ridge

from benchmarks.judging import Score
from benchmarks.peers.task import Task

Settings = dict[str, Any]
"""factors; alpha, the confidence of a purchase; regularization; ridge, the regression's penalty (not for warm results)."""

FACTORS = (64, 128, 256, 512)
ALPHAS = (1, 10, 40, 100)
PENALTIES = (0.3, 1.0, 3.0)
REGULARIZATIONS = (10.0, 100.0)
ITERATIONS = 15


def factors(baskets: sp.csr_matrix, settings: Settings, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(n_customers, f) and (n_products, f)."""
    model = AlternatingLeastSquares(
        factors=settings["factors"],
        alpha=settings["alpha"],
        regularization=settings["regularization"],
        iterations=ITERATIONS,
        random_state=seed,
        num_threads=2,
        use_gpu=False,
    )
    model.fit(baskets, show_progress=False)
    return np.asarray(model.user_factors), np.asarray(model.item_factors)


def new_scores(task: Task, customers: np.ndarray, products: np.ndarray, penalty: float) -> Score:
    """Scores of the new products by the factors that their content promises."""
    ridge = Ridge(alpha=penalty, fit_intercept=False, solver="sparse_cg").fit(task.content, products)
    promised = np.asarray(ridge.predict(task.new_content), dtype=np.float32)
    return lambda who: customers[who] @ promised.T


def tune(task: Task, seed: int) -> tuple[Settings, list[dict[str, Any]]]:
    """The best settings on a replayed launch, and a row with the ndcg@20 of each that was tried.

    Factors, confidence and penalty first, then more regularization for the best of them.
    """
    replayed = task.pseudo(seed)
    tried: list[dict[str, Any]] = []

    def attempt(size: int, alpha: float, regularization: float) -> None:
        settings: Settings = {"factors": size, "alpha": alpha, "regularization": regularization}
        both = factors(replayed.baskets, settings, seed)
        for penalty in PENALTIES:
            value = replayed.ndcg(new_scores(replayed, *both, penalty))
            tried.append(settings | {"ridge": penalty, "ndcg": round(value, 4)})

    for size, alpha in product(FACTORS, ALPHAS):
        attempt(size, alpha, 1.0)
    best = max(tried, key=lambda row: row["ndcg"])
    for regularization in REGULARIZATIONS:
        attempt(best["factors"], best["alpha"], regularization)
    best = max(tried, key=lambda row: row["ndcg"])
    return {name: value for name, value in best.items() if name != "ndcg"}, tried


def train(task: Task, settings: Settings, seed: int) -> Score:
    return new_scores(task, *factors(task.baskets, settings, seed), settings["ridge"])
