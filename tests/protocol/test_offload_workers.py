"""``%%offload``: several cells at once, interrupts, workers that die, and the end of it all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psutil
import pytest
from kernels import Kernel, wait_gone

from .client import Client

pytest.importorskip("distributed")

LONG = 90.0


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    kernel = Kernel(args=("--AsyncKernel.offload_workers=2",))
    try:
        client = kernel.client()
        client.run("%%offload\nimport os", LONG)
        kernel.release(client)
        yield kernel
        kernel.audit()
    finally:
        kernel.close()


def test_cells_run_at_the_same_time(kernel: Kernel, client: Client) -> None:
    gates = [client.file_gate() for _ in range(2)]
    cells = [
        client.execute(f"%%offload\nimport asyncio, os\nprint('in')\n{gate.wait}\nos.getpid()")
        for gate in gates
    ]
    for cell in cells:
        cell.until("in", LONG)
    reply = client.ask("complete_request", {"code": "gate_", "cursor_pos": 5}).reply
    assert gates[0].name in reply["matches"]
    for gate in reversed(gates):
        gate.open()
    assert len({cell.result(LONG).value for cell in cells}) == 2


def test_more_cells_than_workers_wait_their_turn(kernel: Kernel, client: Client) -> None:
    cells = [client.execute(f"%%offload\noff_{n} = {n} ** 2\noff_{n}") for n in range(6)]
    assert [cell.result(LONG).value for cell in cells] == ["0", "1", "4", "9", "16", "25"]


@pytest.fixture
def flow(client: Client) -> Iterator[Client]:
    """The module's kernel under flow, for one test."""
    client.run("%akernel_mode flow")
    yield client
    client.run("%akernel_mode async")


def test_under_flow_offloaded_cells_overlap_and_their_readers_wait(flow: Client) -> None:
    gates = [flow.file_gate() for _ in range(2)]
    cells = [
        flow.execute(f"%%offload\nimport asyncio, os\nprint('in')\n{gate.wait}\noff_{n} = {n}")
        for n, gate in enumerate(gates, start=1)
    ]
    reader = flow.execute("off_1 + off_2")
    for cell in cells:
        cell.until("in", LONG)
    assert flow.run("'free'").value == "'free'"
    assert not reader.done
    for gate in gates:
        gate.open()
    assert reader.result(LONG).value == "3"
    akernel = reader.replies[0]["metadata"]["akernel"]
    assert [wait["count"] for wait in akernel["waited"]] == [cell.count for cell in cells]
    assert cells[0].replies[0]["metadata"]["akernel"]["place"] == "offload"


def test_under_flow_a_failed_offloaded_cell_aborts_what_needs_its_data(flow: Client) -> None:
    gate = flow.file_gate()
    failing = flow.execute(
        f"%%offload\nimport asyncio, os\nprint('in')\n{gate.wait}\noff_bad = 1 / 0",
        stop_on_error=True,
    )
    reader = flow.execute("off_bad + 1", stop_on_error=True)
    other = flow.execute("'other'", stop_on_error=True)
    assert other.result().value == "'other'"
    gate.open()
    assert failing.result(LONG).ename == "ZeroDivisionError"
    assert reader.result(LONG).status == "aborted"


def interrupted(kernel: Kernel, client: Client, body: str) -> str:
    cell = client.execute(f"%%offload\nprint('in')\n{body}").until("in", LONG)
    kernel.interrupt()
    assert cell.result(LONG).ename == "KeyboardInterrupt"
    assert client.run("%%offload\n'usable'", LONG).value == "'usable'"
    return "\n".join(cell.reply["traceback"])


def test_python_code_is_interrupted_where_it_is(kernel: Kernel, client: Client) -> None:
    before = client.run("%%offload\nimport os; off_pids = os.getpid()", LONG)
    text = interrupted(kernel, client, "n = 0\nwhile True:\n    n += 1")
    assert "---> " in text
    assert before.status == "ok"


def test_an_awaiting_cell_is_interrupted(kernel: Kernel, client: Client) -> None:
    text = interrupted(kernel, client, "import asyncio\nawait asyncio.sleep(60)")
    assert "asyncio" in text


def test_a_long_call_into_c_ends_with_its_worker(kernel: Kernel, client: Client) -> None:
    workers = "len(get_ipython().kernel.engine._client.scheduler_info()['workers'])"
    interrupted(kernel, client, "import time\ntime.sleep(100)")
    client.run(f"while {workers} < 2: await asyncio.sleep(0.05)", LONG)


