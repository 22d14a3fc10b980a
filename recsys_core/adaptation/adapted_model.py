"""What a method makes from the source model and a launch: it recommends, finds audiences, and explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.special import expit

from recsys_core.adaptation.adapter import Adapter, Side
from recsys_core.adaptation.placed_launch import PlacedLaunch
from recsys_core.adaptation.purchase_probability import PurchaseProbability
from recsys_core.artefacts import load_arrays, load_frame, part, prefixed, save_arrays
from recsys_core.dataset import Launch
from recsys_core.errors import InvalidSetting, UnknownProduct
from recsys_core.evaluation.ranking import ScoreBlock, best_columns, in_blocks, top_customers
from recsys_core.models.source_model import SourceModel
from recsys_core.tables.columns import PLACED_BY

DECIMALS = 6
SPREAD_SAMPLE = 500
"""Customers by whom the spread of a launch's scores is estimated."""


@dataclass
class AdaptedModel:
    """Scores customers of the catalog for the products of one launch. Needs no torch."""

    method: str
    placed: PlacedLaunch
    adapter: Adapter
    """Brings a new product with its support to a score."""
    side: Side
    """The launch's products, as the adapter sees them."""
    summary: dict[str, Any] = field(default_factory=dict)
    """What the method did, as JSON: shown on the page."""
    probability: PurchaseProbability | None = None
    """From a score to how probable a purchase is; None: that isn't known."""

    @property
    def source(self) -> SourceModel:
        return self.placed.source

    @property
    def launch(self) -> Launch:
        return self.placed.launch

    @property
    def support(self) -> sp.csr_matrix:
        """(n_customers, n): who bought what already."""
        return self.placed.support

    @cached_property
    def shots(self) -> np.ndarray:
        """(n,) how many first sales, to customers of the catalog, each product has."""
        return np.diff(self.support.tocsc().indptr)

    @cached_property
    def ways(self) -> pd.Series:
        """By what each product of the launch is recommended, for people; by product id."""
        products = self.launch.products
        placed = products[PLACED_BY].notna() if PLACED_BY in products else pd.Series(False, products.index)
        first_sales = (self.shots > 0) & (self.method != "zero-shot")
        said = np.where(first_sales, "first sales", np.where(placed, "placed category", "own words"))
        said = np.where(first_sales & placed, "first sales, placed category", said)
        return pd.Series(said, index=self.launch.product_ids, name="way", dtype="str")

    def score(self, customers: np.ndarray, products: np.ndarray | None = None) -> np.ndarray:
        """(n_customers, n_products) float32 for positions in `source.customer_ids_` and in the launch (None: all of it).

        -1 is a customer without history.
        """
        side = self.side if products is None else self.side.take(products)
        return side.scores(self.placed.customers.side(customers))

    def recommend(self, customers: Sequence[str] | None = None, top: int = 20) -> pd.DataFrame:
        """The launch's products for each customer, best first: customer_id, product_id, rank (from 1), score, probability.

        probability: that the customer buys the product later (see `PurchaseProbability`); nan where it isn't known.
        customers: ids; None means all of the catalog. Nothing speaks for one product rather than another to a customer
        without history: that one gets the launch's order with scores of 0; `attrs["without_history"]` counts them.
        Pairs of the support are left out. Raises InvalidSetting for top < 1.
        """
        if top < 1:
            raise InvalidSetting(f"top is {top}; at least one product has to be asked for. Use 20, say.")
        known = self.source.customer_ids_
        ids = known if customers is None else pd.Index(pd.unique(pd.Series(list(customers), dtype="str")))
        positions = known.get_indexer(ids)

        def listed(rows: np.ndarray) -> pd.DataFrame:
            scores = self.score(positions[rows])
            scores[positions[rows] < 0] = 0
            bought = self.support[np.maximum(positions[rows], 0)].multiply(positions[rows, None] >= 0)
            scores[bought.nonzero()] = -np.inf
            return self._listed(scores, positions[rows], ids[rows], top)

        everyone = np.arange(len(ids))
        frame = pd.concat([*in_blocks(listed, everyone)] or [listed(everyone)], ignore_index=True)
        frame.attrs["without_history"] = int((positions < 0).sum())
        return frame

    def _listed(self, scores: np.ndarray, customers: np.ndarray, ids: pd.Index, top: int) -> pd.DataFrame:
        best = best_columns(scores, top)
        values = np.take_along_axis(scores, best, axis=1)
        keep = np.isfinite(values)
        row, column = np.nonzero(keep)
        return pd.DataFrame(
            {
                "customer_id": ids.to_numpy()[row],
                "product_id": self.launch.product_ids.to_numpy()[best[keep]],
                "rank": column + 1,
                "score": np.round(values[keep].astype(np.float64), DECIMALS),
                "probability": self._probability(customers[row], best[keep], values[keep]),
            }
        )

    def _probability(self, customers: np.ndarray, products: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """(m,) of pairs, by position."""
        if self.probability is None:
            return np.full(len(scores), np.nan)
        return np.round(self.probability.of_pairs(customers, scores, self.shots[products]), DECIMALS)

    def audience(
        self, products: Sequence[str] | None = None, top: int | None = None, share: float | None = None
    ) -> pd.DataFrame:
        """The catalog's customers for each product, best first: product_id, customer_id, rank (from 1), score, probability.

        Either the first `top`, or the first `share` (0 < share <= 1) of all customers. Pairs of the support are left out. The
        score is that of `audience_scores`; the probability is that of the pair, as in `recommend`.
        Raises UnknownProduct, and InvalidSetting where top and share don't say how many.
        """
        count = self._audience_size(top, share)
        positions = self.positions(products)
        everyone = np.arange(len(self.source.customer_ids_))
        hidden = self.support[:, positions]
        customers, scores = top_customers(self.audience_scores(positions), everyone, count, hidden)
        keep = np.isfinite(scores)
        row, column = np.nonzero(keep)
        who, scores = customers[keep], scores[keep]
        probability = np.full(len(scores), np.nan) if self.probability is None else np.round(expit(scores), DECIMALS)
        return pd.DataFrame(
            {
                "product_id": self.launch.product_ids.to_numpy()[positions][row],
                "customer_id": self.source.customer_ids_.to_numpy()[who],
                "rank": column + 1,
                "score": np.round(scores.astype(np.float64), DECIMALS),
                "probability": probability,
            }
        )

    def audience_scores(self, positions: np.ndarray) -> ScoreBlock:
        """By what audiences of those products (positions in the launch) are ranked: the log-odds of a purchase; where these
        aren't known, the score and what the customer's activity adds."""
        if self.probability is not None:
            return partial(self._log_odds, positions)
        activity, spread = self._activity(), self._spread(positions)
        return lambda customers: self.score(customers, positions) + activity[customers, None] * spread

    def _log_odds(self, positions: np.ndarray, customers: np.ndarray) -> np.ndarray:
        """(n_customers, n_positions)."""
        assert self.probability is not None
        scores = self.score(customers, positions)
        shots = np.tile(self.shots[positions], len(customers))
        odds = self.probability.log_odds(np.repeat(customers, len(positions)), scores.ravel(), shots)
        return odds.reshape(scores.shape)

    def _activity(self) -> np.ndarray:
        """(n_customers,) what a customer's activity adds to an audience's score, in spreads of the product's scores."""
        activity = np.log1p(np.diff(self.source.weights_.indptr)).astype(np.float32)
        activity -= activity.mean()
        return self.source.head_.mixture.activity * activity / max(float(activity.std()), 1e-6)

    def _spread(self, positions: np.ndarray) -> np.ndarray:
        """(n,) standard deviation of each product's scores, over a sample of the customers."""
        n = len(self.source.customer_ids_)
        some = np.linspace(0, n - 1, min(n, SPREAD_SAMPLE)).astype(int)
        return self.score(some, positions).std(axis=0)

    def _audience_size(self, top: int | None, share: float | None) -> int:
        if (top is None) == (share is None):
            raise InvalidSetting(
                "Say how large the audience shall be: either a number (top) or a share of all customers."
            )
        if (top is not None and top < 1) or (share is not None and not 0 < share <= 1):
            raise InvalidSetting(
                f"An audience needs top >= 1 or 0 < share <= 1; found {top if top is not None else share}."
            )
        return top if top is not None else max(1, int(len(self.source.customer_ids_) * (share or 0)))

    def positions(self, products: Sequence[str] | None) -> np.ndarray:
        """Positions in the launch; None means all. Raises UnknownProduct."""
        if products is None:
            return np.arange(len(self.launch.product_ids))
        positions = self.launch.product_ids.get_indexer(pd.Index(list(products), dtype="str"))
        if (positions < 0).any():
            missing = [str(p) for p, at in zip(products, positions, strict=True) if at < 0][:3]
            raise UnknownProduct(
                f"Not among the {len(self.launch.product_ids)} products of the launch “{self.launch.name}”: "
                f"{', '.join(missing)}. Add them with a new launch."
            )
        return positions

    def explain(self, customer_id: str, product_id: str, top: int = 3) -> pd.DataFrame:
        """What speaks for one pair; see `explanation.explain`."""
        from recsys_core.adaptation.explanation import explain

        return explain(self, customer_id, product_id, top)

    def save(self, folder: Path) -> None:
        settings = {
            "method": self.method,
            "name": self.launch.name,
            "adapter": {"kind": self.adapter.kind} | self.adapter.settings(),
            "summary": self.summary,
        }
        arrays = prefixed(self.adapter.arrays(), "adapter.") | prefixed(self.side.arrays(), "side.")
        arrays["new_words"] = self.placed.new_words
        if self.probability is not None:
            arrays |= prefixed(self.probability.arrays(), "probability.")
        save_arrays(folder, arrays, settings, {"products": self.launch.products, "support": self.launch.interactions})

    @classmethod
    def load(cls, folder: Path, source: SourceModel) -> AdaptedModel:
        """Raises DamagedArtefact if the folder isn't what `save` wrote. `source` is the model that was adapted."""
        from recsys_core.adaptation.registry import ADAPTERS

        arrays, settings = load_arrays(folder)
        launch = Launch(settings["name"], load_frame(folder, "products"), load_frame(folder, "support"))
        adapter = ADAPTERS[settings["adapter"]["kind"]].of(part(arrays, "adapter."), settings["adapter"])
        probability = part(arrays, "probability.")
        return cls(
            method=settings["method"],
            placed=PlacedLaunch.of(source, launch, arrays.get("new_words")),
            adapter=adapter,
            side=adapter.stored_side(part(arrays, "side.")),
            summary=settings["summary"],
            probability=PurchaseProbability.of_arrays(probability) if probability else None,
        )
