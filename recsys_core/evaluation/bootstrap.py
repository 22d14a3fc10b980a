"""Paired bootstrap (Efron 1979): what a mean, or a ratio of two, could have been, had other customers been drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEVEL = (0.025, 0.975)
AT_ONCE = 64
"""Redraws that are multiplied at once: a row each, of as many numbers as there are customers."""


@dataclass(frozen=True)
class Redraws:
    """The same redrawn rows for everything that is compared."""

    n: int
    seed: int
    draws: int

    @classmethod
    def of(cls, n: int, seed: int, draws: int = 500) -> Redraws:
        return cls(n, seed, draws)

    def means(self, figures: np.ndarray) -> np.ndarray:
        """(draws,) or (draws, c) means of redrawn rows of `figures` (n,) or (n, c); a nan is a row that isn't there.

        nan where a redraw holds no row at all.
        """
        columns = figures[:, None] if figures.ndim == 1 else figures
        if not self.n:
            return np.full((self.draws, *figures.shape[1:]), np.nan)
        there = np.isfinite(columns)
        values = np.where(there, columns, 0).astype(np.float32)
        all_there = bool(there.all())
        weights = there.astype(np.float32)
        rng = np.random.default_rng(self.seed)
        parts = []
        for start in range(0, self.draws, AT_ONCE):
            rows = min(AT_ONCE, self.draws - start)
            # Row by row, so that memory holds but a part of all redraws.
            counts = np.stack([np.bincount(rng.integers(self.n, size=self.n), minlength=self.n) for _ in range(rows)])
            counts = counts.astype(np.float32)
            size = np.float32(self.n) if all_there else counts @ weights
            with np.errstate(divide="ignore", invalid="ignore"):
                parts.append(counts @ values / size)
        means = np.concatenate(parts).astype(np.float64)
        return means[:, 0] if figures.ndim == 1 else means


def interval(draws: np.ndarray) -> tuple[float, float]:
    """The ends of the 95 % interval; nan where there are no draws."""
    draws = draws[np.isfinite(draws)]
    if not len(draws):
        return float("nan"), float("nan")
    low, high = np.quantile(draws, LEVEL)
    return float(low), float(high)


@dataclass(frozen=True)
class Comparison:
    """Two means of the same customers (or products), and by which share the first is higher, with the 95 % interval of that."""

    first: float
    second: float
    gain: float | None
    """None: undefined, as the second is 0 or nothing was measured."""
    low: float
    high: float

    def sentence(self, first: str, second: str, what: str) -> str:
        """For a merchandiser; what: when, such as "with 5 first sales"."""
        if self.gain is None:
            why = (
                f"{second} found nothing at all" if self.second == 0 else "there is nobody for whom both were measured"
            )
            return f"{first} and {second} can't be compared {what}: {why}."
        if self.low <= 0 <= self.high:
            return f"No clear difference between {first} and {second} {what}: between {_said(self.low)} and {_said(self.high)}."
        low, high = sorted((abs(self.low), abs(self.high)))
        more = "more" if self.gain > 0 else "less"
        return f"{first} finds {abs(self.gain):.0%} {more} than {second} {what}; between {low:.0%} and {high:.0%}."


def compare(first: np.ndarray, second: np.ndarray, redraws: Redraws) -> Comparison:
    """first, second: (n,) of the same customers; a row that either lacks is left out of both."""
    there = np.isfinite(first) & np.isfinite(second)
    both = np.column_stack([np.where(there, values, np.nan) for values in (first, second)])
    if not there.any() or not second[there].mean():
        means = [float(values[there].mean()) if there.any() else float("nan") for values in (first, second)]
        return Comparison(means[0], means[1], None, float("nan"), float("nan"))
    one, other = float(first[there].mean()), float(second[there].mean())
    draws = redraws.means(both)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = interval(draws[:, 0] / draws[:, 1] - 1)
    return Comparison(one, other, one / other - 1, low, high)


def _said(share: float) -> str:
    return f"{abs(share):.0%} {'less' if share < 0 else 'more'}"
