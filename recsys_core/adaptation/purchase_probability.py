"""How probable it is that a customer buys a new product: learned in `selection/calibration.py`, applied here in NumPy alone.

    logit p = w_0 + w_1 · f(s) + w_2 · g((s - m_u) / d_u) + w_3 · a_u + w_4 · m_u

s is the score of the pair; m_u and d_u are mean and spread of what products score for that customer in general: the same score
means less for one with whom everything scores high. a_u tells how much the customer buys. f and g are the logits of isotonic
curves (Zadrozny & Elkan 2002), or leave their argument as it is (Platt 1999). There are such numbers for a few numbers of first
sales; between two of these the logits are interpolated in ln(1 + sales), beyond the last one its own hold. Where the catalog has times, a last line
through the logits brings them to what happened in order of time (`PurchaseProbability.in_time`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.special import expit, logit

LEAST = 1e-6
"""No isotonic curve is taken to be surer than this, or than 1 less this."""


class Traits(NamedTuple):
    """What a probability depends on beside the score; each (n_customers,)."""

    activity: np.ndarray
    """ln(1 + products bought), less its mean over all customers with history."""
    typical: np.ndarray
    """Mean score of a sample of products."""
    spread: np.ndarray
    """Standard deviation of these scores, > 0."""

    @classmethod
    def of(cls, histories: sp.csr_matrix, typical: np.ndarray, spread: np.ndarray) -> Traits:
        """histories: (n_customers, n_products); customers who had no history when typical and spread were measured get
        the means of the others."""
        bought = np.log1p(np.diff(histories.indptr))
        measured = spread > 0
        mean_typical, mean_spread = (values[measured].mean() if measured.any() else 1.0 for values in (typical, spread))
        return cls(
            bought - (bought[bought > 0].mean() if bought.any() else 0),
            np.where(measured, typical, mean_typical),
            np.where(measured, np.maximum(spread, mean_spread / 10), mean_spread),
        )

    def take(self, customers: np.ndarray) -> Traits:
        return Traits(*(values[customers] for values in self))


class Isotonic(NamedTuple):
    """A rising curve of probabilities."""

    at: np.ndarray
    """(m,) rising."""
    values: np.ndarray
    """(m,) never falling, 0..1."""

    def probability(self, x: np.ndarray) -> np.ndarray:
        """Straight between its points, level beyond them."""
        return np.interp(x, self.at, self.values)


@dataclass(frozen=True)
class ScoreCurve:
    """Scores of products with one number of first sales → logits of the probability."""

    weights: np.ndarray
    """(5,) w_0 to w_4; w_1 and w_2 are >= 0."""
    isotonic: tuple[Isotonic, Isotonic] | None
    """f and g; None: Platt."""

    def features(self, scores: np.ndarray, traits: Traits) -> np.ndarray:
        """(m, 4): what the weights from w_1 on are for."""
        said = [scores, (scores - traits.typical) / traits.spread]
        if self.isotonic is not None:
            bent = [curve.probability(x) for curve, x in zip(self.isotonic, said, strict=True)]
            said = [logit(np.clip(values, LEAST, 1 - LEAST)) for values in bent]
        return np.column_stack([*said, traits.activity, traits.typical])

    def logits(self, scores: np.ndarray, traits: Traits) -> np.ndarray:
        """(m,) for scores (m,) and the traits of their customers."""
        return self.weights[0] + self.features(scores, traits) @ self.weights[1:]

    def arrays(self) -> dict[str, np.ndarray]:
        curves = {} if self.isotonic is None else dict(zip(("score", "standing"), self.isotonic, strict=True))
        flat = {f"{name}.{part}": array for name, curve in curves.items() for part, array in curve._asdict().items()}
        return {"weights": self.weights} | flat

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> ScoreCurve:
        """What `arrays` gave."""
        if "score.at" not in arrays:
            return cls(arrays["weights"], None)
        score, standing = (Isotonic(arrays[f"{name}.at"], arrays[f"{name}.values"]) for name in ("score", "standing"))
        return cls(arrays["weights"], (score, standing))


@dataclass(frozen=True)
class PurchaseProbability:
    """Scores of pairs → how probable it is that the customer buys the product later: of 100 pairs with 0.05 about 5, as in
    the replayed past of this shop, from the product's last first sale to the end of the history."""

    traits: Traits
    """Of the catalog's customers."""
    shots: Sequence[int]
    """Rising: the numbers of first sales that there is a curve for."""
    curves: Sequence[ScoreCurve]
    in_time: tuple[float, float] = (0.0, 1.0)
    """Offset and slope >= 0 of the logits: from products taken out of a catalog to products that came in time."""

    def of_pairs(self, customers: np.ndarray, scores: np.ndarray, shots: np.ndarray) -> np.ndarray:
        """(m,) float64 in 0..1, for pairs of those customers (positions) and products with those numbers of first sales; nan
        for customers without history, whose position is -1.

        Of one customer and products with equal numbers of first sales, the higher score is never the less probable.
        """
        return expit(self.log_odds(customers, scores, shots))

    def log_odds(self, customers: np.ndarray, scores: np.ndarray, shots: np.ndarray) -> np.ndarray:
        """(m,) logits of the same."""
        total = np.where(customers < 0, np.nan, 0.0)
        part = self._parts(shots)
        for column, curve in enumerate(self.curves):
            used = np.flatnonzero(part[:, column])
            logits = curve.logits(scores[used].astype(np.float64), self.traits.take(customers[used]))
            total[used] += part[used, column] * logits
        return self.in_time[0] + self.in_time[1] * total

    def _parts(self, shots: np.ndarray) -> np.ndarray:
        """(m, n_curves) how much of each curve counts for pairs with those numbers of first sales; rows sum to 1."""
        asked, rows = np.unique(shots, return_inverse=True)
        at, learned = np.log1p(asked), np.log1p(self.shots)
        return np.stack([np.interp(at, learned, one) for one in np.eye(len(learned))], axis=1)[rows]

    def arrays(self) -> dict[str, np.ndarray]:
        arrays = {f"traits.{name}": array for name, array in self.traits._asdict().items()}
        for shots, curve in zip(self.shots, self.curves, strict=True):
            arrays |= {f"{shots}.{name}": array for name, array in curve.arrays().items()}
        return arrays | {"shots": np.asarray(self.shots), "in_time": np.asarray(self.in_time)}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> PurchaseProbability:
        """What `arrays` gave."""
        shots = arrays["shots"].tolist()
        curves = [
            ScoreCurve.of_arrays(
                {name.removeprefix(f"{k}."): array for name, array in arrays.items() if name.startswith(f"{k}.")}
            )
            for k in shots
        ]
        traits = Traits(*(arrays[f"traits.{name}"] for name in Traits._fields))
        offset, slope = arrays["in_time"].tolist()
        return cls(traits, shots, curves, (offset, slope))
