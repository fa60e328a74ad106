"""A cell that is interrupted on its way to a worker does not run there."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from akernel_ipy.offload import Engine
from akernel_ipy.offload._task import Parcel, Task

PATIENCE = 60.0


class Future:
    """What a client gives for a cell that was sent."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()

    def cancel(self) -> None:
        self.cancelled.set()


class Client:
    """A client that sends a cell when it may."""

    def __init__(self) -> None:
        self.reached, self.go = threading.Event(), threading.Event()
        self.sent: list[Future] = []

    def submit(self, *args: Any, **options: Any) -> Future:
        self.reached.set()
        self.go.wait(PATIENCE)
        self.sent.append(Future())
        return self.sent[-1]


class Connecting(Engine):
    """An engine whose workers take a while to start."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client, self.asked, self.ready = client, threading.Event(), threading.Event()

    def _connected(self) -> Client:
        self.asked.set()
        self.ready.wait(PATIENCE)
        return self.client


def task() -> Task:
    return Task("cell-1", "", [], "file", "1", "last_expr", False, Parcel(b"", 0))


async def give_up(engine: Connecting, when: threading.Event) -> None:
    """Run a cell, and cancel it when an event has come."""
    cell = asyncio.create_task(engine.run(task(), lambda report: None))
    await asyncio.to_thread(when.wait, PATIENCE)
    cell.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cell


def test_a_cell_given_up_while_workers_start_is_not_sent() -> None:
    client = Client()
    engine = Connecting(client)

    async def main() -> None:
        await give_up(engine, engine.asked)
        engine.ready.set()
        await asyncio.get_running_loop().shutdown_default_executor()

    asyncio.run(main())
    assert client.sent == []


def test_a_cell_given_up_while_it_is_sent_is_taken_back() -> None:
    client = Client()
    engine = Connecting(client)
    engine.ready.set()

    async def main() -> None:
        await give_up(engine, client.reached)
        client.go.set()
        while not (client.sent and client.sent[0].cancelled.is_set()):
            await asyncio.sleep(0.005)

    asyncio.run(asyncio.wait_for(main(), PATIENCE))
    assert len(client.sent) == 1
