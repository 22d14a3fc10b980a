"""Pictures that can be taken away: the camera above each saves PNG or SVG, its numbers are a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from recsys_core.ui.table_files import table_buttons

PICTURE = {
    "displayModeBar": True,
    "displaylogo": False,
    "scrollZoom": True,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "autoScale2d", "hoverClosestCartesian", "hoverCompareCartesian"],
}


def file_row(name: str, key: str, make: Callable[[], pd.DataFrame]) -> str:
    """The downloads of one picture's numbers, the files being called `name`; returns the format for the picture's own camera button."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
        kind = st.segmented_control(
            "Picture as",
            ["png", "svg"],
            default="png",
            required=True,
            format_func=str.upper,
            key=f"format-{key}",
            label_visibility="collapsed",
            help="What the camera above the picture saves.",
        )
        table_buttons("Numbers", name, key, make)
    return str(kind)


def picture(name: str, kind: str, *, zoom: bool = True) -> dict[str, Any]:
    """For `st.plotly_chart(config=...)`; name: of the file that the camera saves."""
    return PICTURE | {"scrollZoom": zoom, "toImageButtonOptions": {"format": kind, "filename": name, "scale": 2}}


def clicked(event: Any) -> list[list[Any]]:
    """The customdata of the points that were clicked; the browser sends a list of numbers as a dict of them."""
    found = [point["customdata"] for point in event.selection.points if point.get("customdata")]
    return [list(data.values()) if isinstance(data, dict) else list(data) for data in found]
