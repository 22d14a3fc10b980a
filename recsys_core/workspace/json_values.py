"""Values as JSON can hold them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any


def json_ready(value: Any) -> Any:
    """The same value in plain dicts, lists, text and numbers.

    NumPy scalars and arrays become Python numbers and lists, times ISO text, and numbers that
    aren't finite None (Postgres refuses them in JSON). Raises TypeError for anything else.
    """
    if value is None or isinstance(value, bool | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): json_ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_ready(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):
        return json_ready(value.tolist())
    raise TypeError(f"{type(value).__name__} can't be kept as JSON")
