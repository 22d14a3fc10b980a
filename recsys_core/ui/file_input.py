"""Files from the browser: taken in, looked at again here, and forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from recsys_core.errors import InvalidTable
from recsys_core.ui.plain import one_line
from recsys_core.workspace.imports import Upload

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

MIB = 1 << 20
ENDINGS = (".csv", ".csv.gz")


def file_input(label: str, part: str, help: str) -> UploadedFile | None:
    """An uploader for a .csv or .csv.gz file; `forget` empties it."""
    key = f"file-{part}-{st.session_state.get(f'round-{part}', 0)}"
    return st.file_uploader(label, type=["csv", "gz"], key=key, help=help)


def forget(*parts: str) -> None:
    """Empties those uploaders, so that the server doesn't hold their files any longer."""
    for part in parts:
        st.session_state[f"round-{part}"] = st.session_state.get(f"round-{part}", 0) + 1


def limit_bytes() -> int:
    """The largest file that is taken."""
    return int(st.get_option("server.maxUploadSize")) * MIB


def accepted(file: UploadedFile) -> Upload:
    """The file's bytes under its name. Raises InvalidTable if it is too large or no CSV file by its name.

    The browser checks both, but what comes needn't come from the page.
    """
    name = one_line(file.name, 100)
    if not name.lower().endswith(ENDINGS):
        raise InvalidTable(f"“{name}” isn't a CSV file by its name. Give a file that ends in .csv or .csv.gz.")
    if file.size > limit_bytes():
        raise InvalidTable(
            f"“{name}” has {file.size / MIB:,.0f} MB; the limit is {limit_bytes() / MIB:,.0f} MB. "
            "Pack it as .csv.gz, or import it in the shell."
        )
    return Upload(file.getvalue(), name)
