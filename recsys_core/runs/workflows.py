"""The dbos workflows: one for each kind of run, each calling the body of its job inside one step."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from dbos import DBOS

from recsys_core.errors import Cancelled, RunFailed
from recsys_core.run_context import RunContext
from recsys_core.runs.devices import describe_device, resolve_device
from recsys_core.runs.failures import KILLED, plain_message
from recsys_core.runs.jobs import Job, Jobs
from recsys_core.runs.progress import Reporter
from recsys_core.workspace import Workspace
from recsys_core.workspace.json_values import json_ready

MAX_TRIES = 3
"""How often a run may kill its worker before it is given up."""


class Workflows:
    """The workflows of one worker, and which of them run at the moment."""

    def __init__(self, workspace: Workspace, jobs: Jobs):
        self._workspace = workspace
        self._active: dict[str, Reporter] = {}
        self._lock = threading.Lock()
        for kind, job in jobs.items():
            self._register(kind, job)

    def leave_in_order(self) -> None:
        """Notes of every run at work that it was interrupted on purpose; the next worker goes on with it."""
        with self._lock:
            for reporter in self._active.values():
                reporter.leave_in_order()

    def _register(self, kind: str, job: Job) -> None:
        @DBOS.workflow(name=kind)
        def run(subject: str, settings: dict[str, Any]) -> dict[str, Any]:
            run_id = DBOS.workflow_id
            assert run_id is not None
            try:
                return DBOS.run_step({"name": kind}, self._attempt, run_id, job, settings)
            finally:
                remove_checkpoints(self._workspace, run_id)

    def _attempt(self, run_id: str, job: Job, settings: dict[str, Any]) -> dict[str, Any]:
        reporter = Reporter(
            self._workspace.database,
            run_id,
            log_file=self._workspace.run_folder(run_id) / "log.txt",
            cancelled=lambda: is_cancelled(run_id),
            overdue=lambda: begin_anew(self._workspace, run_id),
        )
        with reporter:
            with self._lock:
                self._active[run_id] = reporter
            try:
                return self._call(run_id, job, settings, reporter)
            except Exception as error:
                message = plain_message(error)
                reporter.report({"log": message})
                if not isinstance(error, Cancelled):
                    reporter.append_to_file("".join(traceback.format_exception(error)))
                remove_checkpoints(self._workspace, run_id)
                # Without its cause: dbos keeps what a person may read, the log file keeps the rest.
                raise RunFailed(message) from None
            finally:
                with self._lock:
                    del self._active[run_id]

    def _call(self, run_id: str, job: Job, settings: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
        if reporter.tries > MAX_TRIES:
            raise RunFailed(KILLED.format(tries=MAX_TRIES))
        chosen = job.settings.model_validate(settings)
        device = resolve_device(chosen.device)
        reporter.set_device(describe_device(device).label)
        context = RunContext(
            device=device,
            seed=chosen.seed,
            report=reporter.report,
            stop_asked=reporter.stop_asked,
            checkpoints=checkpoints_folder(self._workspace, run_id),
        )
        result: dict[str, Any] = json_ready(job.body(self._workspace, chosen, context))
        return result


def is_cancelled(run_id: str) -> bool:
    status = DBOS.get_workflow_status(run_id)
    return status is not None and status.status == "CANCELLED"


def begin_anew(workspace: Workspace, run_id: str) -> None:
    """Ends a cancelled run that doesn't stop by itself: the worker becomes a new one, in the same process."""
    remove_checkpoints(workspace, run_id)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, sys.orig_argv)


def checkpoints_folder(workspace: Workspace, run_id: str) -> Path:
    return workspace.run_folder(run_id) / "checkpoints"


def remove_checkpoints(workspace: Workspace, run_id: str) -> None:
    shutil.rmtree(checkpoints_folder(workspace, run_id), ignore_errors=True)
