"""IOPub: whoever has something to say sends it, and no message is lost or torn."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import zmq

from akernel_ipy.wire.iopub import DirectIOPubThread
from akernel_ipy.wire.session import WireSession

from .sockets import bound, connect, nothing_more, receive

SUBSCRIBE = b""


class Publisher:
    """A started IOPub thread and the address that clients subscribe to."""

    def __init__(self, socket: Any, address: str) -> None:
        self.thread = DirectIOPubThread(socket, pipe=True, session=WireSession(key=b"key"))
        self.thread.start()
        self.address = address
        self.socket = socket
        self.clients: list[Any] = []
        self.stopped = False

    def subscribe(self, topic: bytes = SUBSCRIBE) -> Any:
        """A client whose subscription is known to work: it got its welcome."""
        client = connect(self.socket, zmq.SUB, self.address)
        self.clients.append(client)
        client.setsockopt(zmq.SUBSCRIBE, topic)
        (welcome,) = receive(client, 1)
        assert b'"iopub_welcome"' in b"".join(welcome)
        return client

    def send(self, *frames: bytes) -> None:
        self.thread.send_multipart([*frames])

    def stop(self) -> None:
        """Stop, with nothing left over that asyncio would complain of."""
        if self.stopped:
            return
        self.stopped = True
        cancelled = threading.Event()
        gc = self.thread._event_pipe_gc_task
        if gc is not None:
            gc.add_done_callback(lambda _: cancelled.set())
            self.thread.schedule(gc.cancel)
            assert cancelled.wait(30)
        self.thread.stop()
        self.thread.close()


@pytest.fixture(params=["tcp://127.0.0.1", "inproc://iopub"])
def publisher(request: pytest.FixtureRequest) -> Iterator[Publisher]:
    with bound(zmq.XPUB, request.param) as (socket, address):
        publisher = Publisher(socket, address)
        publisher.subscribe(b"ready")  # its thread turns
        yield publisher
        publisher.stop()


def numbered(name: bytes, n: int) -> list[bytes]:
    """A message of several frames that all say which one it is."""
    return [name, b"%d" % n, name * 20, b"%d" % n]


def check_whole(messages: list[list[bytes]], names: list[bytes], count: int) -> None:
    """All are there, none is torn, and each sender's are in order."""
    for message in messages:
        assert message == numbered(message[0], int(message[1]))
    for name in names:
        assert [int(m[1]) for m in messages if m[0] == name] == [*range(count)]


def in_threads(*works: Any) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_message_goes_out_from_the_calling_thread(publisher: Publisher) -> None:
    client = publisher.subscribe()
    publisher.send(b"a", b"b")
    assert receive(client, 1) == [[b"a", b"b"]]


def test_messages_of_several_threads_are_neither_lost_nor_torn(publisher: Publisher) -> None:
    client = publisher.subscribe()
    names = [b"one", b"two", b"three"]

    def talk(name: bytes) -> None:
        for n in range(1000):
            publisher.send(*numbered(name, n))

    in_threads(*(lambda name=name: talk(name) for name in names))
    check_whole(receive(client, 3000), names, 1000)
    assert nothing_more(client)


def test_subscriptions_while_others_send_are_all_welcomed(publisher: Publisher) -> None:
    done = threading.Event()

    def talk() -> None:
        n = 0
        while not done.is_set():
            publisher.send(b"noise", b"%d" % n)
            n += 1

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        for n in range(30):
            topic = b"topic.%d" % n
            client = publisher.subscribe(topic)
            publisher.send(topic, b"heard")
            assert receive(client, 1) == [[topic, b"heard"]]
            client.close()
    finally:
        done.set()
        talker.join()


def test_a_slow_subscriber_loses_nothing(publisher: Publisher) -> None:
    client = publisher.subscribe()
    for n in range(20_000):
        publisher.send(*numbered(b"display", n))
    check_whole(receive(client, 20_000), [b"display"], 20_000)


def test_later_calls_back_in_its_own_thread(publisher: Publisher) -> None:
    called: list[threading.Thread] = []
    event = threading.Event()
    publisher.thread.later(0.0, lambda: (called.append(threading.current_thread()), event.set()))
    assert event.wait(30)
    assert called == [publisher.thread.thread]


def test_threads_that_asked_for_a_call_leave_no_descriptor_behind(publisher: Publisher) -> None:
    def ask() -> None:
        event = threading.Event()
        publisher.thread.later(0.0, event.set)
        assert event.wait(30)

    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert len(os.listdir("/proc/self/fd")) <= before


def test_after_closing_nothing_is_sent_and_nothing_fails(publisher: Publisher) -> None:
    publisher.stop()
    publisher.send(b"too late")


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_sends_through_its_parent(publisher: Publisher) -> None:
    client = publisher.subscribe()
    child = os.fork()
    if not child:
        try:
            publisher.send(b"from", b"the child")
        finally:
            publisher.thread.io_loop = None  # the child has no such thread
            _leave_after_sending()
    assert receive(client, 1) == [[b"from", b"the child"]]
    assert os.waitpid(child, 0)[1] == 0


def _leave_after_sending() -> None:
    """End the process; ipykernel's child waits for its messages when its context is collected."""
    import gc

    gc.collect()
    os._exit(0)
