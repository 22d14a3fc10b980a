"""How this project speaks to dbos: the names that the worker and the client must agree on, in one place."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from recsys_core.workspace import Workspace

if TYPE_CHECKING:
    from dbos import DBOSClient, DBOSConfig

APPLICATION = "launchdesk"
VERSION = "1"
"""Fixed: dbos would derive one from the code, and a worker leaves runs of another version alone."""
QUEUE = "runs"
POLLING_SECONDS = 0.5

_migration = threading.Lock()


class _RunsThatFail(logging.Filter):
    """Keeps out what dbos says of every run that failed or was cancelled: our own log has it, without the noise."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        expected = type(error).__name__ in ("RunFailed", "DBOSAwaitedWorkflowCancelledError")
        return not expected and "is no longer owned by this execution" not in record.getMessage()


_quiet = _RunsThatFail()


def prepare_database(workspace: Workspace) -> None:
    """Creates dbos's tables where they aren't there yet: the client can't, and a worker may never have run."""
    from dbos import DBOS

    workspace.prepare()
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    logger.addFilter(_quiet)
    # Our own tables first: their connection turns on WAL, which stays with the file.
    workspace.catalog_version()
    with _migration:
        DBOS.migrate(workspace.database.url)


def connect(workspace: Workspace) -> DBOSClient:
    """A client that can enqueue; the tables are there afterwards."""
    from dbos import DBOSClient, DBOSPortableJSONSerializer

    prepare_database(workspace)
    url, serializer = workspace.database.url, DBOSPortableJSONSerializer()
    return DBOSClient(system_database_url=url, serializer=serializer, application_name=APPLICATION)


def worker_config(workspace: Workspace, executor: str) -> DBOSConfig:
    """dbos for a worker: JSON instead of pickle, nothing that leaves the machine, no chatter."""
    from dbos import DBOSPortableJSONSerializer

    return {
        "name": APPLICATION,
        "system_database_url": workspace.database.url,
        "application_version": VERSION,
        "executor_id": executor,
        "serializer": DBOSPortableJSONSerializer(),
        "enable_otlp": False,
        "log_level": "WARNING",
    }
