"""The arithmetic: percentiles, and ratios formed round by round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

Statistic = Callable[[Sequence[float]], float]
Rounds = Sequence[Sequence[float]]


def percentile(values: Sequence[float], q: float) -> float:
    """The ``q``-th percentile (0 to 100) of ``values``, interpolating between neighbours.

    >>> percentile([1, 2, 3, 4], 50)
    2.5
    """
    if not values:
        raise ValueError("no values, so no percentile")
    if not 0 <= q <= 100:
        raise ValueError(f"a percentile lies between 0 and 100, not at {q}")
    ordered = sorted(values)
    position = (len(ordered) - 1) * q / 100
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def median(values: Sequence[float]) -> float:
    """The 50th percentile."""
    return percentile(values, 50)


p99: Statistic = partial(percentile, q=99)


def pooled(rounds: Rounds, statistic: Statistic = median) -> float:
    """``statistic`` over the samples of all rounds together."""
    return statistic(list(chain.from_iterable(rounds)))


@dataclass(frozen=True)
class Spread:
    """A median with the extremes around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread | None:
        """The spread of ``values``; None when there are none."""
        known = list(values)
        return cls(median(known), min(known), max(known)) if known else None


def ratios(base: Rounds, other: Rounds, statistic: Statistic = median) -> Spread | None:
    """How ``other`` compares with ``base``: one ratio a round, then their median and extremes.

    Round ``i`` of one kernel ran right beside round ``i`` of the other, so whatever slowed the
    machine down at that moment slowed both. A round that one of them didn't finish, or whose base
    is not positive (a process that shrank), has no ratio.
    """
    return Spread.of(b / a for a, b in _pairs(base, other, statistic) if a > 0)


def differences(base: Rounds, other: Rounds, statistic: Statistic = median) -> Spread | None:
    """How much more ``other`` takes than ``base``, formed round by round as `ratios` are."""
    return Spread.of(b - a for a, b in _pairs(base, other, statistic))


def _pairs(base: Rounds, other: Rounds, statistic: Statistic) -> list[tuple[float, float]]:
    return [(statistic(a), statistic(b)) for a, b in zip(base, other, strict=False) if a and b]
