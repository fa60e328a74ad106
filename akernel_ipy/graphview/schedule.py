"""What a picture of a run shows: cells over time, and what each waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

#: Where a cell ran, or how it ended if that says more.
Look = Literal["loop", "thread", "offload", "failed", "aborted"]


@dataclass(frozen=True)
class Wait:
    """A cell waited for another one."""

    number: int
    why: str = ""


@dataclass(frozen=True)
class Bar:
    """One cell.

    Attributes:
        number: its place in the notebook.
        line: of its code, to be recognised by.
        look: where it ran, or how it ended.
        start: seconds since the run began.
        end: likewise; an aborted cell has the time of its reply, twice.
        waits: for what it waited.
    """

    number: int
    line: str
    look: Look
    start: float
    end: float
    waits: tuple[Wait, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it ran."""
        return self.end - self.start


@dataclass(frozen=True)
class Schedule:
    """A run of a notebook; its bars are in the order of the cells."""

    title: str
    bars: tuple[Bar, ...]
    seconds: float

    @property
    def by_number(self) -> Mapping[int, Bar]:
        """The bars by the numbers of their cells."""
        return {bar.number: bar for bar in self.bars}

    @property
    def cell_seconds(self) -> float:
        """What the cells take one after the other."""
        return sum(bar.seconds for bar in self.bars)


def decisive(bar: Bar, bars: Mapping[int, Bar]) -> Bar | None:
    """Find the cell whose end let another one start: the last of those that it waited for."""
    waited = [bars[wait.number] for wait in bar.waits if wait.number in bars]
    before = [other for other in waited if other.look != "aborted"]
    return max(before, key=lambda other: (other.end, -other.number), default=None)


def critical(schedule: Schedule) -> Sequence[Bar]:
    """Follow the waits back from the cell that ended last: what decided when the run was over."""
    bars = schedule.by_number
    ran = [bar for bar in schedule.bars if bar.look != "aborted"]
    last = max(ran, key=lambda bar: bar.end, default=None)
    chain: list[Bar] = []
    while last is not None and last not in chain:
        chain.append(last)
        last = decisive(last, bars)
    return chain[::-1]


def direct(schedule: Schedule) -> Mapping[int, Sequence[Wait]]:
    """Leave out waits that others imply: who waits for a cell waits for what that waits for."""
    bars = schedule.by_number
    behind: dict[int, frozenset[int]] = {}
    for bar in sorted(schedule.bars, key=lambda bar: (bar.start, bar.end, bar.number)):
        own = {wait.number for wait in bar.waits}
        behind[bar.number] = frozenset(own).union(*(behind.get(n, ()) for n in own))
    return {
        bar.number: [
            wait
            for wait in bar.waits
            if wait.number in bars
            and bars[wait.number].look != "aborted"
            and not any(wait.number in behind.get(other.number, ()) for other in bar.waits)
        ]
        for bar in schedule.bars
    }
