"""What a run leaves running: its output and its doings would be lost on a hit."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

#: Threads that libraries leave running, and that show nothing in a cell by themselves.
_IDLE_THREADS = ("asyncio_", "ThreadPoolExecutor", "tqdm", "akernel", "IPython", "TMonitor")


class Leftovers:
    """Threads and tasks that begin from now on and have not ended when asked."""

    def __init__(self) -> None:
        self._threads = frozenset(threading.enumerate())
        self._tasks = _tasks()

    def running(self) -> str:
        """Name something; empty if there is nothing."""
        for thread in threading.enumerate():
            if thread in self._threads or thread.name.startswith(_IDLE_THREADS):
                continue
            if type(thread).__module__.partition(".")[0] in {"zmq", "ipykernel", "tornado"}:
                continue  # the kernel's own, begun by the first large output, say
            if isinstance(thread, threading.Timer) and thread.finished.is_set():
                continue  # cancelled: it ends as soon as it looks
            return f"a thread ({type(thread).__name__} {thread.name})"
        for task in _tasks() - self._tasks:
            name = getattr(task.get_coro(), "__qualname__", "?")
            if not task.done() and not _is_kernels(task):
                return f"a task ({name})"
        return ""


def _tasks() -> set[asyncio.Task[Any]]:
    try:
        return asyncio.all_tasks()
    except RuntimeError:
        return set()


def _is_kernels(task: asyncio.Task[Any]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and "akernel_ipy" in code.co_filename
