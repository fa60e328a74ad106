"""Interrupts of cells in threads: they reach Python code, and never tear a message apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernels import Kernel, audited

from .client import Client


@pytest.fixture(scope="module", params=["signal", "message"])
def kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    yield from audited(Kernel(interrupt_mode=request.param))


def test_python_code_in_a_thread_gets_keyboard_interrupt(kernel: Kernel, client: Client) -> None:
    cell = client.execute("%%thread\nprint('in')\nn = 0\nwhile True:\n    n += 1").until("in")
    kernel.interrupt()
    assert cell.result().ename == "KeyboardInterrupt"
    text = "\n".join(cell.reply["traceback"])
    assert "----> " in text
    assert "_worker.py" not in text
    assert client.run("'usable'").value == "'usable'"


def test_a_cell_that_cleans_up_does_so(kernel: Kernel, client: Client) -> None:
    cell = client.execute(
        "%%thread\nprint('in')\ntry:\n    n = 0\n    while True: n += 1\n"
        "except KeyboardInterrupt:\n    print('cleaned')\n'went on'"
    ).until("in")
    kernel.interrupt()
    assert cell.result().value == "'went on'"
    assert "cleaned" in cell.stdout


def test_several_threads_are_interrupted_together(kernel: Kernel, client: Client) -> None:
    cells = [client.execute("%%thread\nprint('in')\nwhile True: pass") for _ in range(3)]
    cells.append(client.execute("print('in')\nawait asyncio.sleep(60)"))
    for cell in cells:
        cell.until("in")
    kernel.interrupt()
    for cell in cells:
        assert cell.result().ename == "KeyboardInterrupt"


@pytest.mark.parametrize(
    ("grace", "pause"),
    [(0.0, "pass"), (0.0, "display(n_thr); time.sleep(0.001)"), (None, "pass")],
)
def test_nothing_of_an_interrupted_thread_that_prints_comes_after_its_idle(
    kernel: Kernel, client: Client, grace: float | None, pause: str
) -> None:
    client.run("import time, threading\nfrom akernel_ipy.threads import _worker as worker_thr")
    client.run("grace_thr = worker_thr.GRACE")
    if grace is not None:  # it is left behind at once, and goes on for a while
        client.run(f"worker_thr.GRACE = {grace}")
    for n in range(3):
        code = f"%%thread\nn_thr = {n}\nwhile True:\n    print('in')\n    {pause}"
        cell = client.execute(code).until("in")
        kernel.interrupt()
        assert cell.result().ename == "KeyboardInterrupt"
        threads = f"[t for t in threading.enumerate() if t.name == 'In [{cell.count}]']"
        client.run(f"for t in {threads}: await asyncio.to_thread(t.join)")
        assert client.run("print('whole'); 1").stdout == "whole\n"
    client.run("worker_thr.GRACE = grace_thr")


def test_input_in_a_thread_is_interrupted(kernel: Kernel, client: Client) -> None:
    cell = client.execute("%%thread\ninput('who? ')")
    cell.question()
    kernel.interrupt()
    assert cell.result().ename == "KeyboardInterrupt"
    asking = client.execute("%%thread\ninput('again? ')")
    asking.client.wait(lambda: len(asking.inputs) == 1, 20, "the question")
    asking.answer("yes")
    assert asking.result().value == "'yes'"


def test_a_call_that_nothing_reaches_is_left_behind(kernel: Kernel, client: Client) -> None:
    client.run("import threading; event_thr = threading.Event()")
    cell = client.execute(
        "%%thread\nprint('in')\nevent_thr.wait()\nprint('after')\nafter_thr = 1"
    ).until("in")
    kernel.interrupt()
    assert cell.result().ename == "KeyboardInterrupt"  # nobody has set the event
    assert "can't be interrupted" in cell.reply["evalue"]
    text = "\n".join(cell.reply["traceback"])
    assert "event_thr" in text
    assert "_worker.py" not in text
    thread = f"[t for t in threading.enumerate() if t.name == 'In [{cell.count}]']"
    client.run(f"{thread}[0]")
    client.run(f"for t in {thread}:\n    event_thr.set(); await asyncio.to_thread(t.join)")
    assert client.execute("after_thr").result().ename == "NameError"
    assert "after" not in cell.stdout


def test_a_blocking_cell_is_interrupted_and_the_thread_goes_on(
    kernel: Kernel, client: Client
) -> None:
    client.run("stop_thr = False")
    thread = client.execute("%%thread\nprint('in')\nwhile not stop_thr: pass\n'done'").until("in")
    blocking = client.execute("print('in')\nwhile True: pass").until("in")
    kernel.interrupt()
    assert blocking.result().ename == "KeyboardInterrupt"
    client.run("stop_thr = True")
    assert thread.result().value == "'done'"


def test_cancel_reaches_a_thread(kernel: Kernel, client: Client) -> None:
    cell = client.execute("%%thread\nprint('in')\nwhile True: pass").until("in")
    client.run("__task__().cancel()")
    assert cell.result().ename == "KeyboardInterrupt"


def test_shutdown_does_not_wait_for_a_thread(kernel: Kernel) -> None:
    other = Kernel()
    try:
        client = other.client()
        cell = client.execute("%%thread\nprint('in')\nimport time; time.sleep(60)").until("in")
        cell.abandoned = True
        assert other.shut_down() == 0
    finally:
        other.close()
