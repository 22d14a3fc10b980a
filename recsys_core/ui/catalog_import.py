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
from recsys_core.ui.catalog_imported import IMPORTED, Imported
from recsys_core.ui.file_input import checked_file, file_details, forget, is_of_no_use, upload_of
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import plain
from recsys_core.ui.progress_bar import with_progress
from recsys_core.ui.session import who, workspace
from recsys_core.ui.templates import templates
from recsys_core.workspace.imports import CheckedFiles, Plan, Upload
from recsys_core.workspace.mapping_templates import remember

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
WITHIN: dict[OnDuplicate, str] = {"keep": "Take the first", "replace": "Take the last", "merge": "Put them together"}
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
    _verdict(plan, tables, given)
    _choices(tables)
    if _buttons(plan, tables):
        return True
    if plan is not None:
        changes(plan)
    _details(given, tables)
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


def _verdict(plan: Plan | None, tables: dict[Kind, CheckedTable], given: list[Kind]) -> None:
    """What a person must know before they press the button, in a sentence."""
    rejected = sum(len(table.rejected) for table in tables.values())
    ignored = 0 if plan is None else sum(one.difference.kept_as_they_were for one in plan.combined.values())
    if any(is_of_no_use(_part(kind)) for kind in given):
        st.warning(
            "A file can't be read as it is: say below how to read it, or give another one.", icon=":material/error:"
        )
    elif rejected and not any(len(table.frame) for table in tables.values()):
        st.warning(
            "No row can be used: look below why, and mend them or read the file otherwise.", icon=":material/error:"
        )
    elif ignored:
        st.warning(
            f"{counted(ignored, 'row')} of the file {'differs' if ignored == 1 else 'differ'} from the catalog, which stays as it "
            "is. If the file is right, take its rows:",
            icon=":material/difference:",
        )
    elif plan is not None and plan.changes_nothing:
        st.info("Nothing to import: the catalog has all of this already.", icon=":material/check_circle:")
    elif rejected:
        st.warning(
            f"{counted(rejected, 'row')} can't be used. Import the good rows now and the others once they are mended, "
            "or mend the files first.",
            icon=":material/warning:",
        )
    elif any(read.unsure for table in tables.values() for read in table.columns):
        st.warning(
            "Every row can be used, but some numbers or dates may mean something else: see below.",
            icon=":material/help:",
        )
    elif plan is not None:
        st.success("Every row can be used.", icon=":material/check_circle:")


def _buttons(plan: Plan | None, tables: dict[Kind, CheckedTable]) -> bool:
    """What can be done; whether the import was done just now."""
    rejected = sum(len(table.rejected) for table in tables.values())
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
    bad = {kind: table.rejected for kind, table in tables.items() if len(table.rejected)}
    st.session_state[IMPORTED] = Imported(
        None if plan.before is None else plan.before.id, version.id, plan.sentences(), bad
    )
    return True


def _forget() -> None:
    forget(*map(_part, FILES))
    st.session_state.pop("catalog-plan", None)


def _choices(tables: dict[Kind, CheckedTable]) -> None:
    """What becomes of rows that are there already, where there are any."""
    repeated = any((table.faults["cause"] == OWN_ID).any() for table in tables.values())
    against = workspace().catalog_version() is not None
    if not (against or repeated or _on_duplicate() != "keep"):
        return
    left, right = st.columns(2)
    left.segmented_control(
        "A row that is in the catalog already, or twice in the file" if against else "An id that is twice in the file",
        list(ON_DUPLICATE),
        format_func=(ON_DUPLICATE if against else WITHIN).__getitem__,
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


def _details(given: list[Kind], tables: dict[Kind, CheckedTable]) -> None:
    """What was found in each file; one with problems first in sight."""
    problems = [kind for kind in given if is_of_no_use(_part(kind))]
    problems += [kind for kind, table in tables.items() if len(table.rejected)]
    names = [FILES[kind][0] for kind in given]
    for tab, kind in zip(st.tabs(names, default=FILES[[*problems, *given][0]][0]), given, strict=True):
        with tab:
            file_details(_part(kind), kind)
