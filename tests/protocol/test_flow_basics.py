"""The flavour ``flow``: cells that share no data overlap; the result is that of a run in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernels import Kernel, audited

from .client import Client
from .request import Request


@pytest.fixture(scope="module")
def flow_kernel() -> Iterator[Kernel]:
    yield from audited(Kernel("flow"))


@pytest.fixture
def flow(flow_kernel: Kernel) -> Iterator[Client]:
    """A new client of the module's flow kernel, with an empty namespace."""
    client = flow_kernel.client()
    client.run("%reset -f", silent=True)
    yield client
    flow_kernel.release(client)


def started(client: Client, cell: Request) -> bool:
    client.ask("kernel_info_request")
    return "busy" in cell.states


def send_all(client: Client, *codes: str, **options: bool) -> list[Request]:
    return [client.execute(code, **options) for code in codes]


def test_cells_that_share_no_data_run_at_the_same_time(flow: Client) -> None:
    gates = [flow.file_gate(), flow.file_gate()]
    first, second = send_all(
        flow, *(f"print('in')\n{gate.wait}\nx{n} = {n}" for n, gate in enumerate(gates))
    )
    first.until("in")
    second.until("in")
    for gate in gates:
        gate.open()
    assert flow.execute("x0, x1").result().value == "(0, 1)"
    assert (first.status, second.status) == ("ok", "ok")


def test_a_cell_waits_for_the_names_that_it_reads(flow: Client) -> None:
    gate = flow.file_gate()
    cells = send_all(flow, f"print('in')\n{gate.wait}\nx = 1", "y = x + 1", "z = 10", "y + z")
    cells[0].until("in")
    assert cells[2].result().status == "ok"
    assert not started(flow, cells[1])
    assert not started(flow, cells[3])
    gate.open()
    assert cells[3].result().value == "12"


def test_a_cell_waits_for_the_readers_of_what_it_binds(flow: Client) -> None:
    gate = flow.file_gate()
    flow.run("x = 1")
    reader, writer = send_all(flow, f"print('in')\n{gate.wait}\nx", "x = 2")
    reader.until("in")
    assert not started(flow, writer)
    gate.open()
    assert reader.result().value == "1"
    assert flow.run("x").value == "2"


def test_two_names_of_one_list_are_one_object(flow: Client) -> None:
    gate = flow.file_gate()
    flow.run("a = [1]\nb = {'x': a}")
    first, second = send_all(flow, f"print('in')\n{gate.wait}\na.append(2)", "b['x'].append(3)")
    first.until("in")
    assert not started(flow, second)
    gate.open()
    assert flow.execute("a").result().value == "[1, 2, 3]"
    assert second.status == "ok"


def test_a_call_counts_with_what_the_function_reads_and_binds(flow: Client) -> None:
    gate = flow.file_gate()
    flow.run("n = 1\ndef double(): return inner()\ndef inner(): return 2 * n")
    first, second = send_all(flow, f"print('in')\n{gate.wait}\nn = 5", "double()")
    first.until("in")
    assert not started(flow, second)
    gate.open()
    assert second.result().value == "10"


def test_results_inputs_and_numbers_are_those_of_a_run_in_turn(flow: Client) -> None:
    gate = flow.file_gate()
    base = flow.run("'base'").count
    cells = send_all(
        flow,
        f"{gate.wait}\n'first'",
        "'second'",
        "'third'",
        f"_, __, ___, list(Out)[-3:], In[{base + 2}], _i, len(In), _{base + 1}",
    )
    cells[2].result()
    assert not cells[0].done
    gate.open()
    last = cells[3].result()
    assert last.value == (
        f"('third', 'second', 'first', [{base + 1}, {base + 2}, {base + 3}], \"'second'\", "
        f"\"'third'\", {base + 5}, 'first')"
    )
    assert [cell.count for cell in cells] == [base + n for n in (1, 2, 3, 4)]


def test_an_error_aborts_what_needs_the_data_and_nothing_else(flow: Client) -> None:
    gate = flow.file_gate()
    flow.run("w = 0")
    cells = send_all(
        flow,
        f"print('in')\n{gate.wait}\nw\nx = 1 / 0",
        "y = x",
        "print(y)",
        "print('beside')",
        "w = 2",
        "x = 3",
        "print(x, w)",
        stop_on_error=True,
    )
    cells[0].until("in")
    gate.open()
    statuses = [cell.result().status for cell in cells]
    assert statuses == ["error", "aborted", "aborted", "ok", "ok", "ok", "ok"]
    assert cells[6].stdout == "3 2\n"


def test_an_error_aborts_also_what_has_not_been_looked_at(flow: Client) -> None:
    cells = send_all(
        flow,
        "import time; print('in', flush=True); time.sleep(0.2); x = 1 / 0",
        "y = x",
        "y",
        "'beside'",
        "x = 1",
        "x",
        stop_on_error=True,
    )
    statuses = [cell.result().status for cell in cells]
    assert statuses == ["error", "aborted", "aborted", "ok", "ok", "ok"]


