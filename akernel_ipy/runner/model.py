"""What a run of a notebook is asked for, what it reports, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Status(StrEnum):
    """How a cell ended."""

    OK = "ok"
    ERROR = "error"
    ABORTED = "aborted"  # not started, since an earlier cell failed or the run was stopped
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"
    DIED = "died"  # it ran when the kernel ended
    SKIPPED = "skipped"  # by its tag


@dataclass(frozen=True)
class Options:
    """How to run a notebook.

    Parameters:
        flavour: of this kernel, with the interpreter that runs this.
        kernel: name of an installed kernelspec to use instead.
        timeout: seconds that a cell may take.
        allow_errors: go on after a failing cell.
        parameters: names and values of the injected cell.
        cwd: where the kernel works; default: the directory of the notebook.
        startup_timeout: seconds that the kernel may take to answer.
    """

    flavour: str = ""
    kernel: str | None = None
    timeout: float | None = None
    allow_errors: bool = False
    parameters: Mapping[str, object] = field(default_factory=dict)
    cwd: Path | None = None
    startup_timeout: float = 60.0


@dataclass(frozen=True)
class CellError:
    """The exception of a cell, as the kernel reported it."""

    name: str
    value: str
    traceback: tuple[str, ...] = ()


@dataclass(frozen=True)
class CellInfo:
    """Which cell is meant: its place among the code cells, from 1, and its first line."""

    number: int
    cell_id: str
    title: str

    def __str__(self) -> str:
        return f"cell {self.number} ({self.title})" if self.title else f"cell {self.number}"


@dataclass(frozen=True)
class CellResult:
    """How one code cell went.

    Attributes:
        seconds: None if it never started.
        span: when it started and ended, by the kernel's clock; an aborted one ended at its reply.
        execution_count: the number of its prompt.
        place: where the kernel ran it: "thread", "offload", or nothing if in its loop.
        waited: prompts' numbers of the cells that it waited for, each with the reason.
    """

    cell: CellInfo
    status: Status
    seconds: float | None = None
    error: CellError | None = None
    error_allowed: bool = False
    span: tuple[datetime, datetime] | None = None
    execution_count: int | None = None
    place: str = ""
    waited: tuple[tuple[int, str], ...] = ()

    @property
    def failed(self) -> bool:
        """Tell whether this cell makes the run fail."""
        if self.status is Status.ERROR:
            return not self.error_allowed
        return self.status not in (Status.OK, Status.SKIPPED)


@dataclass(frozen=True)
class NotebookResult:
    """How a notebook went: `notebook` holds the outputs, `problem` what ended the run early."""

    name: str
    notebook: Any
    cells: tuple[CellResult, ...]
    seconds: float
    startup_seconds: float
    problem: str | None = None
    interrupted: bool = False
    #: When the cells were sent.
    begun: datetime = LONG_AGO

    @property
    def ok(self) -> bool:
        """Tell whether every cell did what was asked."""
        return not (self.problem or self.interrupted or any(cell.failed for cell in self.cells))

    @property
    def cell_seconds(self) -> float:
        """Add up the cells' times: what they take one after the other."""
        return sum(cell.seconds or 0.0 for cell in self.cells)

    @property
    def speed_up(self) -> float:
        """Give the cells' times by the time of the run."""
        return self.cell_seconds / self.seconds if self.seconds else 1.0


class Observer:
    """Is told what happens while notebooks run; this one keeps it to itself."""

    def run_started(self, name: str) -> None:
        """Notice that the kernel of a notebook is ready."""

    def cell_started(self, name: str, cell: CellInfo) -> None:
        """Notice that the kernel has begun a cell."""

    def cell_finished(self, name: str, result: CellResult) -> None:
        """Notice that a cell ended, or never will."""

    def note(self, name: str, text: str) -> None:
        """Notice what a person should know at once."""
