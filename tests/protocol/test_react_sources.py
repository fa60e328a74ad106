"""Values that change by themselves: widgets that are moved, generators that yield."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernels import Kernel
from notebooks.lab import Lab, fresh_lab, reactive_kernel

SOON = 10.0


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    yield from reactive_kernel()


@pytest.fixture
def lab(kernel: Kernel) -> Iterator[Lab]:
    yield from fresh_lab(kernel)


def comes_to_show(lab: Lab, cell: str, texts: list[str]) -> bool:
    return lab.client.pump_until(lambda: lab.texts(cell) == texts, SOON)


def make_slider(lab: Lab) -> str:
    """Run a cell that makes a slider ``w``, and give the id of its comm."""
    lab.run("w", "import ipywidgets\nw = ipywidgets.IntSlider(value=3)")
    return str(lab.ask("w.model_id"))


def move(lab: Lab, comm_id: str, value: int) -> None:
    data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
    lab.client.send("comm_msg", {"comm_id": comm_id, "data": data})


# -- widgets


def test_a_moved_slider_re_runs_the_cells_that_read_it_and_theirs(lab: Lab) -> None:
    slider = make_slider(lab)
    lab.run("sq", "square = w.value ** 2\nsquare")
    lab.run("p", "print('square', square)")
    move(lab, slider, 5)
    assert comes_to_show(lab, "p", ["square 25\n"])
    assert lab.texts("sq") == ["25"]


def test_the_definer_of_a_widget_is_not_re_run_when_it_moves(lab: Lab) -> None:
    slider = make_slider(lab)
    lab.run("r", "(w.value, w.model_id)")
    move(lab, slider, 7)
    assert comes_to_show(lab, "r", [f"(7, {slider!r})"])


def test_only_the_newest_value_counts_while_a_cell_runs_for_an_older_one(lab: Lab) -> None:
    slider = make_slider(lab)
    lab.run("seen", "seen = []")
    gate = lab.client.gate()
    lab.run("r", f"value = w.value\nif value in (10, 11, 12): {gate.wait}\n(value, 'done')")
    for value in (10, 11, 12):
        move(lab, slider, value)
    lab.client.pump_until(lambda: lab.ask("w.value") == 12, SOON)
    gate.open()
    lab.client.gates.clear()  # the next test's namespace has none
    assert comes_to_show(lab, "r", ["(12, 'done')"])


def test_a_widget_that_was_replaced_is_no_source_any_more(lab: Lab) -> None:
    old = make_slider(lab)
    lab.run("r", "w.value")
    new = make_slider(lab)
    assert new != old
    assert comes_to_show(lab, "r", ["3"])
    lab.run("n", "runs = [0]")
    lab.run("count", "runs[0] += 1; w.value")
    before = lab.ask("runs[0]")
    move(lab, old, 9)
    move(lab, new, 4)
    assert comes_to_show(lab, "r", ["4"])
    assert lab.ask("runs[0]") == before + 1


# -- live


STEPS = """
import asyncio
steps = asyncio.Queue()
closed = []
async def feed(name):
    try:
        while True:
            value = await steps.get()
            if value is None:
                return
            if isinstance(value, Exception):
                raise value
            yield value
    finally:
        closed.append(name)
"""


def step(lab: Lab, value: object) -> None:
    lab.client.run(f"steps.put_nowait({value!r})", silent=True)


def test_a_live_name_holds_the_newest_value_and_steps_its_readers(lab: Lab) -> None:
    lab.run("feed", STEPS)
    step(lab, 1)
    lab.run("x", "x = live(feed('a'))")
    lab.run("r", "print('x is', x)")
    assert lab.texts("r") == ["x is 1\n"]
    for value in (2, 3):
        step(lab, value)
        assert comes_to_show(lab, "r", [f"x is {value}\n"])


def test_a_cell_with_live_waits_for_the_first_value(lab: Lab) -> None:
    lab.run("feed", STEPS)
    waiting = lab.send("x", "x = live(feed('a'))\nx")
    waiting.until_busy()
    step(lab, 5)
    assert waiting.result().value == "5"


def test_re_running_a_cell_closes_its_old_generator(lab: Lab) -> None:
    lab.run("feed", STEPS)
    step(lab, 1)
    lab.run("x", "x = live(feed('old'))")
    assert lab.ask("closed") == []
    step(lab, 2)
    again = lab.send("x", "x = live(feed('new'))")
    assert lab.client.pump_until(lambda: lab.ask("closed") == ["old"], SOON)
    step(lab, 3)
    again.result()
    assert lab.ask("closed") == ["old"]


def test_an_error_of_a_generator_is_shown_in_its_cell(lab: Lab) -> None:
    lab.run("feed", STEPS)
    step(lab, 1)
    lab.run("x", "x = live(feed('a'))")
    lab.client.run("steps.put_nowait(ValueError('feed broke'))", silent=True)
    assert comes_to_show(lab, "x", ["ValueError"])
    assert lab.ask("x") == 1


def test_an_error_of_a_generator_that_is_closed_is_shown(lab: Lab) -> None:
    gate = lab.client.gate()
    lab.run(
        "feed",
        "async def feed():\n    try: yield 1; yield 2\n    finally: raise RuntimeError('it')",
    )
    lab.run("r", f"print('x is', x)\nif x == 2: {gate.wait}")
    first = lab.send("x", "x = live(feed())")
    assert comes_to_show(lab, "r", ["x is 2\n"])
    assert lab.run("x", "x = 0").status == "ok"
    assert first.result().status == "ok"
    errors = [m["content"] for m in lab.client.iopub if m["msg_type"] == "error"]
    assert [(error["ename"], error["evalue"]) for error in errors] == [("RuntimeError", "it")]


def test_a_generator_that_gives_nothing_is_a_clear_error(lab: Lab) -> None:
    lab.run("feed", STEPS)
    step(lab, None)
    cell = lab.run("x", "x = live(feed('a'))")
    assert cell.status == "error"
    assert "'x' ended before its first value" in cell.reply["evalue"]


def test_live_elsewhere_says_how_it_is_used(lab: Lab) -> None:
    cell = lab.run("x", "print(live([]))")
    assert cell.ename == "TypeError"
    assert "x = live(agen())" in cell.reply["evalue"]


def test_a_live_of_the_notebooks_own_is_left_alone(lab: Lab) -> None:
    lab.run("own", "def live(x): return ('own', x)")
    lab.run("x", "y = live(1)\ny")
    assert lab.texts("x") == ["('own', 1)"]
    lab.run("own", "del live")
