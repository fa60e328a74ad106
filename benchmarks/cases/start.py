"""From the launch of the process to the first result, and the memory it then holds."""

from __future__ import annotations

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.kernel import Kernel


def measure(kernel: Kernel, size: int, /) -> Measured:
    """The kernel was launched just now: read its clock and its memory."""
    samples = {name: [mib] for name, mib in kernel.memory().items()}
    return Measured({"start": [kernel.started_in], **samples})


START = Case(
    name="start",
    title="start, until the reply and the idle of the first `1`",
    measure=measure,
    metrics=(
        Metric("start to first result", "start", "s", Mark(1.0)),
        Metric("memory after start, RSS", "rss", "MiB", Mark(1.0)),
        Metric("memory after start, PSS", "pss", "MiB"),
        Metric("memory after start, USS", "uss", "MiB"),
    ),
    size=1,
    quick_size=1,
    rounds=9,
)
