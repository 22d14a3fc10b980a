"""Why a run failed, in a sentence for the person who started it."""

from __future__ import annotations

import errno

from recsys_core.errors import LaunchdeskError

KILLED = (
    "The worker was ended {tries} times in the middle of this run, most likely because memory ran out. "
    "Close other programs or use a machine with more memory, then start it again."
)


def plain_message(error: BaseException) -> str:
    """Our own errors say it themselves; of the others, those with a known way out get one."""
    if isinstance(error, LaunchdeskError):
        return str(error)
    # torch's own class, known by its name: torch isn't imported for this.
    if type(error).__name__ == "OutOfMemoryError":
        return "The memory of the GPU ran out. Start it again on the CPU, or close what else uses the GPU."
    if isinstance(error, MemoryError):
        return "Memory ran out. Close other programs or use a machine with more memory, then start it again."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk of the workspace is full. Nothing was changed; make room and start it again."
    return "It stopped because of an unexpected error. The details are in the run's log file; nothing was changed."
