"""A worker with small jobs: `python counting_worker.py --workspace W [--parent PID]`. The tests read JOBS from it."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).parents[2]))

from recsys_core.errors import DamagedArtefact, LaunchdeskError
from recsys_core.run_context import RunContext
from recsys_core.runs.jobs import Job, JobSettings
from recsys_core.runs.worker import run_worker
from recsys_core.workspace import Workspace, open_workspace

GATE = 5


class CountSettings(JobSettings):
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    steps: int = 3
    pause: float = 0.02
    gate: str = ""
    """Name of a file in the workspace for which it waits before step GATE."""


class HoldSettings(JobSettings):
    device: Literal["auto", "cpu", "cuda"] = "cpu"


class FailSettings(JobSettings):
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    how: str = "plain"


def count(workspace: Workspace, settings: CountSettings, run: RunContext) -> dict[str, Any]:
    """Counts as a training would: one checkpoint a step, and goes on from the last one. Notes each step in a file."""
    assert run.checkpoints is not None
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    checkpoint = run.checkpoints / "step.txt"
    trace = workspace.folder / "trace.txt"
    name = run.checkpoints.parent.name
    note(trace, f"{name} begins")
    first = int(checkpoint.read_text()) if checkpoint.exists() else 0
    run.log(f"Counting from {first} with seed {run.seed}")
    for step in range(first, settings.steps):
        run.progress("Counting", step, settings.steps, loss=1 / (step + 1))
        until = time.monotonic() + settings.pause
        closed = workspace.folder / settings.gate if settings.gate and step == GATE else None
        while time.monotonic() < until or (closed is not None and not closed.exists()):
            run.check()
            time.sleep(0.01)
        note(trace, f"{name} step {step}")
        checkpoint.write_text(str(step + 1))
    run.progress("Counting", settings.steps, settings.steps, loss=0.0)
    note(trace, f"{name} ends")
    return {"steps": settings.steps, "nothing": float("nan")}


def hold(workspace: Workspace, settings: HoldSettings, run: RunContext) -> dict[str, Any]:
    """Looks at nothing until the file "release" is there; so a test can see what is so in between."""
    run.progress("Holding", 0, 1)
    while not (workspace.folder / "release").exists():
        time.sleep(0.02)
    while True:
        run.check()
        time.sleep(0.02)


def fail(workspace: Workspace, settings: FailSettings, run: RunContext) -> dict[str, Any]:
    run.progress("Failing", 0, 1)
    if settings.how == "plain":
        raise LaunchdeskError("The catalog has one customer. At least two are needed.")
    if settings.how == "damaged":
        raise DamagedArtefact("The file is damaged.") from OSError("bad sector")
    if settings.how == "memory":
        raise MemoryError
    if settings.how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise ZeroDivisionError("secret detail")


def modules(workspace: Workspace, settings: HoldSettings, run: RunContext) -> dict[str, Any]:
    return {"torch": "torch" in sys.modules}


def note(trace: Path, line: str) -> None:
    with trace.open("a") as file:
        file.write(line + "\n")


JOBS = {
    "count": Job(CountSettings, count),
    "hold": Job(HoldSettings, hold),
    "fail": Job(FailSettings, fail),
    "modules": Job(HoldSettings, modules),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--workspace", required=True)
    parser.add_argument("--parent", type=int)
    options = parser.parse_args()
    try:
        run_worker(open_workspace(options.workspace), JOBS, parent=options.parent)
    except LaunchdeskError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
