"""A lean client of the Jupyter protocol, the same for every kernel.

A measured stretch only receives: raw frames with the time of their arrival, told apart by a search
in their bytes. Signatures and JSON are checked afterwards, so that the client's own work weighs as
little as possible, and equally, on every kernel.
"""

from __future__ import annotations

import hmac
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import zmq

from .errors import FaultError, KernelDiedError

DELIMITER = b"<IDS|MSG>"
_MSG_ID = re.compile(rb'"msg_id"\s*:\s*"([^"]+)"')
_SLICE_MS = 500

#: Seconds after which a starting kernel is asked again, as jupyter_client does.
_ASK_AGAIN = 5.0


@dataclass(frozen=True, slots=True)
class Raw:
    """One message as it came: frames from the signature on, and when."""

    channel: str
    frames: list[bytes]
    at: float

    @property
    def parent(self) -> str:
        """The id of the request that caused this message, empty if there is none."""
        found = _MSG_ID.search(self.frames[2])
        return found[1].decode() if found else ""

    @property
    def is_reply(self) -> bool:
        """Whether it came on the shell channel, where kernels send nothing but replies."""
        return self.channel == "shell"

    @property
    def is_idle(self) -> bool:
        """Whether it is a status message that says idle."""
        return b'"idle"' in self.frames[4] and b'"status"' in self.frames[1]


@dataclass(frozen=True, slots=True)
class Message:
    """A verified message."""

    channel: str
    kind: str
    parent: str
    content: dict[str, Any]
    at: float


class Pending:
    """The replies and idles still to come; called with a message, says whether all have come."""

    def __init__(self, ids: Iterable[str]) -> None:
        self.replies = set(ids)
        self.idles = self.replies.copy()
        self.last = 0.0

    def __call__(self, raw: Raw) -> bool:
        """Tick off what ``raw`` is; whether nothing is left to wait for."""
        waited = self.replies if raw.is_reply else self.idles if raw.is_idle else ()
        if waited and (parent := raw.parent) in waited:
            waited.remove(parent)
            self.last = raw.at
        return not self.replies and not self.idles


def _is_idle(raw: Raw) -> bool:
    return raw.is_idle


def _is_reply(raw: Raw) -> bool:
    return raw.is_reply


@dataclass
class Wire:
    """The client's sockets to one kernel, and the signing of what passes."""

    connection: Mapping[str, Any]
    check_alive: Callable[[], None]
    session: str = field(default_factory=lambda: uuid.uuid4().hex)
    sent: int = 0

    def __post_init__(self) -> None:
        key = str(self.connection["key"]).encode()
        self._auth = hmac.new(key, digestmod=str(self.connection["signature_scheme"])[5:])
        self._context = zmq.Context()
        self._poller = zmq.Poller()
        self.sockets = {
            "shell": self._connect("shell", zmq.DEALER),
            "iopub": self._connect("iopub", zmq.SUB),
        }
        self.control = self._connect("control", zmq.DEALER)
        for socket in self.sockets.values():
            self._poller.register(socket, zmq.POLLIN)

    def address(self, channel: str) -> str:
        """Where a channel of the kernel is."""
        info = self.connection
        return f"{info['transport']}://{info['ip']}:{info[channel + '_port']}"

    def _connect(self, channel: str, kind: int) -> zmq.Socket[bytes]:
        """Connect without any limit on queued messages: nothing is lost on the client's side."""
        socket = self._context.socket(kind)
        for option in (zmq.RCVHWM, zmq.SNDHWM, zmq.LINGER):
            socket.setsockopt(option, 0)
        socket.setsockopt(zmq.RECONNECT_IVL, 5)
        if kind == zmq.SUB:
            socket.setsockopt(zmq.SUBSCRIBE, b"")
        else:
            socket.setsockopt(zmq.IDENTITY, self.session.encode())
        socket.connect(self.address(channel))
        return socket

    def close(self) -> None:
        """Close the sockets and their context."""
        self._context.destroy(linger=0)

    def _sign(self, frames: list[bytes]) -> bytes:
        auth = self._auth.copy()
        for frame in frames:
            auth.update(frame)
        return auth.hexdigest().encode()

    def send(
        self,
        kind: str,
        content: Mapping[str, Any],
        *,
        channel: str = "shell",
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """Send a request and return its id."""
        msg_id, frames = self.pack(kind, content, metadata)
        socket = self.control if channel == "control" else self.sockets[channel]
        socket.send_multipart(frames)
        return msg_id

    def pack(
        self,
        kind: str,
        content: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        session: str | None = None,
    ) -> tuple[str, list[bytes]]:
        """A request's id and its frames; from another client's ``session`` if one is given."""
        self.sent += 1
        session = session or self.session
        msg_id = f"{session}_{self.sent}"
        header = {"msg_id": msg_id, "msg_type": kind, "session": session}
        header |= {
            "username": "benchmarks",
            "date": datetime.now(UTC).isoformat(),
            "version": "5.4",
        }
        frames = [json.dumps(part).encode() for part in (header, {}, dict(metadata or {}), content)]
        return msg_id, [DELIMITER, self._sign(frames), *frames]

    def collect(self, done: Callable[[Raw], bool], timeout: float) -> list[Raw]:
        """Everything received until ``done`` says so; a `FaultError` if it never does."""
        received, finished = self.gather(done, timeout)
        if not finished:
            raise FaultError(f"incomplete after {timeout:g} s ({len(received)} messages came)")
        return received

    def gather(self, done: Callable[[Raw], bool], timeout: float) -> tuple[list[Raw], bool]:
        """Everything received until ``done`` says so or the time is up, and which of the two."""
        received: list[Raw] = []
        deadline = perf_counter() + timeout
        while (left := deadline - perf_counter()) > 0:
            ready = self._poller.poll(min(int(left * 1000) + 1, _SLICE_MS))
            if not ready:
                self.check_alive()
            # no early end: every socket that is ready is emptied, also after the awaited message
            finished = [self._empty(socket, received, done) for socket, _ in ready]
            if any(finished):
                return received, True
        return received, False

    def _empty(
        self, socket: zmq.Socket[bytes], received: list[Raw], done: Callable[[Raw], bool]
    ) -> bool:
        """Take the messages that are there, up to the one of which ``done`` says so."""
        channel = "shell" if socket is self.sockets["shell"] else "iopub"
        while True:
            try:
                frames = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return False
            raw = Raw(channel, frames[frames.index(DELIMITER) + 1 :], perf_counter())
            received.append(raw)
            if done(raw):
                return True

    def ready(self, timeout: float) -> None:
        """Wait until the kernel answers and what it publishes is received here.

        A subscription takes effect some time after it was asked for; only a status message that
        arrived proves that it has.
        """
        deadline = perf_counter() + timeout
        heard = False
        while not heard:
            if perf_counter() > deadline:
                raise KernelDiedError(f"no answer within {timeout:g} s")
            self.send("kernel_info_request", {})
            received, answered = self.gather(_is_reply, _ASK_AGAIN)
            idle = any(raw.is_idle for raw in received)
            heard = answered and (idle or self.gather(_is_idle, 0.02)[1])

    def decode(self, raw: Raw) -> Message:
        """Check the signature and read the JSON."""
        signature, *frames = raw.frames[:5]
        if not hmac.compare_digest(signature, self._sign(frames)):
            raise FaultError(f"wrong signature on {raw.channel}")
        header, parent, _, content = (json.loads(frame) for frame in frames)
        return Message(raw.channel, header["msg_type"], parent.get("msg_id", ""), content, raw.at)
