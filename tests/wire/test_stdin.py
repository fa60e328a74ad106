"""Questions to the user: each gets its own answer, in whatever order they come."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq

from akernel_ipy.wire.session import WireSession
from akernel_ipy.wire.stdin import StdinChannel

from .sockets import PATIENCE, bound, receive

KEY = b"a key of this test"


class FrontEnd:
    """The other end of the stdin channel."""

    def __init__(self, socket: Any, address: str, name: bytes) -> None:
        self.name = name
        self.socket = connect_as(socket, address, name)
        self.session = WireSession(key=KEY)

    def questions(self, count: int) -> dict[str, dict[str, Any]]:
        """Receive questions, by their prompts."""
        messages = receive(self.socket, count)
        found = [self.session.deserialize(self.session.feed_identities(m)[1]) for m in messages]
        return {message["content"]["prompt"]: message for message in found}

    def answer(self, question: dict[str, Any] | None, value: str) -> None:
        self.session.send(self.socket, "input_reply", {"value": value}, parent=question)


def connect_as(socket: Any, address: str, name: bytes) -> Any:
    client = socket.context.socket(zmq.DEALER)
    client.linger = 0
    client.setsockopt(zmq.IDENTITY, name)
    client.connect(address)
    return client


class Stdin:
    """A channel and its front-ends."""

    def __init__(self, socket: Any, address: str) -> None:
        self.channel = StdinChannel(socket, WireSession(key=KEY), logging.getLogger(__name__))
        self.socket, self.address = socket, address
        self.front_ends: dict[bytes, FrontEnd] = {}

    def front_end(self, name: bytes = b"us") -> FrontEnd:
        if name not in self.front_ends:
            self.front_ends[name] = FrontEnd(self.socket, self.address, name)
            # The router knows a client by its first message.
            self.front_ends[name].answer(None, "nobody asked")
            assert self.socket.poll(int(PATIENCE * 1000))
        return self.front_ends[name]

    def ask(self, prompt: str, name: bytes = b"us") -> str:
        return self.channel.ask(prompt, False, {}, [name])

    async def ask_async(self, prompt: str, name: bytes = b"us") -> str:
        return await self.channel.ask_async(prompt, False, {}, [name])


@pytest.fixture
def stdin() -> Iterator[Stdin]:
    with bound(zmq.ROUTER) as (socket, address):
        yield Stdin(socket, address)


def with_answers(stdin: Stdin, ask: Callable[[], Any], answer: Callable[[], None]) -> Any:
    """Ask in this thread while another one answers."""
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            answer()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    try:
        return ask()
    finally:
        thread.join()
        assert not failures, failures


def test_a_blocking_question_gets_its_answer(stdin: Stdin) -> None:
    user = stdin.front_end()
    asked = with_answers(
        stdin,
        lambda: stdin.ask("name? "),
        lambda: user.answer(user.questions(1)["name? "], "Ada"),
    )
    assert asked == "Ada"


def test_two_questions_are_answered_in_the_other_order(stdin: Stdin) -> None:
    user = stdin.front_end()

    async def ask_both() -> list[str]:
        return await asyncio.gather(stdin.ask_async("one? "), stdin.ask_async("two? "))

    def answer() -> None:
        questions = user.questions(2)
        user.answer(questions["two? "], "2")
        user.answer(questions["one? "], "1")

    assert with_answers(stdin, lambda: asyncio.run(ask_both()), answer) == ["1", "2"]


def test_two_threads_are_answered_in_the_other_order(stdin: Stdin) -> None:
    user = stdin.front_end()
    heard: dict[str, str] = {}

    def ask(prompt: str) -> None:
        heard[prompt] = stdin.ask(prompt)

    threads = [threading.Thread(target=ask, args=(prompt,)) for prompt in ("one? ", "two? ")]
    for thread in threads:
        thread.start()
    questions = user.questions(2)
    for prompt in ("two? ", "one? "):
        user.answer(questions[prompt], prompt.upper())
    for thread in threads:
        thread.join()
    assert heard == {"one? ": "ONE? ", "two? ": "TWO? "}


def test_a_client_that_names_no_question_answers_its_oldest(stdin: Stdin) -> None:
    user = stdin.front_end()

    async def ask_both() -> list[str]:
        return await asyncio.gather(stdin.ask_async("one? "), stdin.ask_async("two? "))

    def answer() -> None:
        user.questions(2)
        user.answer(None, "first")
        user.answer(None, "second")

    assert with_answers(stdin, lambda: asyncio.run(ask_both()), answer) == ["first", "second"]


def test_a_client_answers_only_what_it_was_asked(stdin: Stdin) -> None:
    mine, theirs = stdin.front_end(b"mine"), stdin.front_end(b"theirs")

    async def ask_both() -> list[str]:
        return await asyncio.gather(
            stdin.ask_async("to me? ", b"mine"), stdin.ask_async("to them? ", b"theirs")
        )

    def answer() -> None:
        mine.questions(1)
        theirs.questions(1)
        theirs.answer(None, "them")
        mine.answer(None, "me")

    assert with_answers(stdin, lambda: asyncio.run(ask_both()), answer) == ["me", "them"]


def test_end_of_file_is_an_eof_error(stdin: Stdin) -> None:
    user = stdin.front_end()
    with pytest.raises(EOFError):
        with_answers(
            stdin,
            lambda: stdin.ask("more? "),
            lambda: user.answer(user.questions(1)["more? "], "\x04"),
        )


def test_an_answer_that_came_before_the_question_is_not_taken_for_it(stdin: Stdin) -> None:
    user = stdin.front_end()
    user.answer(None, "stale")
    assert stdin.socket.poll(int(PATIENCE * 1000))
    asked = with_answers(
        stdin,
        lambda: stdin.ask("now? "),
        lambda: user.answer(user.questions(1)["now? "], "fresh"),
    )
    assert asked == "fresh"


def test_an_answer_to_another_question_is_ignored(stdin: Stdin) -> None:
    user = stdin.front_end()

    def answer() -> None:
        question = user.questions(1)["name? "]
        strange = {**question, "header": {**question["header"], "msg_id": "another"}}
        user.answer(strange, "not this")
        user.answer(question, "this")

    assert with_answers(stdin, lambda: stdin.ask("name? "), answer) == "this"


@pytest.mark.parametrize("frames", [[b"rubbish"], [b"<IDS|MSG>", b"", b"{}", b"{}", b"{}", b"{}"]])
def test_what_is_no_reply_is_ignored(
    stdin: Stdin, frames: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    user = stdin.front_end()

    def answer() -> None:
        question = user.questions(1)["name? "]
        user.socket.send_multipart(frames)
        user.answer(question, "Ada")

    assert with_answers(stdin, lambda: stdin.ask("name? "), answer) == "Ada"
    assert "Ignored an invalid message" in caplog.text


def test_other_tasks_go_on_while_a_question_waits(stdin: Stdin) -> None:
    user = stdin.front_end()
    ticked = threading.Event()

    async def ask_and_tick() -> str:
        async def tick() -> None:
            for _ in range(10):
                await asyncio.sleep(0)
            ticked.set()

        answer, _ = await asyncio.gather(stdin.ask_async("name? "), tick())
        return answer

    def answer() -> None:
        question = user.questions(1)["name? "]
        assert ticked.wait(PATIENCE)
        user.answer(question, "Ada")

    assert with_answers(stdin, lambda: asyncio.run(ask_and_tick()), answer) == "Ada"


def test_a_cancelled_question_is_forgotten(stdin: Stdin) -> None:
    stdin.front_end()

    async def give_up() -> None:
        task = asyncio.ensure_future(stdin.ask_async("name? "))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(give_up())
    assert stdin.channel._open == []
    assert stdin.channel._readers == 0
