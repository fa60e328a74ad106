"""What the flavour flow costs a cell that waits among many: Run All behind a slow first cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.kernel import CELL_TIMEOUT, Exchange, Kernel
from benchmarks.processor import Meter
from benchmarks.sides import Setting, Side, flavours
from benchmarks.wire import Pending

SETUP = "import asyncio, os\nitems = []\ndef table(*values):\n    return list(values)"

Write = Callable[[int], str]


class Waiting:
    """One notebook: its first cell waits for a file, and all others for it or for one another."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def __call__(self, kernel: Kernel, size: int, /) -> Measured:
        """All are sent while the first one runs; from the first request until the last idle."""
        kernel.run(SETUP).verify()
        with TemporaryDirectory() as directory:
            gate = Path(directory) / "gate"
            first = (
                f"while not os.path.exists({str(gate)!r}):\n    await asyncio.sleep(0.005)\nx = 1"
            )
            meter = Meter(kernel.process.pid)
            begin = perf_counter()
            ids = [kernel.send(first), *(kernel.send(self._write(n)) for n in range(size))]
            arrived = kernel.wire.send("kernel_info_request", {})
            before = kernel.wire.collect(Pending([arrived]), CELL_TIMEOUT)
            gate.touch()
            pending = Pending(ids)
            received = [*before, *kernel.wire.collect(pending, CELL_TIMEOUT)]
        seconds = pending.last - begin
        messages = tuple(map(kernel.wire.decode, received))
        Exchange(tuple(ids), seconds, messages).verify()
        samples = {"cell": [seconds * 1000 / size]}
        used = meter.used()
        if used is not None:
            samples["processor"] = [used * 1000 / size]
        return Measured(samples)


def _sides(setting: Setting) -> list[Side]:
    return flavours(setting, "chain", "flow")


def waiting(shape: str, write: Write) -> Case:
    """The case that measures one way to wait."""
    return Case(
        name=f"waiting-{shape}",
        title=f"{{size:,}} cells `{write(1)}` that wait, per cell, until the last idle",
        measure=Waiting(write),
        metrics=(
            Metric(f"{{size:,}} cells wait: {shape}", "cell", "ms", Mark(1, "difference")),
            Metric(f"processor time of it, {shape}", "processor", "ms"),
        ),
        size=1000,
        quick_size=50,
        rounds=7,
        fresh=False,
        sides=_sides,
    )


READERS = waiting("readers", lambda n: f"y{n} = x + {n}")
TURNS = waiting("turns", lambda n: "x += 1")
OBJECTS = waiting("objects", lambda n: "items.append(x)")
STEPS = waiting("steps", lambda n: f"z{n} = table(z{n - 1}[0])" if n else "z0 = table(x)")
