"""The index: one SQLite file, with write-ahead log, that several processes use at once."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..core.errors import StoreError

#: Seconds to wait for another process's transaction: a reader holds up a cell, a writer nobody.
READER_PATIENCE = 0.25
WRITER_PATIENCE = 10.0

_VERSION = 1

#: SQLite's result codes for a file that is broken or no database.
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}

_SCHEMA = """
CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB NOT NULL,
    variant BLOB NOT NULL,
    signer BLOB NOT NULL,
    algorithm BLOB NOT NULL,
    created REAL NOT NULL,
    used REAL NOT NULL,
    hits INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    dependencies BLOB NOT NULL,
    meta BLOB NOT NULL,
    layout BLOB NOT NULL,
    signature BLOB NOT NULL
);
CREATE UNIQUE INDEX entries_by_variant ON entries (key, variant);
CREATE INDEX entries_by_key ON entries (key, used);
CREATE INDEX entries_by_use ON entries (used);
CREATE TABLE inline (entry INTEGER, name BLOB, data BLOB, PRIMARY KEY (entry, name)) WITHOUT ROWID;
CREATE TABLE blobs (name BLOB PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE uses (entry INTEGER, name BLOB, PRIMARY KEY (entry, name)) WITHOUT ROWID;
CREATE INDEX uses_by_name ON uses (name);
CREATE TABLE totals (entries INTEGER NOT NULL, bytes INTEGER NOT NULL, swept REAL NOT NULL);
INSERT INTO totals VALUES (0, 0, 0);
CREATE TRIGGER entry_added AFTER INSERT ON entries BEGIN
    UPDATE totals SET entries = entries + 1, bytes = bytes + new.bytes; END;
CREATE TRIGGER entry_removed AFTER DELETE ON entries BEGIN
    UPDATE totals SET entries = entries - 1, bytes = bytes - old.bytes; END;
CREATE TRIGGER blob_added AFTER INSERT ON blobs BEGIN
    UPDATE totals SET bytes = bytes + new.bytes; END;
CREATE TRIGGER blob_removed AFTER DELETE ON blobs BEGIN
    UPDATE totals SET bytes = bytes - old.bytes; END;
"""

# Connections that a child of fork inherited: closing them could harm the parent's.
_inherited: list[sqlite3.Connection] = []


class Index:
    """One connection. Threads take turns."""

    def __init__(self, path: Path, patience: float) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection = _connect(path, patience)
        self._identity = identity(path)

    @property
    def current(self) -> bool:
        """Tell whether the file that was opened is still the one at its path."""
        return self._identity is not None and identity(self.path) == self._identity

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement; give its rows."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def many(self, sql: str, values: list[tuple[Any, ...]]) -> None:
        """Run a statement for each of `values`."""
        with self._lock:
            self._connection.executemany(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock for writing, the only one of all processes, and commit at the end."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def abandon(self) -> None:
        """In a child of fork: let go of the parent's connection without touching it."""
        _inherited.append(self._connection)


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    _make_private(path)
    connection = sqlite3.connect(
        path, timeout=patience, isolation_level=None, check_same_thread=False
    )
    try:
        connection.text_factory = bytes  # a planted text is no reason to fail
        for pragma in (
            "trusted_schema = OFF",
            "auto_vacuum = INCREMENTAL",
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "journal_size_limit = 16777216",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        _require_schema(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private(path: Path) -> None:
    """Create the file with mode 0600; SQLite gives its companions the same mode."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    with suppress(PermissionError):  # read-only: SQLite can still read
        os.close(os.open(path, flags, 0o600))


def _require_schema(connection: sqlite3.Connection) -> None:
    if _version(connection) == _VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = _version(connection)
        if found == 0:
            # executescript() would commit what is open.
            for statement in _statements(_SCHEMA):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        elif found != _VERSION:
            raise sqlite3.DatabaseError(f"the index has version {found}, not {_VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.strip().splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def identity(path: Path) -> tuple[int, int] | None:
    """Tell files apart that bear the same name at different times."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def is_broken(error: BaseException) -> bool:
    """Tell whether an error means that the index itself is damaged, not just out of reach."""
    if not isinstance(error, sqlite3.DatabaseError):
        return False
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return not isinstance(error, sqlite3.OperationalError) and "version" in str(error)
    schema_is_gone = code == sqlite3.SQLITE_ERROR and str(error).startswith("no such ")
    return code & 0xFF in _CORRUPT or schema_is_gone


def move_aside(path: Path) -> Path:
    """Take a broken index out of the way; give its new place. Only the newest one is kept.

    Raises:
        StoreError: if it can't be moved.
    """
    aside = path.with_name(f"{path.name}.broken-{time.time_ns()}")
    try:
        for old in path.parent.glob(f"{path.name}.broken-*"):
            old.unlink()
        os.replace(path, aside)
        for companion in ("-wal", "-shm"):
            path.with_name(path.name + companion).unlink(missing_ok=True)
    except FileNotFoundError:
        return aside  # another process was faster
    except OSError as error:
        raise StoreError(
            f"the cache's index {path} is damaged and can't be moved: {error.strerror}"
        ) from error
    return aside
