"""A whole workspace as one file: to take along, and to bring into an empty one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import Any

import streamlit as st

from recsys_core.errors import LaunchdeskError
from recsys_core.run_context import RunContext
from recsys_core.ui.file_input import MIB, limit_bytes
from recsys_core.ui.numbers import moment
from recsys_core.ui.plain import plain
from recsys_core.ui.progress_bar import with_progress
from recsys_core.ui.session import workspace
from recsys_core.workspace import Workspace
from recsys_core.workspace.archive import export_archive
from recsys_core.workspace.archive_import import import_archive, is_empty
from recsys_core.workspace.database import now
from recsys_core.workspace.workspace import new_id

PACKED = "workspace-packed"
"""Session state: the archive that this session had made."""
NAME = "launchdesk-workspace.zip"


@dataclass(frozen=True)
class Packed:
    """An archive on disk, among the uploads: it is swept with what was forgotten there."""

    path: Path
    made: datetime

    def opened(self) -> BufferedReader:
        """For a download, which reads it into memory once."""
        return self.path.open("rb")


def take_along() -> None:
    """A box in which the workspace is packed when someone asks for it, then downloaded."""
    box = st.popover(
        "Take the whole workspace with you",
        icon=":material/folder_zip:",
        type="tertiary",
        key="take-along",
        on_change="rerun",
    )
    if not box.open:
        return
    with box:
        st.caption(
            "Catalog with all its versions, source models, launches and their lists, in one file that another "
            f"Launchdesk takes in. Up to {_limit()} here; a larger one is written in the shell: "
            "`python -m recsys_core export --workspace W --out workspace.zip`."
        )
        packed = _packed()
        if st.button("Pack it again" if packed else "Pack it", icon=":material/inventory_2:", key="pack"):
            packed = _pack_anew(packed)
        if packed is not None:
            st.download_button(
                f"Download · {packed.path.stat().st_size / MIB:,.1f} MB",
                packed.opened,
                NAME,
                "application/zip",
                key="download-workspace",
                help="Anyone who has the file has the shop's data.",
                on_click="ignore",
                icon=":material/download:",
                type="primary",
            )
            st.caption(f"Packed {moment(packed.made)}; what came later isn't in it.")


def bring_along() -> None:
    """A box in which an archive can be given; only for a workspace that has nothing yet."""
    if not is_empty(workspace()):
        return
    with st.popover(
        "Bring a workspace from elsewhere", icon=":material/drive_folder_upload:", type="tertiary", key="bring-along"
    ):
        file = st.file_uploader(
            "A workspace that was taken along",
            type="zip",
            key="archive",
            help=f"At most {_limit()} here; a larger one comes in by the shell: "
            "`python -m recsys_core import --workspace W --archive workspace.zip`.",
        )
        if file is None or not st.button(
            "Bring it in", type="primary", icon=":material/download_done:", key="bring-in"
        ):
            return
        try:
            file.seek(0)
            with_progress(lambda run: import_archive(workspace(), file, run=run), "Bringing the workspace in", _stop)
        except LaunchdeskError as error:
            st.error(plain(error, 1000), icon=":material/error:")
            return
    st.toast("The workspace is here, as it was there.", icon=":material/check_circle:")
    st.rerun()


def pack(of: Workspace, run: RunContext) -> Packed:
    """The workspace as an archive on disk. Raises LaunchdeskError if it is too large for a download, Cancelled."""

    def report(news: dict[str, Any]) -> None:
        # The first news come before anything is written, and say how much there will be.
        if news.get("total", 0) > limit_bytes():
            raise LaunchdeskError(
                f"The workspace has {news['total'] / MIB:,.1f} MB, but a download may have {_limit()}. "
                "Nothing was packed: write it in the shell, with the command above."
            )
        run.report(news)

    packed = Packed(of.uploads_folder / new_id(), now())
    export_archive(of, packed.path, run=replace(run, report=report))
    return packed


def _packed() -> Packed | None:
    """What this session packed, unless it was swept."""
    packed: Packed | None = st.session_state.get(PACKED)
    return packed if packed is not None and packed.path.is_file() else None


def _pack_anew(before: Packed | None) -> Packed | None:
    try:
        packed = with_progress(lambda run: pack(workspace(), run), "Packing", _stop)
    except LaunchdeskError as error:
        st.error(plain(error, 1000), icon=":material/error:")
        return None
    if before is not None:
        before.path.unlink(missing_ok=True)
    st.session_state[PACKED] = packed
    return packed


def _stop() -> None:
    """The page runs again, which is what stops the work."""


def _limit() -> str:
    return f"{limit_bytes() / MIB:,.0f} MB"
