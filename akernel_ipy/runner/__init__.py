"""Run notebooks, their cells concurrently: ``akernel run``, and the same from Python.

::

    result = await run_notebook("report.ipynb", "out.ipynb", Options(parameters={"year": 2024}))
    if not result.ok:
        print([cell.error for cell in result.cells if cell.failed])
"""

from __future__ import annotations

import os
from pathlib import Path

from .job import NotebookJob
from .model import CellError, CellInfo, CellResult, NotebookResult, Observer, Options, Status
from .notebook import check_target, save

__all__ = [
    "CellError",
    "CellInfo",
    "CellResult",
    "NotebookJob",
    "NotebookResult",
    "Observer",
    "Options",
    "Status",
    "run_notebook",
]


async def run_notebook(
    notebook: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    options: Options | None = None,
    observer: Observer | None = None,
) -> NotebookResult:
    """Run a notebook on a kernel of its own, and write it with its outputs if asked to.

    Parameters:
        notebook: the file to run.
        output: the file to write, also when cells failed; may be the same.
        observer: is told what happens meanwhile.

    Raises:
        NotebookError: if it can't be read, started or written.
    """
    job = NotebookJob(Path(notebook), options or Options(), observer)
    if output is not None:
        check_target(Path(output))
    result = await job.run()
    if output is not None:
        save(result.notebook, Path(output))
    return result
