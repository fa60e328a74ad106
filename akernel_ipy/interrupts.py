"""What an interrupt means when many cells are in flight."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Generator
from types import FrameType
from typing import Any, TypeVar

from .core.model import Run
from .wire.gate import gate

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
        self._after_step = after_step

    async def drive(self, run: Run, coroutine: Coroutine[Any, Any, T]) -> T:
        """Await a run's coroutine, noting each of its steps."""
        if threading.current_thread() is not threading.main_thread():
            return await coroutine
        return await _Driven(self, run, coroutine)

    def step(self, run: Run, resume: Callable[[Any], Any], value: Any) -> Any:
        """Execute one step; give what the coroutine waits for, or `_Returned`."""
        outer, outer_since = self.run, self.since
        self.run = self.last = run
        self.since = time.monotonic()
        try:
            return resume(value)
        except StopIteration as stop:
            return _Returned(stop.value)
        finally:
            self._after_step(run)
            self.run, self.since = outer, outer_since


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
            try:
                value = yield waited_for
                resume = self._coroutine.send
            except BaseException as error:
                value = self._translate(error)
                resume = self._coroutine.throw

    def _translate(self, error: BaseException) -> BaseException:
        if not isinstance(error, asyncio.CancelledError) or not self._run.state.interrupted:
            return error
        self._run.state.interrupted = False
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        return CellInterrupt()


class _Returned:
    """What a coroutine returned, to be told from what it waits for."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Interrupts:
    """Owns SIGINT: the blocking cell gets KeyboardInterrupt, else all running cells are cancelled.

    ipykernel 7.4 `Kernel.pre_handler_hook` and `_cancel_on_sigint` each keep the previous handler in
    one attribute: after two overlapping cells the wrong one is restored and an interrupt of the idle
    kernel ends it. And a cancelled ``await`` noticed it only when the loop woke for another reason.
    So there is one handler, for life.

    Args:
        loop: the main loop.
        steps: says which run executes now.
        cancel_running: cancels every running cell; called in the loop.
        watch_loop: a loop of another thread, which sees whether the main one still turns.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        steps: Steps,
        cancel_running: Callable[[], None],
        watch_loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._loop = loop
        self._watch_loop = watch_loop
        self._steps = steps
        self._cancel_running = cancel_running
        self._expected = 0
        self._handled = 0
        self._insisting = False

    def install(self) -> None:
        """Take SIGINT; only the main thread can, elsewhere nothing happens."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._on_sigint)

    def reinstall(self) -> None:
        """Take SIGINT back from a cell that replaced the handler, as stock ipykernel does."""
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGINT) != self._on_sigint:
            signal.signal(signal.SIGINT, self._on_sigint)

    def _on_sigint(self, signum: int, frame: FrameType | None) -> None:
        steps = self._steps
        blocking = steps.run is not None and time.monotonic() - steps.since > PATIENCE
        if blocking or self._insisting:
            self._insisting = False
            self._handled = self._expected
            if not gate.defer():
                raise KeyboardInterrupt
            return
        self._expected += 1
        self._loop.call_soon_threadsafe(self._on_loop)
        self._watch_loop.call_soon_threadsafe(
            self._watch_loop.call_later, 2 * PATIENCE, self._insist, self._expected
        )

    def _on_loop(self) -> None:
        if self._handled < self._expected:
            self._handled = self._expected
            self._cancel_running()

    def _insist(self, number: int) -> None:
        # In the other thread: the loop has not come by, so something blocks it that is no cell's own step
        # (a background task) or a step that had only just begun.
        if self._handled < number:
            self._insisting = True
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
