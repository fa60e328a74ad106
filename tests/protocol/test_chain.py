"""The flavour ``chain``: a cell starts when the one before it has ended; all else goes on."""

from __future__ import annotations

from collections.abc import Callable

from kernels import Kernel

from .client import Client


def test_a_cell_starts_when_the_awaiting_cell_before_it_has_ended(chain: Client) -> None:
    chain.run("trace_1 = []")
    cells = [
        chain.execute(
            f"trace_1.append(('start', {i}))\nawait asyncio.sleep(0.0{5 - i})\n"
            f"trace_1.append(('end', {i}))"
        )
        for i in range(5)
    ]
    for cell in cells:
        cell.result()
    expected = [(word, i) for i in range(5) for word in ("start", "end")]
    assert chain.run(f"trace_1 == {expected}").value == "True"


def test_outputs_and_counts_come_in_the_order_of_the_requests(chain: Client) -> None:
    start = chain.run("0").count
    cells = [chain.execute(f"await asyncio.sleep(0.01)\nprint({i})\n{i}") for i in range(10)]
    for i, cell in enumerate(cells):
        assert (cell.result().stdout, cell.value) == (f"{i}\n", str(i))
        assert cell.count == start + 1 + i
    texts = [m["content"]["text"] for m in chain.iopub if m["msg_type"] == "stream"]
    assert "".join(texts) == "".join(f"{i}\n" for i in range(10))


def test_a_waiting_cell_has_not_started(chain: Client) -> None:
    gate = chain.file_gate()
    first = chain.execute(f"print('in')\n{gate.wait}").until("in")
    second = chain.execute("print('second')")
    chain.ask("kernel_info_request")
    assert second.outputs == []
    assert second.of("execute_input") == []
    gate.open()
    assert first.result().replied <= second.result().replied


def test_an_error_aborts_the_cells_that_wait(chain: Client) -> None:
    gate = chain.file_gate()
    failing = chain.execute(f"print('in')\n{gate.wait}\n1 / 0", stop_on_error=True).until("in")
    waiting = [chain.execute("print('never')", stop_on_error=True) for _ in range(3)]
    chain.ask("kernel_info_request")
    gate.open()
    assert failing.result().status == "error"
    assert [cell.result().status for cell in waiting] == ["aborted"] * 3
    assert all(cell.outputs == [] for cell in waiting)
    assert chain.run("'next'").value == "'next'"


def test_without_stop_on_error_the_waiting_cells_run(chain: Client) -> None:
    gate = chain.file_gate()
    failing = chain.execute(f"print('in')\n{gate.wait}\n1 / 0").until("in")
    waiting = [chain.execute(f"{i}") for i in range(3)]
    gate.open()
    assert failing.result().status == "error"
    assert [cell.result().value for cell in waiting] == ["0", "1", "2"]


def test_an_error_aborts_no_cell_of_another_client(chain: Client, chain_kernel: Kernel) -> None:
    other = chain_kernel.client()
    gate = chain.file_gate()
    failing = chain.execute(f"print('in')\n{gate.wait}\n1 / 0", stop_on_error=True).until("in")
    mine = chain.execute("'mine'", stop_on_error=True)
    theirs = other.execute("'theirs'", stop_on_error=True)
    chain.ask("kernel_info_request")
    gate.open()
    assert failing.result().status == "error"
    assert mine.result().status == "aborted"
    assert theirs.result().value == "'theirs'"
    chain_kernel.release(other)


def test_completion_inspection_and_kernel_info_go_on_meanwhile(chain: Client) -> None:
    chain.run("meanwhile_name = 1")
    gate = chain.file_gate()
    cell = chain.execute(f"print('in')\n{gate.wait}").until("in")
    behind = chain.execute("'behind'")
    reply = chain.ask("complete_request", {"code": "meanwhile_n", "cursor_pos": 11}).reply
    assert reply["matches"] == ["meanwhile_name"]
    content = {"code": "meanwhile_name", "cursor_pos": 5, "detail_level": 0}
    assert chain.ask("inspect_request", content).reply["found"] is True
    assert chain.ask("kernel_info_request").reply["status"] == "ok"
    assert not cell.done
    gate.open()
    assert behind.result().value == "'behind'"


