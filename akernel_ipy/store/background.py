"""One thread that does, in order, what nobody needs to wait for."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import Context

#: Seconds without work after which the thread ends; the next piece of work starts another.
IDLE = 5.0

Task = Callable[[], object]


class Background:
    """A queue and its thread, which exists while there is something to do.

    Tasks don't raise. The thread is a daemon: it never holds up the end of the process; `flush`
    before that.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.renew_after_fork()

    def renew_after_fork(self) -> None:
        """In a child of fork, which has no thread: what waits is the parent's."""
        self._condition = threading.Condition()
        self._tasks: deque[Task] = deque()
        self._delayed: dict[str, tuple[float, Task]] = {}
        self._thread: threading.Thread | None = None
        self._busy = self._ending = False

    def submit(self, task: Task) -> bool:
        """Do `task` after those submitted before; give False if there can't be a thread."""
        with self._condition:
            if not self._wake():
                return False
            self._tasks.append(task)
            self._condition.notify_all()
            return True

    def later(self, name: str, seconds: float, task: Task) -> None:
        """Do `task` in `seconds`, or at the next `flush`; once for each `name`."""
        with self._condition:
            if name not in self._delayed and self._wake():
                self._delayed[name] = (time.monotonic() + seconds, task)
                self._condition.notify_all()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything is done, at most `timeout` seconds; tell whether it is."""
        if threading.current_thread() is self._thread:
            return False
        with self._condition:
            for name in list(self._delayed):
                self._tasks.append(self._delayed.pop(name)[1])
            self._condition.notify_all()
            return self._condition.wait_for(lambda: not (self._tasks or self._busy), timeout)

    def end(self) -> None:
        """Let the thread end now, once all is done; it would do so by itself after a while."""
        with self._condition:
            thread, self._ending = self._thread, True
            self._condition.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _wake(self) -> bool:
        self._ending = False
        if self._thread is None:
            thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            try:
                Context().run(thread.start)  # it belongs to no cell
            except RuntimeError:  # too many threads, or the interpreter is ending
                return False
            self._thread = thread
        return True

    def _run(self) -> None:
        try:
            while (task := self._next()) is not None:
                task()
        finally:  # not reached in order if the interpreter is ending
            with self._condition:
                self._busy, self._thread = False, None
                self._condition.notify_all()

    def _next(self) -> Task | None:
        """Wait for something to do; None if there was nothing for a while."""
        with self._condition:
            self._busy = False
            self._condition.notify_all()
            idle_until = time.monotonic() + IDLE
            while not self._tasks:
                self._take_due()
                until = min((due for due, _ in self._delayed.values()), default=idle_until)
                if self._ending and not self._delayed:
                    until = 0.0
                wait = until - time.monotonic()
                if not self._tasks and wait > 0:
                    self._condition.wait(wait)
                elif not self._tasks and not self._delayed:
                    self._thread = None
                    return None
            self._busy = True
            return self._tasks.popleft()

    def _take_due(self) -> None:
        now = time.monotonic()
        for name, (due, _) in list(self._delayed.items()):
            if due <= now:
                self._tasks.append(self._delayed.pop(name)[1])
