"""Files of a launch in the browser: taken in, checked once, and what was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from recsys_core.errors import InvalidTable
from recsys_core.tables.checking import CheckedTable
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.workspace.exports import safe_csv
from recsys_core.workspace.imports import Upload

T = TypeVar("T")

REJECTED_SHOWN = 200


def upload(label: str, part: str, help: str) -> tuple[str, Upload] | None:
    """A file uploader; what came, with an id that changes with every file. `forget` empties it."""
    round_ = st.session_state.setdefault(f"round-{part}", 0)
    file = st.file_uploader(label, type=["csv", "gz"], key=f"file-{part}-{round_}", help=help)
    return None if file is None else (file.file_id, Upload(file.getvalue(), file.name))


def forget(*parts: str) -> None:
    """Empties those uploaders, so that the server doesn't hold their files any longer."""
    for part in parts:
        st.session_state[f"round-{part}"] = st.session_state.get(f"round-{part}", 0) + 1
        st.session_state.pop(f"checked-{part}", None)


def checked(part: str, identity: object, check: Callable[[], T]) -> T | None:
    """What `check` returns, kept as long as `identity` stays the same; None, and the reason shown, if the file can't be used."""
    kept = st.session_state.get(f"checked-{part}")
    if kept is None or kept[0] != identity:
        try:
            with st.spinner("Checking the file …"):
                kept = (identity, check(), None)
        except InvalidTable as error:
            kept = (identity, None, str(error))
        st.session_state[f"checked-{part}"] = kept
    if kept[2]:
        st.error(plain(kept[2], 1000), icon=":material/error:")
    result: T | None = kept[1]
    return result


def findings(table: CheckedTable, sentences: list[str], noun: str) -> None:
    """What was read, what was rejected and why, and what else there is to know."""
    st.markdown(f":green[:material/check_circle:] {counted(len(table.frame), noun)} read from {plain(table.name, 60)}")
    for sentence in sentences:
        st.warning(plain(sentence, 600), icon=":material/info:")
    for note in table.notes:
        st.caption(plain(note, 600))
    if table.rejected.empty:
        return
    rows = counted(len(table.rejected), "row")
    with st.expander(f"{rows} can't be used and will be left out", icon=":material/rule:", expanded=True):
        st.dataframe(
            table.rejected.head(REJECTED_SHOWN), hide_index=True, height="auto", alt="Rejected rows with the reason for each."
        )
        st.download_button(
            "Download the rejected rows",
            data=lambda: safe_csv(table.rejected),
            file_name=f"rejected-{table.kind}.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
            key=f"rejected-{table.kind}",
        )
