"""What the pages use to start long work, to watch it and to stop it. Never imports torch."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from recsys_core.errors import InvalidSetting, NotThere
from recsys_core.runs.connection import QUEUE, VERSION, connect
from recsys_core.runs.devices import Device, describe_device
from recsys_core.runs.failures import KILLED
from recsys_core.runs.jobs import JOBS, Jobs
from recsys_core.runs.lock import WorkerLock
from recsys_core.runs.progress import read_progress
from recsys_core.runs.states import RunState, State
from recsys_core.runs.worker_record import read_devices
from recsys_core.workspace import Workspace

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus


class RunClient:
    """The runs of a workspace. Safe to share between threads; cheap to make: it connects at first use."""

    def __init__(self, workspace: Workspace, jobs: Jobs = JOBS):
        self.workspace = workspace
        self._jobs = jobs
        self._lock = threading.Lock()
        self._client: DBOSClient | None = None

    def start(self, kind: str, settings: Mapping[str, Any], subject: str) -> str:
        """Queues a run and returns its id; if one of this kind is at work on the subject already, that one's id.

        Raises InvalidSetting if the settings aren't those of this kind of run.
        """
        job = self._jobs.get(kind)
        if job is None:
            raise InvalidSetting(f"There is no kind of run “{kind}”; there are {', '.join(self._jobs)}.")
        try:
            checked = job.settings.model_validate(dict(settings))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise InvalidSetting(f"The setting “{name}” can't be used: {first['msg']}.") from error
        handle: Any = self._connected().enqueue(
            {
                "workflow_name": kind,
                "queue_name": QUEUE,
                "workflow_id": f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{uuid.uuid4().hex[:6]}",
                "app_version": VERSION,
                "deduplication_id": json.dumps([kind, subject]),
                "duplication_policy": "return-existing",
            },
            subject,
            checked.model_dump(mode="json"),
        )
        return str(handle.workflow_id)

    def runs(self, limit: int = 20) -> list[RunState]:
        """The newest runs, newest first."""
        found = self._connected().list_workflows(name=list(self._jobs), limit=limit, sort_desc=True)
        # dbos knows whole seconds on SQLite; our ids begin with the time to a millionth.
        return sorted(self._states(found), key=lambda run: (run.created, run.id), reverse=True)

    def state(self, run_id: str) -> RunState:
        """Raises NotThere if there is no such run."""
        found = self._states(self._connected().list_workflows(workflow_ids=[run_id]))
        if not found:
            raise NotThere("This run isn't in the workspace. It may have been started in another one.")
        return found[0]

    def cancel(self, run_id: str) -> None:
        """Asks a run to stop: one that waits is cancelled at once, one at work within two seconds."""
        self._connected().cancel_workflow(run_id)

    def devices(self) -> list[Device]:
        """What the worker can compute on, the best first; the CPU alone until a worker has looked."""
        return read_devices(self.workspace) or [describe_device("cpu")]

    def worker_is_there(self) -> bool:
        """Whether a worker serves this workspace at this moment."""
        return WorkerLock(self.workspace.folder).is_held()

    def prepare(self) -> None:
        """Connects, and creates the tables that are needed; else done at first use."""
        self._connected()

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.destroy()
                self._client = None

    def _connected(self) -> DBOSClient:
        with self._lock:
            if self._client is None:
                self._client = connect(self.workspace)
            return self._client

    def _states(self, workflows: list[WorkflowStatus]) -> list[RunState]:
        progress = read_progress(self.workspace.database, [workflow.workflow_id for workflow in workflows])
        return [self._state(workflow, progress.get(workflow.workflow_id)) for workflow in workflows]

    def _state(self, workflow: WorkflowStatus, progress: Any) -> RunState:
        inputs: Any = workflow.input or {"args": ("", {})}
        subject, settings = inputs["args"]
        state = self._name_of(workflow, progress)
        return RunState(
            id=workflow.workflow_id,
            kind=workflow.name,
            subject=subject,
            settings=settings,
            state=state,
            stage=progress.stage if progress else None,
            done=progress.done if progress else 0,
            total=progress.total if progress else 0,
            seconds_left=_seconds_left(progress) if state == "running" else None,
            curve=progress.curve if progress else [],
            log=progress.log if progress else [],
            result=workflow.output if state == "done" else None,
            error=_error(workflow) if state == "failed" else None,
            device=progress.device if progress else None,
            created=_time(workflow.created_at) or datetime.now(UTC),
            started=progress.started if progress else None,
            ended=_ended(workflow, progress) if state in ("done", "failed", "cancelled") else None,
        )

    def _name_of(self, workflow: WorkflowStatus, progress: Any) -> State:
        if workflow.status == "SUCCESS":
            return "done"
        if workflow.status == "CANCELLED":
            # dbos says so at once; the worker is at it until it has marked the end, unless it is gone.
            at_work = progress is not None and progress.ended is None and self.worker_is_there()
            return "stopping" if at_work else "cancelled"
        if workflow.status in ("ENQUEUED", "DELAYED"):
            # A run that was begun is queued again for a moment when its worker was killed.
            return "running" if progress else "queued"
        return "running" if workflow.status == "PENDING" else "failed"


def _error(workflow: WorkflowStatus) -> str:
    if workflow.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return KILLED.format(tries="many")
    return str(workflow.error)


def _seconds_left(progress: Any) -> float | None:
    if progress is None or progress.seconds_left is None:
        return None
    since: float = (datetime.now(UTC) - progress.updated).total_seconds()
    return max(0.0, float(progress.seconds_left) - max(0.0, since))


def _ended(workflow: WorkflowStatus, progress: Any) -> datetime | None:
    if progress is not None and progress.ended is not None:
        ended: datetime = progress.ended
        return ended
    return _time(workflow.completed_at)


def _time(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
