"""Shutdown and restart while cells run leave no process."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kernels import Kernel, wait_gone

from .client import Client
from .request import Request

Launch = Callable[..., Kernel]

STATES = {
    "idle": "print('in', flush=True)",
    "a cell awaits": "print('in', flush=True)\nawait asyncio.sleep(60)",
    "a cell blocks": "import time\nprint('in', flush=True)\ntime.sleep(60)",
    "a cell asks": "print('in', flush=True)\ninput('? ')",
    "a child runs": "import subprocess\nchild = subprocess.Popen(['sleep', '60'])\n"
    "print('in', flush=True)\nawait asyncio.to_thread(child.wait)",
    "a shell escape runs": "!echo in; sleep 60",
    "a cell ignores its cancellation": "print('in', flush=True)\nwhile True:\n"
    "    try: await asyncio.sleep(60)\n    except asyncio.CancelledError: pass",
    "a daemon thread runs": "import threading, time\n"
    "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nprint('in', flush=True)",
}


def bring_into(client: Client, state: str) -> Request:
    cell = client.execute(STATES[state]).until("in")
    cell.abandoned = True
    return cell


@pytest.mark.parametrize("state", STATES)
def test_a_shutdown_leaves_no_process(launch: Launch, state: str) -> None:
    kernel = launch()
    bring_into(kernel.clients[0], state)
    processes = kernel.processes()
    assert kernel.shut_down() == 0
    wait_gone(processes)


@pytest.mark.parametrize("state", STATES)
def test_a_restart_leaves_no_process_and_a_fresh_kernel(launch: Launch, state: str) -> None:
    kernel = launch()
    kernel.clients[0].run("left_over = 1")
    bring_into(kernel.clients[0], state)
    processes = kernel.processes()
    client = kernel.restart()
    wait_gone(processes)
    assert client.execute("left_over").result().ename == "NameError"
    assert client.run("'fresh'").count == 2


#: On a busy machine asyncio's debug mode says that callbacks take long.
QUIET = "--IPKernelApp.exec_lines=import logging; logging.getLogger('asyncio').setLevel('ERROR')"


@pytest.mark.parametrize("env", [{"PYTHONASYNCIODEBUG": "1"}, {"PYTHONWARNINGS": "error"}])
def test_a_shutdown_request_is_answered_and_an_awaiting_cell_ends_with_the_kernel(
    launch: Launch, env: dict[str, str]
) -> None:
    kernel = launch(env=env, args=(QUIET,))
    client = kernel.clients[0]
    bring_into(client, "a cell awaits")
    processes = kernel.processes()
    request = client.send("shutdown_request", {"restart": False}, channel="control")
    client.wait(lambda: bool(request.replies), 10, "shutdown_reply")
    assert request.reply == {"status": "ok", "restart": False}
    request.abandoned = True
    wait_gone(processes, 10)


def test_a_shutdown_while_two_hundred_cells_run_leaves_no_process(launch: Launch) -> None:
    kernel = launch()
    client = kernel.clients[0]
    for cell in [client.execute("print('in'); await asyncio.sleep(60)") for _ in range(200)]:
        cell.until("in").abandoned = True
    processes = kernel.processes()
    kernel.manager.shutdown_kernel()
    wait_gone(processes)


def test_exit_handlers_run_at_shutdown(launch: Launch) -> None:
    kernel = launch()
    left = kernel.directory / "left"
    kernel.clients[0].run(
        f"import atexit, pathlib; atexit.register(pathlib.Path({str(left)!r}).touch)"
    )
    processes = kernel.processes()
    kernel.manager.shutdown_kernel()
    wait_gone(processes)
    assert left.exists()


def test_a_quiet_life_writes_nothing_to_the_kernels_own_stderr(launch: Launch) -> None:
    kernel = launch()
    client = kernel.clients[0]
    client.run("await asyncio.sleep(0.01)")
    client.execute("1 / 0").result()
    bring_into(client, "a cell awaits")
    processes = kernel.processes()
    kernel.manager.shutdown_kernel()
    wait_gone(processes)
    lines = [line for line in kernel.log.splitlines() if line and "without encryption" not in line]
    assert lines == []


def test_a_client_that_goes_away_does_not_disturb_its_cells(launch: Launch) -> None:
    kernel = launch()
    leaving, staying = kernel.clients[0], kernel.client()
    gate = staying.gate()
    cell = leaving.execute(f"left_1 = 'started'\nprint('in')\n{gate.wait}\nleft_1 = 'ended'").until(
        "in"
    )
    cell.abandoned = True
    kernel.clients.remove(leaving)
    leaving.close()
    gate.open()
    assert staying.run("left_1").value == "'ended'"


def test_a_thread_that_outlives_its_cell_can_end_the_kernel(launch: Launch) -> None:
    kernel = launch()
    client = kernel.clients[0]
    client.run(
        "import os, threading, time\ndef leave(path, leave=get_ipython().ask_exit):\n"
        "    while not os.path.exists(path): time.sleep(0.005)\n    leave()\n"
        "threading.Thread(target=leave, args=('go',)).start()"
    )
    processes = kernel.processes()
    (kernel.directory / "go").touch()
    wait_gone(processes)
