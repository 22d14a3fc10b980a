"""Files from the browser: put on disk, checked at once, shown with what was found, read otherwise if a person says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import streamlit as st

from recsys_core.errors import InvalidTable, LaunchdeskError
from recsys_core.run_context import RunContext
from recsys_core.tables.checking import CheckedTable
from recsys_core.tables.columns import Kind
from recsys_core.tables.mapping import Mapping
from recsys_core.tables.matching import MissingColumn, own_columns
from recsys_core.ui.file_reading import reading_form
from recsys_core.ui.findings import table_findings
from recsys_core.ui.numbers import counted
from recsys_core.ui.plain import one_line, plain
from recsys_core.ui.progress_bar import with_progress
from recsys_core.ui.session import workspace
from recsys_core.workspace.imports import Upload
from recsys_core.workspace.mapping_templates import template_of
from recsys_core.workspace.uploads import discard, spooled

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

MIB = 1 << 20
ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".xlsx", ".xlsm", ".parquet")


class Checked(Protocol):
    """What a check returns."""

    @property
    def table(self) -> CheckedTable: ...

    def sentences(self) -> list[str]: ...


T = TypeVar("T", bound=Checked)


@dataclass
class _Given:
    """A file that a session has given, on disk, and what the last check of it said."""

    upload: Upload
    size: int
    checked_for: tuple[Any, ...] = ()
    """What the result goes by; when it changes, the file is checked again."""
    result: Checked | None = None
    error: InvalidTable | None = None
    template: str | None = None
    """Name of the file from which the choices were taken."""
    may_use_template: bool = True
    round: int = 0


def checked_file(
    label: str, part: str, kind: Kind, help: str, check: Callable[[Upload, RunContext], T], beside: object = None
) -> T | None:
    """An uploader; once it has a file, that file with a button to take it back, and the result of its check.

    None as long as there is no file, or one of no use. A file is checked once, however often the page runs; `beside` is what
    else the check depends on. `file_details` shows what was found.
    """
    given = _given(part)
    if given is None:
        given = _take(label, part, help)
        if given is None:
            return None
    _check(given, part, kind, check, beside)
    _card(label, given, part)
    return cast("T | None", given.result)


def file_details(part: str, kind: Kind) -> None:
    """What was found in that file, and how to read it otherwise."""
    given = _given(part)
    if given is None:
        return
    if given.error is not None:
        st.error(plain(given.error, 1000), icon=":material/error:")
    if given.template is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/bookmark: Read like “{plain(given.template, 60)}”, which had the same columns.")
            st.button("Guess afresh", key=f"afresh-{part}", type="tertiary", on_click=_afresh, args=(given,))
    table = None if given.result is None else given.result.table
    chosen = reading_form(part, given.round, kind, given.upload.mapping, table, given.error)
    if chosen is not None:
        given.upload = replace(given.upload, mapping=chosen)
        given.template, given.may_use_template, given.round = None, False, given.round + 1
        st.rerun()
    if given.result is not None:
        table_findings(given.result.table)
        for sentence in given.result.sentences():
            st.warning(plain(sentence, 600), icon=":material/info:")


def is_of_no_use(part: str) -> bool:
    """Whether that uploader has a file which can't be used."""
    given = _given(part)
    return given is not None and given.error is not None


def upload_of(part: str) -> Upload | None:
    """The file that was given there, on disk."""
    given = _given(part)
    return None if given is None else given.upload


def forget(*parts: str) -> None:
    """Takes those files back: nothing of them stays."""
    for part in parts:
        given = st.session_state.pop(f"given-{part}", None)
        st.session_state[f"round-{part}"] = st.session_state.get(f"round-{part}", 0) + 1
        if given is not None:
            discard(given.upload)


def limit_bytes() -> int:
    """The largest file that is taken."""
    return int(st.get_option("server.maxUploadSize")) * MIB


def _given(part: str) -> _Given | None:
    given: _Given | None = st.session_state.get(f"given-{part}")
    return given


