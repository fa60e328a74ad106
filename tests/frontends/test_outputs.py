"""Figures, background tasks, questions, completion: all beside a running cell."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from .page import NotebookPage

Open = Callable[..., NotebookPage]

FIGURE = """
from gates import passed
import matplotlib.pyplot as plt
figure, axes = plt.subplots(figsize={size})
await passed("{gate}")
plt.plot([0, 1, 0])
plt.title("{gate}")
await passed("shown")
"""
SIZE = "image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])"
BACKGROUND = """
import asyncio
from gates import passed
async def later():
    await passed("later")
    print("from the task")
task = asyncio.create_task(later())
print("from the cell")
"""
AWAIT = "from gates import passed\nawait passed('end')\nprint('ended')"


def test_two_interleaved_cells_show_a_figure_each(notebook: Open) -> None:
    wide, high = FIGURE.format(size=(6, 2), gate="wide"), FIGURE.format(size=(2, 4), gate="high")
    page = notebook(wide, high)
    page.run(0, 1)
    for gate in ("high", "wide", "shown"):
        page.open_gate(gate)
    for index in (0, 1):
        page.cell(index).expect_ended(index + 1)
        expect(page.cell(index).images).to_have_count(1)
    width, height = page.cell(0).images.evaluate(SIZE)
    assert width > 2 * height
    width, height = page.cell(1).images.evaluate(SIZE)
    assert height > width


def test_a_task_prints_into_its_cell_after_the_cell_ended(notebook: Open) -> None:
    page = notebook(BACKGROUND, AWAIT)
    page.run(0, 1)
    page.cell(0).expect_ended(1)
    page.cell(1).expect_running()
    page.open_gate("later")
    page.cell(0).expect_output("from the cell", "from the task")
    page.open_gate("end")
    page.cell(1).expect_output("ended")


def test_input_asks_in_its_cell_while_another_awaits(notebook: Open) -> None:
    page = notebook(AWAIT, "name = input('Who? ')\nprint('Hello', name)")
    page.run(0, 1)
    page.cell(1).answer("Ada")
    page.cell(1).expect_within_output("Hello Ada")
    page.cell(1).expect_ended(2)
    page.cell(0).expect_running()
    page.open_gate("end")
    page.cell(0).expect_output("ended")


def test_ainput_asks_while_running_cells_go_on(notebook: Open) -> None:
    page = notebook(AWAIT, "name = await ainput('Who? ')\nprint('Hello', name)")
    page.run(0, 1)
    expect(page.cell(1).question).to_be_visible()
    page.open_gate("end")
    page.cell(0).expect_output("ended")
    page.cell(0).expect_ended(1)
    page.cell(1).expect_running()
    page.cell(1).answer("Ada")
    page.cell(1).expect_within_output("Hello Ada")
    page.cell(1).expect_ended(2)


def test_completion_answers_while_a_cell_awaits(notebook: Open) -> None:
    page = notebook("import math\n" + AWAIT, "math.is")
    page.run(0)
    page.cell(0).expect_running()
    page.cell(1).edit()
    expect(page.page.locator(".jp-mod-completer-enabled")).to_have_count(1)
    page.page.keyboard.press("Tab")
    names = page.page.locator(".jp-Completer-item")
    expect(names.filter(has_text="isqrt")).to_be_visible()
    page.cell(0).expect_running()


def test_inspection_answers_while_a_cell_awaits(notebook: Open) -> None:
    page = notebook("import math\n" + AWAIT, "math.isqrt")
    page.run(0)
    page.cell(0).expect_running()
    page.cell(1).edit()
    page.page.keyboard.press("Shift+Tab")
    expect(page.page.locator(".jp-Tooltip")).to_contain_text("integer part of the square root")
    page.cell(0).expect_running()
