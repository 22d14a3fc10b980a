"""The methods, name on the page and in the shell → class, and the adapters that they leave behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsys_core.adaptation.adapter import Adapter
from recsys_core.adaptation.averaging import Averaging
from recsys_core.adaptation.blend import Blend
from recsys_core.adaptation.blended import BlendedAdapter
from recsys_core.adaptation.compression.adapter import CompressedAdapter
from recsys_core.adaptation.ensemble import Ensemble
from recsys_core.adaptation.fine_tune import FineTune, FineTuneAdapter
from recsys_core.adaptation.formula import FormulaAdapter
from recsys_core.adaptation.maml import Maml
from recsys_core.adaptation.method import Method
from recsys_core.adaptation.prototype import Prototype
from recsys_core.adaptation.reptile import Reptile
from recsys_core.adaptation.ridge import Ridge, RidgeAdapter
from recsys_core.adaptation.steps_adapter import StepsAdapter
from recsys_core.adaptation.weighted import WeightedAdapter
from recsys_core.adaptation.zero_shot import ZeroShot
from recsys_core.errors import InvalidSetting
from recsys_core.settings import with_settings

METHODS: dict[str, type[Method]] = {
    method.name: method for method in (ZeroShot, Prototype, Ridge, FineTune, Maml, Reptile, Averaging, Ensemble, Blend)
}

ADAPTERS: dict[str, type[Adapter]] = {
    adapter.kind: adapter
    for adapter in (
        FormulaAdapter,
        FineTuneAdapter,
        RidgeAdapter,
        StepsAdapter,
        CompressedAdapter,
        WeightedAdapter,
        BlendedAdapter,
    )
}
"""What a saved file can hold."""

AUTO = "auto"


def method_named(name: str, settings: Mapping[str, Any] | None = None) -> Method:
    """The method of that name with those of its settings that aren't the usual ones.

    Raises InvalidSetting if there is no such method, no such setting, or a value that it can't have.
    """
    if name not in METHODS:
        raise InvalidSetting(f"There is no method “{name}”. Choose {AUTO} or one of: {', '.join(METHODS)}.")
    method = METHODS[name]
    return method(with_settings(method.settings_type, settings or {}, name))
