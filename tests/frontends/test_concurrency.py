"""Cells that run at once, as the page shows them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .page import NotebookPage

Open = Callable[..., NotebookPage]

STEPS = """
from gates import passed
for step in range(3):
    print("{name}", step)
    await passed(f"{name}{{step}}")
"""


def test_two_cells_run_at_once_and_each_gets_its_own_output_and_count(notebook: Open) -> None:
    page = notebook(STEPS.format(name="a"), STEPS.format(name="b"))
    first, second = page.cell(0), page.cell(1)
    page.run(0, 1)
    first.expect_running()
    second.expect_running()
    for shown, (a, b) in enumerate([("a0", "b0"), ("a1", "b1")], start=2):
        page.open_gate(b)
        second.expect_output(*(f"b {step}" for step in range(shown)))
        page.open_gate(a)
        first.expect_output(*(f"a {step}" for step in range(shown)))
    page.open_gate("b2")
    second.expect_ended(2)
    first.expect_running()
    page.open_gate("a2")
    first.expect_ended(1)
    page.expect_status("idle")


def test_the_kernel_is_called_busy_as_long_as_one_of_its_cells_runs(notebook: Open) -> None:
    """What the page says when it has taken in all messages; between two of them it may blink."""
    page = notebook(STEPS.format(name="a"), "1 + 1", STEPS.format(name="c"))
    page.run(0, 1, 2)
    page.cell(1).expect_ended(2)
    page.cell(2).expect_output("c 0")
    page.expect_status("busy")
    for gate in ("c0", "c1", "c2"):
        page.open_gate(gate)
    page.cell(2).expect_ended(3)
    page.open_gate("a0")
    page.cell(0).expect_output("a 0", "a 1")  # it comes after the other cells' idle
    page.expect_status("busy")
    page.open_gate("a1")
    page.open_gate("a2")
    page.cell(0).expect_ended(1)
    page.expect_status("idle")


def test_run_all_starts_all_cells_and_none_holds_back_the_next(notebook: Open) -> None:
    wait = "from gates import passed\nawait passed({!r})\n{!r}"
    page = notebook(wait.format("one", "first"), "'second'", wait.format("three", "third"))
    page.run_all()
    page.cell(1).expect_ended(2)
    page.cell(1).expect_output("[2]:", "'second'")
    page.cell(0).expect_running()
    page.cell(2).expect_running()
    page.open_gate("three")
    page.cell(2).expect_output("[3]:", "'third'")
    page.cell(0).expect_running()
    page.open_gate("one")
    page.cell(0).expect_output("[1]:", "'first'")
    page.cell(0).expect_ended(1)
    page.cell(2).expect_ended(3)


def test_an_error_in_run_all_is_shown_in_its_cell_and_running_cells_go_on(notebook: Open) -> None:
    page = notebook("from gates import passed\nawait passed('one')\nprint('went on')", "1 / 0")
    page.run_all()
    page.cell(1).expect_error("ZeroDivisionError")
    page.open_gate("one")
    page.cell(0).expect_output("went on")
    page.cell(0).expect_ended(1)


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_under_chain_run_all_runs_in_order_and_an_error_ends_it(notebook: Open, app: str) -> None:
    pytest.importorskip("notebook")
    page = notebook(
        "from gates import passed\nsteps = []\nawait passed('first')\nsteps.append(1)",
        "steps.append(2)\nsteps",
        "steps.append(3)\nsteps",
        "steps.append(1 / 0)",
        "steps.append(5)",
        "steps",
        kernel="akernel-chain",
        app=app,
    )
    page.run_all()
    for index in range(3):
        page.cell(index).expect_running()
    page.open_gate("first")
    page.cell(1).expect_output("[2]:", "[1, 2]")
    page.cell(2).expect_output("[3]:", "[1, 2, 3]")
    for index in range(3):
        page.cell(index).expect_ended(index + 1)
    page.cell(3).expect_error("ZeroDivisionError")
    page.expect_status("idle")
    page.run(5)
    page.cell(5).expect_output("[5]:", "[1, 2, 3]")


def test_notebook_7_shows_two_cells_that_run_at_once(notebook: Open) -> None:
    pytest.importorskip("notebook")
    page = notebook(STEPS.format(name="a"), STEPS.format(name="b"), app="notebook")
    page.run(0, 1)
    page.cell(0).expect_running()
    page.cell(1).expect_running()
    for gate in ("b0", "b1", "b2"):
        page.open_gate(gate)
    page.cell(1).expect_ended(2)
    page.cell(0).expect_running()
    for gate in ("a0", "a1", "a2"):
        page.open_gate(gate)
    page.cell(0).expect_ended(1)
    page.cell(0).expect_output("a 0", "a 1", "a 2")
    page.cell(1).expect_output("b 0", "b 1", "b 2")
    page.expect_status("idle")
