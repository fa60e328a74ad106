"""The debugger by the debug protocol: a cell stops, is looked at, and goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kernels import Kernel
from notebooks.runs import command_of
from protocol.client import Client
from protocol.request import PATIENCE

CODE = """\
def double(n):
    result = 2 * n
    return result


total = double(21)
print("total is", total)
"""

BOTH = CODE.replace("double(21)", "double(4)")


class Debugger:
    """A front-end's debugger, as JupyterLab's uses the protocol."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._numbers = 0
        self._seen = 0

    def __call__(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a command, and give the body of its answer."""
        self._numbers += 1
        request = {"type": "request", "seq": self._numbers, "command": command}
        content = {**request, "arguments": arguments}
        asked = self.client.send("debug_request", content, channel="control")
        asked.background = True  # events are children of the newest request
        answer = asked.result().reply
        assert answer["success"], answer
        body: dict[str, Any] = answer.get("body", {})
        return body

    def __enter__(self) -> Debugger:
        self(
            "initialize",
            clientID="test",
            clientName="test",
            adapterID="",
            pathFormat="path",
            linesStartAt1=True,
            columnsStartAt1=True,
        )
        self("attach")
        return self

    def __exit__(self, *_: object) -> None:
        self("disconnect", restart=False, terminateDebuggee=False)

    def break_at(self, code: str, *lines: int) -> str:
        """Set breakpoints in a cell, and give the file that stands for it."""
        path: str = self("dumpCell", code=code)["sourcePath"]
        found = self(
            "setBreakpoints",
            source={"path": path},
            breakpoints=[{"line": line} for line in lines],
            sourceModified=False,
        )
        assert [point["verified"] for point in found["breakpoints"]] == [True] * len(lines)
        self("configurationDone")
        return path

    def event(self, kind: str) -> dict[str, Any]:
        """Wait for the next event of a kind."""

        def find() -> bool:
            for number in range(self._seen, len(self.client.iopub)):
                content = self.client.iopub[number]["content"]
                if content.get("event") == kind:
                    self._seen, self.body = number + 1, content.get("body", {})
                    return True
            return False

        self.client.wait(find, PATIENCE, f"the event {kind}")
        return self.body

    def frames(self, thread: int) -> list[tuple[str, str, int]]:
        """Give file, function and line of each frame of a stopped thread, the innermost first."""
        found = self("stackTrace", threadId=thread)["stackFrames"]
        return [(frame["source"]["path"], frame["name"], frame["line"]) for frame in found]

    def variables(self, thread: int) -> dict[str, str]:
        """Give the local variables of the innermost frame of a stopped thread."""
        frame = self("stackTrace", threadId=thread)["stackFrames"][0]["id"]
        scopes = self("scopes", frameId=frame)["scopes"]
        found = self("variables", variablesReference=scopes[0]["variablesReference"])["variables"]
        return {variable["name"]: variable["value"] for variable in found}


@pytest.fixture(scope="module")
def kernels() -> Iterator[Callable[[str], Kernel]]:
    """Give the kernel of a flavour, launched when it is first asked for."""
    launched: dict[str, Kernel] = {}

    def get(flavour: str) -> Kernel:
        if flavour not in launched:
            with command_of(flavour):
                launched[flavour] = Kernel(flavour)
        return launched[flavour]

    yield get
    try:
        for flavour, kernel in launched.items():
            if flavour != "stock":
                kernel.audit()
    finally:
        for kernel in launched.values():
            kernel.close()


@pytest.mark.parametrize("flavour", ["stock", "async", "chain-react"])
def test_a_cell_stops_at_a_breakpoint_is_looked_at_and_goes_on(
    kernels: Callable[[str], Kernel], flavour: str
) -> None:
    client = kernels(flavour).client()
    with Debugger(client) as debug:
        path = debug.break_at(CODE, 3)
        cell = client.execute(CODE)
        stopped = debug.event("stopped")
        assert stopped["reason"] == "breakpoint"
        thread = stopped["threadId"]
        frames = debug.frames(thread)
        assert frames == [(path, "double", 3), (path, "<module>", 6)]
        assert {"n": "21", "result": "42"}.items() <= debug.variables(thread).items()
        assert not cell.done

        debug("next", threadId=thread)
        assert debug.event("stopped")["reason"] == "step"
        assert debug.frames(thread)[0] == (path, "<module>", 7)
        debug("continue", threadId=thread)
        assert cell.result().status == "ok"
        assert cell.stdout == "total is 42\n"
    assert client.run("print('free'); total").value == "42"
    kernels(flavour).release(client)


def test_a_cell_stops_while_another_awaits_and_both_end(
    kernels: Callable[[str], Kernel],
) -> None:
    client = kernels("async").client()
    gate = client.gate()
    waiting = client.execute(f"{gate.wait}\n'waited'").until_busy()
    with Debugger(client) as debug:
        path = debug.break_at(BOTH, 3)
        cell = client.execute(BOTH)
        thread = debug.event("stopped")["threadId"]
        assert debug.frames(thread)[0] == (path, "double", 3)
        assert debug.variables(thread)["n"] == "4"
        debug("continue", threadId=thread)
        assert cell.result().stdout == "total is 8\n"
        assert not waiting.done
        gate.open()
        assert waiting.result().value == "'waited'"
    kernels("async").release(client)


def test_a_cell_that_awaits_is_stopped_behind_its_await(kernels: Callable[[str], Kernel]) -> None:
    client = kernels("async").client()
    code = "import asyncio\nbefore = 1\nawait asyncio.sleep(0)\nafter = before + 1\nafter"
    with Debugger(client) as debug:
        debug.break_at(code, 4)
        cell = client.execute(code)
        thread = debug.event("stopped")["threadId"]
        frame = debug("stackTrace", threadId=thread)["stackFrames"][0]["id"]
        found = debug("evaluate", expression="before", frameId=frame, context="repl")
        assert found["result"] == "1"
        debug("continue", threadId=thread)
        assert cell.result().value == "2"
    kernels("async").release(client)


@pytest.mark.parametrize("flavour", ["stock", "async"])
def test_breakpoint_stops_for_a_front_end_that_debugs(
    kernels: Callable[[str], Kernel], flavour: str
) -> None:
    client = kernels(flavour).client()
    with Debugger(client) as debug:
        debug("configurationDone")
        cell = client.execute("here = 1\nbreakpoint()\nhere + 1")
        debug("continue", threadId=debug.event("stopped")["threadId"])
        assert cell.result().value == "2"
    kernels(flavour).release(client)