def test_a_cell_that_waits_for_a_worker_is_interrupted(kernel: Kernel, client: Client) -> None:
    gate = client.file_gate()
    busy = [
        client.execute(f"%%offload\nimport asyncio, os\nprint('in')\n{gate.wait}") for _ in range(2)
    ]
    for cell in busy:
        cell.until("in", LONG)
    waiting = client.execute("%%offload\nran_off = 1").until_busy()
    kernel.interrupt()
    for cell in (*busy, waiting):
        assert cell.result(LONG).ename == "KeyboardInterrupt"
    assert client.execute("ran_off").result().ename == "NameError"


def test_what_was_bound_before_an_interrupt_is_kept(kernel: Kernel, client: Client) -> None:
    interrupted(kernel, client, "off_before = 5\nn = 0\nwhile True: n += 1")
    assert client.run("off_before").value == "5"


def test_a_worker_that_dies_is_replaced_and_the_cell_starts_again(
    kernel: Kernel, client: Client
) -> None:
    gate = client.file_gate()
    client.run("import numpy as np; off_big = np.ones(500_000)")
    cell = client.execute(
        f"%%offload\nimport asyncio, os\nprint('pid', os.getpid(), flush=True)\n{gate.wait}\n"
        "float(off_big.sum())"
    ).until("pid ", LONG)
    first = cell.stdout
    psutil.Process(int(first.split()[1])).kill()
    client.wait(lambda: cell.stdout.count("pid ") == 2, LONG, "the second attempt")
    gate.open()
    assert cell.result(LONG).value == "500000.0"
    assert "the cell's worker died" in cell.stderr
    kinds = [m["msg_type"] for m in cell.outputs]
    assert kinds.index("clear_output") > kinds.index("stream")


@pytest.mark.timeout(300)  # workers start anew, several times
def test_a_cell_that_kills_its_workers_is_reported(kernel: Kernel, client: Client) -> None:
    cell = client.execute("%%offload\nimport os\nos._exit(1)").result(LONG)
    assert cell.ename == "OffloadError"
    assert "its worker died" in cell.reply["evalue"]
    # Those that died are replaced; that takes as long as starting Python does.
    assert client.run("%%offload\n'usable'", 2 * LONG).value == "'usable'"


@pytest.mark.timeout(300)  # workers start anew, several times
def test_where_no_worker_comes_back_others_are_started(kernel: Kernel, client: Client) -> None:
    client.run(
        "import akernel_ipy.offload._engine as off_engine\n"
        "off_glance, off_engine.GLANCE = off_engine.GLANCE, 0.2\n"
        "off_running = get_ipython().kernel.engine\n"
        "off_cluster = off_running._cluster\n"
        "off_cluster.scale(0)\n"
        "while off_running._client.scheduler_info()['workers']: await asyncio.sleep(0.05)",
        LONG,
    )
    assert client.run("%%offload\n'usable'", 2 * LONG).value == "'usable'"
    assert client.run("off_running._cluster is off_cluster").value == "False"
    client.run("off_engine.GLANCE = off_glance")


def test_shutdown_ends_the_workers(launch: Callable[..., Kernel]) -> None:
    kernel = launch()
    client = kernel.client()
    client.run("%%offload\n1", LONG)
    processes = kernel.processes()
    assert len(processes) > 1
    kernel.manager.shutdown_kernel()
    wait_gone(processes)


def test_the_workers_end_when_the_kernel_is_killed(launch: Callable[..., Kernel]) -> None:
    kernel = launch()
    client = kernel.client()
    client.run("%%offload\n1", LONG)
    processes = kernel.processes()
    processes[0].kill()
    wait_gone(processes)


def test_a_scheduler_of_ones_own(launch: Callable[..., Kernel]) -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=2, dashboard_address=None, silence_logs=50
    ) as cluster:
        kernel = launch(args=(f"--AsyncKernel.scheduler={cluster.scheduler_address}",))
        client = kernel.client()
        client.run("off_a = [1]")
        assert client.run("%%offload\noff_a.append(2)\noff_a", LONG).value == "[1, 2]"
        assert len(kernel.processes()) == 1
        client.settle()


def test_a_scheduler_that_is_not_there(launch: Callable[..., Kernel]) -> None:
    kernel = launch(
        args=("--AsyncKernel.scheduler=tcp://127.0.0.1:9",),
        env={"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"},
    )
    client = kernel.client()
    cell = client.execute("%%offload\n1").result(LONG)
    assert cell.ename == "OffloadError"
    assert "the scheduler at tcp://127.0.0.1:9" in cell.reply["evalue"]
