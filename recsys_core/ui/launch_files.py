"""A file of a launch: taken in, checked at once, and what was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import streamlit as st

from recsys_core.errors import InvalidTable
from recsys_core.tables.checking import CheckedTable
from recsys_core.ui.file_input import accepted, file_input
from recsys_core.ui.findings import table_findings
from recsys_core.ui.plain import plain
from recsys_core.workspace.imports import Upload


class Checked(Protocol):
    """What a check returns."""

    @property
    def table(self) -> CheckedTable: ...

    def sentences(self) -> list[str]: ...


T = TypeVar("T", bound=Checked)


def checked_file(label: str, part: str, help: str, check: Callable[[Upload], T], beside: str = "") -> T | None:
    """An uploader with the findings below it; None as long as there is no file, or one of no use.

    A file is checked once, however often the page runs; `beside` names what else the check depends on.
    """
    file = file_input(label, part, help)
    if file is None:
        st.session_state.pop(f"checked-{part}", None)
        return None
    identity = (file.file_id, beside)
    kept = st.session_state.get(f"checked-{part}")
    if kept is None or kept[0] != identity:
        try:
            with st.spinner("Checking the file …"):
                kept = (identity, check(accepted(file)))
        except InvalidTable as error:
            kept = (identity, str(error))
        st.session_state[f"checked-{part}"] = kept
    if isinstance(kept[1], str):
        st.error(plain(kept[1], 1000), icon=":material/error:")
        return None
    result: T = kept[1]
    table_findings(result.table)
    for sentence in result.sentences():
        st.warning(plain(sentence, 600), icon=":material/info:")
    return result


def is_of_no_use(part: str) -> bool:
    """Whether that uploader has a file which can't be used."""
    kept = st.session_state.get(f"checked-{part}")
    return kept is not None and isinstance(kept[1], str)
