"""The clients that execute a notebook's file: each as its users call it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient import NotebookClient
from nbconvert.nbconvertapp import NbConvertApp
from nbformat.v4 import new_code_cell, new_notebook
from notebooks.percent import plain
from papermill.exceptions import PapermillExecutionError

#: Cells that papermill adds.
ADDED = {"injected-parameters", "papermill-error-cell-tag"}


def notebook_of(sources: tuple[str, ...], kernel: str) -> nbformat.NotebookNode:
    """Make a notebook whose first cell holds the parameters."""
    cells = [new_code_cell(source) for source in sources]
    cells[0].metadata["tags"] = ["parameters"]
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": spec})


def by_nbclient(file: Path, parameters: dict[str, Any]) -> nbformat.NotebookNode:
    """Execute with nbclient's own class; it knows no parameters."""
    notebook = nbformat.read(file, as_version=4)
    resources = {"metadata": {"path": str(file.parent)}}
    NotebookClient(notebook, timeout=90, allow_errors=True, resources=resources).execute()
    nbformat.validate(notebook)
    return notebook


def by_papermill(file: Path, parameters: dict[str, Any]) -> nbformat.NotebookNode:
    """Execute with papermill, which ends at an error and then raises it."""
    done = file.with_name("papermill.ipynb")
    with contextlib.suppress(PapermillExecutionError):
        papermill.execute_notebook(file, done, parameters, progress_bar=False, cwd=str(file.parent))
    return nbformat.read(done, as_version=4)


def by_nbconvert(file: Path, parameters: dict[str, Any]) -> nbformat.NotebookNode:
    """Execute as ``jupyter nbconvert --execute`` does; it knows no parameters."""
    app = NbConvertApp()
    app.initialize(
        ["--execute", "--allow-errors", "--to=notebook", "--output=nbconvert.ipynb", str(file)]
    )
    app.start()
    return nbformat.read(file.with_name("nbconvert.ipynb"), as_version=4)


Execute = Callable[[Path, dict[str, Any]], nbformat.NotebookNode]
CLIENTS: dict[str, Execute] = {
    "nbclient": by_nbclient,
    "papermill": by_papermill,
    "nbconvert": by_nbconvert,
}


def own_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Give the code cells that were in the notebook from the start."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and not ADDED & {*cell.metadata.get("tags", ())}
    ]


def renumbered(text: str, more: int) -> str:
    """Name cells as if there were no cells of the client before them."""
    return re.sub(r"(?<=In \[)\d+(?=\])", lambda number: str(int(number[0]) - more), text)


def shown(cell: nbformat.NotebookNode) -> str:
    """Give all that a cell shows as plain text, without what differs between any two runs."""
    texts = []
    for output in cell.outputs:
        if output.output_type == "error":
            texts.append(f"{output.ename}: {output.evalue}")
        else:
            texts.append(output.get("text") or output.data.get("text/plain", ""))
    return plain("".join(texts)).rstrip("\n")
