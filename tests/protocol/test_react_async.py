"""react: dependents that await: at the same time, superseded, interrupted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernels import Kernel
from notebooks.lab import Lab, fresh_lab, reactive_kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    yield from reactive_kernel()


@pytest.fixture
def lab(kernel: Kernel) -> Iterator[Lab]:
    yield from fresh_lab(kernel)


def test_dependents_that_await_run_at_the_same_time(lab: Lab) -> None:
    lab.run("a", "a = 0")
    meet = (
        "import asyncio\nhere = set()\nboth = asyncio.Event()\n"
        "async def meet(who):\n    here.add(who)\n    if len(here) == 2: both.set()\n"
        "    await both.wait()"
    )
    lab.client.run(meet, silent=True)
    lab.run("b", "if a: await globals()['meet']('b')\nprint('b', a)")
    lab.run("c", "if a: await globals()['meet']('c')\nprint('c', a)")
    lab.run("a", "a = 1")
    assert (lab.texts("b"), lab.texts("c")) == (["b 1\n"], ["c 1\n"])


def test_a_newer_change_cancels_and_restarts_a_dependent_that_runs(lab: Lab) -> None:
    gate = lab.client.gate()
    lab.run("a", "a = 0")
    lab.run("b", f"print('in', a)\nif a == 1: {gate.wait}\nprint('out', a)\nb = a\na * 10")
    first = lab.send("a", "a = 1")
    lab.wait_text("b", "in 1\n")
    second = lab.send("a", "a = 2")
    second.result()
    first.result()
    assert (first.status, second.status) == ("ok", "ok")
    assert lab.texts("b") == ["in 2\nout 2\n", "20"]
    gate.open()
    assert lab.ask("b") == 2
    assert lab.texts("b") == ["in 2\nout 2\n", "20"]
    assert not [m for m in lab.client.iopub if m["msg_type"] == "error"]
    assert "out 1" not in lab.requests["b"].stdout


def test_what_a_superseded_run_does_on_its_way_out_is_not_shown(lab: Lab) -> None:
    gate = lab.client.gate()
    lab.run("a", "a = 0")
    lab.run(
        "b",
        f"try:\n    print('in', a)\n    if a == 1: {gate.wait}\n"
        "finally:\n    print('finally', a)\n    display('late')",
    )
    first = lab.send("a", "a = 1")
    lab.wait_text("b", "in 1\n")
    lab.run("a", "a = 2")
    first.result()
    assert lab.texts("b") == ["in 2\nfinally 2\n", "'late'"]


def test_a_superseded_run_that_refuses_to_be_cancelled_ends_before_the_new_one(lab: Lab) -> None:
    gate = lab.client.gate()
    lab.client.run("trace = []", silent=True)
    lab.run("a", "a = 0")
    lab.run(
        "b",
        "t = globals()['trace']\nvalue = a\nt.append(('start', value))\n"
        f"if value == 1:\n    try:\n        {gate.wait}\n"
        "    except asyncio.CancelledError:\n        await asyncio.sleep(0.05)\n"
        "t.append(('end', value))\nb = value",
    )
    first = lab.send("a", "a = 1")
    lab.client.run("while ('start', 1) not in trace: await asyncio.sleep(0.005)", silent=True)
    lab.run("a", "a = 2")
    first.result()
    trace = lab.ask("trace")
    assert trace[-2:] == [("start", 2), ("end", 2)]
    assert lab.ask("b") == 2


def test_only_the_last_of_many_quick_changes_counts(lab: Lab) -> None:
    lab.run("a", "a = 0")
    lab.run("b", "await asyncio.sleep(0.02)\nprint('b', a)\na")
    requests = [lab.send("a", f"a = {n}") for n in range(1, 21)]
    for request in requests:
        assert request.result().status == "ok"
    assert lab.texts("b") == ["b 20\n", "20"]


def test_the_user_runs_a_cell_that_is_being_re_run(lab: Lab) -> None:
    gate = lab.client.gate()
    lab.run("a", "a = 0")
    code = f"print('in', a)\nif a == 1 and not done: {gate.wait}\nprint('out', a)\na * 10"
    lab.client.run("done = False", silent=True)
    old = lab.run("b", code)
    cause = lab.send("a", "a = 1")
    old.until("in 1")
    lab.client.run("done = True", silent=True)
    own = lab.run("b", code)
    assert own.status == "ok"
    assert cause.result().status == "ok"
    assert lab.texts("b") == ["in 1\nout 1\n", "10"]
    assert "out 1" not in old.stdout
    lab.run("a", "a = 3")
    assert lab.texts("b") == ["in 3\nout 3\n", "30"]


def test_a_reader_asked_for_while_its_input_is_being_made_waits_for_it(lab: Lab) -> None:
    gate = lab.client.gate()
    lab.run("a", "a = 1")
    making = lab.send("a", f"print('in')\n{gate.wait}\na = 2").until("in")
    reader = lab.send("b", "a * 10")
    lab.client.ask("kernel_info_request")
    gate.open()
    making.result()
    assert reader.result().value == "20"
    assert lab.texts("b") == ["20"]


def test_a_change_while_the_user_runs_the_reader_reaches_it_afterwards(lab: Lab) -> None:
    gate = lab.client.gate()
    lab.run("a", "a = 1")
    reader = lab.send("b", f"seen = a\nprint('in')\n{gate.wait}\nseen").until("in")
    cause = lab.send("a", "a = 2")
    lab.client.ask("kernel_info_request")
    gate.open()
    reader.result()
    cause.result()
    assert lab.texts("b")[-1] == "2"


def test_other_cells_go_on_during_a_wave(lab: Lab) -> None:
    gate = lab.client.gate()
    lab.run("a", "a = 0")
    lab.run("b", f"if a: {gate.wait}\na")
    cause = lab.send("a", "a = 1").until_busy()
    other = lab.run("c", "'meanwhile'")
    assert other.value == "'meanwhile'"
    assert not cause.done
    gate.open()
    cause.result()
    assert lab.texts("b") == ["1"]


def test_two_waves_at_once_both_end(lab: Lab) -> None:
    gate = lab.client.gate()
    lab.run("a", "a = 0")
    lab.run("x", "x = 0")
    lab.run("b", f"if a: {gate.wait}\nprint('b', a)")
    lab.run("y", f"if x: {gate.wait}\nprint('y', x)")
    lab.run("z", "print('z', a, x)")
    first = lab.send("a", "a = 1")
    second = lab.send("x", "x = 1")
    lab.wait_text("z", "z 1 1\n")
    gate.open()
    assert (first.result().status, second.result().status) == ("ok", "ok")
    assert [lab.text(cell) for cell in "byz"] == ["b 1\n", "y 1\n", "z 1 1\n"]


# -- interrupt


def test_an_interrupt_during_a_wave_shows_in_the_re_runs_and_leaves_the_cause_alone(
    lab: Lab, kernel: Kernel
) -> None:
    lab.run("a", "a = 0")
    lab.run("b", "print('b in', a)\nif a == 1: await asyncio.sleep(60)\nprint('b out', a)")
    lab.run("c", "print('c in', a)\nif a == 1: await asyncio.sleep(60)\nc = a")
    lab.run("d", "c + 1")
    cause = lab.send("a", "a = 1")
    lab.wait_text("b", "b in 1\n")
    lab.wait_text("c", "c in 1\n")
    kernel.interrupt()
    assert cause.result().status == "ok"
    assert lab.texts("b") == ["b in 1\n", "KeyboardInterrupt"]
    assert lab.texts("c") == ["c in 1\n", "KeyboardInterrupt"]
    assert lab.run("e", "'usable'").value == "'usable'"
    lab.run("a", "a = 2")
    assert lab.texts("b") == ["b in 2\nb out 2\n"]
    assert lab.texts("d") == ["3"]


def test_an_interrupt_of_a_blocking_re_run(lab: Lab, kernel: Kernel) -> None:
    lab.run("t", "import time")
    lab.run("a", "a = 0")
    lab.run("b", "print('in', a)\nif a == 1: time.sleep(60)\nprint('out', a)")
    cause = lab.send("a", "a = 1")
    lab.wait_text("b", "in 1\n")
    kernel.interrupt()
    assert cause.result().status == "ok"
    assert lab.texts("b") == ["in 1\n", "KeyboardInterrupt"]
    lab.run("a", "a = 2")
    assert lab.texts("b") == ["in 2\nout 2\n"]


def test_an_interrupted_cause_starts_no_wave(lab: Lab, kernel: Kernel) -> None:
    lab.run("a", "a = 0")
    lab.run("b", "print('b', a)")
    cause = lab.send("a", "a = 1\nprint('in')\nawait asyncio.sleep(60)").until("in")
    kernel.interrupt()
    assert cause.result().ename == "KeyboardInterrupt"
    assert lab.texts("b") == ["b 0\n"]


def test_cancel_of_the_cause_by_number_during_its_wave(lab: Lab) -> None:
    lab.run("a", "a = 0")
    lab.run("b", "print('in', a)\nif a: await asyncio.sleep(60)")
    cause = lab.send("a", "a = 1")
    lab.wait_text("b", "in 1\n")
    number = lab.ask("len(In)") - 1
    lab.client.run(f"%akernel cancel {number}", silent=True)
    lab.run("a", "a = 0")
    assert cause.result().status in ("ok", "error")
    assert lab.texts("b") == ["in 0\n"]
