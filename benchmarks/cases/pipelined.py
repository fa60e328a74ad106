"""Requests sent all at once."""

from __future__ import annotations

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.errors import FaultError
from benchmarks.kernel import Exchange, Kernel


def verify_order(exchange: Exchange) -> None:
    """Check that the replies came in the order of the requests, with rising counts."""
    answered = tuple(reply.parent for reply in exchange.replies())
    if answered != exchange.ids:
        raise FaultError("the replies came in another order than the requests")
    counts = [reply.content["execution_count"] for reply in exchange.replies()]
    if counts != list(range(counts[0], counts[0] + len(counts))):
        raise FaultError("the execution counts are not consecutive")


def measure(kernel: Kernel, size: int, /) -> Measured:
    """From the first request until the last idle."""
    exchange = kernel.run(*["pass"] * size).verify()
    verify_order(exchange)
    return Measured({"seconds": [exchange.seconds]})


PIPELINED = Case(
    name="pipelined",
    title="{size:,} `pass` sent at once, until the last idle",
    measure=measure,
    metrics=(Metric("{size:,} requests pipelined", "seconds", "s", Mark(0.5)),),
    size=1000,
    quick_size=50,
    rounds=7,
    fresh=False,
)
