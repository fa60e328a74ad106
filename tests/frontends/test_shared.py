"""All notebooks of a JupyterLab in one process, without the user doing anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .page import NotebookPage
from .server import SHARED

Open = Callable[..., NotebookPage]

PROCESS = "import os\nprint('process', os.getpid())"


def pids(*pages: NotebookPage) -> set[str]:
    """Give the processes that the first cells of some pages have told."""
    return {str(page.cell(0).area.text_content()).split()[-1] for page in pages}


def see_one_process_and_own_variables(first: NotebookPage, second: NotebookPage) -> None:
    for page in (first, second):
        page.run(0)
        page.cell(0).expect_within_output("process")
        page.cell(0).expect_ended(1)
    assert len(pids(first, second)) == 1
    first.run(1)
    first.cell(1).expect_ended(2)
    second.run(2)
    second.cell(2).expect_error("NameError")
    second.run(1)
    second.cell(1).expect_ended(3)
    first.run(2)
    first.cell(2).expect_output("[3]:", "'first'")


def see_an_interrupt_end_the_cell_of_one(
    first: NotebookPage, second: NotebookPage, gate: Path
) -> None:
    for page in (first, second):
        page.run(3)
        page.cell(3).expect_output("waits")
    first.interrupt()
    first.cell(3).expect_error("KeyboardInterrupt")
    second.cell(3).expect_running()
    gate.touch()
    second.cell(3).expect_output("waits", "[4]:", "'went on'")


def see_a_restart_begin_one_anew(first: NotebookPage, second: NotebookPage) -> None:
    first.restart()
    first.run(4)
    first.cell(4).expect_output("[1]:", "False")
    second.run(4)
    second.cell(4).expect_output("[5]:", "True")


def test_two_notebooks_share_a_process_and_neither_variables_nor_interrupts_nor_restarts(
    notebook: Open, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    wait = (
        f"from pathlib import Path\nprint('waits')\nwhile not Path({str(gate)!r}).exists():\n"
        "    await asyncio.sleep(0.05)\n'went on'"
    )
    first, second = (
        notebook(PROCESS, f"x = '{name}'", "x", wait, "'x' in globals()", kernel=SHARED)
        for name in ("first", "second")
    )
    see_one_process_and_own_variables(first, second)
    see_an_interrupt_end_the_cell_of_one(first, second, gate)
    see_a_restart_begin_one_anew(first, second)
