"""Counts, `In`, `Out`, `_` and history when cells overlap."""

from __future__ import annotations

import pytest

from .client import Client
from .request import Request


def overlapping(client: Client, *codes: str) -> list[Request]:
    """Start a cell for each of ``codes``, which ends them all in the reverse order."""
    gates = [client.gate() for _ in codes]
    cells = [
        client.execute(f"{gate.wait}\n{code}").until_busy()
        for gate, code in zip(gates, codes, strict=True)
    ]
    for gate, cell in zip(reversed(gates), reversed(cells), strict=True):
        gate.open()
        cell.result()
    return cells


def shown_counts(cell: Request) -> set[int]:
    """All execution counts that a cell's messages carry."""
    messages = cell.of("execute_input", "execute_result")
    return {m["content"]["execution_count"] for m in messages} | {cell.count}


def test_each_of_overlapping_cells_carries_one_count_in_all_its_messages(client: Client) -> None:
    start = client.run("0").count
    cells = overlapping(client, *(f"'value {i}'" for i in range(6)))
    assert [shown_counts(cell) for cell in cells] == [{start + 1 + i} for i in range(6)]
    assert [cell.value for cell in cells] == [f"'value {i}'" for i in range(6)]


def test_replies_come_in_the_order_in_which_the_cells_end(client: Client) -> None:
    cells = overlapping(client, "1", "2", "3")
    assert sorted(cells, key=lambda cell: cell.replied) == cells[::-1]
    idles = [
        m["parent_header"]["msg_id"] for m in client.iopub if m["msg_type"] == "execute_result"
    ]
    assert idles == [cell.msg_id for cell in cells[::-1]]


def test_results_of_overlapping_cells_are_found_under_their_own_numbers(client: Client) -> None:
    cells = overlapping(client, "'first'", "'second'", "'third'")
    numbers = [cell.count for cell in cells]
    assert client.run(f"[Out[n] for n in {numbers}]").value == "['first', 'second', 'third']"
    assert client.run(f"_{numbers[0]} + _{numbers[2]}").value == "'firstthird'"


def test_inputs_of_overlapping_cells_are_found_under_their_own_numbers(client: Client) -> None:
    cells = overlapping(client, "'input a'", "'input b'")
    ends = client.run(f"[In[n].splitlines()[-1] for n in {[c.count for c in cells]}]")
    assert ends.value == str(["'input a'", "'input b'"])
    assert client.run(f"_i{cells[0].count}.splitlines()[-1]").value == repr("'input a'")
    last = client.run("len(In)")
    assert last.value == str(last.count + 1)


def test_underscores_hold_the_results_in_the_order_in_which_they_were_shown(
    client: Client,
) -> None:
    overlapping(client, "'x'", "'y'", "'z'")
    assert client.run("(_, __, ___)").value == "('x', 'y', 'z')"


def test_i_is_the_input_before(client: Client) -> None:
    client.run("'the input before'")
    assert client.run("_i").value == repr("'the input before'")


def test_a_semicolon_silences_its_own_cell_and_no_other(client: Client) -> None:
    loud, quiet, loud_too = overlapping(client, "'loud'", "'quiet';", "'loud too'")
    assert (loud.value, quiet.value, loud_too.value) == ("'loud'", None, "'loud too'")
    quiet, loud = overlapping(client, "'quiet';", "'loud'")
    assert (quiet.value, loud.value) == (None, "'loud'")


def test_a_result_silenced_by_a_semicolon_is_not_kept(client: Client) -> None:
    quiet, loud = overlapping(client, "'quiet';", "'loud'")
    assert client.run(f"{quiet.count} in Out, {loud.count} in Out").value == "(False, True)"


def test_a_cell_without_history_leaves_no_trace_among_overlapping_ones(client: Client) -> None:
    gate = client.gate()
    before = client.execute(f"{gate.wait}\n'kept'").until_busy()
    hidden = client.run("'hidden'", store_history=False)
    after = client.run("'after'")
    gate.open()
    assert after.count == before.result().count + 1
    assert hidden.value == "'hidden'"
    assert client.run("[i for i in In if 'hidden' in i][:-1]").value == "[]"
    assert client.run(f"Out[{before.count}], Out[{after.count}]").value == "('kept', 'after')"


def test_a_silent_cell_shows_no_input_and_no_result_and_counts_nothing(client: Client) -> None:
    gate = client.gate()
    running = client.execute(f"{gate.wait}\n'result'").until_busy()
    silent = client.run("'unseen'", silent=True, user_expressions={"x": "6 * 7"})
    assert [m["msg_type"] for m in silent.messages] == ["status", "status"]
    assert silent.reply["user_expressions"]["x"]["data"]["text/plain"] == "42"
    gate.open()
    assert running.result().value == "'result'"
    assert client.run("0").count == running.count + 1


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("'hidden'", {"store_history": False}),
        ("'silent'", {"silent": True}),
        ("1 / 0", {"store_history": False}),
        (" ", {}),
    ],
)
def test_what_is_not_counted_is_answered_with_the_number_of_the_cell_before(
    client: Client, code: str, asked: dict[str, bool]
) -> None:
    before = client.run("0").count
    assert client.execute(code, **asked).result().reply["execution_count"] == before
    assert client.run("0").count == before + 1


def test_a_silent_cell_that_waits_changes_no_count_of_others(client: Client) -> None:
    gate = client.gate()
    start = client.run("0").count
    silent = client.execute(gate.wait, silent=True).until_busy()
    assert client.run("1").count == start + 1
    gate.open()
    silent.result()
    assert client.run("2").count == start + 2


def test_user_expressions_are_evaluated_when_their_own_cell_ends(client: Client) -> None:
    gate = client.gate()
    waiting = client.execute(
        f"{gate.wait}\nexpression_1 = 'later'",
        user_expressions={"own": "expression_1", "bad": "1 / 0"},
    ).until_busy()
    quick = client.run("expression_1 = 'quick'", user_expressions={"own": "expression_1"})
    gate.open()
    waiting.result()
    assert quick.reply["user_expressions"]["own"]["data"]["text/plain"] == "'quick'"
    assert waiting.reply["user_expressions"]["own"]["data"]["text/plain"] == "'later'"
    assert waiting.reply["user_expressions"]["bad"]["status"] == "error"
    assert waiting.reply["user_expressions"]["bad"]["ename"] == "ZeroDivisionError"


def test_history_requests_give_overlapping_inputs_under_their_numbers(client: Client) -> None:
    cells = overlapping(client, "'history a'", "'history b'", "'history c'")
    request = {"hist_access_type": "range", "raw": True, "output": False, "session": 0}
    request |= {"start": cells[0].count, "stop": cells[-1].count + 1}
    history = client.ask("history_request", request).reply["history"]
    numbers = [line for _, line, _ in history]
    assert numbers == [cell.count for cell in cells]
    assert [code.splitlines()[-1] for _, _, code in history] == [
        "'history a'",
        "'history b'",
        "'history c'",
    ]


def test_the_error_of_a_cell_leaves_the_numbers_of_others_alone(client: Client) -> None:
    gate = client.gate()
    waiting = client.execute(f"{gate.wait}\n'result'").until_busy()
    failed = client.execute("1 / 0").result()
    gate.open()
    assert failed.count == waiting.result().count + 1
    assert shown_counts(waiting) == {waiting.count}
    assert client.run("0").count == failed.count + 1
