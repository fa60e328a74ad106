"""Cells that sleep, sent all at once."""

from __future__ import annotations

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.kernel import Kernel

PROBES, PROBE_SECONDS = 4, 0.2
SAMPLE, SAMPLE_SECONDS = 20, 0.1


def sleep_cells(kernel: Kernel, count: int, seconds: float) -> float:
    """Seconds until ``count`` cells that each sleep ``seconds`` are all done."""
    cell = f"import asyncio; await asyncio.sleep({seconds})"
    return kernel.run(*[cell] * count).verify().seconds


def extrapolate(total: float, size: int) -> float:
    """What ``size`` cells of 1 s take one after the other, if the sample took ``total``."""
    overhead = total / SAMPLE - SAMPLE_SECONDS
    return size * (1 + overhead)


def measure(kernel: Kernel, size: int, /) -> Measured:
    """``size`` cells of 1 s; a kernel that runs them one by one is spared most of the wait."""
    probe = sleep_cells(kernel, PROBES, PROBE_SECONDS)
    if probe < PROBES * PROBE_SECONDS * 0.9:
        return Measured({"seconds": [sleep_cells(kernel, size, 1)]})
    total = sleep_cells(kernel, SAMPLE, SAMPLE_SECONDS)
    note = (
        f"{kernel.name} runs cells one by one: measured {SAMPLE} x {SAMPLE_SECONDS} s, "
        f"extrapolated to {size} x 1 s"
    )
    return Measured({"seconds": [extrapolate(total, size)]}, note)


SLEEPING = Case(
    name="sleeping",
    title="{size:,} cells `await asyncio.sleep(1)` sent at once, until the last idle",
    measure=measure,
    metrics=(Metric("{size:,} cells sleeping 1 s", "seconds", "s", Mark(1.3, "value")),),
    size=200,
    quick_size=20,
    rounds=5,
)
