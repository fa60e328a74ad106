"""The end of a session: its tasks are cancelled, and nothing in the process refers to it."""

from __future__ import annotations

import asyncio
import gc
import linecache
from collections.abc import Iterable, Iterator
from contextvars import Context
from typing import Any

from ..core.model import current_session
from ..session import Session

#: Seconds given to the tasks of a session that is ended, for their cleaning up.
PATIENCE = 2.0


async def end_tasks(session: Session, loop: asyncio.AbstractEventLoop) -> None:
    """Abort what waits, interrupt what runs, cancel the rest; wait for the end, not for ever."""
    own = asyncio.current_task()
    session.close()
    cells = [task for task in session.tasks.live() if task is not own]
    if cells:
        await asyncio.wait(cells, timeout=PATIENCE)
    for _ in range(3):  # what cleans up may start something new
        tasks = [task for task in _tasks_of(session, loop) if task is not own]
        for timer in _timers_of(session, loop):
            timer.cancel()
        for task in tasks:
            task.cancel()
        if not tasks:
            return
        await asyncio.wait(tasks, timeout=PATIENCE)


def _tasks_of(session: Session, loop: asyncio.AbstractEventLoop) -> Iterator[asyncio.Task[Any]]:
    for task in asyncio.all_tasks(loop):
        context = context_of(task)
        if context is not None and context.get(current_session) is session:
            yield task


def context_of(task: Any) -> Context | None:
    """Give the context that a task runs in; None if the object is no task."""
    if hasattr(task, "get_context"):  # since Python 3.12
        found: Context = task.get_context()
        return found
    # Before, there is no way to ask a task for its context, but the task refers to it.
    return next((found for found in gc.get_referents(task) if isinstance(found, Context)), None)


def _timers_of(session: Session, loop: asyncio.AbstractEventLoop) -> list[asyncio.TimerHandle]:
    # asyncio does not list its timers; a callback that sets itself again would go on for ever.
    timers: Iterable[asyncio.TimerHandle] = getattr(loop, "_scheduled", ())
    return [
        timer
        for timer in timers
        if (context := getattr(timer, "_context", None)) is not None
        and context.get(current_session) is session
    ]


def forget_source(shell: Any, others: Iterable[Any]) -> None:
    """Take the source of a shell's cells out of ``linecache``, but for what others ran too."""
    names = set(shell.compile._filename_map)
    for other in others:
        names.difference_update(other.compile._filename_map)
    for name in names:
        linecache.cache.pop(name, None)
