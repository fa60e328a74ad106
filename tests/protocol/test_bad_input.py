"""Nonsense gets a clear error or none, and the kernel lives on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import zmq
from jupyter_client.session import Session
from kernels import Kernel, audited

from .client import Client
from .request import Request


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    kernel.noisy = True  # what it logs about nonsense is its own business
    yield from audited(kernel)


def channel_of(client: Client, name: str) -> zmq.Socket[bytes]:
    socket = getattr(client.client, f"{name}_channel").socket
    assert socket is not None
    return socket


def signed(client: Client, *frames: bytes) -> list[bytes]:
    """A message of these frames with the right signature."""
    session: Session = client.client.session
    return [b"<IDS|MSG>", session.sign(list(frames)), *frames]


def header(client: Client, kind: str = "execute_request") -> bytes:
    session: Session = client.client.session
    return session.pack(session.msg(kind)["header"])


def assert_usable(client: Client) -> None:
    gate = client.gate()
    waiting = client.execute(f"{gate.wait}\n'waited'").until_busy()
    assert client.run("print('usable'); 6 * 7").value == "42"
    gate.open()
    assert waiting.result().value == "'waited'"
    assert client.ask("kernel_info_request", channel="control").reply["status"] == "ok"


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize(
    "frames",
    [
        [b""],
        [b"not a message"],
        [b"<IDS|MSG>"],
        [b"<IDS|MSG>", b"signature"],
        [b"<IDS|MSG>", b"signature", b"{}", b"{}", b"{}"],
        [b"<IDS|MSG>", b"0" * 64, b"{}", b"{}", b"{}", b"{}"],
        [b"stop aborting"],
        [b"\xff" * 1000] * 10,
    ],
)
def test_a_malformed_message_is_dropped(client: Client, channel: str, frames: list[bytes]) -> None:
    channel_of(client, channel).send_multipart(frames)
    assert_usable(client)


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize(
    "parts",
    [
        (b"not json", b"{}", b"{}", b"{}"),
        (b"{}", b"{}", b"{}", b"{}"),
        (b"[]", b"{}", b"{}", b"{}"),
        (b"null", b"null", b"null", b"null"),
        (None, b"{}", b"{}", b"not json"),
        (None, b"{}", b"not json", b'{"code": "1"}'),
        (None, b"not json", b"{}", b'{"code": "1"}'),
        (None, b"{}", b"{}", b"\xff\xfe"),
        (None, b"{}", b"{}", b""),
    ],
)
def test_a_signed_message_that_is_not_json_or_no_message_is_dropped(
    client: Client, channel: str, parts: tuple[bytes | None, ...]
) -> None:
    frames = [header(client) if part is None else part for part in parts]
    channel_of(client, channel).send_multipart(signed(client, *frames))
    assert_usable(client)


def test_a_wrong_signature_is_ignored(client: Client) -> None:
    session: Session = client.client.session
    message = session.serialize(session.msg("execute_request", {"code": "forged_1 = 1"}))
    message[1] = b"0" * 64
    channel_of(client, "shell").send_multipart(message)
    assert_usable(client)
    assert client.execute("forged_1").result().ename == "NameError"


def test_a_message_sent_twice_is_executed_once(client: Client) -> None:
    client.run("times_1 = 0")
    session: Session = client.client.session
    message = session.msg("execute_request", {"code": "times_1 += 1", "silent": True})
    frames = session.serialize(message)
    request = client.requests[message["header"]["msg_id"]] = Request(client, message)
    for _ in range(2):
        channel_of(client, "shell").send_multipart(frames)
    request.result()
    assert client.run("times_1").value == "1"


def test_an_unknown_message_type_is_answered_by_an_error_that_names_it(client: Client) -> None:
    request = client.send("nonsense_request", {"x": 1}).result()
    assert request.status == "error"
    assert "nonsense_request" in request.reply["evalue"]
    assert_usable(client)


def test_an_unknown_message_type_on_control_is_survived(client: Client) -> None:
    client.send("nonsense_request", {"x": 1}, channel="control").abandoned = True
    assert_usable(client)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"code": None},
        {"code": 5},
        {"code": ["1", "2"]},
        {"code": {"a": 1}},
        {"code": "1", "user_expressions": "not a mapping"},
        {"code": "1", "user_expressions": {"a": 5}},
        {"code": "1", "silent": "perhaps"},
        {"code": "1", "store_history": None, "allow_stdin": None, "stop_on_error": None},
    ],
)
def test_an_execute_request_with_odd_content_ends_and_leaves_the_kernel_alive(
    client: Client, content: dict[str, Any]
) -> None:
    request = client.send("execute_request", content)
    client.wait(lambda: "idle" in request.states, 10, "idle")
    client.pump_until(lambda: bool(request.replies), 2)
    assert len(request.replies) == 1, "an execute_request got no reply"
    assert_usable(client)


@pytest.mark.parametrize("code", [None, 5])
def test_code_that_is_no_string_is_a_clear_error(client: Client, code: object) -> None:
    request = client.send("execute_request", {"code": code}).result()
    assert request.status == "error"
    assert "code" in request.reply["evalue"]


def test_metadata_of_odd_types_is_survived(client: Client) -> None:
    request = client.send(
        "execute_request", {"code": "'ran'"}, metadata={"cellId": 5, "deletedCells": "x"}
    )
    assert request.result().value == "'ran'"


@pytest.mark.parametrize(
    "content", [{}, {"code": 5, "cursor_pos": "x"}, {"code": "abc", "cursor_pos": 10_000}]
)
@pytest.mark.parametrize("kind", ["complete_request", "inspect_request", "is_complete_request"])
def test_other_requests_with_odd_content_are_survived(
    client: Client, kind: str, content: dict[str, Any]
) -> None:
    client.send(kind, content).abandoned = True
    assert_usable(client)


def test_a_cell_of_five_megabytes_runs(client: Client) -> None:
    cell = client.run("huge_1 = '" + "x" * 5_000_000 + "'\nlen(huge_1)", timeout=60)
    assert cell.value == "5000000"


def test_a_cell_of_fifty_thousand_lines_runs(client: Client) -> None:
    cell = client.run("\n".join(f"line_{i % 100} = {i}" for i in range(50_000)), timeout=60)
    assert cell.status == "ok"
    assert client.run("line_99").value == "49999"


def test_deep_nesting_is_an_error_of_its_own_cell(client: Client) -> None:
    cell = client.execute("(" * 1000 + ")" * 1000).result()
    assert cell.status == "error"
    assert_usable(client)


@pytest.mark.parametrize("code", ["'\ud800'", "x = '\udcff'; print(len(x))", "print('\ud800')"])
def test_a_lone_surrogate_is_survived(client: Client, code: str) -> None:
    session: Session = client.client.session
    content = {"code": code, "silent": False, "store_history": True}
    message = session.msg("execute_request", content)
    as_json = '{"code": "' + code.encode("ascii", "backslashreplace").decode() + '"}'
    frames = [session.pack(message["header"]), b"{}", b"{}", as_json.encode()]
    request = client.requests[message["header"]["msg_id"]] = Request(client, message)
    channel_of(client, "shell").send_multipart(signed(client, *frames))
    request.result()
    assert_usable(client)


def test_a_lone_surrogate_does_not_keep_the_history_from_being_saved(client: Client) -> None:
    session: Session = client.client.session
    request = session.msg("execute_request")
    content = rb"""{"code": "odd_1 = '\ud800'"}"""
    frames = [session.pack(request["header"]), b"{}", b"{}", content]
    sent = client.requests[request["header"]["msg_id"]] = Request(client, request)
    channel_of(client, "shell").send_multipart(signed(client, *frames))
    sent.result()
    client.run("odd_2 = 2")
    found = client.run("%history -g odd_*").stdout
    assert "odd_1 = '?'" in found
    assert "odd_2 = 2" in found


def test_what_a_locked_database_does_not_take_is_saved_later(client: Client) -> None:
    client.run(
        "import sqlite3\n"
        "class Locked:\n"
        "    def __enter__(self): return self\n"
        "    def __exit__(self, *error): pass\n"
        "    def execute(self, *args): raise sqlite3.OperationalError('database is locked')\n"
        "get_ipython().history_manager.writeout_cache(Locked())"
    )
    assert "class Locked" in client.run("%history -g class*").stdout


@pytest.mark.parametrize("code", ["", " ", "\n\n", "# only a comment", "pass", ";", "\x00"])
def test_an_empty_or_odd_cell_is_answered(client: Client, code: str) -> None:
    cell = client.execute(code).result()
    assert cell.status == ("error" if code == "\x00" else "ok")
    assert_usable(client)


def test_an_empty_cell_takes_no_number(client: Client) -> None:
    start = client.run("0").count
    client.execute("").result()
    assert client.run("1").count == start + 1


def test_a_cell_that_never_awaits_lets_the_next_run_when_it_ends(client: Client) -> None:
    cells = [client.execute("for _ in range(10**6): pass"), client.execute("'next'")]
    assert [cell.result().value for cell in cells] == [None, "'next'"]


def test_recursion_without_end_is_an_error_of_its_own_cell(client: Client) -> None:
    cell = client.execute("def endless(): endless()\nendless()").result()
    assert cell.ename == "RecursionError"
    assert_usable(client)


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "import sys; sys.exit('bye')"])
def test_system_exit_ends_its_cell_only(client: Client, code: str) -> None:
    gate = client.gate()
    waiting = client.execute(f"{gate.wait}\n'spared'").until_busy()
    client.execute(code).result()
    gate.open()
    assert waiting.result().value == "'spared'"
    assert_usable(client)


def test_a_base_exception_of_a_cell_is_its_own_error(client: Client) -> None:
    client.run("class Strange(BaseException): pass")
    assert client.execute("raise Strange('odd')").result().ename == "Strange"
    awaiting = client.execute("await asyncio.sleep(0)\nraise Strange('odd')").result()
    assert awaiting.ename == "Strange"
    assert_usable(client)


def test_asyncio_run_in_a_cell_is_a_clear_error(client: Client) -> None:
    cell = client.execute("asyncio.run(asyncio.sleep(0))").result()
    assert cell.ename == "RuntimeError"
    assert "running event loop" in cell.reply["evalue"]


def test_a_completion_that_fails_says_so_in_no_cell(client: Client) -> None:
    client.run(
        "def broken_matcher(event): raise LookupError('broken_matcher')\n"
        "get_ipython().set_custom_completer(lambda self, text: broken_matcher(text))"
    )
    cell = client.run("'before'")
    client.ask("complete_request", {"code": "befo", "cursor_pos": 4})
    client.run("get_ipython().Completer.custom_matchers.clear()")
    after = client.run("'after'")
    assert [m["msg_type"] for m in cell.outputs] == ["execute_result"]
    assert [m["msg_type"] for m in after.outputs] == ["execute_result"]


def test_what_is_no_answer_says_so_in_no_cell(client: Client) -> None:
    cell = client.execute("input('? ')")
    cell.question()
    client.client.stdin_channel.socket.send_multipart([b"nonsense"])
    cell.answer("7")
    assert cell.result().value == "'7'"
    assert cell.stderr == ""
