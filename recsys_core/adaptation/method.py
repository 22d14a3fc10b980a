"""What every method of adaptation is."""

from __future__ import annotations

from typing import ClassVar, Protocol

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.dataset import Launch
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext


class Method(Protocol):
    """Turns a source model and a launch's support into an adapted model; never changes the source model."""

    name: ClassVar[str]
    """As on the page and in the shell."""
    sentence: ClassVar[str]
    """What it does, in words for a merchandiser."""

    def adapt(self, source: SourceModel, launch: Launch, *, run: RunContext) -> AdaptedModel: ...
