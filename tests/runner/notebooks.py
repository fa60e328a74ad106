"""Make notebooks, run them, and read what came out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from akernel_ipy.runner import NotebookResult, Observer, Options, run_notebook

#: A cell is its source, or its source and its tags.
Cell = str | tuple[str, str]


def write(path: Path, cells: Sequence[Cell]) -> Path:
    """Write a notebook with these code cells below some text."""
    notebook = new_notebook(cells=[new_markdown_cell("# Text")])
    for cell in cells:
        source, *tags = (cell,) if isinstance(cell, str) else cell
        notebook.cells.append(new_code_cell(source, metadata={"tags": tags} if tags else {}))
    nbformat.write(notebook, path)
    return path


def read(path: Path) -> Any:
    """Read a notebook, which must be valid."""
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    return notebook


def run_cells(
    directory: Path, cells: Sequence[Cell], observer: Observer | None = None, **options: Any
) -> NotebookResult:
    """Run a notebook of these cells from Python."""
    path = write(directory / "notebook.ipynb", cells)
    result = asyncio.run(run_notebook(path, None, Options(**options), observer))
    nbformat.validate(result.notebook)
    return result


def code_cells(notebook: Any) -> list[Any]:
    """Give the code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def cell_text(cell: Any) -> str:
    """Give all that a cell shows as plain text."""
    return "".join(
        output.get("text") or output.get("data", {}).get("text/plain") or output.get("ename", "")
        for output in cell.outputs
    )


def outputs_text(result: NotebookResult) -> list[str]:
    """Give what each code cell shows as plain text."""
    return [cell_text(cell) for cell in code_cells(result.notebook)]


def statuses(result: NotebookResult) -> list[str]:
    """Give how each code cell ended."""
    return [str(cell.status) for cell in result.cells]
