"""What the cases of whole notebooks and of offloaded cells are made of."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from akernel_ipy.core.names import analyze
from benchmarks.cases.offloading import PURE, SORTS, Place, Work
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


@pytest.mark.parametrize("work", [PURE, SORTS])
def test_cells_that_compute_share_no_names(work: Work) -> None:
    cells = Place(None, work, "%%offload\n").cells(5)
    assert cells[0].startswith("%%offload\n")
    names = [analyze(cell.partition("\n")[2]) for cell in cells]
    for one, other in itertools.permutations(names, 2):
        assert not one.defs & (other.defs | other.reads)


def test_the_result_of_cells_that_compute_is_known() -> None:
    code = Place(None, PURE, "").cells(3)[0]
    namespace: dict[str, object] = {}
    exec(code, namespace)
    assert str(namespace["t0"]) == PURE.result(3)
