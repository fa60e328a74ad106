"""Run a case on several kernels, taking turns: A B A B."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .case import Case, Measured
from .errors import BenchmarkError, FaultError, KernelDiedError, UnsupportedError
from .kernel import launched
from .sides import Setting, Side

Tell = Callable[[str], None]


@dataclass
class Result:
    """What came of one case: per side and source, one list of samples a round.

    ``names`` are the sides, the base first.
    """

    case: Case
    size: int
    names: tuple[str, ...]
    samples: dict[str, dict[str, list[list[float]]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    out: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)

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
            self.absent.add(kernel)
        except (FaultError, KernelDiedError) as fault:
            self.faults.append(f"{self.case.name}: {kernel}: {fault}")
            self.out.add(kernel)


@dataclass
class Runner:
    """Runs cases on the same kernels."""

    setting: Setting
    home: Path
    tell: Tell

    def warm_up(self) -> None:
        """Start each kernel once, so that none pays for byte-compiling or a first profile."""
        for target in self.setting.targets:
            self.tell(f"first start of {target.name}")
            try:
                with launched(target, self.home):
                    pass
            except BenchmarkError as error:
                raise KernelDiedError(f"{target.name} can't be used: {error}") from error

    def run(self, case: Case, *, quick: bool = False, rounds: int | None = None) -> Result:
        """Measure ``case`` on all its sides in turn, round after round."""
        size, count = case.plan(quick=quick, rounds=rounds)
        sides = case.sides(self.setting)
        result = Result(case, size, tuple(side.name for side in sides))
        self.tell(f"{case.title.format(size=size)}: {count} rounds")
        with ExitStack() as stack:
            alive = {} if case.fresh else self._alive(sides, result, stack)
            for number in range(count):
                for side in sides:
                    if side.name not in result.out:
                        self._turn(side, alive.get(side.name), result)
                self.tell(f"  round {number + 1} of {count}")
        return result

    def _turn(self, side: Side, alive: Any, result: Result) -> None:
        """One block on one side."""
        with result.judging(side.name), ExitStack() as stack:
            opened = alive if alive is not None else stack.enter_context(side.open(self.home))
            result.add(side.name, result.case.measure(opened, result.size))

    def _alive(self, sides: Sequence[Side], result: Result, stack: ExitStack) -> dict[str, Any]:
        """All sides, started and warm."""
        opened = {}
        for side in sides:
            with result.judging(side.name):
                opened[side.name] = stack.enter_context(side.open(self.home))
                result.case.measure(opened[side.name], result.size)
        return opened
