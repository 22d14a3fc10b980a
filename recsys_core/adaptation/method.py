"""What every method of adaptation is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.adaptation.adapter import Adapter
from recsys_core.adaptation.placed_launch import PlacedLaunch
from recsys_core.dataset import Launch
from recsys_core.models.head import NewProducts, Scorer
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext

if TYPE_CHECKING:
    from optuna import Trial


class NoSettings(BaseModel, frozen=True, extra="forbid", use_attribute_docstrings=True):
    pass


class Method(ABC):
    """Turns a source model and a launch's support into an adapted model; never changes the source model."""

    name: ClassVar[str]
    """As on the page and in the shell."""
    sentence: ClassVar[str]
    """What it does, in words for a merchandiser."""
    settings_type: ClassVar[type[BaseModel]] = NoSettings
    single: ClassVar[bool] = True
    """Not made of other methods."""

    def __init__(self, settings: BaseModel | None = None):
        """settings: of `settings_type`; None: the defaults."""
        self.settings: Any = settings or self.settings_type()

    def suggest(self, trial: Trial) -> dict[str, Any]:
        """Settings worth trying, drawn by an Optuna trial; a method that doesn't say any isn't tuned."""
        return {}

    def fit(self, source: SourceModel, *, run: RunContext) -> Self:
        """Learns from the catalog's tasks what doesn't depend on a launch; most methods have nothing to learn here.

        Raises CannotRun where the catalog can't teach it.
        """
        return self

    @abstractmethod
    def place(self, scorer: Scorer, new: NewProducts, *, run: RunContext) -> tuple[Adapter, dict[str, Any]]:
        """The adapter for those products, and what was done, as JSON; called after `fit`."""

    def adapt(self, source: SourceModel, launch: Launch, *, run: RunContext) -> AdaptedModel:
        return self.fit(source, run=run).adapt_fitted(source, launch, run=run)

    def adapt_fitted(self, source: SourceModel, launch: Launch, *, run: RunContext) -> AdaptedModel:
        """What `adapt` does after `fit`."""
        placed = PlacedLaunch.of(source, launch, run=run)
        adapter, summary = self.place(placed.scorer, placed.new, run=run)
        return AdaptedModel(self.name, placed, adapter, adapter.side(placed.scorer, placed.new), summary)
