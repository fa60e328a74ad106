"""``__task__``: wait for, look at and cancel other cells."""

from __future__ import annotations

from .client import Client


def test_a_cell_waits_for_the_one_before_and_gets_its_result(client: Client) -> None:
    gate = client.gate()
    first = client.execute(f"{gate.wait}\n'the result'").until_busy()
    second = client.execute("await __task__()")
    client.run("0")
    assert not second.done
    gate.open()
    assert second.result().value == "'the result'"
    assert first.done


def test_negative_numbers_count_back_from_the_calling_cell(client: Client) -> None:
    gate = client.gate()
    client.execute("'one'")
    client.execute("'two'")
    asking = client.execute(
        f"{gate.wait}\nprint(await __task__(-2), await __task__(-1))"
    ).until_busy()
    client.run("'submitted later'")
    gate.open()
    assert asking.result().stdout == "one two\n"


def test_the_previous_cell_is_that_before_the_caller_not_the_last_submitted(client: Client) -> None:
    gate = client.gate()
    client.run("'before'")
    asking = client.execute(f"{gate.wait}\nawait __task__()").until_busy()
    client.run("'after'")
    gate.open()
    assert asking.result(5).value == "'before'"


def test_a_positive_number_is_that_of_the_prompt(client: Client) -> None:
    gate = client.gate()
    first = client.execute(f"{gate.wait}\n'of that number'").until_busy()
    number = client.run("0").count - 1
    asking = client.execute(f"await __task__({number})")
    gate.open()
    assert asking.result().value == "'of that number'"
    assert first.count == number


def test_a_cell_that_ended_long_ago_still_gives_its_result(client: Client) -> None:
    old = client.run("'old'").count
    for _ in range(5):
        client.run("0")
    assert client.run(f"await __task__({old})").value == "'old'"


def test_a_failed_cell_gives_none_and_does_not_raise(client: Client) -> None:
    gate = client.gate()
    failing = client.execute(f"{gate.wait}\n1 / 0").until_busy()
    waiting = client.execute("print(await __task__())")
    gate.open()
    assert failing.result().status == "error"
    assert waiting.result().stdout == "None\n"


def test_a_cell_without_a_result_gives_none(client: Client) -> None:
    client.run("x_1 = 1")
    assert client.run("print(await __task__())").stdout == "None\n"


def test_a_cancelled_cell_gives_none_and_shows_keyboard_interrupt(client: Client) -> None:
    doomed = client.execute("print('in'); await asyncio.sleep(60)").until("in")
    waiting = client.execute("task_1 = __task__()\ntask_1.cancel()\nprint(await task_1)")
    assert waiting.result().stdout == "None\n"
    assert doomed.result().ename == "KeyboardInterrupt"


def test_done_says_whether_the_cell_ended(client: Client) -> None:
    gate = client.gate()
    running = client.execute(gate.wait).until_busy()
    asking = client.run(
        f"task_2 = __task__()\nbefore_1 = task_2.done()\n{gate.name}.set()\n"
        "await task_2\n(before_1, task_2.done())"
    )
    assert asking.value == "(False, True)"
    running.result()


def test_several_cells_can_wait_for_the_same_one(client: Client) -> None:
    gate = client.gate()
    first = client.execute(f"{gate.wait}\n'shared'").until_busy()
    number = client.run("0").count - 1
    waiting = [client.execute(f"await __task__({number})") for _ in range(5)]
    gate.open()
    assert [cell.result().value for cell in waiting] == ["'shared'"] * 5
    assert first.count == number


def test_the_handle_works_with_asyncio(client: Client) -> None:
    gate = client.gate()
    running = client.execute(f"{gate.wait}\n'gathered'").until_busy()
    waiting = client.execute("await asyncio.wait_for(asyncio.gather(__task__(), __task__()), 10)")
    gate.open()
    assert waiting.result().value == "['gathered', 'gathered']"
    running.result()


def test_giving_up_the_wait_does_not_cancel_the_cell(client: Client) -> None:
    gate = client.gate()
    running = client.execute(f"{gate.wait}\n'unharmed'").until_busy()
    waiting = client.execute("await asyncio.wait_for(__task__(), 0.05)").result()
    assert waiting.ename == "TimeoutError"
    gate.open()
    assert running.result().value == "'unharmed'"


def test_an_unknown_number_is_a_clear_error(client: Client) -> None:
    cell = client.execute("await __task__(987654)").result()
    assert cell.status == "error"
    assert "987654" in cell.reply["evalue"]


def test_a_number_too_far_back_is_a_clear_error(client: Client) -> None:
    cell = client.execute("await __task__(-987654)").result()
    assert cell.status == "error"
    assert "987654" in cell.reply["evalue"]


def test_waiting_for_oneself_is_a_clear_error(client: Client) -> None:
    start = client.run("0").count
    cell = client.execute(f"await __task__({start + 1})").result(5)
    assert cell.status == "error"
    assert "itself" in cell.reply["evalue"]


def test_a_task_of_a_cell_counts_from_that_cell(client: Client) -> None:
    gate = client.gate()
    client.run("'before the task'")
    cell = client.execute(
        f"async def ask_1():\n    {gate.wait}\n    print(await __task__())\n"
        "asking_1 = asyncio.create_task(ask_1())"
    )
    cell.background = True
    cell.result()
    client.run("'after the task'")
    gate.open()
    cell.until("before the task")


def test_a_silent_cell_is_not_a_previous_cell(client: Client) -> None:
    client.run("'spoken'")
    client.run("'silent'", silent=True)
    assert client.run("await __task__()").value == "'spoken'"


def test_asyncio_and_ainput_need_no_import(client: Client) -> None:
    assert client.run("asyncio.sleep.__name__, callable(ainput)").value == "('sleep', True)"
