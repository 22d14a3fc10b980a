"""Settings by name, as a shell, a page or a stored run gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from recsys_core.errors import InvalidSetting

S = TypeVar("S", bound=BaseModel)


def with_settings(kind: type[S], settings: Mapping[str, Any], whose: str) -> S:
    """The usual settings of that kind with those changed; whose: as a person would call it.

    Raises InvalidSetting for one that there isn't, or a value that it can't have.
    """
    try:
        return kind(**settings)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        known = ", ".join(kind.model_fields) or "none"
        raise InvalidSetting(
            f"The setting “{name}” of {whose} can't be {first['input']!r}: {first['msg']}. Its settings: {known}."
        ) from error


def parsed(assignments: list[str]) -> dict[str, Any]:
    """["epochs=5", "order=second"] as settings; see `value_of`.

    Raises InvalidSetting for one without a name or a "=".
    """
    settings: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not name or not equals:
            raise InvalidSetting(f"“{assignment}” isn't a setting. Write name=value, such as epochs=5.")
        settings[name.strip()] = value_of(value)
    return settings


def value_of(text: str) -> Any:
    """A setting's value as it is typed: numbers, true and false as such, several parted by commas as a list, else text."""
    text = text.strip()
    if "," in text:
        return [value_of(part) for part in text.split(",")]
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def text_of(value: Any) -> str:
    """What `value_of` reads; empty for None."""
    if isinstance(value, list | tuple):
        return ", ".join(map(text_of, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
