"""Decision trees as plain arrays, summed over many pairs at once without scikit-learn.

A tree's leaves are bits of one integer. Each feature of a pair knocks out the leaves that it can't reach: which ones is
looked up in a table by the feature's place among the trees' thresholds. The lowest bit left is the pair's leaf
(QuickScorer, Lucchese et al. 2015).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

MAX_DEPTH = 5
"""So that a tree's leaves fit into 32 bits."""
BLOCK = 1 << 13
"""Pairs summed at once: their leaves stay in the processor's cache."""


@dataclass(frozen=True)
class Trees:
    """Nodes of all trees, one tree after another; N nodes, T trees."""

    root: np.ndarray
    """(T,) int64: each tree's first node."""
    children: np.ndarray
    """(N, 2) int64: where to go if the feature is at most the threshold, and if not; -1 in a leaf."""
    feature: np.ndarray
    """(N,) int64."""
    threshold: np.ndarray
    """(N,) float64."""
    value: np.ndarray
    """(N,) float32: what a leaf adds to the sum."""

    def masks(self, feature: int, values: np.ndarray) -> np.ndarray:
        """(..., T) uint32: the leaves that values (...) float32 of one feature leave."""
        thresholds, table = self._tables.get(feature, (np.zeros(0), self._every_leaf[None]))
        return table[np.searchsorted(thresholds, values)]

    def sums(self, masks: np.ndarray) -> np.ndarray:
        """(...) float32 for masks (..., T), all features' masks taken together by &."""
        lowest = masks & (~masks + np.uint32(1))
        leaf = np.bitwise_count(lowest - np.uint32(1))
        return self._leaf_values.ravel()[leaf + self._leaf_offsets].sum(axis=-1)

    def of_features(self, features: Sequence[np.ndarray]) -> np.ndarray:
        """The trees' sum (n_rows, n) float32.

        features: one after another as the trees number them, each float32 and (n_rows, n), (n_rows, 1), or (1, n).
        """
        n_rows, n = np.broadcast_shapes(*(values.shape for values in features))
        result = np.zeros((n_rows, n), dtype=np.float32)
        step = max(1, BLOCK // max(n, 1))
        for start in range(0, n_rows, step):
            masks = self._every_leaf
            # The small ones first: what a customer or a product alone leaves is worked out once.
            for number in sorted(range(len(features)), key=lambda i: features[i].size):
                values = features[number]
                masks = masks & self.masks(number, values if len(values) == 1 else values[start : start + step])
            result[start : start + step] = self.sums(masks)
        return result

    @cached_property
    def _leaves(self) -> list[dict[int, tuple[int, int]]]:
        """For each tree: node → its first leaf, and the one after its last, counted from the left."""

        def count(node: int, first: int, found: dict[int, tuple[int, int]]) -> int:
            end = first + 1
            if self.children[node, 0] >= 0:
                end = count(self.children[node, 1], count(self.children[node, 0], first, found), found)
            found[node] = (first, end)
            return end

        found: list[dict[int, tuple[int, int]]] = [{} for _ in self.root]
        for tree, root in enumerate(self.root):
            if count(int(root), 0, found[tree]) > 32:
                raise ValueError(f"a tree has more than 32 leaves; fit trees of at most depth {MAX_DEPTH}")
        return found

    @cached_property
    def _every_leaf(self) -> np.ndarray:
        return np.full(len(self.root), 0xFFFFFFFF, dtype=np.uint32)

    @cached_property
    def _tables(self) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Feature → its thresholds (t,) rising, and the leaves left (t + 1, T) by a value above so many of them."""
        inner = self.children[:, 0] >= 0
        tables = {}
        for feature in np.unique(self.feature[inner]).tolist():
            thresholds = np.unique(self.threshold[inner & (self.feature == feature)])
            tables[feature] = (thresholds, np.tile(self._every_leaf, (len(thresholds) + 1, 1)))
        for tree, leaves in enumerate(self._leaves):
            for node in leaves:
                if self.children[node, 0] >= 0:
                    thresholds, table = tables[int(self.feature[node])]
                    first, end = leaves[self.children[node, 0]]
                    above = np.searchsorted(thresholds, self.threshold[node]) + 1
                    table[above:, tree] &= np.uint32(0xFFFFFFFF ^ ((1 << end) - (1 << first)))
        return tables

    @cached_property
    def _leaf_values(self) -> np.ndarray:
        """(T, 32) float32."""
        values = np.zeros((len(self.root), 32), dtype=np.float32)
        for tree, leaves in enumerate(self._leaves):
            for node, (first, _) in leaves.items():
                if self.children[node, 0] < 0:
                    values[tree, first] = self.value[node]
        return values

    @cached_property
    def _leaf_offsets(self) -> np.ndarray:
        return 32 * np.arange(len(self.root))

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            "root": self.root,
            "children": self.children,
            "feature": self.feature,
            "threshold": self.threshold,
            "value": self.value,
        }

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        return cls(**{name: arrays[name] for name in ("root", "children", "feature", "threshold", "value")})
