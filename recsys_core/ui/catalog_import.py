"""From uploaded files to a new version of the catalog: give, check, see what changes, import."""

from __future__ import annotations

import operator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.run_context import RunContext
from recsys_core.tables.checking import OWN_ID, CheckedTable
from recsys_core.tables.columns import Kind
from recsys_core.tables.difference import Missing, OnDuplicate
from recsys_core.ui.catalog_difference import changes
from recsys_core.ui.file_input import checked_file, file_details, forget, is_of_no_use, upload_of
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.ui.progress_bar import with_progress
from recsys_core.ui.session import who, workspace
from recsys_core.ui.templates import templates
from recsys_core.workspace import CatalogVersion
from recsys_core.workspace.imports import CheckedFiles, Plan, Upload
from recsys_core.workspace.mapping_templates import remember

IMPORTED = "catalog-imported"
"""Session state: the versions before and after the import that was made just now."""
FILES: dict[Kind, tuple[str, str]] = {
    "products": ("Products", "One row a product: its id and its title, and whatever else you know of it."),
    "interactions": ("Interactions", "One row a sale, view, rating or return: who and what, best with the time."),
    "customers": ("Customers", "One row a customer: the id, and any columns that you want to see in the lists."),
}
ON_DUPLICATE: dict[OnDuplicate, str] = {
    "keep": "Keep what is there",
    "replace": "Take the file's row",
    "merge": "Fill in from the file",
}
MISSING: dict[Missing, str] = {"keep": "They stay", "remove": "Remove them"}


@dataclass(frozen=True)
class _CheckedFile:
    """A file of the catalog; how it fits the others is told once for all of them."""

    table: CheckedTable

    def sentences(self) -> list[str]:
        return []


def import_files() -> bool:
    """The files with what was found in each, what they would change, and a button; whether they were imported just now."""
    on_duplicate = _on_duplicate()
    tables: dict[Kind, CheckedTable] = {}
    for column, (kind, (label, help)) in zip(st.columns(len(FILES)), FILES.items(), strict=True):
        with column:
            file = checked_file(
                label, _part(kind), kind, help, partial(_checked, kind, on_duplicate), beside=on_duplicate
            )
        if file is not None:
            tables[kind] = file.table
    given: list[Kind] = [kind for kind in FILES if upload_of(_part(kind)) is not None]
    if not given:
        with st.popover("What the files look like", icon=":material/help:"):
            templates()
        return False
    plan = _plan(tables, on_duplicate) if set(tables) == set(given) else None
    imported = _buttons(plan, tables, given)
    if imported:
        return True
    if plan is not None:
        changes(plan)
    _choices(plan, tables)
    _details(given)
    return False


def is_given() -> bool:
    """Whether this session has given a file that waits to be imported."""
    return any(upload_of(_part(kind)) is not None for kind in FILES)


def _part(kind: Kind) -> str:
    return f"catalog-{kind}"


def _checked(kind: Kind, on_duplicate: OnDuplicate, upload: Upload, run: RunContext) -> _CheckedFile:
    return _CheckedFile(upload.check(kind, on_duplicate, run))


def _on_duplicate() -> OnDuplicate:
    return cast(OnDuplicate, st.session_state.get("on-duplicate") or "keep")


def _missing() -> Missing:
    return cast(Missing, st.session_state.get("missing") or "keep")


def _plan(tables: dict[Kind, CheckedTable], on_duplicate: OnDuplicate) -> Plan | None:
    """What the import would change; made anew only when files, choices or the catalog are others."""
    newest = workspace().catalog_version()
    asked: tuple[Any, ...] = (
        tuple(tables.values()),
        on_duplicate,
        _missing(),
        None if newest is None else newest.id,
    )
    kept = st.session_state.get("catalog-plan")
    if kept is None or not _same(kept[0], asked):
        uploads = {kind: upload for kind in tables if (upload := upload_of(_part(kind))) is not None}
        checked = CheckedFiles.of(uploads, tables)
        missing = _missing()
        try:
            plan = with_progress(
                lambda run: checked.plan(workspace(), on_duplicate, missing, run), "Comparing with the catalog"
            )
        except LaunchdeskError as error:
            st.error(plain(error, 1000), icon=":material/error:")
            return None
        st.session_state["catalog-plan"] = kept = (asked, plan)
    made: Plan = kept[1]
    return made


