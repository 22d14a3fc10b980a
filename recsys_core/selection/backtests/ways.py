"""Ways of recommending that are replayed: the methods, and the baselines that each of them has to beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.adaptation.members import Panel, PanelMethod
from recsys_core.adaptation.method import Method
from recsys_core.adaptation.placed_launch import PlacedLaunch
from recsys_core.adaptation.registry import method_named
from recsys_core.content.unit_rows import unit_sparse_rows
from recsys_core.content.words import WordCounts
from recsys_core.dataset import Dataset, Launch
from recsys_core.errors import CannotRun
from recsys_core.evaluation.ranking import ScoreBlock
from recsys_core.models.co_purchases import ones
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext
from recsys_core.selection.backtests.names import ALSO_BOUGHT, CONTENT, POPULARITY, RANDOM
from recsys_core.selection.calibration import calibrate

BASKETS_WEIGHT = 0.3
"""Of shared baskets beside content."""
PRIOR_PRODUCTS = 5
"""A category's mean sales are mixed with the shop's as if so many products of the shop's mean stood in it."""


@dataclass(frozen=True)
class Answer:
    """What a way says of the products of one launch."""

    score: ScoreBlock
    """By which a customer's list is ranked."""
    audience: ScoreBlock
    """By which a product's audience is ranked."""
    odds: bool = False
    """Whether `audience` gives log-odds of a purchase."""
    days: float | None = None
    """Within how many days after the first sale, on average; None: not known."""


Way = Callable[[Launch], Answer]
"""Of a launch with the first sales it has so far."""


class Methods:
    """The methods on one source model; what several of them need is learned once."""

    def __init__(self, source: SourceModel, catalog: Dataset, run: RunContext):
        """catalog: what the source model was trained on."""
        self._source, self._catalog, self._run = source, catalog, run
        self._single: dict[str, Method] = {}
        self._panel: Panel | None = None
        self._placed: dict[str, PlacedLaunch] = {}

    def way(self, name: str, most: Launch) -> Way:
        """The method fitted; most: the launch with the most first sales, for which its chances are learned.

        Raises CannotRun where the catalog can't teach it.
        """
        method = method_named(name)
        if isinstance(method, PanelMethod):
            self._panel = self._panel or Panel.of(None, self._source, self._run, self._single)
            method.fit_panel(self._panel, self._run)
        else:
            method.fit(self._source, run=self._run)
            if method.single:
                self._single[name] = method
        with_most, probability, days = self._adapted(method, most), None, None
        try:
            calibration = calibrate(self._source, with_most.adapter, catalog=self._catalog, run=self._run)
            probability, days = calibration.probability, calibration.report["days"]
        except CannotRun:
            pass

        def way(launch: Launch) -> Answer:
            # The last of them was placed already.
            same = _key(launch) == _key(most) and len(launch.interactions) == len(most.interactions)
            model = with_most if same else self._adapted(method, launch)
            model = replace(model, probability=probability)
            audience = model.audience_scores(np.arange(len(launch.product_ids)))
            return Answer(model.score, audience, probability is not None, days)

        return way

    def _adapted(self, method: Method, launch: Launch) -> AdaptedModel:
        """As `Method.adapt_fitted`, but the same products are looked up among the catalog's only once."""
        key = _key(launch)
        if key not in self._placed:
            self._placed[key] = PlacedLaunch.of(self._source, launch)
        support = launch.support_weights(self._source.customer_ids_)
        placed = replace(self._placed[key], launch=launch, support=support)
        new = self._placed[key].new.with_support(support.T.tocsr(), launch.pace)
        adapter, summary = method.place(placed.scorer, new, run=self._run)
        return AdaptedModel(method.name, placed, adapter, adapter.side(placed.scorer, new), summary)


class Baselines:
    """Simple ways that learn next to nothing from a catalog. Nothing here holds customers × products."""

    def __init__(self, catalog: Dataset, run: RunContext):
        self._catalog, self._seed = catalog, run.seed
        self._counts = WordCounts.of(catalog.products)
        self._content: dict[str, ScoreBlock] = {}

    def ways(self) -> dict[str, Way]:
        return {
            RANDOM: self._random,
            POPULARITY: self._popularity,
            CONTENT: lambda launch: _same(self.content(launch)),
            ALSO_BOUGHT: self._also_bought,
        }

    def content(self, launch: Launch) -> ScoreBlock:
        """Cosine of a customer's summed TF-IDF history and a product's TF-IDF row (see `ContentNeighbours`)."""
        key = _key(launch)
        if key not in self._content:
            tfidf = self._counts.with_products(launch.products).tfidf()
            n = len(self._catalog.product_ids)
            profiles, columns = unit_sparse_rows(self._catalog.weights @ tfidf[:n]), tfidf[n:].T.tocsr()
            self._content[key] = lambda customers: (profiles[customers] @ columns).toarray().astype(np.float32)
        return self._content[key]

    def _random(self, launch: Launch) -> Answer:
        n = len(launch.product_ids)

        def score(customers: np.ndarray) -> np.ndarray:
            return _noise(customers[:, None] * n + np.arange(n) + (self._seed << 40))

        return _same(score)

    def _popularity(self, launch: Launch) -> Answer:
        bought = np.log1p(np.diff(self._catalog.weights.indptr)).astype(np.float32)
        expected = self._expected(launch.products)
        return _same(lambda customers: bought[customers, None] * expected)

    def _expected(self, products: pd.DataFrame) -> np.ndarray:
        """(n,) float32 buyers that a product of the same category has on average."""
        sold = pd.Series(np.bincount(self._catalog.weights.indices, minlength=len(self._catalog.product_ids)))
        if "category" not in products or "category" not in self._catalog.products:
            return np.full(len(products), sold.mean(), dtype=np.float32)
        by = sold.groupby(self._catalog.products["category"].to_numpy()).agg(["sum", "size"])
        mean = (by["sum"] + PRIOR_PRODUCTS * sold.mean()) / (by["size"] + PRIOR_PRODUCTS)
        return products["category"].map(mean).fillna(sold.mean()).to_numpy(dtype=np.float32)

    def _also_bought(self, launch: Launch) -> Answer:
        baskets, content = unit_sparse_rows(ones(self._catalog.weights)), self.content(launch)
        supporters = (baskets.T @ ones(launch.support_weights(self._catalog.customer_ids))).tocsr()

        def score(customers: np.ndarray) -> np.ndarray:
            return content(customers) + BASKETS_WEIGHT * (baskets[customers] @ supporters).toarray()

        return _same(score)


def _same(score: ScoreBlock) -> Answer:
    """For lists and audiences alike."""
    return Answer(score, score)


def _key(launch: Launch) -> str:
    """Tells apart the launches of one replay: those with enough buyers, and all."""
    return f"{len(launch.product_ids)} {launch.product_ids[0]} {launch.product_ids[-1]}"


def _noise(numbers: np.ndarray) -> np.ndarray:
    """Numbers that look random in 0..1, the same for the same whole numbers (the finaliser of splitmix64, Steele et al. 2014)."""
    z = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(40)).astype(np.float32) / 2**24
