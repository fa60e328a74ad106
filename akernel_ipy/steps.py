"""Whose step it is: which run the main thread executes right now, and since when."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from typing import Any, Generic, TypeVar

from .core.model import Run
from .forks import end_child
from .tasks import take_interrupt

T = TypeVar("T")

#: Seconds after which code that has not given the loop back counts as blocking.
PATIENCE = 0.05


class CellInterrupt(asyncio.CancelledError, KeyboardInterrupt):
    """Raised at the ``await`` where an interrupted cell waits; shown as KeyboardInterrupt.

    It is both, so that a notebook's ``except KeyboardInterrupt`` and a library's
    ``except CancelledError`` each do their cleaning up.
    """


class Steps:
    """Which run the main thread is executing right now, and since when.

    Args:
        after_step: called when a run gives the loop back, or ends.
    """

    def __init__(self, after_step: Callable[[Run], None]) -> None:
        self.run: Run | None = None
        self.last: Run | None = None
        self.since = 0.0
        #: How many steps all runs together have made.
        self.count = 0
        self._after_step = after_step

    def blocking(self, alone: bool) -> bool:
        """Whether the step under way holds up the loop.

        Args:
            alone: no other cell is running. Then a cell that has never awaited is known to block,
                however young it is.
        """
        if self.run is None:
            return False
        young = time.monotonic() - self.since < PATIENCE
        return not young or (alone and not self.run.state.waited)

    async def drive(self, run: Run, coroutine: Coroutine[Any, Any, T]) -> T:
        """Await a run's coroutine, noting each of its steps."""
        if threading.current_thread() is not threading.main_thread():
            return await coroutine
        return await Stepped(coroutine, partial(self.step, run), partial(_translate, run))

    def step(self, run: Run, resume: Callable[[Any], Any], value: Any) -> Any:
        """Execute one step; give what the coroutine waits for."""
        outer, outer_since = self.run, self.since
        now = time.monotonic()
        try:
            self.run, self.last, self.since = run, run, now
            self.count += 1
            run.state.steps += 1
            waits_for = resume(value)
            end_child(RuntimeError("a copy of the kernel has no loop to wait in"))
            run.state.waited = True
            return waits_for
        finally:
            # First of all, and without a call: an interrupt that comes here must not leave the
            # step marked as under way for ever.
            self.run, self.since = outer, outer_since
            self._after_step(run)


def _translate(run: Run, error: BaseException) -> BaseException:
    if not isinstance(error, asyncio.CancelledError) or not take_interrupt(run):
        return error
    return CellInterrupt()


class Stepped(Generic[T]):
    """Steps an awaitable the way ``await`` does, each step through a function.

    Args:
        awaitable: what is awaited.
        step: executes one step: it calls its first argument with the second, and gives the result.
        thrown: what the awaitable is to see of an error that ended its waiting.
    """

    __slots__ = ("_awaitable", "_step", "_thrown")

    def __init__(
        self,
        awaitable: Awaitable[T],
        step: Callable[[Callable[[Any], Any], Any], Any],
        thrown: Callable[[BaseException], BaseException] = lambda error: error,
    ) -> None:
        self._awaitable, self._step, self._thrown = awaitable, step, thrown

    def __await__(self) -> Generator[Any, Any, T]:
        steps: Any = self._awaitable.__await__()
        resume, value = steps.send, None
        while True:
            try:
                waits_for = self._step(resume, value)
            except StopIteration as stop:
                returned: T = stop.value
                return returned
            try:
                value = yield waits_for
                resume = steps.send
            except BaseException as error:
                if error.__traceback__ is not None:
                    # What was awaited failed: this frame is none of the cell's.
                    error.__traceback__ = error.__traceback__.tb_next
                resume, value = steps.throw, self._thrown(error)
