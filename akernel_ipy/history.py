"""IPython's history, written in batches."""

from __future__ import annotations

from typing import Any

from IPython.core.history import HistoryManager
from traitlets import default

#: Seconds after which an input is in the database at the latest.
SAVE_INTERVAL = 1.0


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
        super().__init__(*args, **kwargs)

    def store_inputs(self, line_num: int, source: str, source_raw: str | None = None) -> None:
        """Keep an input, once if nothing was transformed, and see that it is saved soon."""
        if source_raw is not None and source.rstrip("\n") == source_raw:
            source = source_raw
        super().store_inputs(line_num, source, source_raw)
        thread: Any = getattr(getattr(self.shell, "kernel", None), "iopub_thread", None)
        if not self._save_pending and self.using_thread and hasattr(thread, "later"):
            self._save_pending = True
            thread.later(SAVE_INTERVAL, self._save)

    def _save(self) -> None:
        # In the IOPub thread, which turns even while a cell blocks.
        self._save_pending = False
        self._restart_thread_if_stopped()
        if self.save_flag is not None:
            self.save_flag.set()
