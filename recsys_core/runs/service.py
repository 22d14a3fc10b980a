"""A launched dbos with our workflows on it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from pathlib import Path

from dbos import DBOS

from recsys_core.runs.connection import POLLING_SECONDS, QUEUE, connect, worker_config
from recsys_core.runs.devices import Device
from recsys_core.runs.jobs import Jobs
from recsys_core.runs.progress import mark_ended, unfinished
from recsys_core.runs.worker_record import executor_id, write_devices
from recsys_core.runs.workflows import Workflows, remove_checkpoints
from recsys_core.workspace import Workspace

logger = logging.getLogger(__name__)

SECONDS_BEFORE_LOOKING = 3.0
"""Looking for a GPU takes a core for seconds: the server's first page goes before."""


class Service:
    """Takes up what an earlier worker of this workspace left, then executes what is queued, one run at a time."""

    def __init__(self, workspace: Workspace, jobs: Jobs):
        workspace.sweep()
        settle(workspace)
        DBOS(config=worker_config(workspace, executor_id(workspace)))
        self._workflows = Workflows(workspace, jobs)
        DBOS.launch()
        DBOS.register_queue(
            QUEUE, worker_concurrency=1, polling_interval_sec=POLLING_SECONDS, on_conflict="always_update"
        )
        look = threading.Timer(SECONDS_BEFORE_LOOKING, look_for_devices, [workspace])
        look.daemon = True
        look.start()

    def leave_in_order(self) -> None:
        self._workflows.leave_in_order()


def look_for_devices(workspace: Workspace) -> None:
    """Writes down what this machine has to compute on.

    In a process of its own: a run at work that imports scipy while another thread imports torch finds half a torch and
    fails; and this way the worker holds no GPU before it needs one.
    """
    command = [sys.executable, "-m", "recsys_core.runs.devices"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    if done.returncode == 0:
        write_devices(workspace, [Device(**device) for device in json.loads(done.stdout)])
    else:
        logger.warning("The devices of this machine can't be told: %s", done.stderr)


def settle(workspace: Workspace) -> None:
    """Ends the runs that were over for dbos when their worker was killed, and which it will not call again."""
    client = connect(workspace)
    begun = unfinished(workspace.database)
    going_on = client.list_workflows(workflow_ids=begun, status=["ENQUEUED", "DELAYED", "PENDING"]) if begun else []
    for run_id in set(begun) - {workflow.workflow_id for workflow in going_on}:
        remove_checkpoints(workspace, run_id)
        mark_ended(workspace.database, run_id)
    client.destroy()
