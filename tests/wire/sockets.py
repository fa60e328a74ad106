"""Pairs of sockets and receivers for tests in one process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import zmq

#: Seconds to wait for what should come at once.
PATIENCE = 30.0


@contextmanager
def bound(kind: int, address: str = "tcp://127.0.0.1") -> Iterator[tuple[Any, str]]:
    """A context with a bound socket, and its address."""
    context: Any = zmq.Context()
    socket = context.socket(kind)
    socket.linger = 0
    socket.setsockopt(zmq.SNDHWM, 0)  # of use only before binding
    if address.startswith("tcp"):
        address = f"{address}:{socket.bind_to_random_port(address)}"
    else:
        socket.bind(address)
    try:
        yield socket, address
    finally:
        context.destroy(linger=0)


def connect(socket: Any, kind: int, address: str) -> Any:
    """A client of a bound socket, which loses nothing."""
    client = socket.context.socket(kind)
    client.linger = 0
    client.setsockopt(zmq.RCVHWM, 0)
    client.setsockopt(zmq.SNDHWM, 0)
    client.connect(address)
    return client


def receive(client: Any, count: int, timeout: float = PATIENCE) -> list[list[bytes]]:
    """Receive so many messages."""
    found: list[list[bytes]] = []
    deadline = time.monotonic() + timeout
    while len(found) < count:
        left = deadline - time.monotonic()
        assert left > 0, f"{len(found)} of {count} messages; the last: {found[-1:]}"
        if client.poll(int(left * 1000)):
            found.append(client.recv_multipart())
    return found


def nothing_more(client: Any) -> bool:
    """Whether nothing is waiting to be received."""
    return not client.poll(0)
