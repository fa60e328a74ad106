"""The time a short cell takes, from sending it until both its reply and its idle have come."""

from __future__ import annotations

from functools import partial

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.kernel import Kernel
from benchmarks.stats import p99


def measure(code: str, kernel: Kernel, size: int, /) -> Measured:
    """A block of ``size`` requests, each sent when the one before it is done."""
    return Measured({"latency": [kernel.run(code).verify().seconds * 1000 for _ in range(size)]})


def latency(name: str, code: str, p50_mark: Mark | None, p99_mark: Mark | None) -> Case:
    """The case that measures the latency of ``code``."""
    return Case(
        name=name,
        title=f"latency of `{code}`, reply and idle",
        measure=partial(measure, code),
        metrics=(
            Metric(f"latency of `{code}`, p50", "latency", "ms", p50_mark),
            Metric(f"latency of `{code}`, p99", "latency", "ms", p99_mark, p99),
        ),
        size=100,
        quick_size=10,
        rounds=12,
        fresh=False,
    )


PASS = latency("pass", "pass", Mark(0.5), Mark(0.6))
EXPRESSION = latency("expression", "x = 1; x", None, None)
