"""The names people give to launches: any text, made comparable."""

from __future__ import annotations

import unicodedata

from recsys_core.errors import AlreadyThere, InvalidSetting


def normal_name(name: str) -> str:
    """The name as it is stored: composed, without control characters, no blanks around it."""
    composed = unicodedata.normalize("NFC", name)
    return "".join(letter for letter in composed if unicodedata.category(letter) not in ("Cc", "Cs")).strip()


def checked_name(name: str) -> str:
    """The same; raises InvalidSetting if nothing is left."""
    cleaned = normal_name(name)
    if not cleaned:
        raise InvalidSetting("The launch has no name. Give it one, such as “Autumn 2026”.")
    return cleaned


def name_taken(name: str) -> AlreadyThere:
    return AlreadyThere(f"There is a launch “{name}” already. Choose another name, or add the sales to that one.")
