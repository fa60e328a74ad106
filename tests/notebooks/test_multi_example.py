"""examples/multi.ipynb: a notebook and its neighbours on one kernel."""

from __future__ import annotations

import asyncio
from pathlib import Path

import nbformat

from akernel_ipy.runner import Options, run_notebook

EXAMPLE = Path(__file__).parents[2] / "examples" / "multi.ipynb"


def test_the_example_shows_that_notebooks_of_one_kernel_are_apart(tmp_path: Path) -> None:
    result = asyncio.run(run_notebook(EXAMPLE, None, Options(cwd=tmp_path)))
    assert result.ok, [cell.error for cell in result.cells if cell.failed]
    text = {
        cell.id: "".join(output.get("text", "") for output in cell.get("outputs", ()))
        for cell in result.notebook.cells
    }
    assert text["names"] == "False\n"
    assert text["classes"] == "the neighbour's\nthis notebook's\n"
    lines = text["together"].splitlines()
    for n in range(3):
        own = [line for line in lines if line.startswith(f"notebook {n}")]
        assert own == [f"notebook {n} {step}" for step in range(3)]
    assert text["harm"] == "False\nthis notebook's\n"
    assert text["memory"].endswith(" MiB each\n")
    assert "chain-multi" in text["list"]


def test_the_example_is_saved_without_outputs() -> None:
    cells = nbformat.read(EXAMPLE, as_version=4).cells
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
