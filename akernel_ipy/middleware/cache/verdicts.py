"""What became of each cell: a hit, stored, or not, and why."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

#: Cells whose verdicts are remembered.
_MOST = 1000


@dataclass
class Verdict:
    """What the cache made of one run.

    Attributes:
        label: the cell, for people.
        hit: it was brought back, not run.
        stored: its run was stored.
        reason: why it was not a hit, if something differed from an earlier run.
        uncached: why it was not stored.
        seconds: what its run took; on a hit, what it took when it was stored.
        spent: seconds that the cache itself took: on a hit, to bring it back.
        bytes: size of the entry.
        notes: what was seen that no key holds.
        files: what it read.
    """

    label: str
    hit: bool = False
    stored: bool = False
    reason: list[str] = field(default_factory=list)
    uncached: str = ""
    seconds: float = 0.0
    spent: float = 0.0
    bytes: int = 0
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Tell it, a line at a time."""
        if self.hit:
            yield (
                f"{self.label}: from the cache in {show_seconds(self.spent)}; "
                f"running it took {show_seconds(self.seconds)}"
            )
        elif self.stored:
            yield f"{self.label}: ran in {show_seconds(self.seconds)}, and was stored"
        else:
            yield f"{self.label}: not cached: {self.uncached}"
        yield from (f"  {line}" for line in self.reason)
        if self.files:
            yield f"  it read {', '.join(self.files)}"
        yield from (f"  {note}; no key can hold that" for note in self.notes)


def show_seconds(seconds: float) -> str:
    """Write a time for people.

    >>> show_seconds(0.0123), show_seconds(75)
    ('12 ms', '75.0 s')
    """
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.1f} s"


class Log:
    """The verdicts of a session, and their sums."""

    def __init__(self) -> None:
        self.hits = self.misses = self.stored = self.uncached = 0
        self.saved = 0.0
        self.bytes = 0
        self._by_count: OrderedDict[int, Verdict] = OrderedDict()

    def add(self, count: int, verdict: Verdict) -> None:
        """Take what became of ``In [count]``."""
        self._by_count.pop(count, None)
        self._by_count[count] = verdict
        while len(self._by_count) > _MOST:
            self._by_count.popitem(last=False)
        self.hits += verdict.hit
        self.misses += not verdict.hit
        self.stored += verdict.stored
        self.uncached += not (verdict.hit or verdict.stored)
        if verdict.hit:
            self.saved += max(0.0, verdict.seconds - verdict.spent)
            self.bytes += verdict.bytes

    def find(self, count: int | None = None) -> Verdict | None:
        """Give the verdict of ``In [count]``, or the last one."""
        if count is None:
            return next(reversed(self._by_count.values()), None)
        return self._by_count.get(count)

    def __iter__(self) -> Iterator[tuple[int, Verdict]]:
        return iter(list(self._by_count.items()))
