"""What a worker leaves in the workspace about itself: the name dbos knows it by, and its devices."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

from recsys_core.artefacts import write_atomically
from recsys_core.runs.devices import Device
from recsys_core.workspace import Workspace

FILE = "worker.json"


def executor_id(workspace: Workspace) -> str:
    """The name dbos knows this workspace's worker by: the same after a restart, so that it takes its own runs up again.

    It belongs to the folder, as the lock does: no two workers can have it at once.
    """
    record = _read(workspace)
    if "executor" not in record:
        record["executor"] = uuid.uuid4().hex
        _write(workspace, record)
    return str(record["executor"])


def write_devices(workspace: Workspace, devices: list[Device]) -> None:
    _write(workspace, _read(workspace) | {"devices": [asdict(device) for device in devices]})


def read_devices(workspace: Workspace) -> list[Device]:
    """Empty until a worker has looked."""
    return [Device(**device) for device in _read(workspace).get("devices", [])]


def _read(workspace: Workspace) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads((workspace.folder / FILE).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return record


def _write(workspace: Workspace, record: dict[str, Any]) -> None:
    def write(path: Path) -> None:
        path.write_text(json.dumps(record, indent=1))

    write_atomically(workspace.folder / FILE, write)
