"""Zero-shot: the source model as it is; the launch's products are known by their content alone."""

from __future__ import annotations

from typing import ClassVar

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.dataset import Launch
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext


class ZeroShot:
    name: ClassVar[str] = "zero-shot"
    sentence: ClassVar[str] = "Goes by what the products say of themselves; first sales are not used."

    def adapt(self, source: SourceModel, launch: Launch, *, run: RunContext) -> AdaptedModel:
        run.progress("Placing the products", 0, 1)
        adapted = AdaptedModel(self.name, source, launch, source.head_, uses_support=False)
        run.progress("Placing the products", 1, 1)
        return adapted
