"""Work that takes a moment, done beside the page with a bar that moves; whatever a person presses meanwhile stops it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event, current_thread
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

from recsys_core.run_context import RunContext
from recsys_core.ui.numbers import duration
from recsys_core.ui.plain import plain

T = TypeVar("T")

_EVERY = 0.2
"""Seconds between two looks."""
_PATIENCE = 3.0
"""Seconds before a guess at the time that is left means anything."""


def with_progress(body: Callable[[RunContext], T], started: str, stop: Callable[[], None] | None = None) -> T:
    """What `body` returns. `stop` is called when a person presses Stop, after which the page runs again."""
    told: dict[str, Any] = {}
    stopped = Event()
    place, page = st.empty(), get_script_run_ctx()

    def work() -> T:
        # What the page has in its cache is there for the work, too.
        add_script_run_ctx(current_thread(), page)
        return body(RunContext(report=told.update, stop_asked=stopped.is_set))

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        try:
            # Quick work shows nothing: a bar that flashes is worse than none.
            if not wait([future], _EVERY).done:
                with place.container(border=True):
                    bar = st.progress(0.0, plain(started))
                    if stop is not None:
                        st.button("Stop", icon=":material/stop:", key=f"stop-{started}", on_click=stop)
                begun, stage = time.monotonic(), ""
                while not wait([future], _EVERY).done:
                    if told.get("stage", "") != stage:
                        begun, stage = time.monotonic(), told["stage"]
                    share = told["done"] / max(told["total"], 1) if told else 0.0
                    bar.progress(min(share, 1.0), f"{plain(stage or started)} {_left(share, time.monotonic() - begun)}")
            return future.result()
        finally:
            # Here, too, when the page is run anew before the end.
            stopped.set()
            place.empty()


def _left(share: float, seconds: float) -> str:
    if share < 0.02 or seconds < _PATIENCE:
        return "…"
    return f"· {duration(seconds / share - seconds)} left"
