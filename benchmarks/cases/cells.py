"""A long session of trivial cells, and the memory it leaves."""

from __future__ import annotations

from time import perf_counter

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.kernel import Kernel

WARM_UP = 50


def settled_memory(kernel: Kernel) -> dict[str, float]:
    """The kernel's memory after a garbage collection."""
    kernel.run("import gc; _ = gc.collect()").verify()
    return kernel.memory()


def measure(kernel: Kernel, size: int, /) -> Measured:
    """``size`` distinct cells, each sent when the one before it is done."""
    for number in range(WARM_UP):
        kernel.run(f"x = {number}").verify()
    before = settled_memory(kernel)
    begin = perf_counter()
    for number in range(size):
        kernel.run(f"x = {number}").verify()
    seconds = perf_counter() - begin
    after = settled_memory(kernel)
    growth = {name: [after[name] - before[name]] for name in before}
    return Measured({"seconds": [seconds], **growth})


CELLS = Case(
    name="cells",
    title="{size:,} cells `x = N`, one after the other, and what they leave",
    measure=measure,
    metrics=(
        Metric("{size:,} cells", "seconds", "s", Mark(0.6)),
        Metric("memory left by them, RSS", "rss", "MiB", Mark(1.0)),
        Metric("memory left by them, USS", "uss", "MiB"),
    ),
    size=3000,
    quick_size=100,
    rounds=5,
)
