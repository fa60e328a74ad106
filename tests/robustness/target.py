"""A launched kernel under fire: sends anything, and hears and checks all that comes back."""

from __future__ import annotations

import hmac
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.jsonutil import extract_dates
from kernels import Kernel
from protocol.spec import validate

from .messages import Probe

DELIMITER = b"<IDS|MSG>"

#: Seconds in which everything is answered, however busy the machine is.
PATIENCE = 60.0

#: Seconds after which cells that still run are interrupted.
RESTLESS = 0.15


@dataclass
class Heard:
    """What came in answer to one message."""

    states: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)


class Target:
    """A kernel, and a client of it that keeps to no rules."""

    def __init__(self, flavour: str) -> None:
        self.kernel = Kernel(flavour)
        self.kernel.noisy = True
        info = json.loads(Path(self.kernel.manager.connection_file).read_text())
        self._key, self._scheme = info["key"].encode(), info["signature_scheme"][5:]
        self._context = zmq.Context()
        self._numbers = itertools.count()
        self._channels: dict[str, zmq.Socket[bytes]] = {}
        self._poller = zmq.Poller()
        for channel in ("shell", "control", "stdin", "iopub"):
            socket = self._context.socket(zmq.SUB if channel == "iopub" else zmq.DEALER)
            socket.linger = 0
            socket.setsockopt(zmq.RCVHWM, 0)
            if channel == "iopub":
                socket.setsockopt(zmq.SUBSCRIBE, b"")
            else:
                socket.setsockopt(zmq.IDENTITY, b"fuzz")
            socket.connect(f"{info['transport']}://{info['ip']}:{info[channel + '_port']}")
            self._channels[channel] = socket
            self._poller.register(socket, zmq.POLLIN)
        self.heard: dict[str, Heard] = {}
        self.sent = 0
        self.kinds: Counter[str] = Counter()
        self._subscribe()

    # -- sending

    def send(self, probe: Probe) -> str | None:
        """Send a message as often as it says; give its id if it has to be answered."""
        self.kinds[str(probe.kind)] += 1
        self.sent += probe.copies
        if probe.frames is not None:
            self._channels[probe.channel].send_multipart(list(probe.frames))
            return None
        header = probe.header
        msg_id = f"m{next(self._numbers)}"
        if isinstance(header, dict):
            header = {**self._header(msg_id, probe.kind), **header}
        parts = [header, {} if probe.parent is None else probe.parent, probe.metadata]
        frames = [_pack(part) for part in (*parts, probe.content)]
        message = [DELIMITER, self._sign(frames, probe.signature), *frames, *probe.buffers]
        for _ in range(probe.copies):
            self._channels[probe.channel].send_multipart(message)
        if not probe.proper:
            return None
        self.heard[msg_id] = Heard()
        return msg_id

    def ask(self, channel: str, kind: str, content: dict[str, Any] | None = None) -> Heard:
        """Send a request as it should be, and wait for all of the answer.

        A cell of a message that is owed no answer may run, and hold this one up: it is interrupted.
        """
        msg_id = self.send(Probe(channel, kind, {"session": "honest"}, {}, content or {}))
        assert msg_id is not None
        heard = self.heard[msg_id]
        self.pump(lambda: _complete(kind, channel, heard), f"an answer to {kind}")
        return heard

    def _header(self, msg_id: str, kind: Any) -> dict[str, Any]:
        return {
            "msg_id": msg_id,
            "msg_type": kind,
            "session": "fuzz",
            "username": "nobody",
            "date": "2026-01-01T00:00:00Z",
            "version": "5.4",
        }

    def _sign(self, frames: list[bytes], how: str = "right") -> bytes:
        odd = {"wrong": b"0" * 64, "none": b"", "odd": b"\xff not hex"}
        return odd.get(how) or hmac.digest(self._key, b"".join(frames), self._scheme).hex().encode()

    # -- receiving

    def pump(self, until: Any, what: str) -> None:
        """Take in what comes until a condition holds; interrupt what runs if it takes long."""
        begin = last = time.monotonic()
        while not until():
            ready = self._poller.poll(20)
            for socket, _ in ready:
                self._receive(socket)
            now = time.monotonic()
            if now - last > RESTLESS:
                last = now
                self._honest("control", "interrupt_request", {})
            if now - begin > PATIENCE or not self.kernel.alive:
                raise AssertionError(f"no sign of {what}; the log ends:\n{self.kernel.log[-3000:]}")

    def _subscribe(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            msg_id = self._honest("shell", "kernel_info_request", {})
            self.heard[msg_id] = heard = Heard()
            until = time.monotonic() + 0.2
            while time.monotonic() < until and not heard.states:
                for socket, _ in self._poller.poll(20):
                    self._receive(socket)
            del self.heard[msg_id]
            if heard.states:
                return
        raise AssertionError(f"no subscription; the log ends:\n{self.kernel.log[-3000:]}")

    def _honest(
        self, channel: str, kind: str, content: Any, parent: dict[str, Any] | None = None
    ) -> str:
        msg_id = f"h{next(self._numbers)}"
        frames = [_pack(p) for p in (self._header(msg_id, kind), parent or {}, {}, content)]
        self._channels[channel].send_multipart([DELIMITER, self._sign(frames), *frames])
        return msg_id

    def _receive(self, socket: zmq.Socket[bytes]) -> None:
        while True:
            try:
                frames = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            frames = frames[frames.index(DELIMITER) + 1 :]
            assert frames[0] == self._sign(frames[1:5]), "the kernel signs wrongly"
            self._take(socket, *map(json.loads, frames[1:5]))

    def _take(self, socket: Any, header: Any, parent: Any, metadata: Any, content: Any) -> None:
        kind = header["msg_type"]
        message = {"header": extract_dates(header), "parent_header": {}}
        if kind != "complete_reply":  # it may repeat a cursor that is no number
            validate({**message, "metadata": metadata, "content": content})
        if kind == "input_request":
            self._honest("stdin", "input_reply", {"value": "an answer"}, header)
            return
        msg_id = parent.get("msg_id")
        heard = self.heard.get(msg_id) if isinstance(msg_id, str) else None
        if heard is None:
            return
        if kind == "status":
            heard.states.append(content["execution_state"])
        elif socket is self._channels["iopub"]:
            where = f"{kind} of {parent} came at {heard.states}: {str(content)[-2000:]}"
            assert heard.states == ["busy"], where
        else:
            assert not heard.replies, f"two answers to {parent}: {heard.replies}, {kind}"
            heard.replies.append(kind)
            heard.last = content

    # -- judging

    def fire(self, probes: Iterable[Probe]) -> None:
        """Send all at once; check that each got its due, and that the kernel goes on."""
        sent = [(probe, self.send(probe)) for probe in probes]
        due = [(probe, self.heard[msg_id]) for probe, msg_id in sent if msg_id is not None]
        self.pump(lambda: all(_complete(p.kind, p.channel, h) for p, h in due), f"{due}")
        self._check_usable()
        for probe, heard in due:
            assert heard.states == ["busy", "idle"], f"{probe} had {heard.states}"
            name = str(probe.kind).removesuffix("_request")
            wanted = [f"{name}_reply"] if probe.kind.endswith("_request") else []
            assert heard.replies == wanted, f"{probe} was answered by {heard.replies}"
        self.heard.clear()

    def _check_usable(self) -> None:
        assert self.ask("control", "kernel_info_request").last["status"] == "ok"
        content = {"code": "", "user_expressions": {"six": "6 * 7"}, "silent": True}
        for _ in range(20):  # an interrupt may be on its way
            reply = self.ask("shell", "execute_request", content).last
            if reply["status"] == "ok":
                assert reply["user_expressions"]["six"]["data"]["text/plain"] == "42", reply
                return
        raise AssertionError(f"no cell runs any more: {reply}")

    def close(self) -> None:
        self._context.destroy(linger=0)
        self.kernel.close()


def _complete(kind: str, channel: str, heard: Heard) -> bool:
    return "idle" in heard.states and (bool(heard.replies) or not kind.endswith("_request"))


def _pack(part: Any) -> bytes:
    return part if isinstance(part, bytes) else json.dumps(part).encode()
