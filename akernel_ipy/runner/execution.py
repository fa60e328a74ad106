"""Run the cells of one notebook on one kernel, without waiting between them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

from akernel_ipy.core.errors import NotebookError

from .cell import CellRun
from .kernel import Kernel, Message
from .model import CellResult, Observer, Options, Status
from .widgets import Widgets

#: Seconds that interrupted cells get to end, before the next interrupt and then the kill.
GRACE = 5.0

#: Seconds without any message after which an idle that is missing isn't waited for.
QUIET = 10.0

#: Seconds between two looks at the kernel's health and the cells' deadlines.
WATCH = 0.1

Stages = Sequence[Sequence[CellRun]]


class Execution:
    """The cells of a notebook in flight, in stages: the last cell of each holds up the next."""

    def __init__(
        self, name: str, kernel: Kernel, stages: Stages, options: Options, observer: Observer
    ) -> None:
        self.name = name
        self.kernel = kernel
        self.stages = stages
        self.options = options
        self.observer = observer
        self.widgets = Widgets()
        self.problem: str | None = None
        self.interrupted = False
        self.seconds = 0.0
        self.begun = datetime.now(UTC)
        self._sent: dict[str, CellRun] = {}
        self._reported: set[CellRun] = set()
        self._over = asyncio.Event()
        self._last_message = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()
        self._unfinished = Status.INTERRUPTED

    @property
    def finished(self) -> bool:
        """Tell whether nothing is left in the kernel that would have to be ended."""
        return all(cell.done.is_set() for cell in self._sent.values())

    async def run(self) -> None:
        """Run the stages; return when every cell has ended, or never will."""
        self.kernel.listen(iopub=self._on_iopub, shell=self._on_reply)
        begun, self.begun = time.monotonic(), datetime.now(UTC)
        self._spawn(self._watch())
        try:
            for stage in self.stages:
                await self._send(stage)
                await self._wait_for(stage[-1:])
                if self._over.is_set() or self._failed():
                    break
            await self._wait_for(list(self._sent.values()))
        finally:
            self.seconds = time.monotonic() - begun
            await self._cancel_tasks()

    async def _send(self, stage: Sequence[CellRun]) -> None:
        requests = [
            self.kernel.request(
                cell.node.source, cell.request_metadata, stop_on_error=not cell.errors_allowed
            )
            for cell in stage
        ]
        for request, cell in zip(requests, stage, strict=True):
            self._sent[request["header"]["msg_id"]] = cell
        await self.kernel.send(*requests)

    def _failed(self) -> bool:
        ended = (cell.result() for cell in self._sent.values() if cell.done.is_set())
        return any(result.failed for result in ended)

    async def _wait_for(self, cells: Sequence[CellRun]) -> None:
        """Wait until all cells are done, or the run is over."""
        over = asyncio.create_task(self._over.wait())
        for cell in cells:
            done = asyncio.create_task(cell.done.wait())
            await asyncio.wait({over, done}, return_when=asyncio.FIRST_COMPLETED)
            if not done.done():
                await cancelled(done)
                break
        await cancelled(over)

    def _on_iopub(self, message: Message) -> None:
        self._last_message = time.monotonic()
        self.widgets.receive(message)
        cell = self._sent.get(message["parent_header"].get("msg_id", ""))
        if cell is None or self.widgets.take(message, cell.outputs.displays):
            return
        unknown = cell.started is None
        cell.on_iopub(message)
        if unknown and cell.started is not None:
            self.observer.cell_started(self.name, cell.info)
        self._report_done(cell)

    def _on_reply(self, message: Message) -> None:
        cell = self._sent.get(message["parent_header"].get("msg_id", ""))
        if cell is not None:
            cell.on_reply(message)
            self._report_done(cell)

    def _report_done(self, cell: CellRun) -> None:
        """Tell the observer once a cell has ended on both channels."""
        if cell.done.is_set():
            self._report(cell)

    def _report(self, cell: CellRun) -> None:
        """Tell the observer once how a cell ended."""
        if cell not in self._reported:
            self._reported.add(cell)
            self.observer.cell_finished(self.name, cell.result(unfinished=self._unfinished))

    def results(self) -> list[CellResult]:
        """Say how the cells went, once the kernel has ended."""
        cells = [cell for stage in self.stages for cell in stage]
        for cell in cells:
            self._report(cell)
        return [cell.result(unfinished=self._unfinished) for cell in cells]

    # What ends a run early.

    async def _watch(self) -> None:
        """Look after the kernel and the deadlines until the run ends."""
        while not self._over.is_set():
            await asyncio.sleep(WATCH)
            try:
                await self.kernel.check()
            except NotebookError as error:
                self._on_death(error)
            self._check_deadlines()
            self._check_quiet()

    def _on_death(self, error: NotebookError) -> None:
        left = [cell for cell in self._sent.values() if not cell.done.is_set()]
        running = ", ".join(str(cell.info) for cell in left if cell.running)
        if left and not running:  # the kernel had no time to say what it began
            left[0].started = time.monotonic()
            running = f"{left[0].info} or one after it"
        self._unfinished = Status.DIED
        self.end(f"{error}\nIt was running {running or 'no cell'}; what it had shown is kept")

    def _check_deadlines(self) -> None:
        timeout, now = self.options.timeout, time.monotonic()
        if timeout is None:
            return
        running = [cell for cell in self._sent.values() if cell.running]
        late = [cell for cell in running if cell.doom is None and now > cell.deadline(timeout)]
        if late:
            for cell in late:
                cell.doom = Status.TIMEOUT
            names, all_names = (", ".join(str(c.info) for c in cells) for cells in (late, running))
            self.problem = f"{names} ran longer than {timeout:g} s; running then: {all_names}"
            self.observer.note(self.name, f"{self.problem}; interrupting the kernel")
            self._spawn(self._halt(late))

    def _check_quiet(self) -> None:
        """Don't wait for ever for an idle that got lost on the way."""
        cells = self._sent.values()
        if all(cell.ended for cell in cells) and time.monotonic() - self._last_message > QUIET:
            for cell in cells:
                cell.done.set()

    def stop(self) -> None:
        """Interrupt the kernel and end the run; the second time, without waiting for the cells."""
        if self.interrupted:
            self.end("the kernel was killed")
            return
        self.interrupted = True
        running = [cell for cell in self._sent.values() if cell.running]
        for cell in running:
            cell.doom = Status.INTERRUPTED
        self._spawn(self._halt_and_end(running))

    async def _halt_and_end(self, cells: Sequence[CellRun]) -> None:
        await self._halt(cells)
        self._over.set()

    async def _halt(self, cells: Sequence[CellRun]) -> None:
        """Interrupt the kernel until cells have ended; give up on one that doesn't listen."""
        for _ in range(2):
            await self.kernel.interrupt()
            waiting = asyncio.gather(*(cell.done.wait() for cell in cells))
            try:
                await asyncio.wait_for(waiting, GRACE)
            except TimeoutError:
                continue
            return
        self.end("it didn't end when interrupted, so the kernel was killed")

    def end(self, problem: str) -> None:
        """End the run now, saying why."""
        self.problem = f"{self.problem}; {problem}" if self.problem else problem
        self._over.set()

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)

    async def _cancel_tasks(self) -> None:
        """End the helpers; what went wrong in one goes wrong here."""
        for task in self._tasks:
            task.cancel()
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
