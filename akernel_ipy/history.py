"""IPython's history, written in batches, for one shell or for many."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterable
from typing import Any
from weakref import WeakValueDictionary

from IPython.core.history import HistoryAccessor, HistoryManager
from traitlets import default

from .core.aliases import known_as
from .core.model import current_run

#: Seconds after which an input is in the database at the latest.
SAVE_INTERVAL = 1.0

_NEW_SESSION = "INSERT INTO sessions VALUES (NULL, ?, NULL, NULL, '')"
_NEW_LINE = "INSERT INTO history VALUES (?, ?, ?, ?)"
_NEW_OUTPUT = "INSERT OR IGNORE INTO output_history VALUES (?, ?, ?)"


def storable(line: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give a line of the history as a database can hold it.

    A lone surrogate, which no UTF-8 has, ends IPython's thread with all that it was to save.
    """
    return tuple(
        field.encode(errors="replace").decode() if isinstance(field, str) else field
        for field in line
    )


@known_as(HistoryManager)
class BatchedHistoryManager(HistoryManager):
    """Writes what cells ran to the database once a second, not once a cell.

    IPython 9 `HistoryManager` wakes its thread at every input, and that thread holds the lock which
    the next input needs while SQLite commits: about half of the time of a trivial cell, when cells
    follow each other. Queries and the end of the session write out what is held back, as before.
    """

    @default("db_cache_size")
    def _default_db_cache_size(self) -> int:
        return 1_000_000

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._save_pending = False
        #: The managers of other shells, which write through this one.
        self._others: WeakValueDictionary[int, SessionHistoryManager] = WeakValueDictionary()
        self._last_key = 0
        self._write_lock = threading.Lock()
        super().__init__(*args, **kwargs)

    def store_inputs(self, line_num: int, source: str, source_raw: str | None = None) -> None:
        """Keep an input, once if nothing was transformed, and see that it is saved soon."""
        if source_raw is not None and source.rstrip("\n") == source_raw:
            source = source_raw
        length = len(self.input_hist_parsed)
        super().store_inputs(line_num, source, source_raw)
        run = current_run.get(None)
        if run is not None and run.state.ordered and length < len(self.input_hist_parsed):
            self._put_in_place(line_num)
        self.save_soon()

    def save_soon(self) -> None:
        """See that what is held back is in the database before long."""
        thread: Any = getattr(getattr(self.shell, "kernel", None), "iopub_thread", None)
        if not self._save_pending and self.using_thread and hasattr(thread, "later"):
            self._save_pending = True
            thread.later(SAVE_INTERVAL, self._save)

    def _put_in_place(self, number: int) -> None:
        # IPython appends: with cells that overtake each other, In[n] would be some other cell's.
        for inputs in (self.input_hist_parsed, self.input_hist_raw):
            if len(inputs) - 1 == number:
                continue
            text = inputs.pop()
            inputs.extend([""] * (number + 1 - len(inputs)))
            inputs[number] = text
        recent = ["", "", "", *self.input_hist_raw[-4:]][-4:]
        self._iii, self._ii, self._i, self._i00 = recent
        assert self.shell is not None
        variables = {"_i": self._i, "_ii": self._ii, "_iii": self._iii}
        self.shell.push(variables, interactive=False)

    def _save(self) -> None:
        # In the IOPub thread, which turns even while a cell blocks.
        self._save_pending = False
        self._restart_thread_if_stopped()
        if self.save_flag is not None:
            self.save_flag.set()

    def writeout_cache(self, conn: Any = None) -> None:
        """Write what is held back, of all shells, in one transaction for the others.

        IPython 9 drops the batch and ends its thread when the database is locked for long, and
        prints that into some cell. Here the next attempt writes it.
        """
        import sqlite3

        with self.db_input_cache_lock:
            inputs = list(self.db_input_cache)
        try:
            super().writeout_cache(conn)
            if self.enabled and self._others:
                self.write(list(self._others.values()), self.db if conn is None else conn)
        except sqlite3.OperationalError as error:
            with self.db_input_cache_lock:
                kept = self.db_input_cache
                self.db_input_cache = [*inputs, *(line for line in kept if line not in inputs)]
            self.log.warning("The history could not be saved, and will be later: %s", error)

    def _writeout_input_cache(self, conn: Any) -> None:
        # The lock is held.
        self.db_input_cache = [storable(line) for line in self.db_input_cache]
        super()._writeout_input_cache(conn)

    def _writeout_output_cache(self, conn: Any) -> None:
        self.db_output_cache = [storable(line) for line in self.db_output_cache]
        super()._writeout_output_cache(conn)

    def join(self, manager: SessionHistoryManager) -> int:
        """Write for another shell's manager too, as long as it lives; give the key to `leave`."""
        self._last_key += 1
        self._others[self._last_key] = manager
        return self._last_key

    def leave(self, key: int) -> None:
        """Write for a manager no longer."""
        self._others.pop(key, None)

    def write(self, managers: Iterable[SessionHistoryManager], conn: Any) -> None:
        """Write lines of other shells in one transaction; number those that have no number yet."""
        taken: list[tuple[SessionHistoryManager, int, list[Any], list[Any]]] = []
        try:
            with self._write_lock, conn:
                for manager in managers:
                    lines, outputs = manager.take()
                    taken.append((manager, manager.session_number, lines, outputs))
                    if not lines and not outputs and not manager.wants_number:
                        continue
                    if not manager.session_number:
                        manager.session_number = _new_number(conn)
                    self._insert(conn, manager, lines)
                    rows = [(manager.session_number, *row) for row in outputs]
                    conn.executemany(_NEW_OUTPUT, rows)
        except BaseException:
            for manager, number, lines, outputs in taken:
                manager.session_number = number
                manager.take_back(lines, outputs)
            raise

    def _insert(self, conn: Any, manager: SessionHistoryManager, lines: list[Any]) -> None:
        known = conn.execute(
            "SELECT max(line) FROM history WHERE session == ?", (manager.session_number,)
        ).fetchone()[0]
        if known is not None and lines and lines[0][0] <= known:
            # The counter was set back: as IPython does, go on under another number.
            manager.session_number = _new_number(conn)
        conn.executemany(_NEW_LINE, [(manager.session_number, *line) for line in lines])


