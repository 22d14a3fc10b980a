"""The versions of the catalog: who imported what and when, how two of them differ, back to an older one, away with one."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.tables.columns import KINDS
from recsys_core.tables.difference import sentence_of
from recsys_core.ui.catalog_difference import differences
from recsys_core.ui.launch_choice import linked_choice
from recsys_core.ui.numbers import clock, moment
from recsys_core.ui.plain import one_line, plain
from recsys_core.ui.session import who, workspace
from recsys_core.workspace import CatalogVersion
from recsys_core.workspace.catalog_versions import compare, delete_version, restore, uses, versions

PARAMETER = "version"
"""Of the address: which version is looked at; the newest where it says nothing."""


def shown_version(newest: CatalogVersion) -> CatalogVersion:
    """The version that the page shows: the newest, or an older one that the address names."""
    asked = st.query_params.get(PARAMETER)
    if asked is None or asked == newest.id:
        return newest
    older = workspace().catalog_version(asked)
    if older is None:
        st.warning("The version that this address names isn't there any more. This is the newest.")
        del st.query_params[PARAMETER]
        return newest
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="older"):
        st.markdown(
            f":orange[:material/history:] You look at an older version of the catalog, of {moment(older.created)}. "
            "Models and launches use the newest.",
            width="stretch",
        )
        _restore_button(older, "restore-shown")
        if st.button("Back to the newest", icon=":material/arrow_forward:", key="to-newest"):
            del st.query_params[PARAMETER]
            st.rerun()
    return older


def version_list(newest: CatalogVersion) -> bool:
    """All versions, newest first; then what can be done with the one that is chosen. Whether that one is to be shown now."""
    all_ = versions(workspace())
    rows = pd.DataFrame(
        {
            "when": [version.created for version in all_],
            "who": [version.who for version in all_],
            "what": [_what(version, all_) for version in all_],
            "products": [version.products for version in all_],
            "interactions": [version.interactions for version in all_],
            "customers": [version.customers for version in all_],
            "change": [_change(version) for version in all_],
        }
    )
    names = {version.id: _name(version, newest) for version in all_}
    st.dataframe(
        rows if rows["who"].notna().any() else rows.drop(columns="who"),
        hide_index=True,
        height="auto" if len(rows) < 10 else 380,
        column_config={
            "when": st.column_config.DatetimeColumn("Imported", format="D MMM YYYY, HH:mm"),
            "who": "By",
            "what": st.column_config.TextColumn("From", width="medium"),
            "products": st.column_config.NumberColumn("Products", format="localized"),
            "interactions": st.column_config.NumberColumn("Interactions", format="localized"),
            "customers": st.column_config.NumberColumn("Customers", format="localized"),
            "change": st.column_config.TextColumn("Compared with the one before", width="large"),
        },
        key="versions",
        alt="The versions of the catalog, newest first.",
    )
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        chosen = linked_choice("Version", list(names), names.__getitem__, "of-version")
    version = next(one for one in all_ if one.id == chosen)
    others = [one.id for one in all_ if one.id != version.id]
    with st.container(horizontal=True):
        if version.id != newest.id:
            if st.button("Look at it", icon=":material/visibility:", key="look-at-version"):
                st.query_params[PARAMETER] = version.id
                return True
            _restore_button(version, "restore")
        # Named by the version, so that it closes when that one is gone.
        with st.popover("Delete it", icon=":material/delete:", key=f"delete-{version.id}"):
            _delete(version, all_)
    _files(version)
    if not others:
        st.caption("With a second version, this is where they are compared.")
        return False
    with right:
        other = linked_choice("Compared with", others, names.__getitem__, "with-version")
    _comparison(version, next(one for one in all_ if one.id == other))
    return False


def _name(version: CatalogVersion, newest: CatalogVersion) -> str:
    files = ", ".join(str(file.get("name")) for file in version.files)
    return one_line(f"{clock(version.created)}{' (the newest)' if version.id == newest.id else ''}: {files}", 100)


def _what(version: CatalogVersion, all_: list[CatalogVersion]) -> str:
    if version.restored_from is None:
        return one_line(", ".join(str(file.get("name")) for file in version.files), 120)
    older = next((one for one in all_ if one.id == version.restored_from), None)
    return "an older version, restored" if older is None else f"the version of {clock(older.created)}, restored"


def _change(version: CatalogVersion) -> str:
    told = version.difference or {}
    return " ".join(sentence_of(kind, told[kind]) for kind in KINDS if kind in told)


def _files(version: CatalogVersion) -> None:
    for file in version.files:
        st.caption(
            f":material/description: {plain(file.get('name', ''), 80)} ({plain(file.get('kind', ''))}), "
            f"{file.get('rows', 0):,} rows, SHA-256 {plain(str(file.get('sha256'))[:16])}…"
        )


def _restore_button(version: CatalogVersion, key: str) -> None:
    if not st.button(
        "Restore it",
        icon=":material/settings_backup_restore:",
        key=key,
        help="Makes it the newest again. Nothing is lost: the present one stays in the list.",
    ):
        return
    try:
        restore(workspace(), version.id, who())
    except LaunchdeskError as error:
        st.error(plain(error, 600), icon=":material/error:")
        return
    st.query_params.pop(PARAMETER, None)
    st.toast("The older version is the newest again.", icon=":material/settings_backup_restore:")
    st.rerun()


def _delete(version: CatalogVersion, all_: list[CatalogVersion]) -> None:
    made = uses(workspace(), version.id)
    st.markdown(
        f"Deletes the version of **{clock(version.created)}**"
        + (f", and what was made of it: {plain(made.sentence(), 400)}" if made else "")
        + ". This can't be undone."
    )
    if len(all_) == 1:
        st.caption("It is the only one: the workspace has no catalog then.")
    elif version.id == all_[0].id:
        st.caption(f"It is the catalog that is in use. The version of {clock(all_[1].created)} is in use then.")
    sure = st.checkbox("Yes, delete all of it" if made else "Yes, delete it", key=f"sure-{version.id}")
    if st.button("Delete this version", disabled=not sure, icon=":material/delete:", key="delete-version"):
        try:
            delete_version(workspace(), version.id, with_uses=bool(made))
        except LaunchdeskError as error:
            st.error(plain(error, 600), icon=":material/error:")
            return
        st.toast("The version is deleted.", icon=":material/check_circle:")
        st.rerun()


def _comparison(version: CatalogVersion, other: CatalogVersion) -> None:
    older, newer = sorted((version, other), key=lambda one: one.created)
    try:
        with st.spinner("Comparing …"):
            told = _compared(older.id, newer.id)
    except LaunchdeskError as error:
        st.error(plain(error, 600), icon=":material/error:")
        return
    st.markdown(f"**From the version of {clock(older.created)} to that of {clock(newer.created)}**")
    differences(told.values(), "versions")


@st.cache_data(max_entries=4, show_spinner=False)
def _compared(older: str, newer: str):  # type: ignore[no-untyped-def]
    return compare(workspace(), older, newer)
