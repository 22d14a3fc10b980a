"""Zero-shot: the source model as it is; the launch's products are known by their content alone."""

from __future__ import annotations

from typing import Any, ClassVar

from recsys_core.adaptation.formula import FormulaAdapter
from recsys_core.adaptation.method import Method
from recsys_core.models.head import NewProducts, Scorer
from recsys_core.run_context import RunContext


class ZeroShot(Method):
    name: ClassVar[str] = "zero-shot"
    sentence: ClassVar[str] = "Goes by what the products say of themselves; first sales are not used."

    def place(self, scorer: Scorer, new: NewProducts, *, run: RunContext) -> tuple[FormulaAdapter, dict[str, Any]]:
        run.check()
        return FormulaAdapter(uses_support=False), {}
