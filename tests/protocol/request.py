"""A request to the kernel, and all that came in answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import Client

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
        self.replied = 0.0
        #: Outputs may come after its idle: tasks or threads that outlive the cell.
        self.background = False
        #: The kernel ends before it answers.
        self.abandoned = False
        #: Its client has gone: nobody has seen its reply.
        self.forsaken = False

    def __repr__(self) -> str:
        return f"<{self.kind} {self.msg_id[-6:]}: {[short(m) for m in self.messages]}>"

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
        if not self.forsaken and not self.kind.startswith("comm_"):
            assert len(self.replies) == 1, f"{self!r} {self.replies}"
        assert self.states == ["busy", "idle"], f"{self!r} has the states {self.states}"
        kinds = [short(m) for m in self.messages]
        assert kinds[0] == "busy", f"{self!r}: something came before busy"
        assert kinds[-1] == "idle" or self.background, f"{self!r}: something came after idle"


def short(message: Message) -> str:
    """One word or two for a message, for people."""
    content = message["content"]
    if message["msg_type"] == "status":
        return str(content["execution_state"])
    if message["msg_type"] == "stream":
        return f"{content['name']} {content['text'][:40]!r}"
    return str(message["msg_type"])
