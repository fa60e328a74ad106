"""Interrupts, by SIGINT and by ``interrupt_request``."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from kernels import Kernel, audited, wait_gone

from .client import Client
from .request import Request

#: Seconds within which interrupted cells must have ended. Left alone they take 60.
SOON = 20


@pytest.fixture(scope="module", params=["signal", "message"])
def kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    yield from audited(Kernel(interrupt_mode=request.param))


def interrupted(kernel: Kernel, *cells: Request) -> None:
    """Interrupt the kernel; each of ``cells`` must show KeyboardInterrupt soon."""
    kernel.interrupt()
    for cell in cells:
        assert cell.result(SOON).ename == "KeyboardInterrupt"


def interrupt_handled(kernel: Kernel, client: Client, times: int = 1) -> None:
    """Interrupt the kernel so many times at once, and wait until it has handled that."""

    def handled() -> int:
        statuses = [m for m in client.iopub if m["msg_type"] == "status"]
        parents = [m["parent_header"].get("msg_type") for m in statuses]
        return parents.count("interrupt_request")

    before = handled()
    for _ in range(times):
        kernel.interrupt()
    if kernel.manager.kernel_spec.interrupt_mode == "message":
        ended = before + 2 * times
        client.wait(lambda: handled() == ended, 20, "busy and idle of interrupt_request")


CALLBACK = """
import time
def before(info):
    get_ipython().events.unregister('pre_run_cell', before)
    print('in', flush=True)
    time.sleep(60)
