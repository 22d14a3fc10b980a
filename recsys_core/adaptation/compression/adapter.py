"""The adapter of a model that was made smaller: any product goes through the original one, and then the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.adaptation.adapter import Adapter, Side
from recsys_core.adaptation.compression.compressed_side import CompressedSide
from recsys_core.adaptation.compression.recipe import AS_IT_IS, Recipe, compressed
from recsys_core.artefacts import part, prefixed
from recsys_core.models.head import NewProducts, Scorer


@dataclass(frozen=True)
class CompressedAdapter(Adapter):
    original: Adapter
    """Kept whole: explanations ask it about variants of a product, and one can go back to it."""
    recipe: Recipe
    kind: ClassVar[str] = "compressed"

    def side(self, scorer: Scorer, new: NewProducts) -> CompressedSide:
        return compressed(self.original.side(scorer, new), scorer, self.recipe)

    def arrays(self) -> dict[str, np.ndarray]:
        return prefixed(self.original.arrays(), "original.")

    def settings(self) -> dict[str, Any]:
        original = {"kind": self.original.kind} | self.original.settings()
        return {"recipe": self.recipe.model_dump(mode="json"), "original": original}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> Self:
        from recsys_core.adaptation.registry import ADAPTERS

        original = settings["original"]
        adapter = ADAPTERS[original["kind"]].of(part(arrays, "original."), original)
        return cls(adapter, Recipe(**settings["recipe"]))

    def stored_side(self, arrays: Mapping[str, np.ndarray]) -> CompressedSide:
        return CompressedSide.of_arrays(arrays)


def in_use(adapted: AdaptedModel) -> str:
    """The name of the recipe by which the model was made smaller; “none” if it wasn't."""
    return adapted.adapter.recipe.by if isinstance(adapted.adapter, CompressedAdapter) else AS_IT_IS


def as_it_was(adapted: AdaptedModel) -> AdaptedModel:
    """The model before it was made smaller; the same one if it never was."""
    if not isinstance(adapted.adapter, CompressedAdapter):
        return adapted
    return _with(adapted, adapted.adapter.original)


def compress(adapted: AdaptedModel, recipe: Recipe) -> AdaptedModel:
    """The model made smaller; one that was so already starts from what it was before. Raises CannotRun."""
    whole = as_it_was(adapted)
    side = compressed(whole.side, whole.placed.scorer, recipe)
    return _with(whole, CompressedAdapter(whole.adapter, recipe), side)


def _with(adapted: AdaptedModel, adapter: Adapter, side: Side | None = None) -> AdaptedModel:
    if side is None:
        side = adapter.side(adapted.placed.scorer, adapted.placed.new)
    return replace(adapted, adapter=adapter, side=side)
