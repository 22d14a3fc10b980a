"""The ways to a smaller side, by name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from recsys_core.adaptation.adapter import Side
from recsys_core.adaptation.compression.compressed_side import CompressedSide
from recsys_core.adaptation.compression.customer_sample import customer_sample
from recsys_core.adaptation.compression.distillation import distilled
from recsys_core.adaptation.compression.pruning import pruned
from recsys_core.errors import CannotRun, InvalidSetting
from recsys_core.models.head import ProductSide, Scorer

By = Literal["prune", "int8", "prune+int8", "distil", "distil+int8"]
VARIANTS: tuple[By, ...] = ("int8", "prune", "prune+int8", "distil", "distil+int8")
AS_IT_IS = "none"
KEEP = 0.2


class Recipe(BaseModel, frozen=True, extra="forbid"):
    by: By
    keep: Annotated[float, Field(gt=0, le=1)] = KEEP
    """Share of each product's entries that pruning leaves."""
    customers: Annotated[int, Field(ge=1)] = 4000
    """So many customers, at most, say what matters to a score, or are what a student learns from."""
    seed: int = 0

    @property
    def steps(self) -> list[str]:
        return self.by.split("+")


def recipe_named(by: str, keep: float = KEEP) -> Recipe | None:
    """The recipe of that name; None for “none”. Raises InvalidSetting."""
    if by == AS_IT_IS:
        return None
    if by not in VARIANTS:
        raise InvalidSetting(f"A model can't be made smaller by “{by}”. Choose {AS_IT_IS}, {', '.join(VARIANTS)}.")
    if not 0 < keep <= 1:
        raise InvalidSetting(f"keep is {keep}; it is the share that pruning leaves. Choose more than 0, at most 1.")
    return Recipe(by=by, keep=keep)


def compressed(side: Side, scorer: Scorer, recipe: Recipe) -> CompressedSide:
    """The side made smaller; each product on its own.

    Raises CannotRun where it is no linear one: then there is nothing to prune or to round, but a student can learn it.
    """
    steps = recipe.steps
    if "distil" in steps:
        side = distilled(side, customer_sample(scorer, recipe.customers, recipe.seed))
    if not isinstance(side, ProductSide):
        raise CannotRun(
            f"The scores of this method aren't sums over numbers that could be made smaller by “{recipe.by}”. "
            "Choose “distil”: a student that learns the scores themselves."
        )
    if "prune" in steps:
        side = pruned(side, recipe.keep, customer_sample(scorer, recipe.customers, recipe.seed))
    return CompressedSide.of(side, "int8" in steps)
