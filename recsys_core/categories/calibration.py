"""Probabilities of categories from the margins of a classifier, learned on products that it hasn't seen.

One temperature makes all margins probabilities (Guo et al. 2017); a logistic curve then sets the first category's right (Platt 1999).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_softmax, logit, softmax

TINY = 1e-6
"""Nothing is nearer to 0 or 1."""
SHARPEST = 2.0
"""Logarithms of mean probabilities are multiplied by so much, at most."""


@dataclass(frozen=True)
class Calibration:
    """Makes probabilities of margins."""

    temperature: float
    slope: float
    offset: float

    @classmethod
    def fit(cls, margins: np.ndarray, of_product: np.ndarray) -> Calibration:
        """margins: (n, n_categories) of held-out products; of_product: (n,) their categories."""
        from sklearn.linear_model import LogisticRegression

        temperature = best_temperature(lambda scaled: log_softmax(scaled, axis=1), margins, of_product)
        first = np.clip(softmax(margins / temperature, axis=1).max(axis=1), TINY, 1 - TINY)
        right = margins.argmax(axis=1) == of_product
        # Platt's targets, a little off 0 and 1: nothing is certain where all of a few were right.
        n_right = int(right.sum())
        target = np.where(right, (n_right + 1) / (n_right + 2), 1 / (len(right) - n_right + 2))
        curve = LogisticRegression(C=100.0).fit(
            np.tile(logit(first), 2)[:, None],
            np.repeat([1, 0], len(first)),
            sample_weight=np.concatenate([target, 1 - target]),
        )
        slope = float(curve.coef_[0, 0])
        if slope <= 0:
            # How far ahead the first is tells nothing; then all are right as often as the mean, which isn't this curve's offset.
            return cls(temperature, 0.0, float(logit(target.mean())))
        return cls(temperature, slope, float(curve.intercept_[0]))

    def sureness(self, margins: np.ndarray) -> float:
        """The mean probability of the first category, of (n, n_categories) margins."""
        return float(self.chances(margins).max(axis=1).mean())

    def sharper(self, margins: np.ndarray, sureness: float) -> float:
        """By what margins are to be multiplied so that they are so sure on average, 1 to SHARPEST.

        margins: (n, n_categories) logarithms of the mean probabilities of several models. The mean is less sure than each of them and yet
        more often right, so that a calibration of single models leaves it too unsure.
        """
        from scipy.optimize import brentq

        def lacking(factor: float) -> float:
            return sureness - self.sureness(factor * margins)

        if lacking(1.0) <= 0:
            return 1.0
        return SHARPEST if lacking(SHARPEST) >= 0 else float(brentq(lacking, 1.0, SHARPEST, xtol=0.01))

    def chances(self, margins: np.ndarray) -> np.ndarray:
        """(n, n_categories): what the first category's probability leaves is shared out among the others."""
        chances = np.clip(softmax(margins / self.temperature, axis=1), 0, 1 - TINY)
        rows, best = np.arange(len(chances)), chances.argmax(axis=1)
        before = chances[rows, best]
        first = expit(self.slope * logit(np.clip(before, TINY, 1 - TINY)) + self.offset)
        # No other may reach the first; then some of the probability is no category's.
        chances = np.minimum(chances * ((1 - first) / (1 - before))[:, None], first[:, None] * (1 - TINY))
        chances[rows, best] = first
        return chances


def cross_fitted(margins: np.ndarray, of_product: np.ndarray, folds: int = 2) -> np.ndarray:
    """The chances of each fold by the calibration of all others, so that what judges it didn't make it.

    With more folds the calibrations that are judged are more like the one made of all; with few products that is much.
    """
    fold = np.arange(len(margins)) % folds
    chances = np.empty_like(margins)
    for number in range(folds):
        judged = fold == number
        chances[judged] = Calibration.fit(margins[~judged], of_product[~judged]).chances(margins[judged])
    return chances


def best_temperature(
    log_chances: Callable[[np.ndarray], np.ndarray],
    margins: np.ndarray,
    truth: np.ndarray,
    bounds: tuple[int, int] = (-4, 2),
) -> float:
    """The temperature with the lowest cross-entropy: margins over it → `log_chances` (n, n_classes) → those of `truth` (n,).

    bounds: of its logarithm.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(margins))

    def loss(log_temperature: float) -> float:
        return -float(log_chances(margins / np.exp(log_temperature))[rows, truth].mean())

    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))
