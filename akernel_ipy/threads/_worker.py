"""One cell's code in a thread of its own, which can be interrupted."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context, copy_context
from types import TracebackType
from typing import Any, TypeVar

from ..wire.gate import ThreadGate, gate

T = TypeVar("T")

#: Seconds after which a thread that an interrupt has not reached counts as being in a C call.
GRACE = 0.5

#: Seconds between looks whether a thread has sent what it was about to send.
SENDING = 0.01

_FIRST = asyncio.FIRST_COMPLETED


class CellThread:
    """Does some work in a new thread, for a coroutine that waits for it.

    Args:
        work: called in the thread.
        drop: called there in its place, if an interrupt comes before it begins.
        context: its ContextVars; no other thread may be in it.
        name: of the thread.
    """

    def __init__(
        self, work: Callable[[], Any], drop: Callable[[], None], context: Context, name: str
    ) -> None:
        self._work, self._drop, self._context = work, drop, context
        #: Nobody waits for the work any more, and nobody wants to see how it ends.
        self.left = False
        self.started = False
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[tuple[Any, BaseException | None]] = self._loop.create_future()
        self._gate = ThreadGate()
        # A daemon: a call that nothing can interrupt must not keep the kernel from ending.
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)

    async def result(self) -> Any:
        """Start the thread and wait until its work is done, or nothing can come of it any more.

        A cancellation is passed on: the thread gets KeyboardInterrupt.

        Raises:
            asyncio.CancelledError: the interrupt has not reached the thread, which is inside a C
                call; or this was cancelled by something else than an interrupt.
            KeyboardInterrupt: the same, if the interrupt came before the first ``await``.
            BaseException: what the work raised.
        """
        while not self._ended.done():
            try:
                if not self.started:
                    self._start()
                await asyncio.wait([self._ended])
            except (asyncio.CancelledError, KeyboardInterrupt) as cancelled:
                if not self.started:
                    raise
                reached = await self._interrupt()
                if reached and isinstance(cancelled, KeyboardInterrupt):
                    continue
                if reached:
                    await asyncio.wait([self._ended], timeout=GRACE)
                raise
        value, error = self._ended.result()
        if error is not None:
            raise error
        return value

    def _start(self) -> None:
        # Its work may begin before this returns. An interrupt meanwhile is meant for the work: if
        # it were raised in here, nobody would know that there is a thread.
        with gate:
            self.started = True
            self._thread.start()

    async def _interrupt(self) -> bool:
        reached = self._loop.create_future()

        def arrived(*_: object) -> None:
            self._later(lambda: None if reached.done() else reached.set_result(None))

        def again() -> None:
            self._later(lambda: self._gate.strike(kind))

        # Its class tells when it arrives: CPython makes the instance in the thread, not before; and
        # what to do if it is dropped there, see `patch_unraisable`.
        told = {"__init__": arrived, "again": staticmethod(again)}
        kind = type("KeyboardInterrupt", (KeyboardInterrupt,), told)
        self._gate.strike(kind)
        deadline = self._loop.time() + GRACE
        while not (reached.done() or self._ended.done()):
            left = max(0.0, deadline - self._loop.time())
            try:
                await asyncio.wait([reached, self._ended], timeout=left, return_when=_FIRST)
            except KeyboardInterrupt:
                continue  # another one: the first is on its way
            if reached.done() or self._ended.done() or not self._thread.is_alive():
                return True  # on a busy machine the loop hears late of a thread that has ended
            if self._gate.shut(KeyboardInterrupt):
                return False
            deadline = self._loop.time() + SENDING  # it is about to send something
        return True

    def _main(self) -> None:
        value, error = None, None
        try:
            self._open()
            value = self._context.run(self._work)
        except BaseException as caught:
            error = caught
        while not self._gate.closed:
            try:
                self._gate.close()
            except KeyboardInterrupt:
                continue  # too late: the work is done
        self._later(lambda: self._ended.set_result((value, error)))

    def _open(self) -> None:
        try:
            self._gate.open()
        except BaseException:
            self._drop()
            raise

    def _later(self, call: Callable[[], Any]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)

    def stack(self, bottom: Any) -> TracebackType | None:
        """Where the thread stands now, as a traceback.

        Args:
            bottom: the code object of the frame to begin with.
        """
        # The number of a thread that has ended is soon another one's.
        ident = self._thread.ident if self._thread.is_alive() else None
        frame = sys._current_frames().get(ident or 0)
        traceback: TracebackType | None = None
        while frame is not None:
            traceback = TracebackType(traceback, frame, frame.f_lasti, frame.f_lineno)
            if frame.f_code is bottom:
                break
            frame = frame.f_back
        return traceback


def in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], T]) -> T:
    """Call a function in the thread of a loop, with the caller's ContextVars, and wait for it."""
    if threading.current_thread() is threading.main_thread():
        return call()
    done: Future[T] = Future()

    def answer() -> None:
        try:
            done.set_result(call())
        except BaseException as error:
            done.set_exception(error)

    loop.call_soon_threadsafe(answer, context=copy_context())
    return done.result()
