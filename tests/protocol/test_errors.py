"""Errors beside running cells, and what ``stop_on_error`` aborts."""

from __future__ import annotations

from .client import Client
from .request import Request

BLOCK_AND_FAIL = "import time; print('in', flush=True); time.sleep(0.4); 1 / 0"


def test_the_error_of_one_cell_leaves_the_running_ones_alone(client: Client) -> None:
    gate = client.gate()
    running = client.execute(f"{gate.wait}\nprint('fine')\n'value'").until_busy()
    failed = client.execute("raise LookupError('mine')").result()
    gate.open()
    assert running.result().status == "ok"
    assert (running.stdout, running.value, running.ename) == ("fine\n", "'value'", None)
    assert failed.ename == "LookupError"
    assert failed.reply["evalue"] == "mine"


def test_cells_that_fail_in_the_same_step_show_each_its_own_error(client: Client) -> None:
    gate = client.gate()
    names = ("LookupError", "ValueError", "TypeError", "OSError")
    cells = [
        client.execute(f"{gate.wait}\nraise {name}('of {name}')").until_busy() for name in names
    ]
    gate.open()
    for cell, name in zip(cells, names, strict=True):
        assert cell.result().ename == name
        shown = cell.of("error")[0]["content"]
        for content in (cell.reply, shown):
            assert content["evalue"] == f"of {name}"
            text = "\n".join(content["traceback"])
            assert [other for other in names if f"of {other}" in text] == [name]


def test_a_failing_await_shows_the_line_of_its_own_cell(client: Client) -> None:
    gate = client.gate()
    client.run("async def fails_1(): raise RuntimeError('deep')")
    cell = client.execute(f"{gate.wait}\nawait fails_1()  # here").until_busy()
    client.run("'another'")
    gate.open()
    assert cell.result().ename == "RuntimeError"
    text = "\n".join(cell.reply["traceback"])
    assert "here" in text
    assert "akernel_ipy" not in text


def test_an_error_in_a_repr_does_not_poison_later_async_cells(client: Client) -> None:
    client.run("class Bad1:\n    def __repr__(self): raise ValueError('repr')")
    failed = client.execute("await asyncio.sleep(0)\nBad1()").result()
    assert failed.status == "error"
    after = client.execute("await asyncio.sleep(0)\n'fine'").result()
    assert (after.status, after.value) == ("ok", "'fine'")


def test_an_error_in_a_repr_is_not_that_of_the_cell_beside_it(client: Client) -> None:
    gate = client.gate()
    client.run("class Bad2:\n    def __repr__(self): raise ValueError('repr')")
    running = client.execute(f"{gate.wait}\n'fine'").until_busy()
    failed = client.execute("Bad2()").result()
    gate.open()
    assert running.result().status == "ok"
    assert failed.reply["ename"] == "ValueError"


def test_a_syntax_error_is_shown_while_others_wait(client: Client) -> None:
    gate = client.gate()
    running = client.execute(gate.wait).until_busy()
    failed = client.execute("def broken(:").result()
    assert failed.ename == "SyntaxError"
    gate.open()
    assert running.result().status == "ok"


def test_an_error_aborts_the_requests_of_its_client_that_have_not_started(
    client: Client, other: Client
) -> None:
    failing = client.execute(BLOCK_AND_FAIL, stop_on_error=True).until("in")
    behind = [client.execute("print('never')", stop_on_error=True) for _ in range(3)]
    beside = other.execute("print('mine')", stop_on_error=True)
    assert failing.result().ename == "ZeroDivisionError"
    for cell in behind:
        assert cell.result().status == "aborted"
        assert cell.outputs == []
    assert beside.result().status == "ok"
    assert beside.stdout == "mine\n"
    assert client.run("'after'").value == "'after'"


def test_without_stop_on_error_nothing_is_aborted(client: Client) -> None:
    failing = client.execute(BLOCK_AND_FAIL, stop_on_error=False).until("in")
    behind = [client.execute(f"print({i})") for i in range(3)]
    assert failing.result().status == "error"
    assert [cell.result().stdout for cell in behind] == ["0\n", "1\n", "2\n"]


def test_an_error_aborts_no_cell_that_already_runs(client: Client) -> None:
    gate = client.gate()
    running = [client.execute(f"{gate.wait}\n{i}", stop_on_error=True) for i in range(3)]
    for cell in running:
        cell.until_busy()
    assert client.execute("1 / 0", stop_on_error=True).result().status == "error"
    gate.open()
    assert [cell.result().value for cell in running] == ["0", "1", "2"]


def test_an_awaiting_cell_that_fails_aborts_nothing_that_came_after_its_error(
    client: Client,
) -> None:
    gate = client.gate()
    failing = client.execute(f"{gate.wait}\n1 / 0", stop_on_error=True).until_busy()
    gate.open()
    assert failing.result().status == "error"
    assert client.run("'next'").value == "'next'"


def test_requests_that_are_not_executions_are_never_aborted(client: Client) -> None:
    failing = client.execute(BLOCK_AND_FAIL, stop_on_error=True).until("in")
    requests: list[Request] = [
        client.send("kernel_info_request"),
        client.send("comm_info_request"),
        client.send("complete_request", {"code": "zi", "cursor_pos": 2}),
    ]
    assert failing.result().status == "error"
    assert [request.result().reply["status"] for request in requests] == ["ok"] * 3


def test_the_error_of_a_silent_cell_aborts_nothing(client: Client) -> None:
    code = BLOCK_AND_FAIL.replace("print('in', flush=True); ", "")
    failing = client.execute(code, silent=True, stop_on_error=True).until_busy()
    behind = client.execute("'runs'")
    assert failing.result().status == "error"
    assert behind.result().value == "'runs'"


def test_an_exception_in_a_background_task_leaves_the_kernel_alive(client: Client) -> None:
    cell = client.execute(
        "async def dies(): 1 / 0\ndying = asyncio.create_task(dies())\nawait asyncio.sleep(0.01)"
    ).result()
    assert cell.status == "ok"
    assert client.run("type(dying.exception()).__name__").value == "'ZeroDivisionError'"


def test_a_usage_error_of_a_magic_is_an_error_of_its_own_cell(client: Client) -> None:
    gate = client.gate()
    running = client.execute(gate.wait).until_busy()
    failed = client.execute("%no_such_magic").result()
    assert failed.status == "error"
    assert "no_such_magic" in failed.stderr
    gate.open()
    assert running.result().status == "ok"


def test_an_error_that_an_interrupt_keeps_from_being_formatted_is_shown_in_brief(
    client: Client,
) -> None:
    client.run(
        "class Odd(Exception):\n"
        "    asked = False\n"
        "    def __str__(self):\n"
        "        if not Odd.asked:\n"
        "            Odd.asked = True; raise KeyboardInterrupt\n"
        "        return 'odd'"
    )
    cell = client.execute("raise Odd").result()
    assert cell.ename == "Odd"
    assert cell.reply["evalue"] == "odd"
