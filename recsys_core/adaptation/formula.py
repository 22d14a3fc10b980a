"""The adapter of the source model's own formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from recsys_core.adaptation.adapter import Adapter
from recsys_core.models.head import NewProducts, ProductSide, Scorer


@dataclass(frozen=True)
class FormulaAdapter(Adapter):
    """Scores by `models/head.py`, with the supporters or without."""

    uses_support: bool
    kind: ClassVar[str] = "formula"

    def side(self, scorer: Scorer, new: NewProducts) -> ProductSide:
        return scorer.products(new if self.uses_support else new.without_support())

    def arrays(self) -> dict[str, np.ndarray]:
        return {}

    def settings(self) -> dict[str, Any]:
        return {"uses_support": self.uses_support}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> Self:
        return cls(settings["uses_support"])
