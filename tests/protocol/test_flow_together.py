"""``flow`` together with react, cache, multi and threads: what each promises, kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernels import Kernel, audited
from notebooks.lab import Lab

from .client import Client
from .gates import FileGate
from .request import Request

#: A function whose calls share a list that no name leads to but the function's.
NOTE = """\
def make_note():
    seen = []
    def note(*what):
        seen.extend(what)
        return list(seen)
    return note
note = make_note()
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    yield from audited(Kernel("flow"))


@pytest.fixture
def reactive(client: Client) -> Iterator[Lab]:
    client.run("%akernel_mode flow-react")
    client.run("%reset -f", silent=True)
    yield Lab(client)
    client.run("%akernel_mode flow")


def started(client: Client, cell: Request) -> bool:
    client.ask("kernel_info_request")
    return "busy" in cell.states


# -- react


def test_a_re_run_waits_for_a_cell_that_it_shares_an_object_with(reactive: Lab) -> None:
    gate = reactive.client.file_gate()
    reactive.run("note", NOTE)
    reactive.run("x", "x = 1")
    reactive.run("re-run", "note('one', x)\nawait asyncio.sleep(0)\nnote(x)")
    running = reactive.send("in between", f"note('in')\nprint('in')\n{gate.wait}\nnote('out')")
    running.until("in")
    cause = reactive.send("x", "x = 2")
    cause.until_busy()
    reactive.client.ask("kernel_info_request")
    assert reactive.texts("re-run") == ["['one', 1, 1]"]
    gate.open()
    cause.result()
    assert reactive.texts("re-run") == ["['one', 1, 1, 'in', 'out', 'one', 2, 2]"]
    assert running.result().status == "ok"


def test_a_cell_waits_for_a_re_run_that_it_shares_an_object_with(reactive: Lab) -> None:
    gate = reactive.client.file_gate()
    reactive.run("note", NOTE)
    reactive.run("x", "x = 0")
    wait = f"if x:\n    print('in')\n    {gate.wait}"
    reactive.run("re-run", f"note('begins')\n{wait}\nnote('ends')")
    cause = reactive.send("x", "x = 1")
    reactive.requests["re-run"].until("in")
    other = reactive.send("other", "note('other')")
    other.until_busy()
    reactive.client.ask("kernel_info_request")
    assert reactive.texts("other") == []
    gate.open()
    assert other.result().value == "['begins', 'ends', 'begins', 'ends', 'other']"
    assert cause.result().status == "ok"


def test_a_re_run_that_waits_for_others_can_be_interrupted(reactive: Lab, kernel: Kernel) -> None:
    reactive.run("note", NOTE)
    reactive.run("x", "x = 1")
    reactive.run("re-run", "note(x)")
    holding = reactive.send("holding", "note('in')\nprint('in')\nawait asyncio.sleep(60)")
    holding.until("in")
    cause = reactive.send("x", "x = 2")
    cause.until_busy()
    reactive.client.ask("kernel_info_request")
    kernel.interrupt()
    assert holding.result().ename == "KeyboardInterrupt"
    cause.result()
    assert reactive.texts("re-run") == ["KeyboardInterrupt"]
    reactive.run("x", "x = 3")
    assert reactive.texts("re-run") == ["[1, 'in', 3]"]


def test_run_all_under_react_overlaps_and_gives_what_a_run_in_turn_gives(reactive: Lab) -> None:
    gate = reactive.client.file_gate()
    cells = {
        "1": f"print('in')\n{gate.wait}\na = 1",
        "2": f"print('in')\n{gate.wait}\nb = 2",
        "3": "total = a + b\ntotal",
    }
    requests = [reactive.send(cell, code) for cell, code in cells.items()]
    for request in requests[:2]:
        request.until("in")
    gate.open()
    assert requests[2].result().value == "3"
    reactive.run("1", "a = 10")
    assert reactive.texts("3") == ["12"]


# -- cache


@pytest.fixture
def cached(client: Client) -> Iterator[Client]:
    client.run("%akernel_mode flow-cache")
    client.run("%reset -f", silent=True)
    yield client
    client.run("%akernel_mode flow")


def test_a_hit_does_not_overtake_what_it_would_have_to_wait_for(cached: Client) -> None:
    first = "%%cache force\nprint('computed')\nitems = [n for n in range(3)]"
    assert cached.run(first).stdout == "computed\n"
    gate = cached.file_gate()
    holding = cached.execute(f"print('in')\n{gate.wait}\nitems.append(7)\nseen = len(items)")
    holding.until("in")
    again = cached.execute(first)
    assert not started(cached, again)
    gate.open()
    assert again.result().status == "ok"
    assert again.replies[0]["metadata"]["akernel"]["cache"]["hit"]
    assert cached.run("seen, items").value == "(4, [0, 1, 2])"


# -- threads


@pytest.fixture
def threaded(client: Client) -> Client:
    client.run("%reset -f", silent=True)
    client.run("import os, time\nitems = []")
    return client


def wait_in_thread(gate: FileGate) -> str:
    return f"while not os.path.exists({str(gate.path)!r}): time.sleep(0.005)"


def test_cells_in_threads_overlap_where_their_data_allows_it(threaded: Client) -> None:
    gate = threaded.file_gate()
    wait = wait_in_thread(gate)
    cells = [
        threaded.execute(f"%%thread\nprint('in')\n{wait}\nprint({n})\nr{n} = {n}\n{n}")
        for n in range(2)
    ]
    for cell in cells:
        cell.until("in")
    gate.open()
    assert [cell.result().value for cell in cells] == ["0", "1"]
    assert [cell.stdout for cell in cells] == ["in\n0\n", "in\n1\n"]
    assert threaded.run("r0, r1").value == "(0, 1)"


def test_what_a_thread_writes_is_there_for_the_cells_behind(threaded: Client) -> None:
    client, gate = threaded, threaded.file_gate()
    wait = wait_in_thread(gate)
    writer = client.execute(f"%%thread\nprint('in')\n{wait}\nitems.append(1)\nx = 1\nprint('out')")
    writer.until("in")
    appender = client.execute("%%thread\nitems.append(2)\nprint(items)")
    reader = client.execute("print(x, items)")
    beside = client.execute("%%thread\n'beside'").result()
    assert beside.value == "'beside'"
    assert not started(client, appender)
    assert not started(client, reader)
    gate.open()
    assert reader.result().stdout == "1 [1, 2]\n"
    assert appender.stdout == "[1, 2]\n"
    assert writer.stdout == "in\nout\n"


def test_an_error_in_a_thread_aborts_what_needs_it_and_nothing_else(threaded: Client) -> None:
    codes = "%%thread\nx = 1 / 0", "x", "'beside'"
    cells = [threaded.execute(code, stop_on_error=True) for code in codes]
    assert [cell.result().status for cell in cells] == ["error", "aborted", "ok"]


# -- multi


def test_each_session_orders_its_own_cells(kernel: Kernel, client: Client) -> None:
    multi = Kernel("flow-multi")
    try:
        one, two = multi.client(), multi.client()
        gate = one.file_gate()
        holding = one.execute(f"print('in')\n{gate.wait}\nx = 1").until("in")
        waiting = one.execute("x")
        two.run("x = 2")
        assert two.run("x").value == "2"
        assert not started(one, waiting)
        failing = two.execute("y = 1 / 0", stop_on_error=True)
        needing = two.execute("y", stop_on_error=True)
        assert failing.result().status == "error"
        assert needing.result().status == "aborted"
        gate.open()
        assert waiting.result().value == "1"
        assert holding.result().status == "ok"
        multi.audit()
    finally:
        multi.close()
