"""The adapter of a sum of methods: f = Σ w_i(k) · f_i, with k a product's first sales."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, ClassVar, Self

import numpy as np

from recsys_core.adaptation.adapter import Adapter
from recsys_core.artefacts import part, prefixed
from recsys_core.models.head import NewProducts, ProductSide, Scorer


def by_shots(known: np.ndarray, values: np.ndarray, shots: np.ndarray) -> np.ndarray:
    """(m, n): values (m, K) at the `known` (K,) numbers of first sales, read off for products with `shots` (n,).

    Straight in ln(1 + shots) between two known numbers, level beyond the last.
    """
    at, marks = np.log1p(shots), np.log1p(known)
    return np.stack([np.interp(at, marks, row) for row in values]).astype(np.float32)


def rounded(values: np.ndarray) -> np.ndarray:
    """To four significant digits: the last ones of what was trained differ from run to run, and nothing should hang on them."""
    step = 10.0 ** (np.floor(np.log10(np.maximum(np.abs(values), 1e-30))) - 3)
    return np.round(values / step) * step


def shots_of(new: NewProducts) -> np.ndarray:
    """(n,) first sales of each product."""
    return np.diff(new.support.indptr)


def linear_side(member: Adapter, scorer: Scorer, new: NewProducts) -> ProductSide:
    """The member's side, which can be added to others."""
    side = member.side(scorer, new)
    if not isinstance(side, ProductSide):
        raise TypeError(f"the scores of {member.kind} can't be added up: they are no ProductSide")
    return side


def total(sides: Iterable[ProductSide]) -> ProductSide:
    return reduce(ProductSide.plus, sides)


def packed(members: Sequence[Adapter]) -> dict[str, np.ndarray]:
    """The members' arrays, each under its number."""
    return {
        name: array
        for i, member in enumerate(members)
        for name, array in prefixed(member.arrays(), f"member.{i}.").items()
    }


def described(members: Sequence[Adapter]) -> list[dict[str, Any]]:
    """The members' settings, as JSON."""
    return [{"kind": member.kind} | member.settings() for member in members]


def unpacked(arrays: Mapping[str, np.ndarray], settings: Sequence[Mapping[str, Any]]) -> tuple[Adapter, ...]:
    """The members that were packed and described."""
    from recsys_core.adaptation.registry import ADAPTERS

    return tuple(ADAPTERS[one["kind"]].of(part(arrays, f"member.{i}."), one) for i, one in enumerate(settings))


@dataclass(frozen=True)
class WeightedAdapter(Adapter):
    """The members' scores, each times a weight that goes with a product's first sales."""

    members: tuple[Adapter, ...]
    shots: np.ndarray
    """(K,) rising: the numbers of first sales at which the weights are known."""
    weights: np.ndarray
    """(m, K)."""
    kind: ClassVar[str] = "weighted"

    def side(self, scorer: Scorer, new: NewProducts) -> ProductSide:
        weights = by_shots(self.shots, self.weights, shots_of(new))
        each = zip(self.members, weights, strict=True)
        return total(linear_side(member, scorer, new).times(weight) for member, weight in each)

    def arrays(self) -> dict[str, np.ndarray]:
        return {"shots": self.shots, "weights": self.weights} | packed(self.members)

    def settings(self) -> dict[str, Any]:
        return {"members": described(self.members)}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> Self:
        return cls(unpacked(arrays, settings["members"]), arrays["shots"], arrays["weights"])
