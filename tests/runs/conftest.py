import runpy
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from recsys_core.runs.client import RunClient
from recsys_core.runs.states import RunState
from recsys_core.workspace import Workspace

SCRIPT = Path(__file__).with_name("counting_worker.py")
JOBS = runpy.run_path(str(SCRIPT))["JOBS"]
PATIENCE = 90.0
"""Seconds after which a test fails that waits; only what is broken needs them."""


class Shop:
    """A workspace with a client, and workers as real processes."""

    def __init__(self, folder: Path, database_url: str | None = None):
        self.workspace = Workspace(folder, database_url)
        self.client = RunClient(self.workspace, JOBS)
        self.workers: list[subprocess.Popen[str]] = []

    def start_worker(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(SCRIPT), "--workspace", str(self.workspace.folder), *arguments]
        self.workers.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return self.workers[-1]

    def wait(self, run_id: str, condition: Callable[[RunState], bool]) -> RunState:
        self.wait_until(lambda: condition(self.client.state(run_id)))
        return self.client.state(run_id)

    def wait_until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.05)

    def finish(self, run_id: str) -> RunState:
        return self.wait(run_id, lambda state: state.is_over)

    def trace(self) -> list[str]:
        file = self.workspace.folder / "trace.txt"
        return file.read_text().splitlines() if file.exists() else []

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait()
            if worker.stderr is not None:
                worker.stderr.close()
        self.client.close()
        self.workspace.close()


@pytest.fixture(scope="session")
def shop_in() -> type[Shop]:
    return Shop
