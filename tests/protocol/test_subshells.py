"""Subshells: requests that run in a thread of their own beside the main shell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .client import Client


@pytest.fixture
def subshell(client: Client) -> Iterator[str]:
    answer = client.ask("create_subshell_request", channel="control").reply
    assert answer["status"] == "ok"
    yield answer["subshell_id"]
    content = {"subshell_id": answer["subshell_id"]}
    client.ask("delete_subshell_request", content, channel="control")


def known(client: Client) -> list[str]:
    return list(client.ask("list_subshell_request", channel="control").reply["subshell_id"])


def test_the_kernel_says_that_it_has_subshells(client: Client) -> None:
    features = client.ask("kernel_info_request").reply["supported_features"]
    assert "kernel subshells" in features


def test_subshells_are_created_listed_and_deleted(client: Client) -> None:
    before = known(client)
    made = [client.ask("create_subshell_request", channel="control").reply for _ in range(2)]
    ids = [answer["subshell_id"] for answer in made]
    assert sorted(known(client)) == sorted(before + ids)
    for subshell_id in ids:
        content = {"subshell_id": subshell_id}
        answer = client.ask("delete_subshell_request", content, channel="control")
        assert answer.reply["status"] == "ok"
    assert known(client) == before


def test_deleting_an_unknown_subshell_is_an_error(client: Client) -> None:
    content = {"subshell_id": "no such subshell"}
    answer = client.ask("delete_subshell_request", content, channel="control")
    assert answer.reply["status"] == "error"


def test_a_subshell_executes_while_the_main_shell_blocks(client: Client, subshell: str) -> None:
    client.run("import threading; main_go = threading.Event()")
    main = client.execute("print('in', flush=True); main_go.wait(20)").until("in")
    beside = client.execute("print('beside'); 6 * 7", subshell=subshell).result()
    assert (beside.value, beside.stdout) == ("42", "beside\n")
    assert not main.done
    client.execute("main_go.set()", subshell=subshell).result()
    assert main.result().value == "True"
    assert main.stdout == "in\n"


def test_the_main_shell_executes_while_a_subshell_blocks(client: Client, subshell: str) -> None:
    client.run("import threading; sub_go = threading.Event()")
    blocked = client.execute("print('in', flush=True); sub_go.wait(20)", subshell=subshell)
    blocked.until("in")
    assert client.run("'main'").value == "'main'"
    gate = client.gate()
    waiting = client.execute(f"{gate.wait}\n'waited'").until_busy()
    gate.open()
    assert waiting.result().value == "'waited'"
    client.run("sub_go.set()")
    assert blocked.result().value == "True"


def test_a_cell_that_awaits_in_a_subshell_keeps_its_output(client: Client, subshell: str) -> None:
    cells = [
        client.execute(
            f"for i in range(20):\n    print('{name}', i)\n    await asyncio.sleep(0.001)",
            subshell=where,
        )
        for name, where in (("sub", subshell), ("main", None))
    ]
    for cell, name in zip(cells, ("sub", "main"), strict=True):
        assert cell.result().stdout == "".join(f"{name} {i}\n" for i in range(20))


def test_counts_of_subshell_cells_are_shown_where_they_belong(
    client: Client, subshell: str
) -> None:
    gate = client.gate()
    main = client.execute(f"{gate.wait}\n'main'").until_busy()
    beside = client.execute("'beside'", subshell=subshell).result()
    gate.open()
    assert main.result().value == "'main'"
    for cell in (main, beside):
        (result,) = cell.of("execute_result")
        (shown,) = cell.of("execute_input")
        assert result["content"]["execution_count"] == cell.count
        assert shown["content"]["execution_count"] == cell.count
    assert main.count != beside.count


def test_an_error_in_a_subshell_is_its_own(client: Client, subshell: str) -> None:
    gate = client.gate()
    main = client.execute(f"{gate.wait}\n'fine'", stop_on_error=True).until_busy()
    failed = client.execute("1 / 0", subshell=subshell, stop_on_error=True).result()
    assert failed.ename == "ZeroDivisionError"
    gate.open()
    assert main.result().value == "'fine'"


def test_comm_messages_in_a_subshell_are_handled_while_the_main_shell_blocks(
    client: Client, subshell: str
) -> None:
    client.run(
        "import threading; told = threading.Event()\n"
        "get_ipython().kernel.comm_manager.register_target("
        "'subshell', lambda comm, message: comm.on_msg(lambda message: told.set()))"
    )
    opening = client.send(
        "comm_open", {"comm_id": "of a subshell", "target_name": "subshell", "data": {}}
    )
    client.wait(lambda: opening.states == ["busy", "idle"], 20, "comm_open")
    main = client.execute("print('in', flush=True); told.wait(20)").until("in")
    client.send(
        "comm_msg",
        {"comm_id": "of a subshell", "data": {}},
        header={"subshell_id": subshell},
    )
    assert main.result().value == "True"


def test_two_subshells_run_at_once(client: Client, subshell: str) -> None:
    second = client.ask("create_subshell_request", channel="control").reply["subshell_id"]
    client.run("import threading; both = threading.Barrier(2, timeout=20)")
    cells = [client.execute("both.wait() in (0, 1)", subshell=s) for s in (subshell, second)]
    assert [cell.result().value for cell in cells] == ["True", "True"]
    client.ask("delete_subshell_request", {"subshell_id": second}, channel="control")


def test_a_request_for_an_unknown_subshell_is_refused(client: Client) -> None:
    cell = client.execute("1", subshell="no such subshell")
    cell.abandoned = True  # it is refused before anything is busy with it
    client.wait(lambda: bool(cell.replies), 20, "a refusal")
    assert cell.reply["status"] == "error"
    assert client.run("'alive'").value == "'alive'"


def test_subshell_magic_lists_them(client: Client, subshell: str) -> None:
    assert subshell in client.run("%subshell").stdout
