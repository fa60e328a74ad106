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
from .keys import NOFOLLOW

#: Seconds to wait for another process's transaction: a reader holds up a cell, a writer nobody.
READER_PATIENCE = 0.25
WRITER_PATIENCE = 10.0
OPENING_PATIENCE = 2.0

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


class Index:
    """One connection, made at first use. Threads take turns."""

    def __init__(self, path: Path, patience: float, *, read_only: bool = False) -> None:
        self.path = path
        self._patience = patience
        self._read_only = read_only
        self._lock = threading.RLock()
        self._made: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    @property
    def current(self) -> bool:
        """Tell whether the file that was opened is still the one at its path."""
        return self._identity in (None, identity(self.path))

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._made is None:
            connect = _connect_reading if self._read_only else _connect
            self._made = connect(self.path, self._patience)
            self._identity = identity(self.path)
        return self._made

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement; give its rows."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def many(self, sql: str, values: list[tuple[Any, ...]]) -> None:
        """Run a statement for each of `values`."""
        with self._lock:
            self._connection.executemany(sql, values)

    def shrink(self) -> None:
        """Give the space of deleted rows, and of the log, back to the disk."""
        with self._lock:  # execute() would free a single page
            self._connection.executescript(
                "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)"
            )

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
        """Close the connection; it isn't made again."""
        with self._lock:
            if self._made:
                self._made.close()

    def pause(self, timeout: float) -> bool:
        """Close the connection and keep everybody from making another, until `resume`.

        SQLite notes in the memory of the process which locks it holds. A child of fork would
        believe that it holds them too: no connection may be open then. Gives False, and pauses
        nothing, if another thread is at work for longer than `timeout` seconds.
        """
        if not self._lock.acquire(timeout=timeout):
            return False
        if self._made and self._made.in_transaction:  # this thread's own
            self._lock.release()
            return False
        if self._made:
            self._made.close()
        self._made = None
        return True

    def resume(self) -> None:
        """Let others at it again; the connection is made at the next use."""
        self._lock.release()


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    """Open the index for reading and writing; create it if it isn't there."""
    _make_private(path)
    connection = sqlite3.connect(
        path, timeout=OPENING_PATIENCE, isolation_level=None, check_same_thread=False
    )
    try:
        connection.text_factory = bytes  # a planted text is no reason to fail
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA synchronous = NORMAL")
        if not _version(connection):  # it waits for who is writing, so only when it must be
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _log_ahead(connection)
        _require_schema(connection)
        connection.execute("PRAGMA journal_size_limit = 16777216")
        connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_reading(path: Path, patience: float) -> sqlite3.Connection:
    """Open the index of a directory in which nothing can be written, not even locks."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&immutable=1",
        uri=True,
        timeout=patience,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.text_factory = bytes
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log. SQLite doesn't wait if another process is doing it too."""
    until = time.monotonic() + OPENING_PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _make_private(path: Path) -> None:
    """Create the file with mode 0600; SQLite gives its companions the same mode."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | NOFOLLOW, 0o600))


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
