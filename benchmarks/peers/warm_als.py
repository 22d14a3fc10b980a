"""Warm results: held-out interactions of known products, found by implicit ALS and by popularity."""

from __future__ import annotations

import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.cases import Case, pair_matrix, read_pairs
from benchmarks.judging import ndcg, ranked, recall
from benchmarks.peers.als_ridge import Settings, factors
from benchmarks.warm import held_out_pairs

FACTORS = (64, 256)
MORE_FACTORS = 512
ALPHAS_AND_REGULARIZATIONS = ((1, 1.0), (1, 10.0), (3, 10.0), (10, 30.0), (40, 100.0), (100, 300.0))
"""Confidence and penalty pull against each other, so they are searched along a line."""


class WarmTask:
    """Baskets without the pairs that are held out, and those pairs."""

    def __init__(self, pairs: pd.DataFrame, held_out: pd.DataFrame, products: pd.Index):
        customers = pd.Index(pairs["customer_id"].unique())
        wanted = pair_matrix(held_out, customers, products)
        self.baskets = pair_matrix(pairs, customers, products)
        self.who = np.flatnonzero(np.diff(wanted.indptr))
        self.relevant = wanted[self.who]

    def judge(self, customers: np.ndarray, products: np.ndarray) -> dict[str, float]:
        best = ranked(lambda who: customers[who] @ products.T, self.who, self.baskets)
        return {
            "ndcg@20": round(float(ndcg(best, self.relevant).mean()), 4),
            "recall@20": round(float(recall(best, self.relevant).mean()), 4),
        }


def tune(task: WarmTask, seed: int) -> Settings:
    """The best settings; twice the factors are tried for the best of the rest."""
    figures: list[tuple[float, Settings]] = []

    def attempt(size: int, alpha: float, regularization: float) -> None:
        settings: Settings = {"factors": size, "alpha": alpha, "regularization": regularization}
        figures.append((task.judge(*factors(task.baskets, settings, seed))["ndcg@20"], settings))

    def best() -> Settings:
        return max(figures, key=lambda row: row[0])[1]

    for size, (alpha, regularization) in product(FACTORS, ALPHAS_AND_REGULARIZATIONS):
        attempt(size, alpha, regularization)
    so_far = best()
    attempt(MORE_FACTORS, so_far["alpha"], so_far["regularization"])
    return best()


def warm_results(split: Path, seed: int) -> dict[str, Any]:
    """Of a folder written by benchmarks.warm; settings are chosen on a second such split of what it leaves."""
    case = Case(split)
    products = pd.Index(case.products["product_id"])
    task = WarmTask(case.pairs, read_pairs(split / "truth/warm.parquet"), products)
    inner = held_out_pairs(case.pairs, seed + 1)
    started = time.monotonic()
    settings = tune(WarmTask(case.pairs.drop(inner.index), inner, products), seed)
    chosen = time.monotonic()
    both = factors(task.baskets, settings, seed)
    seconds = time.monotonic() - chosen
    popularity = np.asarray(task.baskets.sum(axis=0)).T
    return {
        "customers": len(task.who),
        "als": task.judge(*both)
        | {
            "seconds_training": round(seconds, 1),
            "seconds_choosing": round(chosen - started, 1),
            "settings": settings,
        },
        "popularity": task.judge(np.ones((task.baskets.shape[0], 1), dtype=np.float32), popularity),
    }
