"""Front-ends without a page, which send one cell at a time: nbconvert on nbclient."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat

from .server import code_notebook, environment, write_kernelspecs

SOURCES = [
    "import asyncio\nprint('before')\nawait asyncio.sleep(0.01)\nprint('after')\n6 * 7",
    "shown = display('old', display_id=True)",
    "shown.update('new')",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    "1 / 0",
    "await __task__(1)",
]


def execute(directory: Path, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Let nbconvert execute a notebook."""
    write_kernelspecs(directory)
    nbformat.write(notebook, directory / "test.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--execute", "--allow-errors"]
    command += ["--to=notebook", "--output=done", "--ExecutePreprocessor.kernel_name=akernel"]
    subprocess.run(
        [*command, "test.ipynb"], cwd=directory, env=environment(directory), check=True, timeout=90
    )
    return nbformat.read(directory / "done.ipynb", as_version=4)


def test_nbconvert_executes_a_notebook(tmp_path: Path) -> None:
    cells = execute(tmp_path, code_notebook(SOURCES)).cells
    assert [cell.execution_count for cell in cells] == [1, 2, 3, 4, 5, 6]
    printed, result = cells[0].outputs
    assert printed.text == "before\nafter\n"
    assert result.data["text/plain"] == "42"
    assert cells[1].outputs[0].data["text/plain"] == "'new'"
    assert "image/png" in cells[3].outputs[0].data
    assert cells[4].outputs[0].ename == "ZeroDivisionError"
    assert cells[5].outputs[0].data["text/plain"] == "42"
