"""A client for tests, on jupyter_client's own: it keeps all it hears, by request and in order."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.blocking.client import BlockingKernelClient

from .gates import FileGate, Gate
from .request import PATIENCE, Message, Request, short
from .spec import WITHOUT_PARENT, validate


class Client:
    """A client of a running kernel, with a session id of its own."""

    def __init__(self, connection_file: Path) -> None:
        self.connection_file = connection_file
        #: Of the kernel; it is removed with it.
        self.directory = connection_file.parent
        self.client = BlockingKernelClient(connection_file=str(connection_file))
        self.client.load_connection_file()
        self.client.start_channels(hb=False)
        self.channels = {
            channel.socket: (channel, receive)
            for channel, receive in (
                (self.client.iopub_channel, self._on_iopub),
                (self.client.shell_channel, self._on_reply),
                (self.client.control_channel, self._on_reply),
                (self.client.stdin_channel, self._on_input),
            )
        }
        self.poller = zmq.Poller()
        for socket in self.channels:
            self.poller.register(socket, zmq.POLLIN)
        self.requests: dict[str, Request] = {}
        self.gates: list[Gate] = []
        self.iopub: list[Message] = []
        self._heard: defaultdict[str, list[Message]] = defaultdict(list)
        self.session: str = self.client.session.session

    # -- sending

    def send(
        self,
        kind: str,
        content: dict[str, Any] | None = None,
        *,
        channel: str = "shell",
        metadata: dict[str, Any] | None = None,
        header: dict[str, Any] | None = None,
    ) -> Request:
        """Send any message; ``header`` adds fields to its header."""
        message = self.client.session.msg(kind, content or {}, metadata=metadata)
        message["header"].update(header or {})
        request = self.requests[message["header"]["msg_id"]] = Request(self, message)
        getattr(self.client, f"{channel}_channel").send(message)
        return request

    def execute(
        self,
        code: str,
        *,
        subshell: str | None = None,
        cell_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        header: dict[str, Any] | None = None,
        **content: Any,
    ) -> Request:
        """Send an ``execute_request`` and return at once."""
        defaults = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": True,
            "stop_on_error": False,
        }
        metadata = {"cellId": cell_id, **(metadata or {})} if cell_id else metadata
        header = {**(header or {}), **({"subshell_id": subshell} if subshell else {})}
        return self.send("execute_request", defaults | content, metadata=metadata, header=header)

    def run(self, code: str, timeout: float = PATIENCE, **content: Any) -> Request:
        """Execute, wait for the end, and insist that it went well."""
        cell = self.execute(code, **content).result(timeout)
        assert cell.status == "ok", cell.reply
        return cell

    def ask(self, kind: str, content: dict[str, Any] | None = None, **options: Any) -> Request:
        """Send any request and wait for its end."""
        return self.send(kind, content, **options).result()

    def gate(self) -> Gate:
        """Make an event for cells to wait for."""
        return Gate(self)

    def file_gate(self) -> FileGate:
        return FileGate(self)

    # -- receiving

    def pump(self, timeout: float) -> bool:
        """Take in what has come, waiting at most ``timeout`` seconds for the first message."""
        events = dict(self.poller.poll(int(timeout * 1000)))
        for socket in events:
            channel, receive = self.channels[socket]
            try:
                for _ in range(1000):
                    message = channel.get_msg(timeout=0)
                    validate(message)
                    receive(message)
            except Empty:
                pass
        return bool(events)

    def pump_all(self) -> None:
        """Take in all that has come."""
        while self.pump(0):
            pass

    def heard_of(self, request: Request) -> list[Message]:
        """What this client heard of a request, perhaps one of another client."""
        return self._heard.get(request.msg_id, [])

    def wait(self, condition: Callable[[], bool], timeout: float, what: str) -> None:
        """Take in messages until ``condition`` holds."""
        if not self.pump_until(condition, timeout):
            tail = [short(m) for m in self.iopub[-20:]]
            raise AssertionError(f"no sign in {timeout} s of {what}; last on iopub: {tail}")

    def pump_until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Take in messages until ``condition`` holds; say whether it came to hold."""
        deadline = time.monotonic() + timeout
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.pump(min(left, 0.1))
        return True

    def settle(self, timeout: float = PATIENCE) -> None:
        """Let all cells go on, wait for the end of all requests, and take in what was sent."""
        if self.gates:  # a test that failed left some closed
            self.run("; ".join(f"{gate.name}.set()" for gate in self.gates), silent=True)
        waiting = [r for r in self.requests.values() if not r.abandoned]
        for request in waiting:
            if request.kind.startswith("comm_"):
                self.wait(lambda r=request: "idle" in r.states, timeout, f"idle of {request!r}")
            else:
                request.result(timeout)
        self.ask("kernel_info_request")

    def _request(self, message: Message) -> Request | None:
        return self.requests.get(message["parent_header"].get("msg_id", ""))

    def _on_iopub(self, message: Message) -> None:
        self.iopub.append(message)
        self._heard[message["parent_header"].get("msg_id", "")].append(message)
        if not message["parent_header"]:
            kind = message["msg_type"]
            assert kind in WITHOUT_PARENT, f"{short(message)} belongs to no request: {message}"
        if request := self._request(message):
            request.messages.append(message)

    def _on_reply(self, message: Message) -> None:
        request = self._request(message)
        assert request is not None, f"an answer to nothing: {message}"
        expected = request.kind.replace("_request", "_reply")
        assert message["msg_type"] == expected, f"{message['msg_type']} answers {request.kind}"
        request.replies.append(message)
        request.replied = time.monotonic()

    def _on_input(self, message: Message) -> None:
        request = self._request(message)
        assert request is not None, f"a question of no cell: {message}"
        request.inputs.append(message)

    @property
    def states(self) -> list[str]:
        """All states that the kernel published, of any request and of none."""
        statuses = [m for m in self.iopub if m["msg_type"] == "status"]
        return [m["content"]["execution_state"] for m in statuses]

    def audit(self) -> None:
        """Check every request of this client; see `Request.audit`."""
        for request in self.requests.values():
            request.audit()

    def forget(self) -> None:
        """Forget all that was sent and heard."""
        self.requests.clear()
        self.iopub.clear()
        self._heard.clear()

    def close(self) -> None:
        self.client.stop_channels()
        self.client.context.term()
