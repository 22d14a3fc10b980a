"""A launched dbos with our workflows on it."""

from __future__ import annotations

import threading

from dbos import DBOS

from recsys_core.runs.connection import POLLING_SECONDS, QUEUE, connect, worker_config
from recsys_core.runs.devices import find_devices
from recsys_core.runs.jobs import Jobs
from recsys_core.runs.progress import mark_ended, unfinished
from recsys_core.runs.worker_record import executor_id, write_devices
from recsys_core.runs.workflows import Workflows, remove_checkpoints
from recsys_core.workspace import Workspace

SECONDS_BEFORE_LOOKING = 3.0
"""Looking for a GPU imports torch, which takes all cores for seconds: the server's first page goes before."""


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
        look = threading.Timer(SECONDS_BEFORE_LOOKING, lambda: write_devices(workspace, find_devices()))
        look.daemon = True
        look.start()

    def leave_in_order(self) -> None:
        self._workflows.leave_in_order()


def settle(workspace: Workspace) -> None:
    """Ends the runs that were over for dbos when their worker was killed, and which it will not call again."""
    client = connect(workspace)
    begun = unfinished(workspace.database)
    going_on = client.list_workflows(workflow_ids=begun, status=["ENQUEUED", "DELAYED", "PENDING"]) if begun else []
    for run_id in set(begun) - {workflow.workflow_id for workflow in going_on}:
        remove_checkpoints(workspace, run_id)
        mark_ended(workspace.database, run_id)
    client.destroy()
