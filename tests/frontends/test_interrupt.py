"""Interrupt and restart with the toolbar's buttons."""

from __future__ import annotations

from collections.abc import Callable

from .page import NotebookPage

Open = Callable[..., NotebookPage]

#: Milliseconds within which an interrupt must show.
SOON = 2000
AWAITING = "import asyncio\nprint('waits')\nawait asyncio.sleep(3600)"
BLOCKING = "import time\nprint('blocks')\ntime.sleep(3600)"


def expect_interrupted(page: NotebookPage, index: int) -> None:
    page.cell(index).expect_error("KeyboardInterrupt", timeout=SOON)
    page.cell(index).expect_ended(index + 1)


def test_the_stop_button_ends_an_awaiting_cell_at_once(notebook: Open) -> None:
    page = notebook(AWAITING, "6 * 7")
    page.run(0)
    page.cell(0).expect_output("waits")
    page.interrupt()
    expect_interrupted(page, 0)
    page.run(1)
    page.cell(1).expect_output("[2]:", "42")


def test_the_keys_of_the_menu_end_an_awaiting_cell_at_once(notebook: Open) -> None:
    page = notebook(AWAITING)
    page.run(0)
    page.cell(0).expect_output("waits")
    page.page.keyboard.type("ii")
    expect_interrupted(page, 0)


def test_the_stop_button_ends_a_blocking_cell(notebook: Open) -> None:
    page = notebook(BLOCKING, "6 * 7")
    page.run(0)
    page.cell(0).expect_output("blocks")
    page.interrupt()
    expect_interrupted(page, 0)
    page.run(1)
    page.cell(1).expect_output("[2]:", "42")


def test_the_stop_button_ends_all_awaiting_cells(notebook: Open) -> None:
    page = notebook(AWAITING, AWAITING, "6 * 7")
    page.run(0, 1)
    page.cell(0).expect_output("waits")
    page.cell(1).expect_output("waits")
    page.interrupt()
    expect_interrupted(page, 0)
    expect_interrupted(page, 1)
    page.expect_status("idle")
    page.run(2)
    page.cell(2).expect_output("[3]:", "42")


def test_the_stop_button_ends_the_blocking_cell_first_and_then_the_awaiting_one(
    notebook: Open,
) -> None:
    page = notebook(AWAITING, BLOCKING, "6 * 7")
    page.run(0)
    page.cell(0).expect_output("waits")
    page.run(1)
    page.cell(1).expect_output("blocks")
    page.interrupt()
    expect_interrupted(page, 1)
    page.interrupt()
    page.cell(0).expect_error("KeyboardInterrupt", timeout=SOON)
    page.run(2)
    page.cell(2).expect_output("[3]:", "42")


def test_after_a_restart_with_cells_running_cells_run_again(notebook: Open) -> None:
    page = notebook(AWAITING, AWAITING, "6 * 7")
    page.run(0, 1)
    page.cell(0).expect_output("waits")
    page.cell(1).expect_output("waits")
    page.restart()
    page.expect_status("idle")
    page.run(2)
    page.cell(2).expect_output("[1]:", "42")
    page.run(0)
    page.cell(0).expect_output("waits")
    page.cell(0).expect_running()
