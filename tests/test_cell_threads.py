"""The thread of one cell, without a kernel: what interrupts at bad moments come to."""

from __future__ import annotations

import asyncio
import threading
from contextvars import copy_context

import pytest
from core.runs import make_run

from akernel_ipy.steps import CellInterrupt, Steps
from akernel_ipy.threads import CellThread, _worker


def test_an_interrupt_that_is_on_its_way_is_not_given_up_for_another_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_worker, "GRACE", 60.0)
    error = asyncio.run(interrupted_twice())
    assert isinstance(error, KeyboardInterrupt)
    assert not isinstance(error, CellInterrupt), "nobody waited for what the thread has to say"


async def interrupted_twice() -> BaseException | None:
    """What a cell ends with that is inside a call while two interrupts come."""
    run, released, begun = make_run(), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def work() -> None:
        loop.call_soon_threadsafe(begun.set)
        released.wait()
        while True:
            pass

    async def cell() -> BaseException | None:
        worker = CellThread(work, lambda: None, copy_context(), "cell")
        try:
            await Steps(lambda run: None).drive(run, worker.result())
        except BaseException as error:
            return error
        return None

    task = asyncio.create_task(cell())
    await begun.wait()
    for _ in range(2):
        run.state.interrupted = True
        task.cancel()
        while run.state.interrupted:
            await asyncio.sleep(0)
    released.set()
    return await task
