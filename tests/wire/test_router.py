"""The shell ROUTER: read by whichever thread is free, sent to from any, nothing stranded."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq
from tornado.ioloop import IOLoop

from akernel_ipy.wire.gate import gate
from akernel_ipy.wire.router import ShellRouter

from .sockets import PATIENCE, bound, connect, nothing_more, receive


class Channel:
    """The loop of a shell channel thread."""

    def __init__(self) -> None:
        ready = threading.Event()

        def serve() -> None:
            self.loop = IOLoop(make_current=False)
            self.loop.add_callback(ready.set)
            self.loop.start()
            self.loop.close()

        self.thread = threading.Thread(target=serve)
        self.thread.start()
        assert ready.wait(PATIENCE)

    def stop(self) -> None:
        self.loop.add_callback(self.loop.stop)
        self.thread.join()


class Shell:
    """A router whose main loop is that of the test; it answers each request with its frames."""

    def __init__(self, socket: Any, address: str, channel: Channel) -> None:
        self.socket, self.address = socket, address
        self.router = ShellRouter(socket, channel.loop)
        self.received: list[list[bytes]] = []
        self.forwarded: list[list[bytes]] = []
        self.arrived = threading.Event()
        self.clients: list[Any] = []

    def client(self) -> Any:
        self.clients.append(connect(self.socket, zmq.DEALER, self.address))
        return self.clients[-1]

    def answer(self, frames: list[bytes]) -> None:
        self.received.append(frames)
        self.router.send_multipart(frames)

    def forward(self, frames: list[zmq.Frame]) -> None:
        self.forwarded.append([part.bytes for part in frames])
        self.arrived.set()

    def start(
        self,
        receive: Callable[[list[bytes]], None] | None = None,
        elsewhere: Callable[[list[bytes]], bool] = lambda frames: b"subshell" in frames,
    ) -> None:
        self.router.on_recv(self.forward)
        self.router.start(asyncio.get_running_loop(), receive or self.answer, elsewhere)


@pytest.fixture
def shell() -> Iterator[Shell]:
    channel = Channel()
    with bound(zmq.ROUTER) as (socket, address):
        yield Shell(socket, address, channel)
        channel.stop()


def serve(shell: Shell, work: Callable[[], Any], **options: Any) -> Any:
    """Run the router's loop while ``work`` does its part in another thread."""

    async def main() -> Any:
        shell.start(**options)
        try:
            return await asyncio.wait_for(asyncio.to_thread(work), PATIENCE)
        finally:
            shell.router.close()

    return asyncio.run(main())


def test_each_client_gets_its_own_answers_in_order(shell: Shell) -> None:
    clients = [shell.client() for _ in range(3)]

    def work() -> list[list[list[bytes]]]:
        for n in range(200):
            for name, client in enumerate(clients):
                client.send_multipart([b"%d" % name, b"%d" % n])
        return [receive(client, 200) for client in clients]

    for name, answers in enumerate(serve(shell, work)):
        assert answers == [[b"%d" % name, b"%d" % n] for n in range(200)]