def _take(label: str, part: str, help: str) -> _Given | None:
    place = st.empty()
    endings = [ending.removeprefix(".") for ending in ENDINGS if ending.count(".") == 1]
    key = f"file-{part}-{st.session_state.get(f'round-{part}', 0)}"
    file = place.file_uploader(label, type=[*endings, "gz"], key=key, help=help)
    if file is None:
        return None
    try:
        given = _Given(_accepted(file), file.size)
    except LaunchdeskError as error:
        st.error(plain(error, 1000), icon=":material/error:")
        return None
    st.session_state[f"given-{part}"] = given
    # Without its uploader the server forgets the file: the disk has it.
    place.empty()
    return given


def _accepted(file: UploadedFile) -> Upload:
    """The file on disk under its name. Raises InvalidTable if it is too large, or of another kind by its name.

    The browser checks both, but what comes needn't come from the page.
    """
    name = one_line(file.name, 100)
    if not name.lower().endswith(ENDINGS):
        raise InvalidTable(
            f"“{name}” isn't a table by its name. Give a file that ends in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}."
        )
    if file.size > limit_bytes():
        raise InvalidTable(
            f"“{name}” has {file.size / MIB:,.0f} MB; the limit is {limit_bytes() / MIB:,.0f} MB. "
            "Pack it as .csv.gz, or import it in the shell."
        )
    file.seek(0)
    return spooled(workspace(), file, name)


def _check(
    given: _Given, part: str, kind: Kind, check: Callable[[Upload, RunContext], Checked], beside: object
) -> None:
    wanted = (given.upload.mapping, beside)
    if given.checked_for == wanted:
        return
    given.result = given.error = None
    try:
        given.result = with_progress(
            lambda run: check(given.upload, run), f"Reading {given.upload.name}", lambda: forget(part)
        )
    except InvalidTable as error:
        given.error = error
    given.checked_for = wanted
    _follow_template(given, part, kind, check, beside)


def _follow_template(
    given: _Given, part: str, kind: Kind, check: Callable[[Upload, RunContext], Checked], beside: object
) -> None:
    """Reads the file like an earlier one with the same columns, where a person had to say how."""
    if not given.may_use_template or given.upload.mapping != Mapping():
        return
    given.may_use_template = False
    names = _column_names(given)
    template = None if names is None else template_of(workspace(), kind, names)
    if template is None:
        return
    alike = replace(given.upload, mapping=template.mapping)
    before = given.result, given.error
    given.upload, given.template = alike, template.name
    _check(given, part, kind, check, beside)
    if given.error is not None and before[0] is not None:
        # It doesn't fit this file after all.
        given.upload, given.template = replace(alike, mapping=Mapping()), None
        given.result, given.error = before
        given.checked_for = (Mapping(), beside)


def _column_names(given: _Given) -> list[str] | None:
    if given.result is not None:
        return given.result.table.column_names
    return own_columns(given.error.text) if isinstance(given.error, MissingColumn) else None


def _afresh(given: _Given) -> None:
    given.upload = replace(given.upload, mapping=Mapping())
    given.template, given.may_use_template, given.round = None, False, given.round + 1


def _card(label: str, given: _Given, part: str) -> None:
    """The file in a box, with what came of it in a line."""
    with st.container(border=True, key=f"card-{part}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{label}**", width="stretch")
            st.button(
                "Remove",
                icon=":material/close:",
                type="tertiary",
                key=f"remove-{part}",
                on_click=forget,
                args=(part,),
                help="Take the file back, and give another one.",
            )
        said = f"{plain(given.upload.name, 60)}, {_size(given.size)}"
        if given.error is not None:
            st.markdown(f":small[:gray[{said}]]  \n:red[:material/error: Can't be used yet: see below.]")
        elif given.result is not None:
            table = given.result.table
            bad = f" · :red[{len(table.rejected):,} rejected]" if len(table.rejected) else ""
            st.markdown(
                f":small[:gray[{said}]]  \n{counted(table.rows_read, 'row')} read · :green[{len(table.frame):,} good]{bad}"
            )


def _size(size: int) -> str:
    return f"{size / MIB:,.1f} MB" if size >= MIB / 10 else f"{size / 1024:,.1f} kB"
