"""The stdin channel: several cells may ask at once, and each gets its own answer."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from logging import Logger, LoggerAdapter
from typing import Any

import zmq

from .gate import gate
from .iopub import _Handle
from .raw import readable

#: Seconds between looks for an interrupt while a blocking ``input()`` waits.
POLL = 0.01


@dataclass(eq=False)
class Question:
    """An ``input_request`` on its way; ``answer`` is None until the front-end replied."""

    idents: Sequence[bytes]
    msg_id: str
    answer: str | None = None
    future: asyncio.Future[str] | None = field(default=None)

    def settle(self, answer: str) -> None:
        """Keep the answer, and wake the coroutine that waits for it."""
        self.answer = answer
        if self.future is not None:
            loop = self.future.get_loop()
            loop.call_soon_threadsafe(self._wake, answer)

    def _wake(self, answer: str) -> None:
        assert self.future is not None
        if not self.future.done():
            self.future.set_result(answer)


class StdinChannel:
    """Asks front-ends for input over the stdin ROUTER socket.

    ipykernel 7.4 `Kernel._input_request` throws away whatever lies on the socket before it asks,
    and takes the first reply for its own: with two cells asking, one gets the other's answer and
    the other waits for ever. Here a reply belongs to the request that its parent header names;
    clients that send none (jupyter_client's) answer their oldest open question.

    Args:
        socket: the bound ROUTER socket.
        session: checks and signs the messages.
        log: is told of what is no answer.
    """

    def __init__(self, socket: Any, session: Any, log: Logger | LoggerAdapter[Any]) -> None:
        self._socket = socket
        self._session = session
        self._log = log
        self._lock = threading.RLock()
        self._open: list[Question] = []
        self._handle = _Handle(socket) if hasattr(socket, "getsockopt") else None
        self._readers = 0

    def ask(
        self, prompt: str, password: bool, parent: Mapping[str, Any], idents: Sequence[bytes]
    ) -> str:
        """Ask and block until the answer is there; an interrupt gets through.

        Raises:
            EOFError: the answer was end-of-file (ctrl-D).
            KeyboardInterrupt: interrupted while waiting.
        """
        question = self._send(prompt, password, parent, idents)
        try:
            while question.answer is None:
                zmq.select([self._socket], [], [self._socket], POLL)
                self._receive()
        except KeyboardInterrupt:
            raise KeyboardInterrupt("Interrupted by user") from None
        finally:
            self._forget(question)
        return _value(question.answer)

    async def ask_async(
        self, prompt: str, password: bool, parent: Mapping[str, Any], idents: Sequence[bytes]
    ) -> str:
        """Ask and let everything else go on until the answer is there.

        Raises:
            EOFError: the answer was end-of-file (ctrl-D).
        """
        loop = asyncio.get_running_loop()
        question = self._send(prompt, password, parent, idents)
        question.future = loop.create_future()
        if question.answer is not None:
            question.settle(question.answer)
        self._listen(loop)
        try:
            return _value(await question.future)
        finally:
            self._forget(question)
            self._unlisten(loop)

    def _send(
        self, prompt: str, password: bool, parent: Mapping[str, Any], idents: Sequence[bytes]
    ) -> Question:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        self._receive()
        content = {"prompt": prompt, "password": password}
        message = self._session.msg("input_request", content, parent=parent)
        question = Question(idents, message["header"]["msg_id"])
        with gate, self._lock:
            self._open.append(question)
            self._session.send(self._socket, message, ident=list(idents))
        self._receive()
        return question

    def _receive(self) -> None:
        # Read until nothing is left: the descriptor is edge-triggered.
        with gate, self._lock:
            while readable(self._socket):
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
                try:
                    idents, rest = self._session.feed_identities(frames)
                    reply = self._session.deserialize(rest)
                    self._deliver(idents, reply)
                except (ValueError, TypeError, KeyError) as error:
                    self._log.error("Ignored an invalid message on the stdin channel: %s", error)

    def _deliver(self, idents: Sequence[bytes], reply: Mapping[str, Any]) -> None:
        asked = reply["parent_header"].get("msg_id")
        matching = [q for q in self._open if q.answer is None and q.msg_id == asked]
        if not matching and asked is None:
            matching = [
                q for q in self._open if q.answer is None and list(q.idents) == list(idents)
            ]
        if matching:
            matching[0].settle(str(reply["content"].get("value", "")))

    def _forget(self, question: Question) -> None:
        with self._lock:
            self._open.remove(question)

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        self._readers += 1
        if self._readers == 1 and self._handle is not None:
            loop.add_reader(self._handle.fileno(), self._receive)
            loop.call_soon(self._receive)

    def _unlisten(self, loop: asyncio.AbstractEventLoop) -> None:
        self._readers -= 1
        if not self._readers and self._handle is not None:
            loop.remove_reader(self._handle.fileno())


def _value(answer: str) -> str:
    if answer == "\x04":
        raise EOFError
    return answer
