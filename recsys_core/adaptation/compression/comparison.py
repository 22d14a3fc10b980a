"""One table of all variants: how small, how fast, and what it costs in quality, on replayed launches of the catalog."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.adaptation.adapter import Adapter, Side
from recsys_core.adaptation.compression.adapter import as_it_was, compress
from recsys_core.adaptation.compression.recipe import AS_IT_IS, KEEP, VARIANTS, Recipe, compressed, recipe_named
from recsys_core.adaptation.compression.towers import tower_bytes, with_smaller_towers
from recsys_core.adaptation.formula import FormulaAdapter
from recsys_core.adaptation.tasks import Tasks, tasks
from recsys_core.errors import CannotRun
from recsys_core.evaluation.ranking import best_columns
from recsys_core.models.head import CustomerSide, Head, Scorer
from recsys_core.run_context import RunContext

TOP = 20
CUSTOMERS = 1000
"""So many customers, at most, are scored to measure time and to compare lists."""
MOST_SHOTS = 10
ROUNDS, FEWEST_ROUNDS, SECONDS = 9, 3, 10.0
"""Times are measured in rounds over all variants, so that what else the machine does hits each of them."""
TOWER_VARIANTS = (AS_IT_IS, "int8", "prune", "prune+int8")


@dataclass(frozen=True)
class Comparison:
    rows: list[dict[str, Any]]
    """One a variant: part ("launch" or "source model"), variant, memory_bytes (of the launch's products, or of the towers),
    file_bytes (the whole folder), score_ms, list_ms (with lists; medians), ndcg, overlap (share of places that the lists
    have in common with those of the model as it is); or part, variant, note: why it can't be. None: not measured."""
    products: int
    customers: int
    """How many were scored."""
    top: int
    """Length of the lists that were compared."""
    shots: int
    """First sales of each replayed product."""
    replayed: int
    """Replayed products; 0 where the catalog has too few."""


def compare(
    adapted: AdaptedModel,
    *,
    run: RunContext,
    by: tuple[str, ...] = VARIANTS,
    keep: float = KEEP,
    towers: bool = True,
) -> Comparison:
    """The launch's model as it is and by each recipe, and with `towers` the source model with smaller ones.

    Quality is measured on held-out products of the catalog by which nothing was chosen; never on the launch.
    """
    whole = as_it_was(adapted)
    shots = typical_shots(whole)
    run.progress("Replaying a launch", 0, 1)
    judged = tasks(whole.source, whole.source.judging(), tuple(sorted({1, max(shots, 1)})))
    shots = shots if judged is None or shots in judged.new else max(judged.new)
    measure = _Measure(whole, judged, shots)
    rows: list[dict[str, Any]] = []
    sides: dict[str, Side] = {}
    variants = (AS_IT_IS, *by)
    for variant in run.track(variants, "Comparing variants", len(variants)):
        try:
            model, row = measure.variant(recipe_named(variant, keep))
        except CannotRun as error:
            rows.append({"part": "launch", "variant": variant, "note": str(error)})
            continue
        rows.append({"part": "launch", "variant": variant} | row)
        sides[variant] = model.side
    times = measure.times(sides, run)
    for row in rows:
        row |= times.get(row["variant"], {})
    if towers:
        for variant in run.track(TOWER_VARIANTS, "Comparing towers", len(TOWER_VARIANTS)):
            row = measure.towers(recipe_named(variant, keep))
            rows.append({"part": "source model", "variant": variant} | row)
    replayed = 0 if judged is None else len(judged.new[shots])
    return Comparison(rows, len(whole.launch.product_ids), len(measure.who), measure.top, shots, replayed)


def typical_shots(adapted: AdaptedModel) -> int:
    """First sales by known customers of a launch's product that has any; 0 if none has."""
    sold = np.diff(adapted.support.tocsc().indptr)
    return int(np.clip(np.median(sold[sold > 0]), 1, MOST_SHOTS)) if sold.any() else 0


class _Measure:
    """What all variants of one model are measured with."""

    def __init__(self, whole: AdaptedModel, judged: Tasks | None, shots: int):
        self.whole, self.judged, self.shots = whole, judged, shots
        source, n = whole.source, len(whole.launch.product_ids)
        known = np.flatnonzero(np.diff(source.weights_.indptr))
        self.who = np.sort(np.random.default_rng(0).permutation(known)[:CUSTOMERS])
        self.customers = whole.placed.scorer.customers(source.weights_[self.who])
        # Lists of all products there are would have everything in common.
        self.top = min(TOP, max(1, n // 2))
        self.hidden = whole.support[self.who].nonzero()
        self.lists = self._lists(whole.side, self.customers)
        self.replayed_side = None if judged is None else whole.adapter.side(judged.scorer, judged.new[shots])

    def variant(self, recipe: Recipe | None) -> tuple[AdaptedModel, dict[str, Any]]:
        model = self.whole if recipe is None else compress(self.whole, recipe)
        with tempfile.TemporaryDirectory() as folder:
            model.save(Path(folder) / "model")
            file_bytes = sum(file.stat().st_size for file in (Path(folder) / "model").iterdir())
        ndcg = None
        if self.judged is not None and self.replayed_side is not None:
            side = self.replayed_side
            side = side if recipe is None else compressed(side, self.judged.scorer, recipe)
            ndcg = self._ndcg(self.judged, side)
        return model, {
            "memory_bytes": sum(array.nbytes for array in model.side.arrays().values()),
            "file_bytes": file_bytes,
            "ndcg": ndcg,
            "overlap": self._overlap(self.lists, self._lists(model.side, self.customers)),
        }

    def times(self, sides: Mapping[str, Side], run: RunContext) -> dict[str, dict[str, float]]:
        """Median milliseconds to score the customers for all products, and to make their lists, by variant."""
        scored: dict[str, list[float]] = {name: [] for name in sides}
        listed: dict[str, list[float]] = {name: [] for name in sides}
        histories = self.whole.source.weights_[self.who]
        began = time.monotonic()
        for number in run.track(range(ROUNDS), "Measuring times", ROUNDS):
            if number >= FEWEST_ROUNDS and time.monotonic() - began > SECONDS:
                break
            for name, side in sides.items():
                run.check()
                start = time.perf_counter()
                scores = side.scores(self.whole.placed.scorer.customers(histories))
                middle = time.perf_counter()
                best_columns(scores, self.top)
                scored[name].append(middle - start)
                listed[name].append(time.perf_counter() - start)
        milliseconds = {name: (np.median(scored[name]) * 1000, np.median(listed[name]) * 1000) for name in sides}
        return {name: {"score_ms": float(one), "list_ms": float(two)} for name, (one, two) in milliseconds.items()}

    def towers(self, recipe: Recipe | None) -> dict[str, Any]:
        """The source model's own formula with smaller towers: for replayed products, and lists for the launch's."""
        head = self.whole.source.head_
        smaller, size = (head, tower_bytes(head)) if recipe is None else with_smaller_towers(head, recipe)
        formula = FormulaAdapter(uses_support=self.shots > 0)
        ndcg = None
        if self.judged is not None:
            replay = replace(self.judged, scorer=_with_head(self.judged.scorer, smaller))
            ndcg = self._ndcg(replay, formula.side(replay.scorer, replay.new[self.shots]))
        lists = [self._formula_lists(formula, one) for one in (head, smaller)]
        return {"memory_bytes": size, "file_bytes": None, "ndcg": ndcg, "overlap": self._overlap(*lists)}

    def _formula_lists(self, formula: Adapter, head: Head) -> np.ndarray:
        placed = self.whole.placed
        scorer = _with_head(placed.scorer, head)
        customers = scorer.customers(self.whole.source.weights_[self.who])
        return self._lists(formula.side(scorer, placed.new), customers)

    def _lists(self, side: Side, customers: CustomerSide) -> np.ndarray:
        scores = side.scores(customers)
        scores[self.hidden] = -np.inf
        return best_columns(scores, self.top)

    def _ndcg(self, judged: Tasks, side: Side) -> float | None:
        figures = judged.ndcg(side, self.shots, TOP)
        return float(figures.mean()) if len(figures) else None

    @staticmethod
    def _overlap(one: np.ndarray, other: np.ndarray) -> float:
        """Mean share of a list's products that the other has too."""
        return float((one[:, :, None] == other[:, None, :]).any(axis=2).mean())


def _with_head(scorer: Scorer, head: Head) -> Scorer:
    return Scorer(head, scorer.content, scorer.co_purchases)
