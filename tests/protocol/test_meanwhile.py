"""What else a front-end asks for is answered while cells wait."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from .client import Client

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def waiting(client: Client) -> Iterator[Client]:
    """A client one of whose cells waits until the test has ended."""
    gate = client.gate()
    cell = client.execute(f"{gate.wait}\n'went on'").until_busy()
    yield client
    assert not cell.done
    gate.open()
    assert cell.result().value == "'went on'"


def test_kernel_info_is_answered(waiting: Client) -> None:
    info = waiting.ask("kernel_info_request").reply
    assert info["status"] == "ok"
    assert info["language_info"]["name"] == "python"
    assert "debugger" in info["supported_features"]


def test_completion_knows_what_cells_defined(waiting: Client) -> None:
    waiting.run("some_name_to_complete = 1")
    reply = waiting.ask("complete_request", {"code": "some_name_to_c", "cursor_pos": 14}).reply
    assert reply["matches"] == ["some_name_to_complete"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (0, 14)


def test_completion_knows_what_a_waiting_cell_has_defined_so_far(waiting: Client) -> None:
    gate = waiting.gate()
    cell = waiting.execute(f"defined_before_waiting = 1\nprint('in')\n{gate.wait}").until("in")
    reply = waiting.ask("complete_request", {"code": "defined_before_w", "cursor_pos": 16}).reply
    assert reply["matches"] == ["defined_before_waiting"]
    gate.open()
    cell.result()


def test_inspection_shows_signature_and_docstring(waiting: Client) -> None:
    waiting.run("def inspected_1(a, b=2):\n    'Says what it does.'")
    content = {"code": "inspected_1", "cursor_pos": 5, "detail_level": 0}
    reply = waiting.ask("inspect_request", content).reply
    assert reply["found"] is True
    shown = COLOUR.sub("", reply["data"]["text/plain"])
    assert "inspected_1(a, b=2)" in shown
    assert "Says what it does." in shown


def test_inspection_of_an_unknown_name_finds_nothing(waiting: Client) -> None:
    content = {"code": "no_such_name_1", "cursor_pos": 5, "detail_level": 0}
    assert waiting.ask("inspect_request", content).reply["found"] is False


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("1", "complete"),
        ("await f()", "complete"),
        ("for i in x:", "incomplete"),
        ("a b", "invalid"),
    ],
)
def test_is_complete_is_answered(waiting: Client, code: str, status: str) -> None:
    assert waiting.ask("is_complete_request", {"code": code}).reply["status"] == status


def test_history_is_answered_and_holds_the_waiting_cell(waiting: Client) -> None:
    request = {"hist_access_type": "tail", "n": 1, "raw": True, "output": False}
    ((_, _, code),) = waiting.ask("history_request", request).reply["history"]
    assert "went on" in code


def test_comm_info_is_answered(waiting: Client) -> None:
    assert waiting.ask("comm_info_request").reply["status"] == "ok"


def test_connect_gives_the_ports(waiting: Client) -> None:
    ports = waiting.ask("connect_request").reply
    expected = waiting.client.get_connection_info()
    assert {name: expected[name] for name in ports if name.endswith("_port")} == {
        name: port for name, port in ports.items() if name.endswith("_port")
    }


def test_the_control_channel_answers_too(waiting: Client) -> None:
    assert waiting.ask("kernel_info_request", channel="control").reply["status"] == "ok"


def test_usage_is_answered(waiting: Client) -> None:
    usage = waiting.ask("usage_request", channel="control").reply
    assert usage["pid"] > 0


def test_the_debugger_answers_while_a_cell_waits(waiting: Client) -> None:
    content = {"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}}
    reply = waiting.ask("debug_request", content, channel="control").reply
    assert reply["success"] is True
    assert reply["body"]["isStarted"] is False


def test_the_debugger_starts_sets_a_breakpoint_and_lists_variables(client: Client) -> None:
    sequence = iter(range(1, 100))

    def debug(command: str, **arguments: object) -> dict[str, object]:
        content = {
            "type": "request",
            "seq": next(sequence),
            "command": command,
            "arguments": arguments,
        }
        reply = client.ask("debug_request", content, channel="control").reply
        assert reply["success"], reply
        return dict(reply.get("body") or {})

    debug("initialize", clientID="test", adapterID="", pathFormat="path")
    debug("attach")
    client.run("debugged_1 = 42")
    variables = debug("inspectVariables")["variables"]
    assert isinstance(variables, list)
    assert any(v["name"] == "debugged_1" and v["value"] == "42" for v in variables)
    debug("disconnect", restart=False, terminateDebuggee=True)
    assert client.run("'alive'").value == "'alive'"
