"""Run a case on several kernels, taking turns: A B A B."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .case import Case, Measured
from .errors import BenchmarkError, FaultError, KernelDiedError, UnsupportedError
from .kernel import Kernel, launched
from .targets import Target

Tell = Callable[[str], None]


@dataclass
class Result:
    """What came of one case: per kernel and source, one list of samples a round."""

    case: Case
    size: int
    samples: dict[str, dict[str, list[list[float]]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    out: set[str] = field(default_factory=set)

    def add(self, kernel: str, measured: Measured) -> None:
        """Keep one round's samples of ``kernel``, and what must be known about them, once."""
        sources = self.samples.setdefault(kernel, {})
        for source, values in measured.samples.items():
            sources.setdefault(source, []).append(list(values))
        if measured.note and measured.note not in self.notes:
            self.notes.append(measured.note)

    def rounds(self, kernel: str, source: str) -> list[list[float]]:
        """The rounds of one source on one kernel; empty if it has none."""
        return self.samples.get(kernel, {}).get(source, [])

    @contextmanager
    def judging(self, kernel: str) -> Iterator[None]:
        """Record what goes wrong in the block; ``kernel`` then takes no further part."""
        try:
            yield
        except UnsupportedError as reason:
            self.notes.append(f"{kernel}: {reason}")
            self.out.add(kernel)
        except (FaultError, KernelDiedError) as fault:
            self.faults.append(f"{self.case.name}: {kernel}: {fault}")
            self.out.add(kernel)


@dataclass
class Runner:
    """Runs cases on the same kernels."""

    targets: Sequence[Target]
    home: Path
    tell: Tell

    def warm_up(self) -> None:
        """Start each kernel once, so that none pays for byte-compiling or a first profile."""
        for target in self.targets:
            self.tell(f"first start of {target.name}")
            try:
                with launched(target, self.home):
                    pass
            except BenchmarkError as error:
                raise KernelDiedError(f"{target.name} can't be used: {error}") from error

    def run(self, case: Case, *, quick: bool = False, rounds: int | None = None) -> Result:
        """Measure ``case`` on all kernels in turn, round after round."""
        size, count = case.plan(quick=quick, rounds=rounds)
        result = Result(case, size)
        self.tell(f"{case.title.format(size=size)}: {count} rounds")
        with ExitStack() as stack:
            alive = {} if case.fresh else self._alive(result, stack)
            for number in range(count):
                for target in self.targets:
                    if target.name not in result.out:
                        self._turn(target, alive.get(target.name), result)
                self.tell(f"  round {number + 1} of {count}")
        return result

    def _turn(self, target: Target, alive: Kernel | None, result: Result) -> None:
        """One block on one kernel."""
        with result.judging(target.name), ExitStack() as stack:
            kernel = alive or stack.enter_context(launched(target, self.home))
            result.add(target.name, result.case.measure(kernel, result.size))

    def _alive(self, result: Result, stack: ExitStack) -> dict[str, Kernel]:
        """All kernels, started and warm."""
        kernels = {}
        for target in self.targets:
            with result.judging(target.name):
                kernel = stack.enter_context(launched(target, self.home))
                result.case.measure(kernel, result.size)
                kernels[target.name] = kernel
        return kernels
