"""The adapter of a blend by trees: what members say of a pair goes through a forest or boosted trees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
from scipy.special import logit

from recsys_core.adaptation.adapter import Adapter, Side
from recsys_core.adaptation.trees import Trees
from recsys_core.adaptation.weighted import by_shots, described, linear_side, packed, shots_of, unpacked
from recsys_core.artefacts import part, prefixed
from recsys_core.models.head import CustomerSide, NewProducts, ProductSide, Scorer

Votes = Literal["probabilities", "log-odds"]
"""What the trees' sum is: a forest's mean probability, or the log-odds of AdaBoost."""
LEAST = 1e-3
"""No forest is taken to be surer than this, or than 1 less this."""


@dataclass(frozen=True)
class Judge:
    """Standardised scores of members → log-odds that the pair is one of a customer and what he bought."""

    shots: np.ndarray
    """(K,) rising: the numbers of first sales at which the weights are known."""
    weights: np.ndarray
    """(m, K): of the linear blend."""
    trees: Trees
    """Over the members' scores, the linear blend, ln(1 + first sales), and ln(1 + products that the customer bought)."""
    votes: Votes

    def log_odds(self, scores: np.ndarray, weights: np.ndarray, shots: np.ndarray, activity: np.ndarray) -> np.ndarray:
        """(n_customers, n) float32: the trees' log-odds and the linear blend's, which decides where the trees see no
        difference.

        scores: (m, n_customers, n); weights: (m, n); shots: (n,); activity: (n_customers,) ln(1 + products bought).
        """
        linear = np.einsum("mn,mcn->cn", weights, scores)
        sums = self.trees.of_features(features(scores, linear, shots, activity))
        return linear + (logit(np.clip(sums, LEAST, 1 - LEAST)) if self.votes == "probabilities" else sums)


def features(scores: np.ndarray, linear: np.ndarray, shots: np.ndarray, activity: np.ndarray) -> list[np.ndarray]:
    """What the trees see of n_customers × n pairs, each float32 and of a shape that broadcasts."""
    return [*scores, linear, np.log1p(shots)[None].astype(np.float32), activity[:, None].astype(np.float32)]


@dataclass(frozen=True)
class BlendedSide:
    """Products as every member sees them, its scores standardised, and the judge of what these say."""

    members: tuple[ProductSide, ...]
    weights: np.ndarray
    """(m, n): of the linear blend."""
    shots: np.ndarray
    """(n,) first sales."""
    n_words: int
    """Width of the customers' words, behind which their baskets begin."""
    judge: Judge

    def scores(self, customers: CustomerSide) -> np.ndarray:
        """(n_customers, n) float32."""
        activity = np.log1p(np.diff(customers.sparse[:, self.n_words :].indptr))
        scores = np.stack([side.scores(customers) for side in self.members])
        return self.judge.log_odds(scores, self.weights, self.shots, activity)

    def take(self, products: np.ndarray) -> BlendedSide:
        members = tuple(side.take(products) for side in self.members)
        return BlendedSide(members, self.weights[:, products], self.shots[products], self.n_words, self.judge)

    def arrays(self) -> dict[str, np.ndarray]:
        own = {"weights": self.weights, "shots": self.shots, "n_words": np.array([self.n_words])}
        members = [prefixed(side.arrays(), f"member.{i}.") for i, side in enumerate(self.members)]
        return own | {name: array for one in members for name, array in one.items()}


@dataclass(frozen=True)
class BlendedAdapter(Adapter):
    members: tuple[Adapter, ...]
    centre: np.ndarray
    """(m, K): the mean of each member's scores, at the judge's numbers of first sales."""
    spread: np.ndarray
    """(m, K) > 0."""
    judge: Judge
    kind: ClassVar[str] = "blended"

    def side(self, scorer: Scorer, new: NewProducts) -> BlendedSide:
        shots = shots_of(new)
        centre, spread, weights = (
            by_shots(self.judge.shots, values, shots) for values in (self.centre, self.spread, self.judge.weights)
        )
        members = tuple(
            _standardised(linear_side(member, scorer, new), centre[i], spread[i])
            for i, member in enumerate(self.members)
        )
        return BlendedSide(members, weights, shots, new.content.words.shape[1], self.judge)

    def stored_side(self, arrays: Mapping[str, np.ndarray]) -> Side:
        members = tuple(ProductSide.of_arrays(part(arrays, f"member.{i}.")) for i in range(len(self.members)))
        return BlendedSide(members, arrays["weights"], arrays["shots"], int(arrays["n_words"][0]), self.judge)

    def arrays(self) -> dict[str, np.ndarray]:
        judge = {"shots": self.judge.shots, "weights": self.judge.weights}
        own = {"centre": self.centre, "spread": self.spread} | judge
        return own | prefixed(self.judge.trees.arrays(), "trees.") | packed(self.members)

    def settings(self) -> dict[str, Any]:
        return {"members": described(self.members), "votes": self.judge.votes}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> Self:
        trees = Trees.of(part(arrays, "trees."))
        judge = Judge(arrays["shots"], arrays["weights"], trees, settings["votes"])
        return cls(unpacked(arrays, settings["members"]), arrays["centre"], arrays["spread"], judge)


def _standardised(side: ProductSide, centre: np.ndarray, spread: np.ndarray) -> ProductSide:
    """(scores - centre) / spread; both (n,)."""
    scaled = side.times(1 / spread)
    dense = scaled.dense.copy()
    # The last column meets the 1 at the end of every customer's x.
    dense[:, -1] -= centre / spread
    return ProductSide(dense, scaled.sparse, scaled.terms)
