"""LightFM (Kula 2015): a customer's vector times the sum of a product's feature vectors, learned by WARP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from lightfm import LightFM

from benchmarks.judging import Score
from benchmarks.peers.task import Task

Settings = dict[str, Any]
"""components; learning_rate; identity: whether a known product has a feature of its own beside its content; epochs."""

RATES = (0.02, 0.05, 0.1)
FEW_COMPONENTS, MORE_COMPONENTS = 64, (128, 256)
EPOCHS = (8, 16, 32, 64)
LONGEST = 128
PAIRS = 60_000
"""Settings are chosen on about so many pairs: the figures by epoch are much the same as on all of them."""


def fit(task: Task, settings: Settings, epochs: Sequence[int], seed: int) -> Iterator[tuple[int, Score]]:
    """Epochs done and the scores then, at each of `epochs` (rising)."""
    features = task.content
    if settings["identity"]:
        features = sp.hstack([features, sp.identity(features.shape[0], dtype=np.float32)])
    features = features.tocsr().astype(np.float32)
    model = LightFM(
        no_components=settings["components"], loss="warp", learning_rate=settings["learning_rate"], random_state=seed
    )
    pairs, words, done = task.baskets.tocoo(), task.new_content.shape[1], 0
    for until in epochs:
        model.fit_partial(pairs, item_features=features, epochs=until - done, num_threads=2)
        done = until
        products = task.new_content @ model.item_embeddings[:words]
        yield done, _scores(model.user_embeddings.copy(), products, task.new_content @ model.item_biases[:words])


def _scores(customers: np.ndarray, products: np.ndarray, bias: np.ndarray) -> Score:
    return lambda who: customers[who] @ products.T + bias


def tune(task: Task, seed: int) -> tuple[Settings, list[dict[str, Any]]]:
    """The best settings on a replayed launch, and a row with the ndcg@20 of each that was tried.

    Learning rate and identity first, then more components and epochs for the best of them.
    """
    replayed = task.pseudo(seed).with_fewer_pairs(PAIRS, seed)
    tried: list[dict[str, Any]] = []

    def attempt(components: int, rate: float, identity: bool, epochs: Sequence[int]) -> None:
        settings = {"components": components, "learning_rate": rate, "identity": identity}
        for done, score in fit(replayed, settings, epochs, seed):
            tried.append(settings | {"epochs": done, "ndcg": round(replayed.ndcg(score), 4)})

    for rate in RATES:
        for identity in (False, True):
            attempt(FEW_COMPONENTS, rate, identity, EPOCHS)
    best = max(tried, key=lambda row: row["ndcg"])
    for components in MORE_COMPONENTS:
        attempt(components, best["learning_rate"], best["identity"], (*EPOCHS, LONGEST))
    best = max(tried, key=lambda row: row["ndcg"])
    return {name: value for name, value in best.items() if name != "ndcg"}, tried


def train(task: Task, settings: Settings, seed: int) -> Score:
    return next(fit(task, settings, (settings["epochs"],), seed))[1]