@known_as(HistoryManager)
class SessionHistoryManager(BatchedHistoryManager):
    """The history of one shell of many: it writes through the manager of the first.

    IPython 9 `HistoryManager` opens a connection, starts a thread and commits a session number: 20
    ms and 0.1 MiB for each shell. Here a shell gets its number with its first line.

    Args:
        base: the manager of the kernel's first shell.
    """

    #: A number is needed although there is nothing to write.
    wants_number = False

    def __init__(self, base: BatchedHistoryManager, **kwargs: Any) -> None:
        self._base = base
        self._save_pending = False
        # Not HistoryManager's, which starts the thread.
        HistoryAccessor.__init__(self, hist_file=str(base.hist_file), **kwargs)
        self.db_input_cache_lock = threading.Lock()
        self.db_output_cache_lock = threading.Lock()
        self.using_thread = False
        self.enabled = base.enabled
        self._key = base.join(self)

    def init_db(self) -> None:
        """Use the connection that is there."""
        self.db = self._base.db

    def save_soon(self) -> None:
        """Let the first shell's manager write."""
        self._base.save_soon()

    def take(self) -> tuple[list[Any], list[Any]]:
        """Give what has not been written, inputs and outputs, and hold it back no longer."""
        with self.db_input_cache_lock:
            inputs, self.db_input_cache = list(self.db_input_cache), []
        with self.db_output_cache_lock:
            outputs, self.db_output_cache = list(self.db_output_cache), []
        inputs.sort(key=lambda line: line[0])  # a later cell may have come first
        return [storable(line) for line in inputs], [storable(line) for line in outputs]

    def take_back(self, inputs: list[Any], outputs: list[Any]) -> None:
        """Hold back again what could not be written."""
        with self.db_input_cache_lock:
            self.db_input_cache = [*inputs, *self.db_input_cache]
        with self.db_output_cache_lock:
            self.db_output_cache = [*outputs, *self.db_output_cache]

    def writeout_cache(self, conn: Any = None) -> None:
        """Write what is held back, of all shells."""
        self._base.writeout_cache(conn)

    def new_session(self, conn: Any = None) -> None:
        """Begin another history; it is numbered when there is something to write."""
        self.session_number = 0

    def end_session(self) -> None:
        """Write what is left; a shell that has run nothing leaves no trace."""
        self.writeout_cache()
        if self.session_number:
            super().end_session()

    def close(self) -> None:
        """Leave the connection open: it is the first shell's."""
        self._base.leave(self._key)

    def get_range(self, session: int = 0, *args: Any, **kwargs: Any) -> Any:
        """Look up lines; numbers below zero count back from this shell's own."""
        if session < 0:
            self._need_number()
        return super().get_range(session, *args, **kwargs)

    def get_session_info(self, session: int = 0) -> Any:
        """Look up a session, by default this shell's own."""
        if session <= 0:
            self._need_number()
        return super().get_session_info(session)

    def _need_number(self) -> None:
        if not self.session_number and self.enabled:
            self.wants_number = True
            self._base.write([self], self.db)
            self.wants_number = False


def _new_number(conn: Any) -> int:
    now = datetime.datetime.now().isoformat(" ")
    return int(conn.execute(_NEW_SESSION, (now,)).lastrowid)
