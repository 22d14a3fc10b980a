"""Groups of categories: k-means over their vectors, for every number of groups that one may ask for."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from recsys_core.run_context import RunContext

SILHOUETTE_ROWS = 2_000
"""The silhouette takes the distance of every pair; of more rows a sample tells as much."""


@dataclass(frozen=True)
class Groups:
    """The same categories in 2, 3, 4 … groups."""

    labels: np.ndarray
    """(n_choices, n) int16: row r is the grouping into r + 2 groups, numbered by size, the largest 0."""
    suggested: int
    """The number of groups with the best mean silhouette (Rousseeuw 1987); 1 only if there is one category."""

    def into(self, number: int) -> np.ndarray:
        """(n,) int16: the grouping into `number` groups, or into the nearest number that there is."""
        return self.labels[np.clip(number - 2, 0, len(self.labels) - 1)]

    @classmethod
    def of(cls, vectors: np.ndarray, *, run: RunContext, most: int = 12) -> Groups:
        """Into 2 to `most` groups, of which fewer than there are categories.

        vectors: (n, d) float32, rows of length 1 or 0. Equal rows always share a group, so there may be fewer groups
        than asked for. Raises Cancelled.
        """
        n = len(vectors)
        if n < 3:
            return cls(np.arange(n, dtype=np.int16)[None, :], min(n, 2))
        from sklearn.cluster import KMeans
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.metrics import euclidean_distances

        sample = np.arange(n)
        if n > SILHOUETTE_ROWS:
            sample = np.random.default_rng(run.seed).choice(n, SILHOUETTE_ROWS, replace=False)
        distance = euclidean_distances(vectors[sample])
        labels, silhouettes = [], []
        for number in range(2, max(min(most, n - 1), 2) + 1):
            run.check()
            with warnings.catch_warnings():
                # It warns of fewer different rows than groups.
                warnings.simplefilter("ignore", ConvergenceWarning)
                found = KMeans(number, n_init=4, random_state=run.seed).fit_predict(vectors)
            labels.append(_by_size(found))
            silhouettes.append(_silhouette(distance, found[sample]))
        return cls(np.stack(labels), int(np.argmax(silhouettes)) + 2)


def _by_size(labels: np.ndarray) -> np.ndarray:
    """(n,) int16: the same groups, the largest 0; of equal ones first the one that comes first."""
    _, first, group, size = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(size), dtype=np.int16)
    rank[np.lexsort([first, -size])] = np.arange(len(size))
    return rank[group]


def _silhouette(distance: np.ndarray, labels: np.ndarray) -> float:
    """-1 to 1; -1 where it isn't defined, with one group, or each row its own.

    distance: (n, n), 0 on the diagonal.
    """
    from sklearn.metrics import silhouette_score

    if not 2 <= len(np.unique(labels)) < len(labels):
        return -1.0
    return float(silhouette_score(distance, labels, metric="precomputed"))
