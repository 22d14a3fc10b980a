"""From three uploaded files to a new version of the catalog: choose, check, look, import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.tables.columns import Kind
from recsys_core.ui.file_input import accepted, file_input, forget
from recsys_core.ui.findings import findings
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.ui.session import workspace
from recsys_core.ui.templates import templates
from recsys_core.workspace.imports import CheckedFiles, check_files

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

CHECKED = "catalog-checked"
"""Where a session keeps what was checked and isn't imported yet."""
FILES: dict[Kind, tuple[str, str]] = {
    "products": ("Products", "Required. One row a product: its id and its title, and whatever else you know of it."),
    "interactions": ("Interactions", "One row a sale, view, rating or return: who and what, best with the time."),
    "customers": ("Customers", "One row a customer: the id, and any columns that you want to see in the lists."),
}


def is_checked() -> bool:
    """Whether this session has checked files that wait to be imported or put away."""
    return CHECKED in st.session_state


def import_files() -> bool:
    """The form, or the findings once the files are checked; whether a new version was imported just now."""
    checked: CheckedFiles | None = st.session_state.get(CHECKED)
    if checked is None:
        _form()
        return False
    return _findings(checked)


def _form() -> None:
    files: dict[Kind, UploadedFile | None] = {}
    for column, (kind, (label, help)) in zip(st.columns(len(FILES)), FILES.items(), strict=True):
        with column:
            files[kind] = file_input(label, f"catalog-{kind}", help)
    given = {kind: file for kind, file in files.items() if file is not None}
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Check the files", type="primary", icon=":material/rule:", disabled="products" not in given, key="check"
        )
        with st.popover("What the files look like", icon=":material/help:"):
            templates()
        if given and "products" not in given:
            st.caption("The file of products is needed, too.", width="stretch")
    if pressed:
        try:
            with st.spinner("Reading and checking …"):
                checked = check_files({kind: accepted(file) for kind, file in given.items()})
        except LaunchdeskError as error:
            st.error(plain(error, 1000), icon=":material/error:")
            return
        st.session_state[CHECKED] = checked
        forget(*(f"catalog-{kind}" for kind in FILES))
        st.rerun()


def _compared(checked: CheckedFiles) -> None:
    """What the import would change in the catalog that is there."""
    newest = workspace().catalog_version()
    if newest is None:
        return
    products = len(checked.tables["products"].frame)
    if products < newest.products / 2:
        st.warning(
            f"The catalog has {counted(newest.products, 'product')}; after the import it has {products:,}. "
            "A new version replaces all products: give the whole file, not only what changed.",
            icon=":material/trending_down:",
        )
    kept = [kind for kind in ("interactions", "customers") if kind not in checked.tables]
    if kept:
        st.caption(f"No file of {' and '.join(kept)} was given: those of the catalog that is there are kept.")


def _findings(checked: CheckedFiles) -> bool:
    if checked.rejected:
        st.warning(
            f"{counted(checked.rejected, 'row')} can't be used. Import the good rows, or mend the files first.",
            icon=":material/warning:",
        )
    else:
        st.success("Every row can be used.", icon=":material/check_circle:")
    _compared(checked)
    with st.container(horizontal=True, vertical_alignment="center"):
        keep = st.button("Import the good rows", type="primary", icon=":material/download_done:", key="import")
        if st.button("Choose other files", icon=":material/undo:", key="discard"):
            del st.session_state[CHECKED]
            st.rerun()
    if keep:
        try:
            with st.spinner("Importing …"):
                version = checked.publish(workspace())
        except LaunchdeskError as error:
            st.error(plain(error, 1000), icon=":material/error:")
            return False
        del st.session_state[CHECKED]
        st.toast(f"The catalog has {counted(version.products, 'product')} now.", icon=":material/check_circle:")
        return True
    findings(checked)
    return False
