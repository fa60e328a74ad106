"""``input()``, ``getpass`` and ``ainput`` in cells that overlap."""

from __future__ import annotations

from .client import Client
from .request import Request


def by_question(cells: list[Request]) -> None:
    """Check that each of ``cells`` was asked its own question."""
    prompts = [cell.question()["content"]["prompt"] for cell in cells]
    assert prompts == [f"{n}? " for n in range(len(cells))]


def test_input_in_one_cell_while_others_wait(client: Client) -> None:
    gate = client.gate()
    waiting = client.execute(f"{gate.wait}\n'went on'").until_busy()
    asking = client.execute("name_1 = input('who? '); name_1")
    question = asking.question()["content"]
    assert question == {"prompt": "who? ", "password": False}
    asking.answer("Ada")
    assert asking.result().value == "'Ada'"
    gate.open()
    assert waiting.result().value == "'went on'"


def test_getpass_asks_for_a_password(client: Client) -> None:
    asking = client.execute("import getpass; getpass.getpass('secret? ')")
    question = asking.question()["content"]
    assert question == {"prompt": "secret? ", "password": True}
    asking.answer("xyzzy")
    assert asking.result().value == "'xyzzy'"


def test_input_after_an_await_asks_for_the_cell_that_calls_it(client: Client) -> None:
    gate = client.gate()
    asking = client.execute(f"{gate.wait}\ninput('late? ')").until_busy()
    client.run("'quick'", allow_stdin=False)
    gate.client.execute(f"{gate.name}.set()", silent=True)
    asking.answer("yes")
    assert asking.result().value == "'yes'"


def test_ainput_holds_up_no_other_cell(client: Client) -> None:
    asking = client.execute("await ainput('who? ')")
    assert asking.question()["content"] == {"prompt": "who? ", "password": False}
    assert client.run("1 + 1").value == "2"
    assert client.run("await asyncio.sleep(0.01, 'slept')").value == "'slept'"
    assert not asking.done
    asking.answer("Grace")
    assert asking.result().value == "'Grace'"


def test_two_ainput_at_once_are_answered_in_any_order(client: Client) -> None:
    cells = [client.execute(f"await ainput('{n}? ')") for n in range(3)]
    by_question(cells)
    for n in (2, 0, 1):
        cells[n].answer(f"answer {n}")
        assert cells[n].result().value == f"'answer {n}'"


def test_two_inputs_in_threads_are_answered_in_any_order(client: Client) -> None:
    cells = [client.execute(f"await asyncio.to_thread(input, '{n}? ')") for n in range(2)]
    by_question(cells)
    cells[1].answer("one")
    cells[0].answer("zero")
    assert [cell.result().value for cell in cells] == ["'zero'", "'one'"]


def test_two_cells_with_input_ask_one_after_the_other(client: Client) -> None:
    cells = [client.execute(f"input('{n}? ')") for n in range(2)]
    for n, cell in enumerate(cells):
        assert cell.question()["content"]["prompt"] == f"{n}? "
        cell.answer(f"answer {n}")
        assert cell.result().value == f"'answer {n}'"


def test_ainput_and_input_at_once_get_each_its_own_answer(client: Client) -> None:
    patient = client.execute("await ainput('patient? ')")
    patient.question()
    blocking = client.execute("input('blocking? ')")
    blocking.question()
    patient.answer("first")
    blocking.answer("second")
    assert blocking.result().value == "'second'"
    assert patient.result().value == "'first'"


def test_questions_go_to_the_client_that_sent_the_cell(client: Client, other: Client) -> None:
    mine, theirs = (
        client.execute("await ainput('mine? ')"),
        other.execute("await ainput('theirs? ')"),
    )
    assert mine.question()["content"]["prompt"] == "mine? "
    assert theirs.question()["content"]["prompt"] == "theirs? "
    theirs.answer("b")
    mine.answer("a")
    assert (mine.result().value, theirs.result().value) == ("'a'", "'b'")


def test_without_allow_stdin_only_that_cell_fails_to_ask(client: Client) -> None:
    asking = client.execute("await ainput('may? ')")
    asking.question()
    for code in ("input('no? ')", "await ainput('no? ')", "import getpass; getpass.getpass()"):
        refused = client.execute(code, allow_stdin=False).result()
        assert refused.ename == "StdinNotImplementedError", code
        assert refused.inputs == []
    asking.answer("I may")
    assert asking.result().value == "'I may'"


def test_input_works_after_cells_that_ended_out_of_order(client: Client) -> None:
    gates = [client.gate() for _ in range(3)]
    cells = [client.execute(gate.wait).until_busy() for gate in gates]
    for n in (1, 0, 2):
        gates[n].open()
        cells[n].result()
    asking = client.execute("input('still? ')")
    asking.answer("yes")
    assert asking.result().value == "'yes'"


def test_what_was_printed_before_the_question_is_shown_before_the_answer(client: Client) -> None:
    asking = client.execute("print('before'); input('? '); print('after')")
    asking.question()
    asking.until("before")
    asking.answer("")
    assert asking.result().stdout.startswith("before\n")
    assert asking.stdout.endswith("after\n")


def test_an_awaiting_cell_goes_on_while_ainput_waits(client: Client) -> None:
    asking = client.execute("await ainput('? ')")
    asking.question()
    ticking = client.run("for i in range(20):\n    await asyncio.sleep(0.005)\n    print(i)")
    assert ticking.stdout.split() == [str(i) for i in range(20)]
    asking.answer("done")
    assert asking.result().value == "'done'"


def test_a_thread_asks_the_front_end_of_the_cell_that_started_it(
    client: Client, other: Client
) -> None:
    gate = client.file_gate()
    cell = client.execute(
        "import os, threading, time\ngot = []\ndef ask():\n"
        f"    while not os.path.exists({str(gate.path)!r}): time.sleep(0.005)\n"
        "    got.append(input('? '))\n"
        "thread = threading.Thread(target=ask)\nthread.start()\nprint('in')\n"
        "while thread.is_alive(): await asyncio.sleep(0.005)\ngot"
    ).until("in")
    later = other.gate()
    waiting = other.execute(f"print('in')\n{later.wait}").until("in")
    gate.open()
    cell.answer("to the thread")
    assert cell.result().value == "['to the thread']"
    later.open()
    assert waiting.result().inputs == []
