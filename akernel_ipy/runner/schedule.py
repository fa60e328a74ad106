"""The schedule of a run: when which cell ran, and what it waited for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from akernel_ipy.core.errors import NotebookError
from akernel_ipy.graphview.gantt import draw_schedule
from akernel_ipy.graphview.schedule import Bar, Look, Schedule, Wait

from .model import CellResult, NotebookResult, Status

_PLACES: dict[str, Look] = {"thread": "thread", "offload": "offload"}


def schedule_of(result: NotebookResult) -> Schedule:
    """Give what a picture of a run shows."""
    numbers = {cell.execution_count: cell.cell.number for cell in result.cells if cell.span}
    bars = tuple(_bar(cell, result.begun, numbers) for cell in result.cells if cell.span)
    return Schedule(result.name, bars, result.seconds)


def _bar(cell: CellResult, begun: datetime, numbers: dict[int | None, int]) -> Bar:
    assert cell.span is not None
    start, end = ((moment - begun).total_seconds() for moment in cell.span)
    if cell.status is Status.ABORTED:
        return Bar(cell.cell.number, cell.cell.title, "aborted", end, end)
    look = _PLACES.get(cell.place, "loop") if cell.status is Status.OK else "failed"
    waits = tuple(
        Wait(numbers[count], why)
        for count, why in cell.waited
        if numbers.get(count, cell.cell.number) != cell.cell.number
    )
    return Bar(cell.cell.number, cell.cell.title, look, max(start, 0.0), max(end, 0.0), waits)


def write_schedule(result: NotebookResult, path: Path) -> None:
    """Draw the schedule of a run into a file.

    Raises:
        NotebookError: it can't be written.
    """
    try:
        path.write_text(draw_schedule(schedule_of(result)), encoding="utf-8")
    except OSError as error:
        raise NotebookError(f"can't write the schedule to {path}: {error}") from error