def _same(asked: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
    """Whether a plan was made for the same tables, themselves and not their like, and the same choices."""
    tables, others = asked[0], now[0]
    return asked[1:] == now[1:] and len(tables) == len(others) and all(map(operator.is_, tables, others))


def _buttons(plan: Plan | None, tables: dict[Kind, CheckedTable], given: list[Kind]) -> bool:
    """The verdict in a sentence, and what can be done; whether the import was done just now."""
    rejected = sum(len(table.rejected) for table in tables.values())
    if any(is_of_no_use(_part(kind)) for kind in given):
        st.warning(
            "A file can't be read as it is: say below how to read it, or give another one.", icon=":material/error:"
        )
    elif rejected and not any(len(table.frame) for table in tables.values()):
        st.warning(
            "No row can be used: look below why, and mend them or read the file otherwise.", icon=":material/error:"
        )
    elif plan is not None and plan.changes_nothing:
        st.info("Nothing to import: the catalog has all of this already.", icon=":material/check_circle:")
    elif rejected:
        st.warning(
            f"{counted(rejected, 'row')} can't be used. Import the good rows now and the others once they are mended, "
            "or mend the files first.",
            icon=":material/warning:",
        )
    elif plan is not None:
        st.success("Every row can be used.", icon=":material/check_circle:")
    with st.container(horizontal=True, vertical_alignment="center"):
        ready = plan is not None and not plan.changes_nothing
        keep = st.button(
            "Import the good rows" if rejected else "Import",
            type="primary",
            icon=":material/download_done:",
            # Another plan, another button: a click meant for what is no longer shown imports nothing unseen.
            key=f"import-{id(plan)}",
            disabled=not ready,
        )
        st.button(
            "Take the files back",
            icon=":material/undo:",
            key="discard",
            on_click=_forget,
            help="Nothing was imported yet; the catalog stays as it is.",
        )
    if not keep or plan is None:
        return False
    try:
        with st.spinner("Importing …"):
            version = plan.publish(workspace(), who())
    except LaunchdeskError as error:
        st.error(plain(error, 1000), icon=":material/error:")
        return False
    # The import is done; that its choices can't be kept for the next one is no reason to call it failed.
    with suppress(LaunchdeskError):
        for kind, table in tables.items():
            upload = upload_of(_part(kind))
            if upload is not None:
                remember(workspace(), kind, table.column_names, upload.mapping, upload.name)
    _forget()
    st.session_state[IMPORTED] = (None if plan.before is None else plan.before.id, version.id)
    return True


def _forget() -> None:
    forget(*map(_part, FILES))
    st.session_state.pop("catalog-plan", None)


def _choices(plan: Plan | None, tables: dict[Kind, CheckedTable]) -> None:
    """What becomes of rows that are there already, where there are any."""
    repeated = any((table.faults["cause"] == OWN_ID).any() for table in tables.values())
    against = plan is not None and plan.before is not None
    if not (against or repeated or _on_duplicate() != "keep"):
        return
    left, right = st.columns(2)
    left.segmented_control(
        "A row that is in the catalog already, or twice in the file" if against else "An id that is twice in the file",
        list(ON_DUPLICATE),
        format_func=ON_DUPLICATE.__getitem__,
        default=_on_duplicate(),
        key="on-duplicate",
        help="Fill in: filled cells of the file are taken, empty ones change nothing.",
    )
    if against:
        right.segmented_control(
            "Rows of the catalog that aren't in the file",
            list(MISSING),
            format_func=MISSING.__getitem__,
            default=_missing(),
            key="missing",
            help="Remove them if the file is the whole table, not an addition. The version before can be restored.",
        )


def _details(given: list[Kind]) -> None:
    """What was found in each file; the one with problems first in sight."""
    problems = [kind for kind in given if is_of_no_use(_part(kind))]
    names = [FILES[kind][0] for kind in given]
    default = FILES[problems[0]][0] if problems else names[0]
    for tab, kind in zip(st.tabs(names, default=default), given, strict=True):
        with tab:
            file_details(_part(kind), kind)


def undo_import() -> None:
    """Says that the import is done, and offers to take it back; to be called on the page that shows the catalog."""
    made: tuple[str | None, str] | None = st.session_state.get(IMPORTED)
    newest: CatalogVersion | None = workspace().catalog_version()
    if made is None or newest is None or newest.id != made[1]:
        return
    from recsys_core.workspace.catalog_versions import delete_version, restore

    with st.container(border=True, horizontal=True, vertical_alignment="center", key="imported"):
        st.markdown(
            f":green[:material/check_circle:] Imported. The catalog has {counted(newest.products, 'product')} now.",
            width="stretch",
        )
        if st.button("Undo the import", icon=":material/undo:", key="undo-import"):
            try:
                if made[0] is None:
                    delete_version(workspace(), made[1])
                else:
                    restore(workspace(), made[0], who())
            except LaunchdeskError as error:
                st.error(plain(error, 1000), icon=":material/error:")
                return
            del st.session_state[IMPORTED]
            st.toast("The import is undone.", icon=":material/undo:")
            st.rerun()
        if st.button("Close", icon=":material/close:", type="tertiary", key="close-imported"):
            del st.session_state[IMPORTED]
            st.rerun()
