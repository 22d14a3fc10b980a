"""Model averaging: f = (1/N) Σ f_i over models that a method gives for several seeds, parts of the support, or task groups.

Outputs are averaged once each model's scores have been divided by their spread, so that none is louder than the others; weights
are averaged array by array, as far as the models are of one shape.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import scipy.sparse as sp
from pydantic import BaseModel, Field

from recsys_core.adaptation.adapter import Adapter
from recsys_core.adaptation.members import MemberName
from recsys_core.adaptation.method import Method
from recsys_core.adaptation.weighted import WeightedAdapter, rounded
from recsys_core.errors import CannotRun
from recsys_core.models.head import NewProducts, Scorer
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

SAMPLE = 200
"""So many products and customers, at most, tell the spread of a model's scores."""


class Settings(BaseModel, frozen=True, extra="forbid", use_attribute_docstrings=True):
    member: MemberName = "fine-tune"
    """The method whose models are averaged: one that trains."""
    averages: Literal["outputs", "weights"] = "outputs"
    over: Literal["seeds", "folds", "groups"] = "groups"
    """groups: each training sees one group of the products, alike in content (k-means). folds: each leaves out the first sales
    to some of the supporters. seeds: the same again with other random numbers; in a small shop these change little."""
    models: Annotated[int, Field(ge=2, le=20)] = 3
    """N; there are fewer where there aren't as many supporters, or products."""


class Averaging(Method):
    name: ClassVar[str] = "averaging"
    sentence: ClassVar[str] = "Trains several times, each time a little differently, and takes the mean."
    settings_type = Settings
    single: ClassVar[bool] = False

    def fit(self, source: SourceModel, *, run: RunContext) -> Self:
        from recsys_core.adaptation.registry import METHODS

        kind, seeds = METHODS[self.settings.member], self._seeds(run)
        self.methods_ = [
            kind().fit(source, run=seed) for seed in (seeds if self.settings.over == "seeds" else seeds[:1])
        ]
        return self

    def place(self, scorer: Scorer, new: NewProducts, *, run: RunContext) -> tuple[Adapter, dict[str, Any]]:
        """Raises CannotRun where the member doesn't learn from what the models differ in."""
        settings, runs = self.settings, self._seeds(run)
        if settings.over == "seeds":
            parts = [new] * settings.models
        else:
            parts = (
                folds(new, settings.models, run.seed) if settings.over == "folds" else groups(new, settings.models, run)
            )
            runs = [run.within(f"part_{i}") for i in range(len(parts))]
        methods = self.methods_ if settings.over == "seeds" else self.methods_ * len(parts)
        placed = [method.place(scorer, seen, run=at) for method, seen, at in zip(methods, parts, runs, strict=True)]
        adapters = [adapter for adapter, _ in placed]
        if new.support.nnz and len(adapters) > 1 and all(_same(adapters[0], other) for other in adapters[1:]):
            raise CannotRun(
                f"{settings.member} comes out the same for all {settings.over}, so there is nothing to average. "
                "Choose another member, or average over something else."
            )
        summary = {
            "settings": settings.model_dump(mode="json"),
            "models": [{"products": len(seen), "support": seen.support.nnz} for seen in parts],
            "members": [done for _, done in placed],
        }
        if settings.averages == "weights":
            return type(adapters[0]).average(adapters), summary
        return self._outputs(adapters, scorer, new), summary

    def _seeds(self, run: RunContext) -> list[RunContext]:
        return [replace(run.within(f"seed_{i}"), seed=run.seed + i) for i in range(self.settings.models)]

    def _outputs(self, adapters: Sequence[Adapter], scorer: Scorer, new: NewProducts) -> WeightedAdapter:
        some = new.take(_spaced(len(new), SAMPLE))
        customers = scorer.customers(scorer.weights[_spaced(scorer.weights.shape[0], SAMPLE)])
        spread = [float(adapter.side(scorer, some).scores(customers).std()) for adapter in adapters]
        weights = 1 / (len(adapters) * np.maximum(spread, 1e-6))
        return WeightedAdapter(tuple(adapters), np.zeros(1), rounded(weights)[:, None])


def folds(new: NewProducts, at_most: int, seed: int) -> list[NewProducts]:
    """The products as many times, each time without the sales to one part of the supporters; whole with fewer than two."""
    supporters = np.unique(new.support.indices)
    count = min(at_most, len(supporters))
    if count < 2:
        return [new]
    fold = np.full(new.support.shape[1], -1)
    fold[np.random.default_rng(seed).permutation(supporters)] = np.arange(len(supporters)) % count
    pairs = new.support.tocoo()
    seen = []
    for left_out in range(count):
        kept = fold[pairs.col] != left_out
        entries = (pairs.data[kept], (pairs.row[kept], pairs.col[kept]))
        seen.append(new.with_supporters(sp.csr_matrix(entries, new.support.shape)))
    return seen


def groups(new: NewProducts, at_most: int, run: RunContext) -> list[NewProducts]:
    """The products that were sold in groups alike in content; one group where none was sold, or all look alike."""
    from sklearn.cluster import KMeans

    run.check()
    sold = np.flatnonzero(np.diff(new.support.indptr))
    count = min(at_most, len(np.unique(new.content.dense[sold], axis=0)))
    if count < 2:
        return [new]
    group = KMeans(count, n_init=3, random_state=run.seed).fit_predict(new.content.dense[sold])
    return [new.take(sold[group == one]) for one in np.unique(group)]


def _same(one: Adapter, other: Adapter) -> bool:
    first, second = one.arrays(), other.arrays()
    alike = json.dumps(one.settings(), sort_keys=True) == json.dumps(other.settings(), sort_keys=True)
    return alike and all(np.array_equal(first[name], second[name]) for name in first)


def _spaced(n: int, at_most: int) -> np.ndarray:
    """At most so many of 0..n-1, evenly spaced."""
    return np.linspace(0, n - 1, min(n, at_most)).astype(int)
