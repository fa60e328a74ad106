"""A session's live runs, and the handles that ``__task__`` gives out."""

from __future__ import annotations

import asyncio
import threading
from array import array
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from .core.errors import TaskDeadlockError, TaskLookupError
from .core.model import Run, find_run

#: What stands for ``In [n]`` of a silent request, and of a run that was aborted.
SILENT = 0
NEVER_STARTED = 2**32 - 1


@dataclass(slots=True)
class Total:
    """How many runs of all sessions have started and not ended."""

    started: int = 0


class Data(Protocol):
    """What is to be known of the cells' data before one waits for another: react tells."""

    def holds_up(self, waiter: Run, run: Run) -> bool:
        """Whether a run's turn comes only after another one's cell has run."""

    def is_awaited_by(self, waiter: Run, run: Run) -> bool:
        """Whether all that keeps a run from its end is that this one, a re-run, goes on."""


def take_interrupt(run: Run) -> bool:
    """Answer an interrupt of a run, if that is what cancelled the calling task.

    Returns:
        False if somebody else cancelled the task: that must go on.
    """
    if not run.state.interrupted:
        return False
    run.state.interrupted = False
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
    return True


class Tasks:
    """The runs of one session that have not ended, in order of arrival."""

    def __init__(
        self,
        out: Callable[[], dict[int, Any]],
        withdraw: Callable[[Run], bool],
        total: Total | None = None,
        data: Callable[[], Data | None] = lambda: None,
    ) -> None:
        #: Looks up ``Out``: results of ended runs aren't kept a second time here.
        self._out = out
        self._withdraw = withdraw
        self._data = data
        #: How many runs have started and not ended.
        self.started = 0
        self._total = total or Total()
        self._live: dict[Run, asyncio.Task[Any]] = {}
        self._by_number: dict[int, Run] = {}
        #: ``In [n]`` of each run that has ended, by its number.
        self._counts = array("L", [SILENT])
        self._waits: dict[Run, Run] = {}
        self._ended: dict[Run, asyncio.Event] = {}

    def __iter__(self) -> Iterator[Run]:
        return iter(list(self._live))

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, run: object) -> bool:
        return run in self._live

    def live(self) -> list[asyncio.Task[Any]]:
        """The asyncio tasks of the runs that have not ended."""
        return list(self._live.values())

    def track(self, run: Run, task: asyncio.Task[Any]) -> None:
        """Follow a run from its arrival until `end`."""
        self._live[run] = task
        if not run.state.rerun:
            self._by_number[run.number] = run

    def start(self, run: Run) -> None:
        """Note that a run has started; a subshell's, which isn't tracked, does not count."""
        if run in self._live:
            self.started += 1
            self._total.started += 1

    def end(self, run: Run) -> None:
        """Forget a run: its reply is on its way."""
        if self._live.pop(run, None) is not None and run.state.started:
            self.started -= 1
            self._total.started -= 1
        if run.state.rerun:
            return
        self._by_number.pop(run.number, None)
        self._counts.extend([SILENT] * (run.number + 1 - len(self._counts)))
        if not run.request.silent:
            self._counts[run.number] = run.count or NEVER_STARTED
        if (event := self._ended.pop(run, None)) is not None:
            event.set()

    def running(self) -> list[Run]:
        """The runs that have started and not ended."""
        return [run for run in self._live if run.active]

    def interrupt(self, run: Run) -> bool:
        """Cancel a running cell at its next ``await``; it shows KeyboardInterrupt."""
        task = self._live.get(run)
        if task is None or task.done() or not run.active:
            return False
        run.state.interrupted = True
        if threading.current_thread() is threading.main_thread():
            return task.cancel()
        task.get_loop().call_soon_threadsafe(task.cancel)
        return True

    def cancel(self, run: Run) -> bool:
        """Interrupt a run, or withdraw it if it has not started."""
        return self.interrupt(run) if run.active else self._withdraw(run)

    def before(self, run: Run) -> Run | None:
        """The live run that arrived last before this one."""
        first = next(iter(self._by_number), run.number)
        for number in range(run.number - 1, first - 1, -1):
            if (earlier := self._by_number.get(number)) is not None:
                return earlier
        return None

    async def ended(self, run: Run) -> None:
        """Wait until a run has ended."""
        if run in self._live:
            await self._ended.setdefault(run, asyncio.Event()).wait()

    def find(self, n: int, caller: Run | None) -> TaskHandle:
        """Find a cell: ``n < 0`` counts back from the calling cell, ``n > 0`` is ``In [n]``.

        Raises:
            TaskLookupError: no such cell.
        """
        if n > 0:
            return self._find_count(n)
        if n == 0:
            raise TaskLookupError("__task__(0): give -1 for the previous cell, or n for In [n]")
        last = max([len(self._counts) - 1, *self._by_number]) + 1
        number, wanted = caller.number if caller is not None else last, -n
        while number > 1 and wanted:
            number -= 1
            wanted -= self._is_cell(number)
        if not wanted:
            live = self._by_number.get(number)
            return TaskHandle(self, live, None if live is not None else self._counts[number])
        if n == -1:
            return TaskHandle(self, None, None)
        raise TaskLookupError(f"__task__({n}): fewer than {-n} cells came before this one")

    def _is_cell(self, number: int) -> bool:
        # Silent requests of the front-end have a number, but no prompt: nobody knows of them.
        live = self._by_number.get(number)
        if live is not None:
            return not live.request.silent
        return number < len(self._counts) and self._counts[number] != SILENT

    def _find_count(self, count: int) -> TaskHandle:
        for run in self._live:
            if run.count == count and run.active:
                return TaskHandle(self, run, count)
        if count in self._counts:
            return TaskHandle(self, None, count)
        raise TaskLookupError(f"__task__({count}): In [{count}] has not run in this session")

    def result(self, count: int | None) -> Any:
        """The value of an ended cell, None if it had none or failed."""
        return None if count is None else self._out().get(count)

    async def wait(self, run: Run, waiter: Run | None) -> None:
        """Wait for a run on behalf of another.

        A re-run does not wait for the run whose reply waits for it: that cell itself has run.

        Raises:
            TaskDeadlockError: the run waits, perhaps through others, for the waiter.
        """
        if waiter is None:
            await self.ended(run)
            return
        data = self._data()
        if data is not None and data.is_awaited_by(waiter, run):
            return
        following: Run | None = run
        while following is not None:
            if following is waiter or (data is not None and data.holds_up(waiter, following)):
                raise TaskDeadlockError(
                    f"{waiter.label!r} would wait for itself; give __task__ an earlier cell"
                )
            following = self._waits.get(following)
        self._waits[waiter] = run
        try:
            await self.ended(run)
        finally:
            self._waits.pop(waiter, None)


class TaskHandle:
    """Another cell of this session, to wait for or to cancel; much like an `asyncio.Task`.

    Awaiting it gives that cell's result, None if it failed, and never raises its error.
    """

    def __init__(self, tasks: Tasks, run: Run | None, count: int | None) -> None:
        self._tasks, self._run, self._count = tasks, run, count

    def __repr__(self) -> str:
        state = "done" if self.done() else "running"
        number = self._run.count if self._run is not None else self._count
        return f"<__task__ In [{number or '*'}] {state}>"

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._wait().__await__()

    async def _wait(self) -> Any:
        if self._run is not None:
            await self._tasks.wait(self._run, find_run())
        return self.result()

    def result(self) -> Any:
        """The cell's value, None if it is still running, had none, or failed."""
        if self._run is not None:
            return self._tasks.result(self._run.count) if self.done() else None
        return self._tasks.result(self._count)

    def done(self) -> bool:
        """Whether the cell has ended."""
        return self._run is None or self._run not in self._tasks

    def cancel(self) -> bool:
        """Interrupt the cell; False if it has ended."""
        if self._run is None or self.done():
            return False
        return self._tasks.cancel(self._run)
