"""An import that was made just now: what it did, the rows that it left out, and a way to take it back."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.tables.columns import Kind
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.ui.session import who, workspace
from recsys_core.ui.table_files import table_buttons
from recsys_core.workspace import CatalogVersion
from recsys_core.workspace.catalog_versions import delete_version, restore

IMPORTED = "catalog-imported"
"""Session state: the import that was made just now."""


@dataclass(frozen=True)
class Imported:
    """An import that was made just now."""

    before: str | None
    """Id of the version before."""
    after: str
    said: list[str]
    rejected: dict[Kind, pd.DataFrame]


def imported_just_now() -> None:
    """Says that the import is done, and offers to take it back; to be called on the page that shows the catalog."""
    made: Imported | None = st.session_state.get(IMPORTED)
    newest: CatalogVersion | None = workspace().catalog_version()
    if made is None or newest is None or newest.id != made.after:
        return
    with st.container(border=True, key="imported"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":green[:material/check_circle:] Imported. The catalog has {counted(newest.products, 'product')} now.",
                width="stretch",
            )
            if st.button("Undo the import", icon=":material/undo:", key="undo-import"):
                _undo(made)
            if st.button(
                "Close",
                icon=":material/close:",
                type="tertiary",
                key="close-imported",
                help="What was there before can be restored in the tab Versions at any time.",
            ):
                del st.session_state[IMPORTED]
                st.rerun()
        for sentence in made.said:
            st.caption(plain(sentence, 600))
        for kind, rejected in made.rejected.items():
            table_buttons(
                f"{counted(len(rejected), 'rejected row')} of {kind}",
                f"rejected_{kind}",
                f"left-{kind}",
                rejected.copy,
            )


def _undo(made: Imported) -> None:
    try:
        if made.before is None:
            delete_version(workspace(), made.after)
        else:
            restore(workspace(), made.before, who())
    except LaunchdeskError as error:
        st.error(plain(error, 1000), icon=":material/error:")
        return
    del st.session_state[IMPORTED]
    st.toast("The import is undone.", icon=":material/undo:")
    st.rerun()
