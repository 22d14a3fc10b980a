"""Prototype: a new product lies at the learned mixture of its content and its supporters (Snell et al. 2017).

The mixture (how many supporters the content is worth, and how much each signal counts after k of them) was trained over
tasks, each a known product treated as new; see `models/head.py`. Closed form: nothing is trained here.
"""

from __future__ import annotations

from typing import ClassVar

from recsys_core.adaptation.adapted_model import AdaptedModel
from recsys_core.dataset import Launch
from recsys_core.models.source_model import SourceModel
from recsys_core.run_context import RunContext


class Prototype:
    name: ClassVar[str] = "prototype"
    sentence: ClassVar[str] = "Places each product between what it says of itself and those who bought it first."

    def adapt(self, source: SourceModel, launch: Launch, *, run: RunContext) -> AdaptedModel:
        run.progress("Placing the products", 0, 1)
        adapted = AdaptedModel(self.name, source, launch, source.head_, uses_support=True)
        run.progress("Placing the products", 1, 1)
        return adapted
