"""What the cases of whole notebooks and of offloaded cells are made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cases.offloading import Place
from benchmarks.cases.running import ordinary, waits
from benchmarks.commands import FILE, Program
from benchmarks.errors import FaultError

CELL = """
import nbformat, sys
notebook = nbformat.read(sys.argv[1], as_version=4)
for second, cell in enumerate(notebook.cells):
    cell.metadata["execution"] = {
        "iopub.execute_input": f"2026-01-01T00:00:0{second}.000000Z",
        "shell.execute_reply": f"2026-01-01T00:00:0{second}.500000Z",
    }
nbformat.write(notebook, sys.argv[1])
"""


def notebook(*cells: str) -> object:
    from nbformat.v4 import new_code_cell, new_notebook

    return new_notebook(cells=[new_code_cell(cell) for cell in cells])


def test_the_cells_of_a_run_count_from_the_first_start_to_the_last_reply(tmp_path: Path) -> None:
    done = Program("fake", ("-c", CELL, FILE), tmp_path).run(notebook("1", "2", "3"))
    assert done.cells == 2.5
    assert done.seconds > 0


@pytest.mark.parametrize(("code", "complaint"), [("exit(3)", "ended with 3"), ("", "has not run")])
def test_a_command_that_fails_or_runs_nothing_is_a_fault(
    code: str, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(FaultError, match=complaint):
        Program("broken", ("-c", code, FILE), tmp_path).run(notebook("1"))


def test_the_longest_path_of_awaiting_cells_is_that_of_their_slowest_pair() -> None:
    cells, longest = waits(2)
    assert cells == [
        "import asyncio",
        "a0 = await asyncio.sleep(0.300, 0)",
        "a1 = await asyncio.sleep(0.650, 1)",
        "b0 = await asyncio.sleep(0.900, a0)",
        "b1 = await asyncio.sleep(0.650, a1)",
        "b0 + b1",
    ]
    assert longest == pytest.approx(1.3)


def test_ordinary_notebooks_never_await() -> None:
    found = ordinary(10)
    assert len(found) == 10
    assert not any("await" in cell.source for one in found for cell in one.cells)


def test_offloaded_cells_share_no_names() -> None:
    one, two, *_ = Place(None, "%%offload\n").cells(5)
    assert one == "%%offload\nt0 = 0\nfor n0 in range(5_000):\n    t0 += n0 * n0 % 7\nt0"
    assert two == one.replace("t0", "t1").replace("n0", "n1")