def test_without_stop_on_error_all_cells_run(flow: Client) -> None:
    cells = send_all(flow, "await asyncio.sleep(0)\nx = 1 / 0", "x", "'beside'")
    assert [cell.result().status for cell in cells] == ["error", "error", "ok"]
    assert cells[1].ename == "NameError"


def test_an_interrupt_ends_what_runs_and_aborts_what_needs_it(
    flow: Client, flow_kernel: Kernel
) -> None:
    cells = send_all(
        flow,
        "print('in')\nawait asyncio.sleep(60)\nx = 1",
        "print('in')\nawait asyncio.sleep(60)",
        "x",
        stop_on_error=True,
    )
    for cell in cells[:2]:
        cell.until("in")
    flow_kernel.interrupt()
    assert [cell.result().ename for cell in cells[:2]] == ["KeyboardInterrupt"] * 2
    assert cells[2].result().status == "aborted"
    assert flow.run("'usable'").value == "'usable'"


def test_a_waiting_cell_that_is_run_again_runs_once(flow: Client) -> None:
    gate = flow.file_gate()
    first = flow.execute(f"print('in')\n{gate.wait}\nx = 1", cell_id="a").until("in")
    old = flow.execute("print('old', x)", cell_id="b")
    flow.ask("kernel_info_request")
    new = flow.execute("print('new', x)", cell_id="b")
    assert old.result().status == "aborted"
    gate.open()
    assert new.result().stdout == "new 1\n"
    assert first.result().status == "ok"


def test_a_waiting_cell_that_others_wait_for_runs_even_if_it_is_run_again(flow: Client) -> None:
    gate = flow.file_gate()
    flow.execute(f"print('in')\n{gate.wait}\nx = 1", cell_id="a").until("in")
    old = flow.execute("y = x", cell_id="b")
    reader = flow.execute("y", cell_id="c")
    new = flow.execute("y = x + 1", cell_id="b")
    gate.open()
    assert reader.result().value == "1"
    assert (old.result().status, new.result().status) == ("ok", "ok")
    assert flow.run("y").value == "2"


def test_what_can_t_be_followed_waits_for_all_and_holds_up_all(flow: Client) -> None:
    gate = flow.file_gate()
    cells = send_all(flow, f"print('in')\n{gate.wait}", "exec('x = 1')", "print('behind')", "x")
    cells[0].until("in")
    assert not started(flow, cells[1])
    assert not started(flow, cells[2])
    gate.open()
    assert cells[3].result().value == "1"


def test_a_magic_that_an_unfinished_cell_defines_is_known_in_time(flow: Client) -> None:
    gate = flow.file_gate()
    cells = send_all(
        flow,
        f"print('in')\n{gate.wait}\nfrom IPython.core.magic import register_line_magic\n"
        "@register_line_magic\ndef shout(line): print(line.upper())\ndel shout",
        "shout hello",
    )
    cells[0].until("in")
    gate.open()
    assert cells[1].result().stdout == "HELLO\n"


def test_why_says_what_a_cell_waited_for(flow: Client) -> None:
    gate = flow.file_gate()
    flow.run("items = []")
    first = flow.execute(f"print('in')\n{gate.wait}\nx = 1\nitems.append(x)").until("in")
    waiting = flow.execute("print(x, items)")
    shown = flow.run("%akernel why").stdout
    assert "has been waiting" in shown
    gate.open()
    count = waiting.result().count
    shown = flow.run(f"%akernel why {count}").stdout
    assert f"In [{count}] waited" in shown
    assert f"for In [{first.count}]: it reads `x`, which that cell binds" in shown
    assert "may change in place what `items` is" in shown
    assert "started at once" in flow.run(f"%akernel why {first.count}").stdout
    assert flow.execute("%akernel why 999").result().status == "error"


def test_a_task_of_another_cell_is_waited_for_and_gives_its_result(flow: Client) -> None:
    cells = send_all(flow, "await asyncio.sleep(0.05)\n'before'", "await __task__()")
    assert cells[1].result().value == "'before'"


def test_switching_to_flow_waits_for_what_runs_already(flow: Client) -> None:
    flow.run("%akernel_mode async")
    gate = flow.file_gate()
    running = flow.execute(f"print('in')\n{gate.wait}\nx = 1").until("in")
    flow.run("%akernel_mode flow")
    reader = flow.execute("x")
    assert not started(flow, reader)
    gate.open()
    assert running.result().status == "ok"
    assert reader.result().value == "1"


def test_an_error_of_one_client_aborts_no_cell_of_another(
    flow: Client, flow_kernel: Kernel
) -> None:
    other = flow_kernel.client()
    gate = flow.file_gate()
    flow.run("x = 0")
    failing = flow.execute(f"print('in')\n{gate.wait}\nx = 1 / 0", stop_on_error=True).until("in")
    mine = flow.execute("x", stop_on_error=True)
    theirs = other.execute("x", stop_on_error=True)
    flow.ask("kernel_info_request")
    other.ask("kernel_info_request")
    gate.open()
    assert failing.result().status == "error"
    assert mine.result().status == "aborted"
    assert theirs.result().value == "0"
    flow_kernel.release(other)
