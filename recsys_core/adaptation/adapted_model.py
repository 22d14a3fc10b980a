"""What a method makes from the source model and a launch: it recommends, finds audiences, and explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.special import expit

from recsys_core.adaptation.customer_terms import TermSettings
from recsys_core.artefacts import load_arrays, load_frame, save_arrays
from recsys_core.dataset import Launch
from recsys_core.errors import InvalidSetting, UnknownProduct
from recsys_core.evaluation.ranking import ScoreBlock, best_columns, blocks, top_customers
from recsys_core.models.co_purchases import Placement
from recsys_core.models.content_space import ContentVectors
from recsys_core.models.head import CustomerSide, Head, ProductSide, score
from recsys_core.models.source_model import SourceModel, load_head

DECIMALS = 6
SPREAD_SAMPLE = 500
"""Customers by whom the spread of a launch's scores is estimated."""


@dataclass(frozen=True)
class Adapters:
    """Per-product terms of f_T(x) = σ(θ_T·x) + θ_μ · f_S(x), with x the customer's dense side."""

    theta: np.ndarray
    """(n, d + r + 1) float32."""
    settings: TermSettings


@dataclass
class AdaptedModel:
    """Scores customers of the catalog for the products of one launch. Needs no torch."""

    method: str
    source: SourceModel
    launch: Launch
    head: Head
    """The source model's, or a copy with its last layers tuned."""
    uses_support: bool
    """Whether the products' side takes the supporters in."""
    adapters: Adapters | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    """What the method did, as JSON: shown on the page."""

    def __post_init__(self) -> None:
        self.vocabulary, catalog, self.content = self.source.space_.with_launch(self.launch.products)
        self.price_levels = self.source.space_.prices.encode(self.launch.products)
        self.scorer = self.source.scorer(self.head, catalog)
        self.placement = self.scorer.place(self.content)
        self.support = self.launch.support_weights(self.source.customer_ids_)
        shown = self.support if self.uses_support else sp.csr_matrix(self.support.shape, dtype=np.float32)
        self.products = self.side(self.content, self.placement, shown.T.tocsr())

    def side(self, content: ContentVectors, placement: Placement, support: sp.csr_matrix) -> ProductSide:
        """The products' side for that content, where it is placed, and that support (n, n_customers)."""
        supporters = np.unique(support.indices)
        encoded = self.scorer.customers(self.source.weights_[supporters])
        return self.scorer.products(content, placement, support[:, supporters], encoded)

    def combine(self, customers: CustomerSide, products: ProductSide, theta: np.ndarray | None) -> np.ndarray:
        """(n_customers, n) scores; `theta` are the adapters of those products."""
        scores = score(customers, products)
        if theta is not None and self.adapters is not None:
            scores = expit(customers.dense @ theta.T) + self.adapters.settings.scale * scores
        return scores

    @property
    def theta(self) -> np.ndarray | None:
        return self.adapters.theta if self.adapters else None

    def score(self, customers: np.ndarray, products: np.ndarray | None = None) -> np.ndarray:
        """(n_customers, n_products) float32 for positions in `source.customer_ids_` and in the launch (None: all of it).

        -1 is a customer without history.
        """
        histories = self.source.weights_[np.maximum(customers, 0)]
        if (customers < 0).any():
            histories = sp.diags((customers >= 0).astype(np.float32)) @ histories
        side, theta = self.products, self.theta
        if products is not None:
            side = ProductSide(side.dense[products], side.sparse[products])
            theta = None if theta is None else theta[products]
        return self.combine(self.scorer.customers(histories.tocsr()), side, theta)

    def recommend(self, customers: Sequence[str] | None = None, top: int = 20) -> pd.DataFrame:
        """The launch's products for each customer, best first: customer_id, product_id, rank (from 1), score.

        customers: ids; None means all of the catalog. Nothing speaks for one product rather than another to a customer
        without history: that one gets the launch's order with scores of 0; `attrs["without_history"]` counts them.
        Pairs of the support are left out. Raises InvalidSetting for top < 1.
        """
        if top < 1:
            raise InvalidSetting(f"top is {top}; at least one product has to be asked for. Use 20, say.")
        known = self.source.customer_ids_
        ids = known if customers is None else pd.Index(pd.unique(pd.Series(list(customers), dtype="str")))
        positions = known.get_indexer(ids)
        parts = [self._listed(np.zeros((0, 1)), ids[:0], top)]
        for rows in blocks(np.arange(len(ids))):
            scores = self.score(positions[rows])
            scores[positions[rows] < 0] = 0
            bought = self.support[np.maximum(positions[rows], 0)].multiply(positions[rows, None] >= 0)
            scores[bought.nonzero()] = -np.inf
            parts.append(self._listed(scores, ids[rows], top))
        frame = pd.concat(parts[1:] or parts, ignore_index=True)
        frame.attrs["without_history"] = int((positions < 0).sum())
        return frame

    def _listed(self, scores: np.ndarray, ids: pd.Index, top: int) -> pd.DataFrame:
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
            }
        )

    def audience(
        self, products: Sequence[str] | None = None, top: int | None = None, share: float | None = None
    ) -> pd.DataFrame:
        """The catalog's customers for each product, best first: product_id, customer_id, rank (from 1), score.

        Either the first `top`, or the first `share` (0 < share <= 1) of all customers. Pairs of the support are left out.
        Raises UnknownProduct, and InvalidSetting where top and share don't say how many.
        """
        count = self._audience_size(top, share)
        positions = self.positions(products)
        everyone = np.arange(len(self.source.customer_ids_))
        hidden = self.support[:, positions]
        customers, scores = top_customers(self.audience_scores(positions), everyone, count, hidden)
        keep = np.isfinite(scores)
        row, column = np.nonzero(keep)
        return pd.DataFrame(
            {
                "product_id": self.launch.product_ids.to_numpy()[positions][row],
                "customer_id": self.source.customer_ids_.to_numpy()[customers[keep]],
                "rank": column + 1,
                "score": np.round(scores[keep].astype(np.float64), DECIMALS),
            }
        )

    def audience_scores(self, positions: np.ndarray) -> ScoreBlock:
        """Scores of customers for those products (positions in the launch), with what their activity adds."""
        activity, spread = self._activity(), self._spread(positions)
        return lambda customers: self.score(customers, positions) + activity[customers, None] * spread

    def _activity(self) -> np.ndarray:
        """(n_customers,) what a customer's activity adds to an audience's score, in spreads of the product's scores."""
        activity = np.log1p(np.diff(self.source.weights_.indptr)).astype(np.float32)
        activity -= activity.mean()
        return self.head.mixture.activity * activity / max(float(activity.std()), 1e-6)

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
        arrays = {f"head.{name}": array for name, array in self.head.arrays().items()}
        if self.adapters:
            arrays["theta"] = self.adapters.theta
        settings = {
            "method": self.method,
            "name": self.launch.name,
            "mixture": self.head.mixture.as_dict(),
            "uses_support": self.uses_support,
            "terms": asdict(self.adapters.settings) if self.adapters else None,
            "summary": self.summary,
        }
        save_arrays(folder, arrays, settings, {"products": self.launch.products, "support": self.launch.interactions})

    @classmethod
    def load(cls, folder: Path, source: SourceModel) -> AdaptedModel:
        """Raises DamagedArtefact if the folder isn't what `save` wrote. `source` is the model that was adapted."""
        arrays, settings = load_arrays(folder)
        return cls(
            method=settings["method"],
            source=source,
            launch=Launch(settings["name"], load_frame(folder, "products"), load_frame(folder, "support")),
            head=load_head(arrays, settings["mixture"]),
            uses_support=settings["uses_support"],
            adapters=Adapters(arrays["theta"], TermSettings(**settings["terms"])) if "theta" in arrays else None,
            summary=settings["summary"],
        )
