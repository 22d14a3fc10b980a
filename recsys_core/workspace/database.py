"""The database of a workspace: SQLite beside the files, or Postgres by one URL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateColumn, CreateTable
from sqlalchemy.types import TypeDecorator

from recsys_core.errors import InvalidSetting, LaunchdeskError

BUSY_SECONDS = 30


class UtcTime(TypeDecorator[datetime]):
    """A point in time; given with any time zone, returned as UTC (SQLite forgets the zone)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    return datetime.now(UTC)


class Database:
    """One engine, made at first use; holds no state of its own, so that every process sees changes at once."""

    def __init__(self, url: str):
        self.url = url
        """As dbos takes it: without a driver's name."""
        self._engine: sa.Engine | None = None
        self._ensured: set[int] = set()
        self._lock = threading.Lock()

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @contextmanager
    def begin(self, metadata: sa.MetaData, *, alone: bool = False) -> Iterator[sa.Connection]:
        """A transaction; the tables of `metadata` are there. Raises LaunchdeskError if the database can't be used.

        alone: no other such transaction runs at the same time, in whatever process.
        """
        try:
            with self._ready(metadata).begin() as connection:
                if alone:
                    self._wait_for_others(connection)
                yield connection
        except OperationalError as error:
            raise LaunchdeskError(_plain(error)) from error

    def close(self) -> None:
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    def _ready(self, metadata: sa.MetaData) -> sa.Engine:
        with self._lock:
            if self._engine is None:
                self._engine = _engine(self.url)
            if id(metadata) not in self._ensured:
                with self._engine.begin() as connection:
                    # Two processes may open a new workspace at once: the second waits, then finds the tables.
                    self._wait_for_others(connection)
                    for table in metadata.sorted_tables:
                        connection.execute(CreateTable(table, if_not_exists=True))
                        _add_columns(connection, table)
                self._ensured.add(id(metadata))
            return self._engine

    def _wait_for_others(self, connection: sa.Connection) -> None:
        if self.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(0x1A0C)))


def _add_columns(connection: sa.Connection, table: sa.Table) -> None:
    """Adds the columns that a table of an older workspace lacks."""
    there = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
    for column in table.columns:
        if column.name not in there:
            definition = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise InvalidSetting(
            "The database address can't be read. Expected something like postgresql://user:password@host/name."
        ) from error
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    engine = sa.create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")

    return engine


def _plain(error: OperationalError) -> str:
    cause = str(error.orig).lower()
    if "disk is full" in cause or "no space" in cause:
        return "The disk of the workspace is full. Nothing was changed; make room and try again."
    if "readonly" in cause or "unable to open" in cause or "read-only" in cause:
        return "The workspace can't be written to. Check the rights of its folder, or choose another one."
    if "locked" in cause:
        return f"The workspace was busy for more than {BUSY_SECONDS} seconds. Nothing was changed; try again."
    return "The workspace's database can't be reached. Nothing was changed; try again in a moment."
