"""Many notebooks on one kernel for a long time: nothing lost, nothing misrouted, no leak.

By hand: ``python -m benchmarks.soak --sessions 50 --cells 20000``.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from .errors import BenchmarkError
from .kernel import Kernel, launched
from .soak_cells import KINDS, end
from .soak_notebooks import Notebook, Switchboard
from .targets import parse

#: jupyter_client remembers the digests of 65536 messages, 10 MiB: here of so few that they have
#: reached their bound before anything is compared.
COMMAND = (
    "soak=python -m akernel_ipy launch multi -f {connection_file} "
    "--Session.digest_history_size=2000"
)

#: Cells that a session lives for, on average.
LIFETIME = 20

#: Requests under way at once, in all notebooks.
IN_FLIGHT = 100

#: How often the memory is looked at.
LOOKS = 50


@dataclass
class Report:
    """What came of it."""

    cells: int = 0
    seconds: float = 0.0
    ended: int = 0
    interrupted: int = 0
    reloaded: int = 0
    #: MiB of resident memory, as it went.
    memory: list[float] = field(default_factory=list)

    @property
    def plateau(self) -> float:
        """The memory in the third quarter of the time.

        What is remembered of texts, whoever has run them, is bounded; before, it fills up.
        """
        count = len(self.memory)
        return median(self.memory[count // 2 : count * 3 // 4] or self.memory)

    @property
    def last(self) -> float:
        """The memory at the end."""
        return median(self.memory[-max(1, len(self.memory) // 10) :])

    @property
    def growth(self) -> float:
        """What it grew from the plateau to the end, as a part of the plateau."""
        return self.last / self.plateau - 1

    def __str__(self) -> str:
        return (
            f"{self.cells} cells in {self.seconds:.0f} s; {self.ended} sessions ended, "
            f"{self.reloaded} pages reloaded, {self.interrupted} cells interrupted; memory "
            f"{self.plateau:.1f} MiB, at the end {self.last:.1f} MiB ({self.growth:+.1%})"
        )


class Soak:
    """Runs cells of all kinds in many notebooks of one kernel.

    Args:
        kernel: of flavour multi.
        sessions: how many notebooks are open at once.
        seed: of what is chosen at random.
    """

    def __init__(self, kernel: Kernel, sessions: int, seed: int) -> None:
        self.kernel = kernel
        self.random = random.Random(seed)
        self.board = Switchboard(kernel.wire)
        self.notebooks = [Notebook(self.board, self.random) for _ in range(sessions)]
        self.report = Report()

    def run(self, cells: int, tell: bool = False) -> Report:
        """Run so many cells and check all that came.

        Raises:
            FaultError: something was lost, or came to the wrong cell.
        """
        kinds = [kind for kind, weight in KINDS for _ in range(weight)]
        begin, look = perf_counter(), 0
        while self.board.sent < cells:
            notebook = self.random.choice(self.notebooks)
            if self.random.random() < 1 / LIFETIME:
                end(notebook)
                self.report.ended += 1
            else:
                self.random.choice(kinds)(notebook)
            self.board.pump(lambda: len(self.board.open) < IN_FLIGHT)
            if self.board.sent * LOOKS > look * cells:
                look += 1
                self.look()
                if tell:
                    print(f"{self.board.sent} cells: {self.report.memory[-1]:.1f} MiB", flush=True)
        self.board.pump(lambda: not self.board.open)
        self.look()
        self.report.cells, self.report.seconds = self.board.sent, perf_counter() - begin
        self.report.reloaded = sum(notebook.reloads for notebook in self.notebooks)
        self.report.interrupted = sum(notebook.interrupts for notebook in self.notebooks)
        return self.report

    def look(self) -> None:
        """Look at the kernel's memory, when all is at rest."""
        self.board.pump(lambda: not self.board.open)
        self.kernel.run("import gc; gc.collect()").verify()
        self.report.memory.append(self.kernel.memory().get("rss", 0.0))


def soak(sessions: int, cells: int, seed: int, tell: bool = False) -> Report:
    """Launch a kernel, run so many cells in so many notebooks, and end it."""
    with TemporaryDirectory(prefix="soak-") as home, launched(parse(COMMAND), Path(home)) as kernel:
        notebooks = Soak(kernel, sessions, seed)
        try:
            return notebooks.run(cells, tell)
        finally:
            notebooks.board.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Run it and tell; 1 if a message was lost or misrouted, or if the memory grew by over 5 %."""
    parser = argparse.ArgumentParser("python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    try:
        report = soak(options.sessions, options.cells, options.seed, tell=True)
    except BenchmarkError as fault:
        print(f"FAULT: {fault}")
        return 1
    print(report)
    return int(report.growth > 0.05)


if __name__ == "__main__":
    sys.exit(main())
