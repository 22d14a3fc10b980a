"""Keeps one worker process alive beside the server."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from recsys_core.workspace import Workspace
from recsys_core.workspace.location import DATABASE_VARIABLE

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STEADY_SECONDS = 60.0
"""A worker that lived this long is started again without a longer pause than the first."""
PATIENCE = 5.0


class Supervisor:
    """Starts the worker of a workspace, starts it again when it dies, and ends it when told to stop.

    `command` is for a worker with other jobs; --workspace and --parent are added to it.
    """

    def __init__(self, workspace: Workspace, command: Sequence[str] = (sys.executable, "-m", "recsys_core", "worker")):
        self._command = [*command, "--workspace", str(workspace.folder), "--parent", str(os.getpid())]
        self._environment = dict(os.environ)
        if not workspace.database.is_sqlite:
            # By the environment, not the command line: it may hold a password.
            self._environment[DATABASE_VARIABLE] = workspace.database.url
        self._stop = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="worker supervisor", daemon=True)

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker that runs now."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Returns at once; the worker comes up by itself."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the worker; returns when it is gone."""
        self._stop.set()
        self._thread.join()

    def _keep(self) -> None:
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                # A session of its own: Ctrl-C in the terminal is the server's to handle.
                self._process = process = subprocess.Popen(
                    self._command,
                    env=self._environment,
                    cwd=Path(__file__).parents[2],
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
            except OSError:
                logger.exception("The worker can't be started")
            else:
                while process.poll() is None and not self._stop.wait(0.2):
                    pass
                if self._stop.is_set():
                    break
                logger.warning("The worker ended (%s); it is started again", process.returncode)
            pause = FIRST_PAUSE if time.monotonic() - began > STEADY_SECONDS else pause
            self._stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        self._end_worker()

    def _end_worker(self) -> None:
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
