"""Paired bootstrap: how far a ratio of two means could lie from what was found, had other customers and seeds been drawn."""

from __future__ import annotations

import numpy as np

DRAWS = 1000
LEVEL = (0.025, 0.975)


class Bootstrap:
    """The same redrawn customers (or products) and seeds for everything that is compared."""

    def __init__(self, n: int, seeds: int, seed: int = 0):
        rng = np.random.default_rng(seed)
        self.counts = np.zeros((DRAWS, n), dtype=np.float32)
        for row in self.counts:
            row += np.bincount(rng.integers(n, size=n), minlength=n)
        self.seeds = rng.integers(seeds, size=(DRAWS, seeds))

    def means(self, figures: np.ndarray) -> np.ndarray:
        """(DRAWS,) means of redrawn figures (seeds, n); a single row stands for something without chance."""
        means = self.counts @ figures.T.astype(np.float32) / self.counts.shape[1]
        if figures.shape[0] == 1:
            return means[:, 0]
        return np.take_along_axis(means, self.seeds % figures.shape[0], axis=1).mean(axis=1)

    def ratios(self, figures: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """(DRAWS,) mean figures (seeds, n) over the mean of the reference (n,), each time of the same customers."""
        return self.means(figures) / self.means(reference[None])


def interval(draws: np.ndarray) -> tuple[float, float]:
    """The ends of the 95 % interval."""
    low, high = np.quantile(draws, LEVEL)
    return float(low), float(high)
