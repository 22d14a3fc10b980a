"""The methods: name on the page and in the shell → class."""

from __future__ import annotations

from recsys_core.adaptation.fine_tune import FineTune
from recsys_core.adaptation.method import Method
from recsys_core.adaptation.prototype import Prototype
from recsys_core.adaptation.zero_shot import ZeroShot
from recsys_core.errors import InvalidSetting

METHODS: dict[str, type[Method]] = {method.name: method for method in (ZeroShot, Prototype, FineTune)}

AUTO = "auto"


def method_named(name: str) -> Method:
    """Raises InvalidSetting if there is no such method."""
    if name not in METHODS:
        raise InvalidSetting(f"There is no method “{name}”. Choose {AUTO} or one of: {', '.join(METHODS)}.")
    return METHODS[name]()
