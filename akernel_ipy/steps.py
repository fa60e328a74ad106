"""Whose step it is: which run the main thread executes right now, and since when."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

from .core.model import Run
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
        result: T = await _Driven(self, run, coroutine)
        return result

    def step(self, run: Run, resume: Callable[[Any], Any], value: Any) -> Any:
        """Execute one step; give what the coroutine waits for, or `_Returned`."""
        outer, outer_since = self.run, self.since
        now = time.monotonic()
        try:
            self.run, self.last, self.since = run, run, now
            self.count += 1
            run.state.steps += 1
            return resume(value)
        except StopIteration as stop:
            return _Returned(stop.value)
        finally:
            # First of all, and without a call: an interrupt that comes here must not leave the
            # step marked as under way for ever.
            self.run, self.since = outer, outer_since
            self._after_step(run)


class _Driven:
    """Steps a coroutine the way ``await`` does, and says whose step it is."""

    __slots__ = ("_coroutine", "_run", "_steps")

    def __init__(self, steps: Steps, run: Run, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._steps, self._run, self._coroutine = steps, run, coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        resume: Callable[[Any], Any] = self._coroutine.send
        value: Any = None
        while True:
            waited_for = self._steps.step(self._run, resume, value)
            if isinstance(waited_for, _Returned):
                return waited_for.value
            self._run.state.waited = True
            try:
                value = yield waited_for
                resume = self._coroutine.send
            except BaseException as error:
                if error.__traceback__ is not None:
                    # What was awaited failed: this frame is none of the cell's.
                    error.__traceback__ = error.__traceback__.tb_next
                value = self._translate(error)
                resume = self._coroutine.throw

    def _translate(self, error: BaseException) -> BaseException:
        if not isinstance(error, asyncio.CancelledError) or not take_interrupt(self._run):
            return error
        return CellInterrupt()


class _Returned:
    """What a coroutine returned, to be told from what it waits for."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value