def test_requests_of_two_threads_are_neither_lost_nor_torn(shell: Shell) -> None:
    def talk(name: bytes, answers: list[list[bytes]]) -> None:
        client = shell.client()
        for n in range(1000):
            client.send_multipart([name, b"%d" % n, name * 30])
        answers += receive(client, 1000)
        assert nothing_more(client)

    heard: dict[bytes, list[list[bytes]]] = {b"one": [], b"two": []}

    def work() -> None:
        threads = [threading.Thread(target=talk, args=item) for item in heard.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    serve(shell, work)
    for name, answers in heard.items():
        assert answers == [[name, b"%d" % n, name * 30] for n in range(1000)]


def test_replies_of_several_threads_are_neither_lost_nor_torn(shell: Shell) -> None:
    client = shell.client()

    def work() -> list[list[bytes]]:
        client.send(b"hello")
        hello = receive(client, 1)
        assert hello == [[b"hello"]]
        idents = shell.received[0][:1]

        def reply(name: bytes) -> None:
            for n in range(1000):
                shell.router.send_multipart([*idents, name, b"%d" % n, name * 30])

        threads = [threading.Thread(target=reply, args=(name,)) for name in (b"one", b"two")]
        for thread in threads:
            thread.start()
        # Requests come in between: who sends has to see to them too.
        for n in range(200):
            client.send(b"%d" % n)
        for thread in threads:
            thread.join()
        return receive(client, 2200)

    messages = serve(shell, work)
    replies = [message for message in messages if len(message) == 3]
    for name in (b"one", b"two"):
        own = [message for message in replies if message[0] == name]
        assert own == [[name, b"%d" % n, name * 30] for n in range(1000)]
    assert [m for m in messages if len(m) == 1] == [[b"%d" % n] for n in range(200)]


def test_what_arrived_before_the_start_is_received(shell: Shell) -> None:
    client = shell.client()
    for n in range(50):
        client.send(b"%d" % n)
    shell.socket.poll(int(PATIENCE * 1000))
    assert serve(shell, lambda: receive(client, 50)) == [[b"%d" % n] for n in range(50)]


def test_drain_takes_in_what_waits_while_the_loop_does_not_turn(shell: Shell) -> None:
    client = shell.client()
    for n in range(20):
        client.send(b"%d" % n)

    async def main() -> None:
        shell.start(receive=shell.received.append)
        while len(shell.received) < 20:  # the loop does not turn in here
            shell.socket.poll(int(PATIENCE * 1000))
            shell.router.drain()
        shell.router.close()

    asyncio.run(main())
    assert [frames[-1] for frames in shell.received] == [b"%d" % n for n in range(20)]


def test_a_subshells_message_is_forwarded_to_the_channel(shell: Shell) -> None:
    client = shell.client()

    def work() -> list[list[bytes]]:
        client.send_multipart([b"subshell", b"1"])
        client.send_multipart([b"main", b"2"])
        assert shell.arrived.wait(PATIENCE)
        return receive(client, 1)

    assert serve(shell, work) == [[b"main", b"2"]]
    assert [frames[1:] for frames in shell.forwarded] == [[b"subshell", b"1"]]


def test_the_channel_reads_while_the_main_thread_blocks(shell: Shell) -> None:
    client = shell.client()

    async def main() -> None:
        shell.start()
        shared = threading.Event()
        shell.router.io_loop.add_callback(lambda: (shell.router.share(), shared.set()))
        assert shared.wait(PATIENCE)
        client.send_multipart([b"main", b"1"])
        client.send_multipart([b"subshell", b"2"])
        assert shell.arrived.wait(PATIENCE), "nobody read while the main thread blocked"
        assert shell.received == []
        assert await asyncio.to_thread(receive, client, 1) == [[b"main", b"1"]]
        shell.router.close()

    asyncio.run(main())
    assert [frames[1:] for frames in shell.forwarded] == [[b"subshell", b"2"]]


def test_two_readers_strand_no_message(shell: Shell) -> None:
    clients = [shell.client() for _ in range(2)]

    def work() -> list[list[list[bytes]]]:
        shell.router.io_loop.add_callback(shell.router.share)
        answers: list[list[list[bytes]]] = [[], []]
        for n in range(500):
            for place, client in enumerate(clients):
                client.send(b"%d" % n)
                # One at a time: each wake-up counts.
                answers[place] += receive(client, 1)
        return answers

    for answers in serve(shell, work):
        assert answers == [[b"%d" % n] for n in range(500)]


def test_a_closed_router_sends_nothing_and_does_not_fail(shell: Shell) -> None:
    async def main() -> None:
        shell.start()
        shell.router.close()

    asyncio.run(main())
    shell.socket.close()
    shell.router.send_multipart([b"nobody", b"too late"])


def test_an_interrupt_while_a_reply_is_sent_strands_no_request(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = shell.client()
    read = shell.router._read

    def read_late() -> None:
        # The second request comes in while the first one is being answered.
        client.send(b"second")
        assert shell.socket.poll(PATIENCE * 1000)
        read()
        gate.defer()

    def answer(frames: list[bytes]) -> None:
        shell.received.append(frames)
        if len(shell.received) == 1:
            shell.router.close()  # nothing else shall wake it
            monkeypatch.setattr(shell.router, "_read", read_late)
            asyncio.get_running_loop().call_soon(reply, frames)

    def reply(frames: list[bytes]) -> None:
        with pytest.raises(KeyboardInterrupt):
            shell.router.send_multipart(frames)
        monkeypatch.undo()

    async def main() -> None:
        shell.start(receive=answer)
        client.send(b"first")
        async with asyncio.timeout(PATIENCE):
            while len(shell.received) < 2:
                await asyncio.sleep(0.001)
        shell.router.close()

    asyncio.run(main())
    assert [frames[-1] for frames in shell.received] == [b"first", b"second"]


def test_a_message_that_can_not_be_handled_strands_none_behind_it(shell: Shell) -> None:
    client = shell.client()
    client.send(b"bad")
    client.send(b"good")
    seen: list[bytes] = []

    def receive(frames: list[bytes]) -> None:
        seen.append(frames[-1])
        if frames[-1] == b"bad":
            raise LookupError

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        assert shell.socket.poll(PATIENCE * 1000)
        shell.start(receive=receive)
        async with asyncio.timeout(PATIENCE):
            while len(seen) < 2:
                await asyncio.sleep(0.001)
        shell.router.close()

    asyncio.run(main())
    assert seen == [b"bad", b"good"]
