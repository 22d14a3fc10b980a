"""One worker per workspace: a file lock, which the system frees when its holder is gone, however it went."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class WorkerLock:
    """Held by the worker of a workspace for as long as it lives."""

    def __init__(self, folder: Path):
        self.path = folder / "worker.lock"
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Takes the lock if nobody holds it; says whether it did."""
        descriptor = self._lock(fcntl.LOCK_EX)
        if descriptor is None:
            return False
        self._descriptor = descriptor
        return True

    def is_held(self) -> bool:
        """Whether a worker, this process or another, holds it."""
        if self._descriptor is not None:
            return True
        if not self.path.exists():
            return False
        descriptor = self._lock(fcntl.LOCK_SH)
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _lock(self, kind: int) -> int | None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor
