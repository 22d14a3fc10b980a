"""Which workspace a server, a worker or a shell verb opens."""

from __future__ import annotations

import os
from pathlib import Path

from recsys_core.workspace.workspace import Workspace

FOLDER_VARIABLE = "LAUNCHDESK_WORKSPACE"
DATABASE_VARIABLE = "LAUNCHDESK_DATABASE_URL"
DEFAULT_FOLDER = "workspace"


def open_workspace(folder: Path | str | None = None) -> Workspace:
    """The workspace in `folder`; else in the folder that LAUNCHDESK_WORKSPACE names; else in ./workspace.

    Its records are in SQLite in that folder, or in the Postgres database that LAUNCHDESK_DATABASE_URL names.
    """
    folder = folder or os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER
    return Workspace(Path(folder), os.environ.get(DATABASE_VARIABLE) or None)
