"""`auto`: picks a method by a small backtest on the catalog, never on the launch itself, and says why."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.adaptation.registry import METHODS, method_named
from recsys_core.dataset import Dataset, Launch
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext
from recsys_core.selection.replay import Replay, replay

MAX_SHOTS = 10
TIE = 0.002
"""A simpler method (one that stands earlier in the registry) is taken if it is worse by less than this share."""


@dataclass(frozen=True)
class Choice:
    method: str
    reason: str
    """One plain sentence."""
    table: list[dict[str, Any]]
    """One row a method tried: method, ndcg (mean), low, high (95 % bootstrap interval), seconds."""
    shots: int
    products: int
    """How many products were replayed."""


def choose_method(source: SourceModel, catalog: Dataset, launch: Launch, *, run: RunContext) -> Choice:
    """Replays products by which nothing in the source model was chosen, with as many first sales as the launch's products have."""
    support = launch.support_weights(source.customer_ids_)
    sold = np.diff(support.tocsc().indptr)
    if not support.nnz:
        return Choice(
            "zero-shot", "There are no first sales by known customers yet, so only content can speak.", [], 0, 0
        )
    shots = int(np.clip(np.median(sold[sold > 0]), 1, MAX_SHOTS))
    replayed = replay(source, catalog, shots, run.seed)
    if replayed is None:
        reason = (
            "The catalog is too small to replay a launch, so the method that mixes content and first sales was taken."
        )
        return Choice("prototype", reason, [], shots, 0)
    return _best(replayed, run)


def _best(replayed: Replay, run: RunContext) -> Choice:
    quiet = RunContext(run.device, run.seed, stop_asked=run.stop_asked)
    table: list[dict[str, Any]] = []
    for name in run.track(METHODS, "Choosing a method", len(METHODS)):
        started = time.monotonic()
        figures = replayed.judge(method_named(name), quiet)
        low, high = _interval(figures, run.seed)
        table.append(
            {
                "method": name,
                "ndcg": round(float(figures.mean()), 4),
                "low": round(low, 4),
                "high": round(high, 4),
                "seconds": round(time.monotonic() - started, 2),
            }
        )
        run.log(f"{name}: ndcg@20 {figures.mean():.4f} on {len(replayed.launch.product_ids)} replayed products")
    highest = max(row["ndcg"] for row in table)
    chosen = next(row for row in table if row["ndcg"] >= highest * (1 - TIE))
    zero = table[0]["ndcg"]
    gain = (
        f", {chosen['ndcg'] / zero - 1:+.0%} against going by content alone" if zero and chosen is not table[0] else ""
    )
    found = "found buyers best" if chosen["ndcg"] == highest else "is the simplest of those that found buyers best"
    reason = (
        f"With {replayed.shots} first sales each, {chosen['method']} {found} on "
        f"{len(replayed.launch.product_ids)} replayed products of this shop{gain}."
    )
    return Choice(chosen["method"], reason, table, replayed.shots, len(replayed.launch.product_ids))


def _interval(figures: np.ndarray, seed: int, draws: int = 200) -> tuple[float, float]:
    """95 % bootstrap interval of the mean."""
    rng = np.random.default_rng(seed)
    means = [rng.choice(figures, len(figures)).mean() for _ in range(draws)]
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def adapt(
    source: SourceModel, catalog: Dataset, launch: Launch, method: str, *, run: RunContext
) -> tuple[AdaptedModel, Choice | None]:
    """The launch adapted by the method of that name, or by the one that `auto` picks."""
    choice = None
    if method == "auto":
        choice = choose_method(source, catalog, launch, run=run)
        run.log(choice.reason)
        method = choice.method
    return method_named(method).adapt(source, launch, run=run), choice
