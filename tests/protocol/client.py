"""A client for tests, on jupyter_client's own: it keeps all it hears, by request and in order."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.blocking.client import BlockingKernelClient

from .spec import WITHOUT_PARENT, validate

Message = dict[str, Any]

#: Seconds to wait for what should come at once.
PATIENCE = 30.0

OUTPUTS = (
    "stream",
    "display_data",
    "update_display_data",
    "execute_result",
    "clear_output",
    "error",
)


class Request:
    """One request, and all that the kernel sent in answer to it."""

    def __init__(self, client: Client, message: Message) -> None:
        self.client = client
        self.msg_id: str = message["header"]["msg_id"]
        self.kind: str = message["header"]["msg_type"]
        self.messages: list[Message] = []  # from iopub, in order
        self.replies: list[Message] = []
        self.inputs: list[Message] = []
        self.sent = time.monotonic()
        self.replied = 0.0
        #: Outputs may come after its idle: tasks or threads that outlive the cell.
        self.background = False
        #: The kernel ends before it answers.
        self.abandoned = False

    def __repr__(self) -> str:
        return f"<{self.kind} {self.msg_id[-6:]}: {[_short(m) for m in self.messages]}>"

    def result(self, timeout: float = PATIENCE) -> Request:
        """Wait for the reply and for idle."""
        self.client.wait(lambda: self.done, timeout, f"the end of {self!r}")
        return self

    def until(self, text: str, timeout: float = PATIENCE) -> Request:
        """Wait until the cell has printed ``text``."""
        self.client.wait(lambda: text in self.stdout, timeout, f"{text!r} from {self!r}")
        return self

    def until_busy(self, timeout: float = PATIENCE) -> Request:
        """Wait until the kernel says that it is busy with this request."""
        self.client.wait(lambda: "busy" in self.states, timeout, f"busy of {self!r}")
        return self

    def question(self, timeout: float = PATIENCE) -> Message:
        """Wait for an ``input_request`` of this request that was not answered."""
        self.client.wait(lambda: bool(self.inputs), timeout, f"a question of {self!r}")
        return self.inputs[0]

    def answer(self, value: str, timeout: float = PATIENCE) -> None:
        """Answer the cell's ``input()``."""
        question = self.question(timeout)
        self.inputs.remove(question)
        kernel_client = self.client.client
        message = kernel_client.session.msg("input_reply", {"value": value}, parent=question)
        kernel_client.stdin_channel.send(message)

    @property
    def done(self) -> bool:
        return bool(self.replies) and "idle" in self.states

    @property
    def states(self) -> list[str]:
        return [m["content"]["execution_state"] for m in self.of("status")]

    def of(self, *kinds: str) -> list[Message]:
        return [m for m in self.messages if m["msg_type"] in kinds]

    @property
    def reply(self) -> dict[str, Any]:
        return self.replies[0]["content"]

    @property
    def status(self) -> str:
        return self.reply["status"]

    @property
    def count(self) -> int:
        return self.reply["execution_count"]

    @property
    def outputs(self) -> list[Message]:
        return self.of(*OUTPUTS)

    def _stream(self, name: str) -> str:
        streams = [m["content"] for m in self.of("stream")]
        return "".join(stream["text"] for stream in streams if stream["name"] == name)

    @property
    def stdout(self) -> str:
        return self._stream("stdout")

    @property
    def stderr(self) -> str:
        return self._stream("stderr")

    @property
    def value(self) -> str | None:
        """text/plain of its execute_result."""
        results = self.of("execute_result")
        assert len(results) < 2, f"more than one result: {self!r}"
        return results[0]["content"]["data"]["text/plain"] if results else None

    @property
    def displays(self) -> list[str]:
        return [m["content"]["data"]["text/plain"] for m in self.of("display_data")]

    @property
    def ename(self) -> str | None:
        """Class name of the error that it shows; its reply must say the same."""
        errors = self.of("error")
        assert len(errors) < 2, f"more than one error: {self!r}"
        if errors and self.replies:
            assert self.reply["status"] == "error", self.reply
            assert self.reply["ename"] == errors[0]["content"]["ename"]
        return errors[0]["content"]["ename"] if errors else None

    def audit(self) -> None:
        """Check that it got exactly one reply, busy and idle, and its outputs between them."""
        if self.abandoned:
            return
        assert len(self.replies) == 1 or self.kind.startswith("comm_"), f"{self!r} {self.replies}"
        assert self.states == ["busy", "idle"], f"{self!r} has the states {self.states}"
        kinds = [_short(m) for m in self.messages]
        assert kinds[0] == "busy", f"{self!r}: something came before busy"
        assert kinds[-1] == "idle" or self.background, f"{self!r}: something came after idle"


class Gate:
    """An event in the kernel: cells wait for it, and the test lets them go on."""

    numbers = itertools.count()

    def __init__(self, client: Client) -> None:
        self.client = client
        client.gates.append(self)
        self.name = f"gate_{next(self.numbers)}"
        #: Put it into a cell to make the cell wait here.
        self.wait = f"await {self.name}_opens()"
        client.run(
            f"import asyncio; {self.name} = asyncio.Event()\n"
            f"async def {self.name}_opens(): await {self.name}.wait()",
            silent=True,
        )

    def open(self) -> None:
        self.client.run(f"{self.name}.set()", silent=True)


class FileGate(Gate):
    """A gate that opens with no cell's help, by a file: for cells that hold up all others."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        client.run("import os, tempfile", silent=True)
        self.path = Path(tempfile.mkdtemp()) / "open"
        self.wait = f"while not os.path.exists({str(self.path)!r}): await asyncio.sleep(0.005)"

    def open(self) -> None:
        self.path.touch()


class Client:
    """A client of a running kernel, with a session id of its own."""

    def __init__(self, connection_file: Path) -> None:
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
        self, code: str, *, subshell: str | None = None, cell_id: str | None = None, **content: Any
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
        metadata = {"cellId": cell_id} if cell_id else {}
        header = {"subshell_id": subshell} if subshell else {}
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

    def wait(self, condition: Callable[[], bool], timeout: float, what: str) -> None:
        """Take in messages until ``condition`` holds."""
        if not self.pump_until(condition, timeout):
            tail = [_short(m) for m in self.iopub[-20:]]
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
        if not message["parent_header"]:
            kind = message["msg_type"]
            assert kind in WITHOUT_PARENT, f"{_short(message)} belongs to no request: {message}"
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

    def close(self) -> None:
        self.client.stop_channels()
        self.client.context.term()


def _short(message: Message) -> str:
    """One word or two for a message, for people."""
    content = message["content"]
    if message["msg_type"] == "status":
        return str(content["execution_state"])
    if message["msg_type"] == "stream":
        return f"{content['name']} {content['text'][:40]!r}"
    return str(message["msg_type"])
