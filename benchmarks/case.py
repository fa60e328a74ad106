"""What a case is: what it measures, how large, how often, and what the project aims at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from .sides import Cast, kernels
from .stats import Statistic, median


@dataclass(frozen=True)
class Mark:
    """A target: the most that the ratio to the base, the difference from it or the value may be."""

    limit: float
    of: Literal["ratio", "difference", "value"] = "ratio"


@dataclass(frozen=True)
class Metric:
    """One line of the table: a statistic over the samples of ``source``.

    ``{size}`` in the label stands for the size of the case.
    """

    label: str
    source: str
    unit: str
    mark: Mark | None = None
    statistic: Statistic = median


@dataclass(frozen=True)
class Measured:
    """The samples of one round, by source, and what a reader must know about them."""

    samples: Mapping[str, Sequence[float]]
    note: str = ""


class Body(Protocol):
    """What a case does in one round: one block of ``size`` on one kernel, or on another side."""

    def __call__(self, kernel: Any, size: int, /) -> Measured:
        """Measure; a `FaultError` if the kernel did the work wrongly."""


@dataclass(frozen=True)
class Case:
    """One thing to measure, by calling ``measure`` on each side in turn, ``rounds`` times.

    The sides are the kernels, if ``sides`` doesn't say otherwise; the first is the base. A
    ``fresh`` case gets a newly started kernel for every call; for the others all sides stay alive
    at the same time, and a first call of each warms it up and isn't counted. ``{size}`` in the
    title stands for the size.
    """

    name: str
    title: str
    measure: Body
    metrics: tuple[Metric, ...]
    size: int
    quick_size: int
    rounds: int
    fresh: bool = True
    sides: Cast = kernels

    def plan(self, *, quick: bool = False, rounds: int | None = None) -> tuple[int, int]:
        """The size and the number of rounds to run."""
        return self.quick_size if quick else self.size, rounds or (2 if quick else self.rounds)
