"""Reactive notebooks: programs of many cells, and one interface to the systems that run them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from .errors import FaultError
from .kernel import Cell, Exchange, Kernel
from .processor import Meter
from .sides import flavoured
from .targets import Target

Shape = Literal["chain", "fan"]


@dataclass(frozen=True)
class Program:
    """A root and ``size`` trivial cells that depend on it, each of which shows its value.

    In a chain each reads from the cell before it, in a fan all read from the root.
    """

    shape: Shape
    size: int

    def root(self, value: int) -> Cell:
        """The cell at the top, which binds ``v0``."""
        return Cell("cell-0", f"v0 = {value}\nv0")

    def dependents(self) -> list[Cell]:
        """The cells below it."""
        above = {number: number - 1 if self.shape == "chain" else 0 for number in self._numbers()}
        return [
            Cell(f"cell-{number}", f"v{number} = v{above[number]} + 1\nv{number}")
            for number in self._numbers()
        ]

    def values(self, root: int) -> dict[str, str]:
        """What each dependent shows when the root has this value."""
        plus = {number: number if self.shape == "chain" else 1 for number in self._numbers()}
        return {f"cell-{number}": str(root + plus[number]) for number in self._numbers()}

    def _numbers(self) -> range:
        return range(1, self.size + 1)


@dataclass(frozen=True)
class Wave:
    """What followed from running the root: seconds, and the results each cell has shown.

    ``processor`` is the time that the system's process used, if it can be known.
    """

    seconds: float
    shown: Mapping[str, Sequence[str]]
    processor: float | None = None

    def verify(self, program: Program, root: int) -> Wave:
        """Check that every dependent ran once and shows the new value."""
        for cell, value in program.values(root).items():
            shown = list(self.shown.get(cell, ()))
            if shown != [value]:
                did = f"showed {shown[0]!r}" if len(shown) == 1 else f"did so {len(shown)} times"
                raise FaultError(f"{cell} should have shown {value!r} once; it {did}")
        return self


class Notebook(Protocol):
    """A notebook in some reactive system."""

    def build(self, program: Program) -> None:
        """Run all cells of a program in a new notebook, once."""

    def run_root(self, value: int) -> Wave:
        """Run the root with another value; ends when all that depends on it is done."""


class KernelNotebook:
    """A notebook of a kernel that re-runs cells by itself."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._program: Program | None = None
        self._requests: dict[str, str] = {}

    def build(self, program: Program) -> None:
        """Run all cells, one after the other."""
        self._program = program
        for cell in (program.root(0), *program.dependents()):
            self._run(cell)

    def run_root(self, value: int) -> Wave:
        """Run the root; what its dependents show answers their own requests."""
        assert self._program is not None
        meter = Meter(self._kernel.process.pid)
        exchange = self._run(self._program.root(value))
        return Wave(exchange.seconds, self._shown(exchange), meter.used())

    def _run(self, cell: Cell) -> Exchange:
        exchange = self._kernel.run(cell).verify()
        self._requests[exchange.ids[0]] = cell.id
        return exchange

    def _shown(self, exchange: Exchange) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for message in exchange.messages:
            if message.kind == "execute_result":
                cell = self._requests.get(message.parent, message.parent)
                found[cell].append(message.content["data"]["text/plain"])
        return found


@contextmanager
def reactive(target: Target, home: Path) -> Iterator[KernelNotebook]:
    """A notebook of a kernel that has a flavour ``react``."""
    with flavoured(target, "react", home) as kernel:
        yield KernelNotebook(kernel)
