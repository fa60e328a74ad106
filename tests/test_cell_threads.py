"""The thread of one cell, without a kernel: what interrupts at bad moments come to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import partial

import pytest
from core.runs import make_run

from akernel_ipy.patches.unraisable import patch_unraisable
from akernel_ipy.steps import CellInterrupt, Steps
from akernel_ipy.threads import CellThread, _worker

#: Says that the work has come to where it is to be interrupted.
Begin = Callable[[], object]


def test_an_interrupt_that_is_on_its_way_is_not_given_up_for_another_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_worker, "GRACE", 60.0)
    released = threading.Event()

    def work(begin: Begin) -> None:
        begin()
        released.wait()
        endless()

    error = asyncio.run(interrupted(work, released.set, times=2))
    assert type(error).__name__ == "KeyboardInterrupt"
    assert not isinstance(error, CellInterrupt), "nobody waited for what the thread has to say"


def test_an_interrupt_that_python_drops_comes_again() -> None:
    class Deaf:
        def __del__(self) -> None:
            begins[0]()
            endless()

    begins: list[Begin] = []

    def work(begin: Begin) -> None:
        begins.append(begin)
        Deaf()
        endless()

    restore = patch_unraisable()
    try:
        error = asyncio.run(interrupted(work, lambda: None))
    finally:
        restore()
    assert type(error).__name__ == "KeyboardInterrupt"


def endless() -> None:
    while True:
        pass


async def interrupted(
    work: Callable[[Begin], None], release: Begin, times: int = 1
) -> BaseException | None:
    """What a cell ends with that is interrupted while it does some work in a thread."""
    run, begun = make_run(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def begin() -> None:
        loop.call_soon_threadsafe(begun.set)

    async def cell() -> BaseException | None:
        worker = CellThread(partial(work, begin), lambda: None, copy_context(), "cell")
        try:
            await Steps(lambda run: None).drive(run, worker.result())
        except BaseException as error:
            return error
        return None

    task = asyncio.create_task(cell())
    await begun.wait()
    for _ in range(times):
        run.state.interrupted = True
        task.cancel()
        while run.state.interrupted:
            await asyncio.sleep(0)
    release()
    return await task
