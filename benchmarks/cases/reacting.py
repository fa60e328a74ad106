"""What reactivity costs a cell that nobody depends on, in notebooks of several sizes."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.kernel import Cell, Kernel
from benchmarks.processor import Meter
from benchmarks.sides import Setting, Side, flavours

#: Cells in one block, of each kind.
BLOCK = 30


class Notebooks:
    """One notebook per kernel: filled in its first turn, of the same size ever after."""

    def __init__(self) -> None:
        self._values: WeakKeyDictionary[Kernel, int] = WeakKeyDictionary()

    def __call__(self, kernel: Kernel, size: int, /) -> Measured:
        """Cells that are run again with another value, then new ones, which are deleted."""
        value = self._values.get(kernel, 0)
        if not value:
            kernel.run(*[assigning(number, 0) for number in range(size)]).verify()
        self._values[kernel] = value + BLOCK
        again = [assigning((value + i) % size, value + i + 1) for i in range(BLOCK)]
        new = [assigning(size + i, value + i) for i in range(BLOCK)]
        meter = Meter(kernel.process.pid)
        samples = {"again": timed(kernel, again)}
        used = meter.used()
        if used is not None:
            samples["processor"] = [used * 1000 / BLOCK]
        samples["new"] = timed(kernel, new)
        kernel.run(Cell("end", "pass", tuple(cell.id for cell in new))).verify()
        return Measured(samples)


def assigning(number: int, value: int) -> Cell:
    """A trivial cell with an id and a name of its own."""
    return Cell(f"cell-{number}", f"v{number} = {value}")


def timed(kernel: Kernel, cells: list[Cell]) -> list[float]:
    """The milliseconds each takes, sent when the one before it is done."""
    return [kernel.run(cell).verify().seconds * 1000 for cell in cells]


def _sides(setting: Setting) -> list[Side]:
    return flavours(setting, "async", "react")


def reacting(size: int) -> Case:
    """The case that compares the flavours react and async in a notebook of one size."""
    return Case(
        name=f"react-{size}",
        title="latency of `vN = N` in a reactive notebook of {size:,} cells",
        measure=Notebooks(),
        metrics=(
            Metric("`vN = N` run again, {size:,} cells", "again", "ms", Mark(1, "difference")),
            Metric("processor time of it, {size:,} cells", "processor", "ms"),
            Metric("`vN = N` as a new cell, {size:,} cells", "new", "ms", Mark(1, "difference")),
        ),
        size=size,
        quick_size=size // 5,
        rounds=15,
        fresh=False,
        sides=_sides,
    )


REACT_10, REACT_100, REACT_1000 = reacting(10), reacting(100), reacting(1000)
