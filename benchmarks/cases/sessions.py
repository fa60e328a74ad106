"""Many notebooks: in one process with sessions, or each in a process of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.errors import FaultError
from benchmarks.kernel import Kernel, launched
from benchmarks.processor import processor
from benchmarks.sides import Setting, Side, flavoured
from benchmarks.stats import p99
from benchmarks.targets import Target

#: So many processes are enough to see what one takes.
PROCESSES = 20

#: Requests to measure a latency with.
REQUESTS = 100


class Host(Protocol):
    """Where notebooks are opened."""

    def open(self) -> float:
        """Open one more notebook; the seconds until its first result."""

    def memory(self) -> dict[str, float]:
        """The memory of all of them together, in MiB."""

    def processor(self) -> float:
        """Seconds that they have run on a processor; 0 where the system does not tell."""

    def latency(self) -> list[float]:
        """Milliseconds that `pass` takes in the notebooks that are open, in turn."""

    @property
    def most(self) -> int | None:
        """How many notebooks are to be opened at most."""


@dataclass
class OneProcess:
    """All notebooks in one kernel, each with a client of its own."""

    kernel: Kernel
    clients: list[str] = field(default_factory=list)
    most: int | None = None

    def open(self) -> float:
        """Open one more notebook, and see that no other's names are there."""
        self.kernel.wire.session = uuid.uuid4().hex
        self.clients.append(self.kernel.wire.session)
        exchange = self.kernel.run("assert 'x' not in globals(); x = 1; x").verify()
        return exchange.seconds

    def memory(self) -> dict[str, float]:
        """The memory of the process."""
        self.kernel.run("import gc; gc.collect()").verify()
        return self.kernel.memory()

    def processor(self) -> float:
        """What the process has used."""
        return processor(self.kernel.process.pid) or 0.0

    def latency(self) -> list[float]:
        """One request after the other, each from another notebook."""
        taken = []
        for number in range(REQUESTS):
            self.kernel.wire.session = self.clients[number % len(self.clients)]
            taken.append(self.kernel.run("pass").verify().seconds * 1000)
        return taken


@dataclass
class Processes:
    """A kernel for each notebook."""

    target: Target
    home: Path
    stack: ExitStack
    kernels: list[Kernel] = field(default_factory=list)
    most: int | None = PROCESSES

    def open(self) -> float:
        """Start one more kernel."""
        self.kernels.append(self.stack.enter_context(launched(self.target, self.home)))
        return self.kernels[-1].started_in

    def memory(self) -> dict[str, float]:
        """The sum over all processes."""
        found = [kernel.memory() for kernel in self.kernels]
        return {name: sum(one[name] for one in found) for name in found[0]}

    def processor(self) -> float:
        """The sum over all processes."""
        return sum(processor(kernel.process.pid) or 0.0 for kernel in self.kernels)

    def latency(self) -> list[float]:
        """One request after the other, each to another kernel."""
        kernels = self.kernels
        return [
            kernels[number % len(kernels)].run("pass").verify().seconds * 1000
            for number in range(REQUESTS)
        ]


@contextmanager
def _processes(target: Target, home: Path) -> Iterator[Processes]:
    with ExitStack() as stack:
        yield Processes(target, home, stack)


@contextmanager
def _sessions(target: Target, home: Path) -> Iterator[OneProcess]:
    with flavoured(target, "multi", home) as kernel:
        yield OneProcess(kernel)


def sides(setting: Setting) -> list[Side]:
    """The base, in many processes, and sessions of the kernels that are compared with it."""
    base = setting.targets[0]
    many = Side(f"{PROCESSES} x {base.name}", partial(_processes, base))
    one = [Side(f"{target.name} multi", partial(_sessions, target)) for target in setting.rivals]
    return [many, *one]


def measure(host: Host, size: int, /) -> Measured:
    """Open notebooks, the first of them as a warm-up."""
    host.open()
    alone, before, used = host.latency(), host.memory(), host.processor()
    count = size if host.most is None else min(size, host.most)
    first = [host.open() * 1000 for _ in range(count - 1)]
    used = host.processor() - used
    latency, after = host.latency(), host.memory()
    if len(first) < 1:
        raise FaultError("one notebook tells nothing about many")
    samples = {"first": first, "alone": alone, "latency": latency}
    if used:
        samples["processor"] = [used * 1000 / len(first)]
    if "rss" in after:
        samples["more"] = [(after["rss"] - before["rss"]) / len(first)]
        samples["each"] = [after["pss"] / count]
    return Measured(samples)


SESSIONS = Case(
    name="sessions",
    title=f"{{size}} notebooks in one process, beside {PROCESSES} processes",
    measure=measure,
    metrics=(
        Metric("memory of one more notebook, RSS", "more", "MiB", Mark(0.3, "value")),
        Metric("memory of each of {size} notebooks, PSS", "each", "MiB"),
        Metric("new notebook to first result, p50", "first", "ms", Mark(30, "value")),
        Metric("new notebook to first result, p99", "first", "ms", None, p99),
        Metric("processor time of a new notebook, mean", "processor", "ms"),
        Metric("latency of `pass`, one notebook, p50", "alone", "ms"),
        Metric("latency of `pass`, {size} notebooks in turn, p50", "latency", "ms"),
    ),
    size=200,
    quick_size=5,
    rounds=3,
    sides=sides,
)
