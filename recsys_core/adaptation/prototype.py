"""Prototype: a new product lies at the learned mixture of its content and its supporters (Snell et al. 2017).

The mixture (how many supporters the content is worth, and how much each signal counts after k of them) was trained over
tasks, each a known product treated as new; see `models/head.py`. Closed form: nothing is trained here.
"""

from __future__ import annotations

from typing import Any, ClassVar

from recsys_core.adaptation.formula import FormulaAdapter
from recsys_core.adaptation.method import Method
from recsys_core.models.head import NewProducts, Scorer
from recsys_core.run_context import RunContext


class Prototype(Method):
    name: ClassVar[str] = "prototype"
    sentence: ClassVar[str] = "Places each product between what it says of itself and those who bought it first."

    def place(self, scorer: Scorer, new: NewProducts, *, run: RunContext) -> tuple[FormulaAdapter, dict[str, Any]]:
        run.check()
        return FormulaAdapter(uses_support=True), {}
