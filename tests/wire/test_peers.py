"""Which clients of a ROUTER are still connected."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from typing import BinaryIO

import pytest
import zmq

from akernel_ipy.wire.peers import Peers
from akernel_ipy.wire.raw import receive_frames

Dial = Callable[[bytes], "zmq.Socket[bytes]"]


@pytest.fixture(params=["tcp://127.0.0.1:*", "ipc://*"])
def router(request: pytest.FixtureRequest) -> Iterator[zmq.Socket[bytes]]:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        socket.bind(request.param)
        yield socket


@pytest.fixture
def dial(router: zmq.Socket[bytes]) -> Iterator[Dial]:
    """Connects a client; its context is its own, so that ending that ends the connection."""
    sockets: list[zmq.Socket[bytes]] = []

    def connect(name: bytes) -> zmq.Socket[bytes]:
        sockets.append(zmq.Context().socket(zmq.DEALER))
        socket = sockets[-1]
        socket.linger = 0
        socket.setsockopt(zmq.IDENTITY, name)
        socket.connect(endpoint(router))
        return socket

    yield connect
    for client in sockets:
        hang_up(client)


def null() -> BinaryIO:
    return os.fdopen(os.open(os.devnull, os.O_RDONLY), "rb")


def endpoint(router: zmq.Socket[bytes]) -> str:
    return router.getsockopt_string(zmq.LAST_ENDPOINT)


def hear(router: zmq.Socket[bytes], peers: Peers) -> bytes:
    router.poll(5000)
    return receive_frames(router, peers.note)[-1]


def hang_up(client: zmq.Socket[bytes]) -> None:
    context = client.context
    client.close()
    context.term()


def test_who_has_written_is_there_until_it_hangs_up(router: zmq.Socket[bytes], dial: Dial) -> None:
    peers, client = Peers(endpoint(router)), dial(b"a")
    client.send(b"hello")
    assert hear(router, peers) == b"hello"
    assert not peers.gone(b"a")
    hang_up(client)
    assert peers.gone(b"a")
    assert peers.gone(b"a")


def test_who_was_never_heard_of_is_gone() -> None:
    assert Peers("tcp://127.0.0.1:1").gone(b"nobody")


def test_the_others_stay(router: zmq.Socket[bytes], dial: Dial) -> None:
    peers, clients = Peers(endpoint(router)), [dial(name) for name in (b"a", b"b", b"c")]
    for client in clients:
        client.send(b"hello")
        hear(router, peers)
    hang_up(clients[1])
    assert [peers.gone(name) for name in (b"a", b"b", b"c")] == [False, True, False]


def test_a_connection_that_takes_the_descriptor_of_another_is_told_from_it(
    router: zmq.Socket[bytes], dial: Dial
) -> None:
    peers = Peers(endpoint(router))
    for n in range(20):
        before, after = b"before %d" % n, b"after %d" % n
        client = dial(before)
        client.send(b"last words")
        router.poll(5000)  # they are there, and are read when their sender has gone
        hang_up(client)
        other = dial(after)
        other.send(b"hello")
        while hear(router, peers) != b"hello":
            pass
        assert (peers.gone(before), peers.gone(after)) == (True, False)
        hang_up(other)


def test_what_else_takes_the_descriptor_of_a_connection_is_told_from_it(
    router: zmq.Socket[bytes], dial: Dial
) -> None:
    peers, client = Peers(endpoint(router)), dial(b"a")
    client.send(b"hello")
    hear(router, peers)
    client.send(b"last words")
    router.poll(5000)
    hang_up(client)
    while not peers.gone(b"a"):
        pass
    taken = [open_file() for open_file in (null, socket.socket) for _ in range(10)]
    try:
        assert hear(router, peers) == b"last words"
        assert peers.gone(b"a")
    finally:
        for file in taken:
            file.close()


def test_a_client_that_reconnects_under_its_name_is_there(
    router: zmq.Socket[bytes], dial: Dial
) -> None:
    peers, client = Peers(endpoint(router)), dial(b"a")
    client.send(b"hello")
    hear(router, peers)
    hang_up(client)
    again = dial(b"a")
    again.send(b"again")
    assert hear(router, peers) == b"again"
    assert not peers.gone(b"a")


def test_who_has_gone_is_forgotten_though_nobody_asks(
    router: zmq.Socket[bytes], dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("akernel_ipy.wire.peers.ROOM", 3)
    peers, client = Peers(endpoint(router)), dial(b"stays")
    client.send(b"hello")
    hear(router, peers)
    for n in range(40):
        other = dial(b"%d" % n)
        other.send(b"hello")
        hear(router, peers)
        hang_up(other)
        assert len(peers) < 20
    assert not peers.gone(b"stays")
