"""Many printed lines from one cell, none of them lost."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.errors import FaultError
from benchmarks.kernel import Kernel
from benchmarks.wire import Message


def text_of(messages: Sequence[Message]) -> str:
    """What these messages write to stdout, in the order they came."""
    streams = (m.content for m in messages if m.kind == "stream")
    return "".join(content["text"] for content in streams if content["name"] == "stdout")


def verify_lines(text: str, count: int) -> None:
    """Check that ``text`` is the numbers below ``count``, a line each, in order."""
    got = text.split("\n")
    wanted = [*map(str, range(count)), ""]
    if got != wanted:
        lost = len(set(wanted) - set(got))
        what = f"lost {lost} of {count} lines" if lost else "the lines are out of order or doubled"
        raise FaultError(what)


def measure(kernel: Kernel, size: int, /) -> Measured:
    """From sending the cell until its idle; nothing of it may come later."""
    exchange = kernel.run(f"for i in range({size}): print(i)").verify()
    [request] = exchange.ids
    late = [m for m in kernel.after() if m.parent == request]
    if late:
        raise FaultError(f"{len(late)} messages of the cell came after its idle")
    verify_lines(text_of(exchange.published(request)), size)
    return Measured({"seconds": [exchange.seconds]})


LINES = Case(
    name="lines",
    title="{size:,} lines printed by one cell, until its idle",
    measure=measure,
    metrics=(Metric("{size:,} printed lines", "seconds", "s", Mark(0.5)),),
    size=200_000,
    quick_size=2_000,
    rounds=7,
    fresh=False,
)
