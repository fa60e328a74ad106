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


def test_two_notebooks_share_a_process_and_no_variables(notebook: Open) -> None:
    first = notebook(PROCESS, "x = 'first'", "x", kernel=SHARED)
    second = notebook(PROCESS, "x", "1 + 1", kernel=SHARED)
    for page in (first, second):
        page.run(0)
        page.cell(0).expect_within_output("process")
        page.cell(0).expect_ended(1)
    assert len(pids(first, second)) == 1
    first.run(1)
    first.cell(1).expect_ended(2)
    second.run(1)
    second.cell(1).expect_error("NameError")
    first.run(2)
    first.cell(2).expect_output("[3]:", "'first'")


def test_cells_of_two_notebooks_run_at_once_and_an_interrupt_ends_those_of_one(
    notebook: Open, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    wait = (
        f"from pathlib import Path\nprint('waits')\nwhile not Path({str(gate)!r}).exists():\n"
        "    await asyncio.sleep(0.05)\n'went on'"
    )
    first, second = notebook(wait, kernel=SHARED), notebook(wait, kernel=SHARED)
    for page in (first, second):
        page.run(0)
        page.cell(0).expect_output("waits")
    first.interrupt()
    first.cell(0).expect_error("KeyboardInterrupt")
    second.cell(0).expect_running()
    gate.touch()
    second.cell(0).expect_output("waits", "[1]:", "'went on'")


def test_a_restart_begins_one_notebook_anew_and_leaves_the_other(notebook: Open) -> None:
    first = notebook("x = 1", "'x' in globals()", kernel=SHARED)
    second = notebook("x = 2", "x", kernel=SHARED)
    for page in (first, second):
        page.run(0)
        page.cell(0).expect_ended(1)
    first.restart()
    first.run(1)
    first.cell(1).expect_output("[1]:", "False")
    second.run(1)
    second.cell(1).expect_output("[2]:", "2")
