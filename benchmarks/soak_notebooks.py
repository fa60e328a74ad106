"""Notebooks of the soak: what they send, and what must come back."""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import zmq

from .errors import FaultError
from .wire import DELIMITER, Message, Raw, Wire

#: Seconds within which every request must have been answered.
PATIENCE = 120.0

#: Cells of one notebook; running one again replaces it.
SLOTS = 12


@dataclass(eq=False)
class Cell:
    """One request, and what must come in answer; ``stdout`` is None if anything may."""

    id: str
    token: str
    code: str = ""
    stdout: str | None = ""
    value: str | None = None
    error: str | None = None
    #: Its client is still there to get the reply.
    answered: bool = True
    said: list[Message] = field(default_factory=list)
    reply: Message | None = None
    idle: bool = False

    @property
    def done(self) -> bool:
        """Whether all has come."""
        return self.idle and (self.reply is not None or not self.answered)

    @property
    def text(self) -> str:
        """What it has printed so far."""
        return "".join(m.content["text"] for m in self.said if m.kind == "stream")

    def verify(self) -> None:
        """Check that all came, in order, and nothing else."""
        status = "error" if self.error else "ok"
        if self.reply is not None and self.reply.content["status"] != status:
            raise FaultError(f"{self.code!r}: {self.reply.content}")
        values = [m.content["data"]["text/plain"] for m in self.said if m.kind == "execute_result"]
        errors = [m.content["ename"] for m in self.said if m.kind == "error"]
        text = self.text if self.stdout is not None else None
        found = (text, values, errors)
        wanted = (
            self.stdout,
            [] if self.value is None else [self.value],
            [] if self.error is None else [self.error],
        )
        if found != wanted:
            raise FaultError(f"{self.code!r} showed {found}, and not {wanted}")


class Switchboard:
    """Sends for all notebooks, and hears what comes for any of them."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.sent = 0
        #: Requests that have not been answered in full.
        self.open: dict[str, Cell] = {}
        self._poller = zmq.Poller()
        self._clients: list[zmq.Socket[bytes]] = []
        self._iopub = wire.sockets["iopub"]
        self._poller.register(self._iopub, zmq.POLLIN)
        self._tokens = itertools.count()

    def connect(self, client: str) -> zmq.Socket[bytes]:
        """Open the shell channel of a new client."""
        socket = zmq.Context().socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.IDENTITY, client.encode())
        socket.connect(self.wire.address("shell"))
        self._poller.register(socket, zmq.POLLIN)
        self._clients.append(socket)
        return socket

    def disconnect(self, socket: zmq.Socket[bytes]) -> None:
        """Close a client's channel; the connection is gone when this returns."""
        self._poller.unregister(socket)
        self._clients.remove(socket)
        context: zmq.Context[zmq.Socket[bytes]] = socket.context
        socket.close()
        context.term()

    def close(self) -> None:
        """Close all channels."""
        for socket in list(self._clients):
            self.disconnect(socket)

    def token(self) -> str:
        """A word that nobody else says."""
        return f"t{next(self._tokens)}t"

    def pump(self, until: Callable[[], bool]) -> None:
        """Take in what comes, until a condition holds."""
        deadline = perf_counter() + PATIENCE
        while True:
            ready = self._poller.poll(0)
            if not ready:
                if until():
                    return
                if perf_counter() > deadline:
                    waiting = list(self.open.values())[:3]
                    raise FaultError(f"no answer in {PATIENCE:g} s: {waiting}")
                ready = self._poller.poll(100)
            for socket, _ in ready:
                self._receive(socket)

    def _receive(self, socket: zmq.Socket[bytes]) -> None:
        channel = "iopub" if socket is self._iopub else "shell"
        while True:
            try:
                frames = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            raw = Raw(channel, frames[frames.index(DELIMITER) + 1 :], perf_counter())
            cell = self.open.get(raw.parent)
            if cell is not None:
                self._take(cell, self.wire.decode(raw))

    def _take(self, cell: Cell, message: Message) -> None:
        if message.channel == "shell":
            cell.reply = message
        elif message.kind == "status":
            cell.idle = message.content["execution_state"] == "idle"
        else:
            cell.said.append(message)
        if cell.done:
            del self.open[cell.id]
            cell.verify()


class Notebook:
    """A notebook in a tab: it runs cells, is reloaded, and begins anew."""

    def __init__(self, board: Switchboard, chance: random.Random) -> None:
        self.board, self.random = board, chance
        self.reloads = self.interrupts = 0
        #: Cells on their way, and their places in the notebook.
        self._open: dict[Cell, int] = {}
        self._connect(fresh=True)

    def _connect(self, *, fresh: bool) -> None:
        self.client = uuid.UUID(int=self.random.getrandbits(128)).hex
        self._socket = self.board.connect(self.client)
        if fresh:
            self.ids = [f"{self.client[:8]}-{slot}" for slot in range(SLOTS)]

    def run(self, code: str, slot: int | None = None, **expected: Any) -> Cell:
        """Send a cell; each TOKEN in it and in what is expected becomes a word of its own."""
        token = self.board.token()
        content: dict[str, Any] = {
            "code": code.replace("TOKEN", token),
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        slot = self._free_slot() if slot is None else slot
        metadata = {"cellId": self.ids[slot], "deletedCells": []}
        request, frames = self.board.wire.pack("execute_request", content, metadata, self.client)
        for key, value in expected.items():
            if isinstance(value, str):
                expected[key] = value.replace("TOKEN", token)
        cell = self.board.open[request] = Cell(request, token, content["code"], **expected)
        self._open[cell] = slot
        self.board.sent += 1
        self._socket.send_multipart(frames)
        return cell

    def _free_slot(self) -> int:
        """A cell that is not on its way: flow does not run one twice that is asked for again."""
        while True:
            taken = {slot for cell, slot in self._open.items() if not cell.done}
            free = [slot for slot in range(2, SLOTS) if slot not in taken]
            if free:
                return self.random.choice(free)
            self.board.pump(lambda: any(cell.done for cell in self._open))
            self._open = {cell: slot for cell, slot in self._open.items() if not cell.done}

    def settle(self) -> None:
        """Wait until all its cells have ended."""
        self.board.pump(lambda: all(cell.done for cell in self._open))
        self._open.clear()

    def interrupt(self) -> None:
        """Interrupt what it runs, as its own client."""
        _, frames = self.board.wire.pack("interrupt_request", {}, session=self.client)
        self.board.wire.control.send_multipart(frames)
        self.interrupts += 1

    def reload(self, *, fresh: bool = False) -> None:
        """Reload the page: another client, of the same cells, or of new ones."""
        for cell in self._open:
            cell.answered = False
        self.board.disconnect(self._socket)
        self._connect(fresh=fresh)
        self.reloads += 1
