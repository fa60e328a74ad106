"""Reactive notebooks: waves that fail, wait, ask, are interrupted, or show more than once."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from .page import NotebookPage
from .reactive_page import (
    expect_outputs,
    expect_pending,
    run_to_end,
    write,
)

Open = Callable[..., NotebookPage]

HANDLE = """
from IPython.display import clear_output
print("gone")
clear_output()
handle = display(f"first {n}", display_id=True)
handle.update(f"second {n}")
print("kept", n)
"""
TASK = """
from gates import passed
async def later(n):
    await passed(f"later {n}")
    print("later", n)
task = asyncio.create_task(later(n))
print("now", n)
"""
AWAIT = "from gates import passed\nif n > 1:\n    await passed('go')\nprint('went', n)"


def test_what_depends_on_a_failed_cell_says_so_once_and_comes_back(reactive: Open) -> None:
    page = reactive("n = 1", "m = 6 // n", "print('m is', m)", "print('n is', n)")
    run_to_end(page, 0, 1, 2, 3)
    for _ in range(2):
        write(page, 0, "n = 0")
        run_to_end(page, 0)
        page.cell(1).expect_error("ZeroDivisionError")
        page.cell(2).expect_output("m is 6", "not re-run: In [2], which it reads from, failed")
        page.cell(3).expect_output("n is 0")
        write(page, 0, "n = 0.0")
        run_to_end(page, 0)
        page.cell(1).expect_error("ZeroDivisionError")
        page.cell(2).expect_output("m is 6", "not re-run: In [2], which it reads from, failed")
        write(page, 0, "n = 1")
        run_to_end(page, 0)
        page.cell(1).expect_output()
        page.cell(2).expect_output("m is 6")


def test_a_chain_of_pending_cells_runs_when_its_root_comes(reactive: Open) -> None:
    page = reactive("c = b * 2\nc", "b = a + 1\nb", "a = 1")
    run_to_end(page, 0)
    expect_pending(page.cell(0), 1, "b")
    run_to_end(page, 1)
    expect_pending(page.cell(1), 2, "a")
    run_to_end(page, 2)
    page.cell(1).expect_output("[2]:", "2")
    page.cell(0).expect_output("[1]:", "4")


def test_run_all_twice_shows_everything_once(reactive: Open) -> None:
    page = reactive("n = 2", "print('n is', n)\nn + 1", "m = n * n\nm", "print(n, m)")
    for turn in range(2):
        page.run_all()
        for index in range(4):
            page.cell(index).expect_ended(4 * turn + index + 1)
        page.expect_status("idle")
        page.cell(1).expect_output("n is 2", f"[{4 * turn + 2}]:", "3")
        page.cell(2).expect_output(f"[{4 * turn + 3}]:", "4")
        page.cell(3).expect_output("2 4")


def test_displays_that_update_themselves_do_so_when_the_wave_runs_them(reactive: Open) -> None:
    page = reactive("n = 1", HANDLE)
    run_to_end(page, 0, 1)
    page.cell(1).expect_output("'second 1'", "kept 1")
    write(page, 0, "n = 2")
    run_to_end(page, 0)
    page.cell(1).expect_output("'second 2'", "kept 2")
    expect_outputs(page.cell(1), 2)


def test_a_task_of_a_re_run_prints_into_its_cell(reactive: Open) -> None:
    page = reactive("n = 1", TASK)
    run_to_end(page, 0, 1)
    page.open_gate("later 1")
    page.cell(1).expect_output("now 1", "later 1")
    write(page, 0, "n = 2")
    run_to_end(page, 0)
    page.cell(1).expect_output("now 2")
    page.open_gate("later 2")
    page.cell(1).expect_output("now 2", "later 2")


def test_the_stop_button_interrupts_a_dependent_that_awaits(reactive: Open) -> None:
    page = reactive("n = 1", AWAIT)
    run_to_end(page, 0, 1)
    page.cell(1).expect_output("went 1")
    write(page, 0, "n = 2")
    page.run(0)
    page.cell(0).expect_running()
    page.interrupt()
    page.cell(1).expect_error("KeyboardInterrupt")
    page.cell(0).expect_ended(3)
    page.open_gate("go")
    write(page, 0, "n = 3")
    run_to_end(page, 0)
    page.cell(1).expect_output("went 3")


def test_a_dependent_asks_in_its_own_cell(reactive: Open) -> None:
    page = reactive("n = 1", "name = input(f'Name {n}? ')\nprint('Hello', name)")
    page.run(0, 1)
    page.cell(1).answer("Ada")
    page.cell(1).expect_within_output("Hello Ada")
    expect(page.cell(1).question).to_have_count(0)
    write(page, 0, "n = 2")
    page.run(0)
    page.cell(1).answer("Grace")
    page.cell(1).expect_within_output("Hello Grace")
    page.cell(0).expect_ended(3)
    expect(page.cell(1).area).not_to_contain_text("Ada")


def test_a_cell_cut_and_pasted_keeps_its_names(reactive: Open) -> None:
    page = reactive("b = 2", "a = b + 1\na", "print('b is', b)")
    run_to_end(page, 0, 1)
    page.cell(0).select()
    page.page.keyboard.press("x")
    expect(page.cells).to_have_count(2)
    page.cell(1).select()
    page.page.keyboard.press("v")
    expect(page.cells).to_have_count(3)
    write(page, 2, "b = 10")
    run_to_end(page, 2)
    page.cell(0).expect_output("[2]:", "11")
    run_to_end(page, 1)
    page.cell(1).expect_output("b is 10")


def test_a_cycle_is_an_error_in_the_cell_that_closes_it(reactive: Open) -> None:
    page = reactive("x = 1", "y = x + 1\ny")
    run_to_end(page, 0, 1)
    write(page, 0, "x = y + 1")
    run_to_end(page, 0)
    page.cell(0).expect_error("CycleError")
    page.cell(1).expect_output("[2]:", "2")
    write(page, 0, "x = 5")
    run_to_end(page, 0)
    expect(page.cell(0).errors).to_have_count(0)
    page.cell(1).expect_output("[2]:", "6")
