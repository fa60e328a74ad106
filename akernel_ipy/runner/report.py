"""The summary after a run: what failed and why, and what concurrency has saved."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .model import CellResult, NotebookResult, Status

#: Colours and cursor movements, which a log file can do without.
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def lines(result: NotebookResult, written: str | None, *, colours: bool) -> Iterator[str]:
    """Give the lines of the summary of one notebook."""
    for cell in result.cells:
        if cell.failed and cell.status is not Status.ABORTED:
            yield from failure(result.name, cell, colours=colours)
    aborted = [str(cell.cell.number) for cell in result.cells if cell.status is Status.ABORTED]
    if aborted:
        cells = f"cell{'s' * (len(aborted) > 1)} {', '.join(aborted)}"
        yield f"{result.name}: not run, as the run ended before: {cells}"
    if result.problem:
        yield f"{result.name}: {result.problem}"
    if result.interrupted:
        yield f"{result.name}: interrupted; what the cells had shown until then is kept"
    yield headline(result)
    if written:
        yield f"{result.name}: written to {written}"


def failure(name: str, cell: CellResult, *, colours: bool) -> Iterator[str]:
    """Give the lines about a cell that failed."""
    yield f"{name}: {cell.cell}: {cell.status}"
    if cell.error:
        text = "\n".join(cell.error.traceback) or f"{cell.error.name}: {cell.error.value}"
        yield text if colours else ANSI.sub("", text)


def headline(result: NotebookResult) -> str:
    """Give the wall time beside the sum of the cells' times."""
    ran = [cell for cell in result.cells if cell.seconds is not None]
    verdict = "ok" if result.ok else "interrupted" if result.interrupted else "failed"
    return (
        f"{result.name}: {verdict}; {len(ran)} cell{'s' * (len(ran) != 1)} ran in "
        f"{result.seconds:.2f} s (wall time), {result.cell_seconds:.2f} s as the sum of the "
        f"cells' times: speed-up {result.speed_up:.1f}; kernel start {result.startup_seconds:.2f} s"
    )
