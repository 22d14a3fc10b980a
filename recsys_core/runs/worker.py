"""The worker: the one process of a workspace that does long work."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import NoReturn

from recsys_core.errors import AlreadyThere
from recsys_core.runs.jobs import JOBS, Jobs
from recsys_core.runs.lock import WorkerLock
from recsys_core.workspace import Workspace

NICENESS = 5
LOCK_SECONDS = 2.0
"""How long a worker without a parent tries for the lock: a page may hold it for a moment to see if it is free."""


def run_worker(workspace: Workspace, jobs: Jobs = JOBS, *, parent: int | None = None) -> NoReturn:
    """Executes the runs of a workspace until it is told to go (SIGTERM, SIGINT) or its parent is gone.

    Call it in the main thread of a process of its own: it ends the process. One worker serves a workspace:
    if there is one already, a worker with a `parent` (a process id) waits until that one is gone;
    without a parent it raises AlreadyThere.
    """
    leave = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: leave.set())
    watch = _ParentWatch(parent)
    workspace.prepare()
    lock = WorkerLock(workspace.folder)
    began = time.monotonic()
    while not lock.acquire():
        if parent is None and time.monotonic() - began > LOCK_SECONDS:
            raise AlreadyThere("A worker serves this workspace already. Stop that one first, or let it do the work.")
        if leave.wait(0.5) or watch.parent_is_gone():
            _end()

    # Pages go before: a training may take all cores, and still the app has to answer.
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    from recsys_core.runs.service import Service

    service = Service(workspace, jobs)
    while not leave.wait(0.5) and not watch.parent_is_gone():
        pass
    service.leave_in_order()
    _end()


class _ParentWatch:
    def __init__(self, parent: int | None):
        self._parent = parent
        self._is_direct = parent == os.getppid()

    def parent_is_gone(self) -> bool:
        if self._parent is None:
            return False
        if self._is_direct:
            # A dead parent that nobody has waited for still has its process id, but no children any more.
            return os.getppid() != self._parent
        return not _exists(self._parent)


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _end() -> NoReturn:
    # At once: a body at work can't be ended from outside, and what it does survives a kill anyway.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
