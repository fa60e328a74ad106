"""What an interrupt means when many cells are in flight."""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import threading
import time
from asyncio import base_events, events
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from .core.model import Run
from .steps import PATIENCE, Steps
from .wire.gate import gate

_LOOP_FILES = {base_events.__file__, events.__file__, selectors.__file__}

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep

#: Seconds after which an announced signal that was not seen was merged with another one.
STALE = 1.0

#: Seconds for which the kernel's own code is not taken for what blocks the loop.
FORBEARANCE = 1.0


@dataclass
class _Strike:
    """An interrupt that only some runs are to notice."""

    wanted: Callable[[Run], bool]
    #: One of them blocked the loop, and got KeyboardInterrupt.
    hit: bool = False
    #: The loop has turned: whatever they do, they don't block it any more.
    over: bool = False


class Interrupts:
    """Owns SIGINT: the blocking cell gets KeyboardInterrupt, else all running cells are cancelled.

    ipykernel 7.4 `Kernel.pre_handler_hook` and `_cancel_on_sigint`, which no cell comes by here,
    each keep the previous handler in one attribute: after two overlapping cells the wrong one is
    restored and an interrupt of the idle kernel ends it. And a cancelled ``await`` noticed it only
    when the loop woke for another reason. So there is one handler, for life.

    Args:
        loop: the main loop.
        steps: says which run executes now.
        cancel_running: cancels every running cell; called in the loop.
        running: how many cells are running.
        watch_loop: a loop of another thread, which sees whether the main one still turns.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        steps: Steps,
        cancel_running: Callable[[], None],
        running: Callable[[], int],
        watch_loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._loop = loop
        self._watch_loop = watch_loop
        self._steps = steps
        self._cancel_running = cancel_running
        self._running = running
        self._expected = 0
        self._expected_at = 0.0
        self._handled = 0
        self._insisting = False
        #: The signal on its way is meant for some runs only.
        self._strike: _Strike | None = None
        #: Signals that were announced and have not been seen yet; some never will, being merged.
        self._announced = 0
        self._announced_at = 0.0

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

    def announce(self) -> None:
        """Act on a SIGINT that the calling thread is about to send.

        CPython may note a signal and go on into a long C call before it runs the handler; then only
        another signal wakes it up.
        """
        self._announced += 1
        self._announced_at = time.monotonic()
        self._expect()

    def interrupt_some(self, wanted: Callable[[Run], bool], cancel: Callable[[], None]) -> None:
        """Interrupt some runs so that the others notice nothing; call it in the watching loop.

        Args:
            wanted: whether a run is one of them; asked from any thread.
            cancel: cancels them; called in the loop, unless it was one of them that blocked it.
        """
        strike = _Strike(wanted)

        def on_loop() -> None:
            strike.over = True
            if not strike.hit:
                cancel()

        def look() -> None:
            run = self._steps.run
            if strike.over or strike.hit:
                return  # once is enough: it may be showing its error
            if run is not None and wanted(run) and self._steps.blocking(self._running() == 1):
                self._strike = strike
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            self._watch_loop.call_later(PATIENCE, look)

        self._loop.call_soon_threadsafe(on_loop)
        look()

    def _expect(self) -> None:
        self._expected += 1
        self._expected_at = time.monotonic()
        self._loop.call_soon_threadsafe(self._on_loop)
        self._watch_loop.call_soon_threadsafe(self._watch, self._expected)

    def _on_sigint(self, signum: int, frame: FrameType | None) -> None:
        strike, self._strike = self._strike, None
        if strike is not None:
            run = self._steps.run
            if run is not None and strike.wanted(run) and not strike.hit:
                strike.hit = True
                if not gate.defer():
                    raise KeyboardInterrupt
            return
        blocking = self._steps.blocking(alone=self._running() == 1)
        insisting, self._insisting = self._insisting, False
        announced = self._take_announced()
        if (insisting or announced) and self._handled >= self._expected:
            return  # a late one: it has been acted on
        if insisting and self._must_go_on(frame):
            return
        if blocking or insisting:
            self._handled = self._expected
            if not gate.defer():
                raise KeyboardInterrupt
        elif not announced:
            self._expect()

    def _must_go_on(self, frame: FrameType | None) -> bool:
        # On a busy machine the loop comes by late although nothing blocks it. An exception in the
        # middle of the kernel's own work would leave a request without its reply or its idle.
        young = time.monotonic() - self._expected_at < FORBEARANCE
        spared = young and self._steps.run is None and _in_own_work(frame)
        return gate.closed or _between_callbacks(frame) or spared

    def _take_announced(self) -> bool:
        if time.monotonic() - self._announced_at > STALE:
            self._announced = 0
        announced = self._announced > 0
        self._announced -= announced
        return announced

    def _on_loop(self) -> None:
        if self._handled < self._expected:
            self._handled = self._expected
            self._cancel_running()

    def _watch(self, number: int) -> None:
        # Everything of this and the next method happens in the other thread.
        self._watch_loop.call_later(2 * PATIENCE, self._insist, number)

    def _insist(self, number: int) -> None:
        # The loop has not come by, so something blocks it: a step that had only just begun, or a
        # background task, which is no cell's own step.
        if self._handled < number:
            self._insisting = True
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            self._watch(number)


def _between_callbacks(frame: FrameType | None) -> bool:
    """Whether the main thread is in the loop's own code, which must not be interrupted."""
    return frame is not None and frame.f_code.co_filename in _LOOP_FILES


def _in_own_work(frame: FrameType | None) -> bool:
    """Whether the loop has called this package, but for what can stand an interrupt."""
    while frame is not None:
        outer = frame.f_back
        if outer is not None and outer.f_code.co_filename == events.__file__:
            code = frame.f_code
            return code.co_filename.startswith(_PACKAGE) and code.co_name != "_answer"
        frame = outer
    return False
