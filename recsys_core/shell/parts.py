"""What the verbs share: the workspace that they open, the bar that they show, the files that they write."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from recsys_core.errors import InvalidSetting

if TYPE_CHECKING:
    from recsys_core.run_context import RunContext
    from recsys_core.workspace import Workspace

T = TypeVar("T")

Outcome = tuple[str, dict[str, Any]]
"""A short summary for a person, and the same as data."""


def write(path: Path, content: bytes) -> None:
    from recsys_core.artefacts import write_atomically

    try:
        write_atomically(path, lambda temporary: _put(temporary, content))
    except OSError as error:
        raise InvalidSetting(f"“{path}” can't be written: {error.strerror}. Name another file.") from error


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def opened_workspace(arguments: argparse.Namespace) -> Workspace:
    from recsys_core.workspace import open_workspace

    workspace = open_workspace(arguments.workspace)
    workspace.sweep()
    return workspace


def with_bar(seed: int, device: str, body: Callable[[RunContext], T]) -> T:
    """Runs a job in the foreground, with a progress bar on a terminal."""
    from tqdm import tqdm

    from recsys_core.run_context import RunContext
    from recsys_core.runs.devices import resolve_device

    with tqdm(
        disable=not sys.stderr.isatty(),
        leave=False,
        bar_format="{desc:<28} {bar} {percentage:3.0f} %  {remaining} left",
    ) as bar:

        def report(values: dict[str, Any]) -> None:
            if bar.disable:
                return
            if "log" in values:
                bar.write(values["log"], file=sys.stderr)
                return
            if bar.desc != values["stage"] or bar.total != values["total"]:
                bar.reset(total=values["total"])
                bar.set_description_str(values["stage"])
            bar.update(values["done"] - bar.n)

        return body(RunContext(resolve_device(device), seed, report))