get_ipython().events.register('pre_run_cell', before)
"""


def test_an_interrupt_before_a_cells_code_ends_the_cell(kernel: Kernel, client: Client) -> None:
    client.run(CALLBACK)
    cell = client.execute("print('ran')").until("in")
    kernel.interrupt()
    assert cell.result(SOON).ename == "KeyboardInterrupt"
    assert cell.stdout == "in\n"
    assert len(cell.of("error")) == 1
    assert client.run("'usable'").value == "'usable'"


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(60)",
        "while True: pass",
        "import threading; threading.Event().wait(60)",
    ],
)
def test_a_blocking_cell_gets_keyboard_interrupt(kernel: Kernel, client: Client, code: str) -> None:
    cell = client.execute(f"print('in', flush=True)\n{code}").until("in")
    kernel.interrupt()
    assert cell.result(SOON).ename == "KeyboardInterrupt"
    assert client.run("'usable'").value == "'usable'"


@pytest.mark.parametrize(
    "code",
    [
        "await asyncio.sleep(60)",
        "await asyncio.gather(asyncio.sleep(60), asyncio.sleep(60))",
        "async for _ in forever(): pass",
        "await asyncio.wait_for(asyncio.sleep(60), 60)",
        "await asyncio.to_thread(stop_thread.wait, 60)",
        "async with asyncio.timeout(60): await asyncio.sleep(60)",
        "await asyncio.create_task(asyncio.sleep(60))",
        "await asyncio.get_running_loop().create_future()",
    ],
)
def test_an_awaiting_cell_ends_at_once(kernel: Kernel, client: Client, code: str) -> None:
    client.run(
        "import threading; stop_thread = threading.Event()\n"
        "async def forever():\n    while True: yield await asyncio.sleep(0.01)"
    )
    cell = client.execute(f"print('in')\n{code}").until("in")
    interrupted(kernel, cell)
    assert client.run("stop_thread.set(); 'usable'").value == "'usable'"


def test_fifty_cells_in_flight_all_show_keyboard_interrupt(kernel: Kernel, client: Client) -> None:
    cells = [client.execute(f"print('in')\nawait asyncio.sleep(60 + {i})") for i in range(50)]
    for cell in cells:
        cell.until("in")
    interrupted(kernel, *cells)
    assert client.run("'usable'").value == "'usable'"


def test_cells_of_two_clients_are_interrupted_together(
    kernel: Kernel, client: Client, other: Client
) -> None:
    mine = client.execute("print('in'); await asyncio.sleep(60)").until("in")
    theirs = other.execute("print('in'); await asyncio.sleep(60)").until("in")
    interrupted(kernel, mine, theirs)


def test_an_interrupt_ends_the_blocking_cell_and_spares_the_awaiting(
    kernel: Kernel, client: Client
) -> None:
    gate = client.gate()
    awaiting = client.execute(f"{gate.wait}\n'spared'").until_busy()
    blocking = client.execute("import time; print('in', flush=True); time.sleep(60)").until("in")
    interrupted(kernel, blocking)
    gate.open()
    assert awaiting.result().value == "'spared'"


def test_an_idle_kernel_survives_interrupts(kernel: Kernel, client: Client) -> None:
    client.run("1")
    for _ in range(3):
        interrupt_handled(kernel, client)
    assert client.run("'alive'").value == "'alive'"
    assert kernel.alive


def test_an_idle_kernel_survives_an_interrupt_after_overlapping_cells(
    kernel: Kernel, client: Client
) -> None:
    gates = [client.gate() for _ in range(3)]
    cells = [client.execute(gate.wait).until_busy() for gate in gates]
    for n in (0, 2, 1):
        gates[n].open()
        cells[n].result()
    interrupt_handled(kernel, client)
    assert client.run("'alive'").value == "'alive'"


def test_two_cells_are_interrupted_one_after_the_other(kernel: Kernel, client: Client) -> None:
    for code in ("await asyncio.sleep(60)", "import time; time.sleep(60)") * 2:
        cell = client.execute(f"print('in', flush=True)\n{code}").until("in")
        interrupted(kernel, cell)


def test_two_interrupts_at_once_end_the_cell_and_leave_the_kernel_usable(
    kernel: Kernel, client: Client
) -> None:
    cell = client.execute("print('in'); await asyncio.sleep(60)").until("in")
    interrupt_handled(kernel, client, times=2)
    assert cell.result(SOON).ename == "KeyboardInterrupt"
    assert client.run("'usable'").value == "'usable'"


def test_a_cell_may_clean_up_when_it_is_cancelled(kernel: Kernel, client: Client) -> None:
    cell = client.execute(
        "try:\n    print('in')\n    await asyncio.sleep(60)\n"
        "except asyncio.CancelledError:\n    print('caught')\n    raise\n"
        "finally:\n    await asyncio.sleep(0.01)\n    print('cleaned')"
    ).until("in")
    interrupted(kernel, cell)
    assert cell.stdout == "in\ncaught\ncleaned\n"


def test_a_cell_that_waits_for_a_child_is_interrupted_with_it(
    kernel: Kernel, client: Client
) -> None:
    cell = client.execute(
        "import subprocess, time; time.sleep(0.1)\n"
        "print(subprocess.run('echo child; sleep 60', shell=True))"
    ).until("child")
    children = kernel.processes()[1:]
    interrupted(kernel, cell)
    wait_gone(children, 5)
    assert "CompletedProcess" not in cell.stdout


def test_a_shell_escape_is_interrupted_and_its_child_ends(kernel: Kernel, client: Client) -> None:
    cell = client.execute("print('in', flush=True)\n!echo child; sleep 60; echo woke").until(
        "child"
    )
    children = kernel.processes()[1:]
    kernel.interrupt()
    cell.result(SOON)
    assert "woke" not in cell.stdout
    wait_gone(children, 5)
    assert client.run("'usable'").value == "'usable'"


def test_an_awaiting_cell_may_catch_keyboard_interrupt_too(kernel: Kernel, client: Client) -> None:
    cell = client.execute(
        "try:\n    print('in')\n    await asyncio.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('caught')\n'went on'"
    ).until("in")
    kernel.interrupt()
    assert cell.result(SOON).value == "'went on'"
    assert cell.stdout == "in\ncaught\n"


def test_a_cell_may_catch_its_cancellation_and_go_on(kernel: Kernel, client: Client) -> None:
    cell = client.execute(
        "try:\n    print('in')\n    await asyncio.sleep(60)\n"
        "except asyncio.CancelledError:\n    pass\n'went on'"
    ).until("in")
    kernel.interrupt()
    assert cell.result(SOON).value == "'went on'"
    assert cell.status == "ok"


def test_a_blocking_cell_may_catch_keyboard_interrupt_and_go_on(
    kernel: Kernel, client: Client
) -> None:
    cell = client.execute(
        "import time\ntry:\n    print('in', flush=True)\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('caught')\nawait asyncio.sleep(0)\n'went on'"
    ).until("in")
    kernel.interrupt()
    assert cell.result(SOON).value == "'went on'"
    assert cell.stdout == "in\ncaught\n"


def test_a_background_task_that_blocks_the_loop_is_interrupted(
    kernel: Kernel, client: Client
) -> None:
    cell = client.execute(
        "import time\nasync def blocks():\n    print('in', flush=True)\n    time.sleep(60)\n"
        "async def later():\n    await asyncio.sleep(0.05)\n    await blocks()\n"
        "blocking_task = asyncio.create_task(later())"
    )
    cell.background = True
    cell.result()
    cell.until("in")
    kernel.interrupt()
    assert client.run("'alive'").value == "'alive'"
    assert kernel.alive
    assert client.run("blocking_task.done()").value == "True"


def test_a_callback_that_blocks_the_loop_is_interrupted(kernel: Kernel, client: Client) -> None:
    cell = client.execute(
        "import time\ndef block():\n    print('in', flush=True)\n    time.sleep(60)\n"
        "_ = asyncio.get_running_loop().call_later(0.05, block)"
    )
    cell.background = True
    cell.result()
    cell.until("in")
    kernel.interrupt()
    assert client.run("'alive'").value == "'alive'"


@pytest.mark.parametrize("question", ["input('? ')", "await ainput('? ')"])
def test_a_cell_that_asks_is_interrupted(kernel: Kernel, client: Client, question: str) -> None:
    cell = client.execute(question)
    cell.question()
    interrupted(kernel, cell)
    again = client.execute("input('again? ')")
    again.answer("yes")
    assert again.result().value == "'yes'"


def test_an_interrupt_aborts_what_waits_behind_a_blocking_cell(
    kernel: Kernel, client: Client
) -> None:
    code = "import time; print('in', flush=True); time.sleep(60)"
    blocking = client.execute(code, stop_on_error=True).until("in")
    behind = [client.execute("print('never')", stop_on_error=True) for _ in range(3)]
    for _ in range(10):  # a signal is faster than a socket
        client.ask("kernel_info_request", channel="control")
    interrupted(kernel, blocking)
    assert [cell.result().status for cell in behind] == ["aborted"] * 3


def test_a_signal_from_outside_is_an_interrupt_in_either_mode(
    kernel: Kernel, client: Client
) -> None:
    cell = client.execute("print('in'); await asyncio.sleep(60)").until("in")
    os.kill(kernel.pid, signal.SIGINT)
    assert cell.result(SOON).ename == "KeyboardInterrupt"


def test_an_interrupt_request_is_answered(client: Client) -> None:
    cell = client.execute("print('in'); await asyncio.sleep(60)").until("in")
    answer = client.ask("interrupt_request", channel="control")
    assert answer.reply["status"] == "ok"
    assert cell.result(SOON).ename == "KeyboardInterrupt"


def test_a_cancelled_cell_shows_keyboard_interrupt_and_never_cancelled_error(
    kernel: Kernel, client: Client
) -> None:
    cell = client.execute("async def f(): await asyncio.sleep(60)\nprint('in')\nawait f()").until(
        "in"
    )
    interrupted(kernel, cell)
    assert "CancelledError" not in cell.of("error")[0]["content"]["ename"]
    assert cell.reply["status"] == "error"


def test_an_interrupt_while_work_is_given_to_a_thread_waits_until_that_is_done(
    client: Client,
) -> None:
    cell = client.execute(
        "import os, signal\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "class Pool(ThreadPoolExecutor):\n"
        "    def _adjust_thread_count(self):\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        super()._adjust_thread_count()\n"
        "pool = Pool(1)\n"
        "pool.submit(print)\n"
        "never = 1"
    ).result()
    assert cell.ename == "KeyboardInterrupt"
    assert client.run("len(pool._threads), 'never' in globals()").value == "(1, False)"
    client.run("pool.shutdown()")
