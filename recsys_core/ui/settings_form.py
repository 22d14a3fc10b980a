"""Settings by name, to be changed by who knows them: the data scientist beside the merchandiser."""

from __future__ import annotations

from typing import Any

import streamlit as st
from pydantic import BaseModel

from recsys_core.settings import text_of, value_of, with_settings

COLUMNS = 3


def settings_form(kind: type[BaseModel], key: str, *, disabled: bool = False) -> dict[str, Any]:
    """A field for each setting, empty for the usual value, which it shows; returns those that were filled in.

    What a setting can't be is found out by `checked`.
    """
    if not kind.model_fields:
        st.caption("Nothing can be set here.")
    typed = {}
    columns = st.columns(COLUMNS)
    for number, (name, field) in enumerate(kind.model_fields.items()):
        typed[name] = columns[number % COLUMNS].text_input(
            name.replace("_", " ").capitalize(),
            placeholder=text_of(field.default) or "chosen by itself",
            help=(field.description or "").replace("\n", " ") or None,
            disabled=disabled,
            key=f"{key}-{name}",
        )
    return {name: value_of(text) for name, text in typed.items() if text.strip()}


def checked(kind: type[BaseModel], settings: dict[str, Any], whose: str) -> dict[str, Any]:
    """The same settings. Raises InvalidSetting for a value that one can't have, so that no run is begun with it."""
    with_settings(kind, settings, whose)
    return settings