def test_comms_go_on_meanwhile_with_busy_and_idle(chain: Client) -> None:
    chain.run(
        "heard = asyncio.Event()\nget_ipython().kernel.comm_manager.register_target('chained', "
        "lambda comm, message: comm.on_msg(lambda message: heard.set()))"
    )
    cell = chain.execute("print('in')\nawait heard.wait()").until("in")
    behind = chain.execute("'behind'")
    opening = chain.send(
        "comm_open", {"comm_id": "chained comm", "target_name": "chained", "data": {}}
    )
    telling = chain.send("comm_msg", {"comm_id": "chained comm", "data": {}})
    assert cell.result().value == "True"
    assert behind.result().value == "'behind'"
    for request in (opening, telling):
        chain.wait(lambda r=request: r.states == ["busy", "idle"], 10, "busy and idle")


def test_an_interrupt_ends_the_running_cell_and_aborts_the_waiting(
    chain: Client, chain_kernel: Kernel
) -> None:
    cell = chain.execute("print('in')\nawait asyncio.sleep(60)", stop_on_error=True).until("in")
    waiting = [chain.execute("print('never')", stop_on_error=True) for _ in range(3)]
    chain.ask("kernel_info_request")
    chain_kernel.interrupt()
    assert cell.result(5).ename == "KeyboardInterrupt"
    assert [w.result().status for w in waiting] == ["aborted"] * 3
    assert chain.run("'usable'").value == "'usable'"


def test_a_cell_that_waits_for_a_later_one_is_told_so(chain: Client) -> None:
    start = chain.run("0").count
    cell = chain.execute(f"await __task__({start + 2})")
    behind = chain.execute("'behind'")
    assert cell.result().status == "error"
    assert behind.result().value == "'behind'"


def test_the_previous_cell_has_ended_so_its_result_is_there(chain: Client) -> None:
    chain.execute("await asyncio.sleep(0.05)\n'before'")
    assert chain.execute("await __task__()").result().value == "'before'"


def test_the_kernel_is_busy_until_the_last_cell_of_the_chain_ended(chain: Client) -> None:
    cells = [chain.execute("await asyncio.sleep(0.02)") for _ in range(5)]
    for cell in cells:
        cell.result()
    while chain.pump(0.2):
        pass
    assert chain.states[-1] == "idle"


def test_ainput_holds_up_the_chain_but_not_the_kernel(chain: Client) -> None:
    asking = chain.execute("await ainput('? ')")
    asking.question()
    behind = chain.execute("'behind'")
    assert chain.ask("kernel_info_request").reply["status"] == "ok"
    assert not behind.done
    asking.answer("here")
    assert asking.result().value == "'here'"
    assert behind.result().value == "'behind'"


def test_a_silent_cell_waits_its_turn_too(chain: Client) -> None:
    chain.run("turns = []")
    first = chain.execute("await asyncio.sleep(0.05)\nturns.append('first')")
    chain.execute("turns.append('silent')", silent=True).result()
    assert first.done
    assert chain.run("turns").value == "['first', 'silent']"


def test_tasks_lists_waiting_cells(launch: Callable[..., Kernel]) -> None:
    kernel = launch("chain")
    client = kernel.clients[0]
    cell = client.execute("print('in')\nawait asyncio.sleep(60)").until("in")
    waiting = client.execute("'waiting'")
    subshell = client.ask("create_subshell_request", channel="control").reply["subshell_id"]
    shown = client.execute("%akernel tasks", subshell=subshell).result().stdout
    assert "running for" in shown
    assert "waiting" in shown
    kernel.interrupt()
    cell.result()
    waiting.result()
