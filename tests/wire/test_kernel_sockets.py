"""What a launched kernel sends to a client that is slow to read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from kernels import Kernel
from protocol.client import Client

from .sockets import receive

#: More than zmq queues by default, and than TCP buffers.
COUNT, SIZE = 4_000, 5_000


@pytest.fixture
def slow(launch: Callable[..., Kernel]) -> Iterator[tuple[Client, Any]]:
    """A client, and a subscriber that takes in hardly anything until it is asked."""
    kernel = launch()
    connection = json.loads(Path(kernel.manager.connection_file).read_text())
    context: Any = zmq.Context()
    socket = context.socket(zmq.SUB)
    socket.setsockopt(zmq.RCVHWM, 10)
    socket.setsockopt(zmq.RCVBUF, 1 << 16)
    socket.connect(f"tcp://127.0.0.1:{connection['iopub_port']}")
    for topic in (b"", b"the only one"):  # each new topic is welcomed, after those before it
        socket.setsockopt(zmq.SUBSCRIBE, topic)
    while b"iopub_welcome" not in b"".join(receive(socket, 1)[0]):
        pass
    yield kernel.client(), socket
    context.destroy(linger=0)


def test_a_client_that_reads_late_gets_every_display_and_the_idle(slow: tuple[Client, Any]) -> None:
    client, late = slow
    cell = client.execute(
        f"for n in range({COUNT}): display({{'text/plain': f'{{n:{SIZE}}}'}}, raw=True)"
    )
    cell.abandoned = True  # should its idle be lost, that is to be seen below
    client.wait(lambda: bool(cell.replies), 60, "the reply")
    shown: list[int] = []
    idle = False
    while not idle:
        (message,) = receive(late, 1, timeout=10)
        if b'"display_data"' in message[3]:
            shown.append(int(json.loads(message[6])["data"]["text/plain"]))
        idle = bool(shown) and b'"idle"' in message[6] and cell.msg_id.encode() in message[4]
    assert shown == [*range(COUNT)]
