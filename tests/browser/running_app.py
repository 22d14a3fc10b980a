"""The app as it is in the world: `streamlit run app.py` on a workspace of its own, with the worker that it keeps."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from recsys_core.runs.client import RunClient
from recsys_core.runs.states import RunState
from recsys_core.workspace import Workspace
from recsys_core.workspace.location import DATABASE_VARIABLE, FOLDER_VARIABLE

ROOT = Path(__file__).parents[2]
PATIENCE = 600.0
"""Seconds after which a test fails that waits; only what is broken needs them."""


class RunningApp:
    """A server, its log, and a client that looks into the same workspace from outside."""

    def __init__(self, folder: Path, more_environment: dict[str, str] | None = None):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log_file = folder.parent / f"server-{port}.log"
        self.workspace = Workspace(folder)
        self.client = RunClient(self.workspace)
        environment = {**os.environ, FOLDER_VARIABLE: str(folder), **(more_environment or {})}
        environment.pop(DATABASE_VARIABLE, None)
        options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
        with self.log_file.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", *options, "--browser.gatherUsageStats", "false"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def answers(self) -> bool:
        assert self.process.poll() is None, f"the server ended:\n{self.log}"
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=10) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False

    def workers(self) -> list[int]:
        """Process ids of the workers that this server has started and that live."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                command = (folder / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == self.process.pid and b"worker" in command:
                found.append(int(folder.name))
        return found

    def worker(self) -> int:
        """Process id of the worker, which serves the workspace by then."""
        wait_until(self.client.worker_is_there)
        (process,) = self.workers()
        return process

    def finished(self, run_id: str) -> RunState:
        wait_until(lambda: self.client.state(run_id).is_over)
        return self.client.state(run_id)

    def shell(self, verb: str, *arguments: str) -> str:
        """What `python -m recsys_core VERB --workspace W …` printed; it must end well."""
        return shell(verb, self.workspace.folder, *arguments)

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.client.close()
        self.workspace.close()


RUNNING: list[RunningApp] = []
"""What runs at this moment: a test that fails keeps their logs."""


@contextmanager
def running_app(folder: Path, more_environment: dict[str, str] | None = None) -> Iterator[RunningApp]:
    app = RunningApp(folder, more_environment)
    RUNNING.append(app)
    try:
        wait_until(app.answers)
        yield app
    finally:
        RUNNING.remove(app)
        app.close()


def shell(verb: str, folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "recsys_core", verb, "--workspace", str(folder), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
