"""The extension in a stock kernel: cells that run again when what they read changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernels import Kernel
from notebooks.lab import Lab
from protocol.request import PATIENCE

from .stock import notebook, stock_kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    yield from stock_kernel()


@pytest.fixture
def lab(kernel: Kernel) -> Iterator[Lab]:
    yield from notebook(kernel, "react")


def test_a_cell_waits_for_its_input_and_follows_it(lab: Lab) -> None:
    lab.run("1", "a = b + 1\na")
    assert lab.texts("1") == ["None"]
    lab.run("2", "b = 2")
    assert lab.texts("1") == ["3"]
    lab.run("2", "b = 10")
    assert lab.texts("1") == ["11"]


def test_all_that_a_cell_shows_is_replaced_under_its_own_number(lab: Lab) -> None:
    lab.run("n", "n = 1")
    reader = lab.run("r", "print('out', n)\ndisplay(f'shown {n}')\nn * 10")
    cause = lab.run("n", "n = 2")
    assert lab.texts("r") == ["out 2\n", "'shown 2'", "20"]
    results = reader.of("execute_result")
    assert [m["content"]["execution_count"] for m in results] == [reader.count] * 2
    assert reader.of("clear_output")[0]["content"] == {"wait": True}
    [update] = cause.of("update_display_data")
    ids = {m["content"]["transient"]["display_id"] for m in (*results, update)}
    assert len(ids) == 1
    assert cause.count == reader.count + 1
    assert lab.ask(f"Out[{reader.count}]") == 20


def test_a_cell_that_shows_nothing_any_more_is_emptied(lab: Lab) -> None:
    lab.run("n", "n = 1")
    lab.run("r", "if n == 1: print(n)")
    lab.run("n", "n = 2")
    assert lab.texts("r") == []


def test_an_error_shows_in_the_cell_that_fails_and_the_cause_is_well(lab: Lab) -> None:
    lab.run("n", "n = 1")
    lab.run("r", "q = 1 / n\nq")
    lab.run("s", "q + 1")
    cause = lab.run("n", "n = 0")
    assert (cause.status, cause.ename) == ("ok", None)
    assert lab.texts("r") == ["ZeroDivisionError"]
    assert "not re-run" in lab.text("s")
    assert lab.run("x", "[][1]").ename == "IndexError"
    lab.run("n", "n = 2")
    assert (lab.texts("r"), lab.texts("s")) == (["0.5"], ["1.5"])


def test_a_cycle_is_an_error_that_names_the_cells(lab: Lab) -> None:
    lab.run("1", "left = right")
    cycle = lab.run("2", "right = left")
    assert cycle.ename == "CycleError"
    assert "left" in cycle.reply["evalue"]
    assert lab.run("3", "1").count == cycle.count + 1


def test_a_semicolon_silences_its_own_cell_and_no_other(lab: Lab) -> None:
    lab.run("n", "n = 1;")
    lab.run("loud", "n + 1")
    lab.run("quiet", "n + 2;")
    lab.run("n", "n = 5;")
    assert (lab.texts("loud"), lab.texts("quiet")) == (["6"], [])


#: In a cell: wait, and hold up all others, until the request of a cell has arrived.
ARRIVED = """
from akernel_ipy.plugin import session_of
import time
while {cell!r} not in session_of(get_ipython()).expected(): time.sleep(0.01)
"""


def test_run_all_runs_each_cell_once(lab: Lab) -> None:
    cells = {"0": "n = 0"} | {str(k): f"print('ran')\nv{k} = n + {k}\nv{k}" for k in range(1, 6)}
    lab.run_all(cells)
    lab.send("held", ARRIVED.format(cell="5"))
    requests = lab.run_all({**cells, "0": "n = 10"})
    assert [r.stdout.count("ran") for r in requests] == [0, 1, 1, 1, 1, 1]
    assert lab.texts("5") == ["ran\n", "15"]


def test_a_failed_cell_aborts_the_queue_and_the_next_change_reaches_all(lab: Lab) -> None:
    lab.run("n", "n = 1")
    lab.run("r", "n * 2")
    codes = {"n": ARRIVED.format(cell="r") + "n = 5", "bad": "1 / 0", "r": "n * 2"}
    assert [request.status for request in lab.run_all(codes)] == ["ok", "error", "aborted"]
    lab.run("n", "n = 7")
    assert lab.ask("Out[max(Out)]") == 14


def test_an_interrupt_ends_a_cell_that_blocks_and_one_that_awaits(kernel: Kernel, lab: Lab) -> None:
    for code in (
        "print('on')\nwhile True: pass",
        "import asyncio\nprint('on')\nawait asyncio.sleep(99)",
    ):
        cell = lab.send("1", code).until("on")
        kernel.interrupt()
        assert cell.result().ename == "KeyboardInterrupt"
    assert lab.run("2", "1").status == "ok"


def test_an_interrupt_ends_a_cell_that_is_run_again(kernel: Kernel, lab: Lab) -> None:
    lab.run("n", "n = 0")
    reader = lab.run("r", "import asyncio\nprint('seen', n)\nawait asyncio.sleep(99 * n)")
    cause = lab.send("n", "n = 1")
    reader.until("seen 1")
    kernel.interrupt()
    assert cause.result().status == "ok"
    assert lab.texts("r")[-1] == "KeyboardInterrupt"


def test_an_interrupt_ends_a_cell_that_a_widget_runs_again(kernel: Kernel, lab: Lab) -> None:
    lab.run("w", "import asyncio, ipywidgets\nw = ipywidgets.IntSlider()")
    lab.run("r", "print('seen', w.value)\nawait asyncio.sleep(99 * w.value)")
    state = {"method": "update", "state": {"value": 1}, "buffer_paths": []}
    lab.client.send("comm_msg", {"comm_id": lab.ask("w.model_id"), "data": state})
    lab.wait_text("r", "seen 1\n")
    kernel.interrupt()
    lab.client.wait(lambda: "KeyboardInterrupt" in lab.text("r"), PATIENCE, "its end")
    assert lab.run("2", "1").status == "ok"


def test_the_graph_and_the_reasons_can_be_asked_for(lab: Lab) -> None:
    lab.run("n", "n = 1")
    lab.run("r", "n + 1")
    [graph] = lab.run("g", "%akernel graph").of("display_data")
    assert "image/svg+xml" in graph["content"]["data"]
    assert "`n`" in lab.run("w", "%akernel why").stdout or "ran because" in lab.text("w")
    lab.run("lazy", "%akernel lazy")
    lab.run("n", "n = 2")
    assert lab.texts("r") == ["2"]
    lab.run("go", "%akernel run stale")
    assert lab.texts("r") == ["3"]


def test_a_reset_forgets_the_cells(lab: Lab) -> None:
    lab.run("n", "n = 1")
    lab.run("r", "n + 1")
    lab.run("x", "%reset -f")
    lab.run("n", "n = 2")
    assert lab.texts("r") == ["2"]


def test_code_that_a_cell_gives_to_the_shell_is_no_cell(lab: Lab) -> None:
    lab.run("1", "get_ipython().run_cell('inner = 3', store_history=False)\nNone")
    assert lab.run("2", "inner").value == "3"
    lab.run("3", "r = await get_ipython().run_cell_async('4', transformed_cell='4')\nr.result")
    assert "4" in lab.texts("3")


def test_a_widget_and_a_live_generator_move_their_readers(lab: Lab) -> None:
    lab.run("w", "import ipywidgets\nslider = ipywidgets.IntSlider()")
    lab.run("r", "slider.value + 1")
    lab.run("move", "slider.value = 5")
    lab.wait_text("r", "6")
    lab.run(
        "gen",
        "import asyncio\nticks = asyncio.Queue()\n"
        "async def numbers():\n    while True: yield await ticks.get()",
    )
    lab.run("put", "ticks.put_nowait(1)")
    lab.run("x", "x = live(numbers())")
    lab.run("y", "x * 100")
    lab.client.run("ticks.put_nowait(2)", silent=True)
    lab.wait_text("y", "200")
