"""Where a run is to compute."""

from __future__ import annotations

import streamlit as st

from recsys_core.ui.plain import plain
from recsys_core.ui.session import client


def device_choice(key: str, *, disabled: bool = False) -> str:
    """A choice among the worker's devices, with name and memory: "auto" or a device's id. One device is only named."""
    devices = client().devices()
    if len(devices) == 1:
        st.caption(f":material/memory: Computes on {plain(devices[0].label)}.")
        return "auto"
    names = {"auto": f"The best there is: {devices[0].label}"} | {device.id: device.label for device in devices}
    return st.radio(
        "Compute on",
        list(names),
        format_func=lambda choice: plain(names[choice]),
        horizontal=True,
        disabled=disabled,
        key=key,
    )
