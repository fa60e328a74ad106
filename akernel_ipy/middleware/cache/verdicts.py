"""What became of each cell: a hit, stored, or not, and why."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...core.units import show_seconds

if TYPE_CHECKING:
    from ...store import Publication

#: The reason of a miss if there is nothing to compare with.
NEW = "this code has not been stored before"

#: Cells whose verdicts are remembered.
_MOST = 1000


@dataclass
class Verdict:
    """What the cache made of one run.

    Attributes:
        label: the cell, for people.
        hit: it was brought back, not run.
        published: what becomes of its entry, if it was given to the store.
        reason: why it was not a hit, if something differed from an earlier run.
        uncached: why it was not given to the store.
        seconds: what its run took; on a hit, what it took when it was stored.
        spent: seconds that the cache itself took: on a hit, to bring it back.
        bytes: size of the entry.
        notes: what was seen that no key holds.
        files: what it read.
    """

    label: str
    hit: bool = False
    published: Publication | None = None
    reason: list[str] = field(default_factory=list)
    uncached: str = ""
    seconds: float = 0.0
    spent: float = 0.0
    bytes: int = 0
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def stored(self) -> bool:
        """Its run was stored, or will have been in a moment."""
        return self.published is not None and not self.published.reason

    @property
    def refusal(self) -> str:
        """Why its run is not in the store; empty if it is."""
        return self.published.reason if self.published is not None else self.uncached

    @property
    def note(self) -> str:
        """What a front-end says beside a hit."""
        return f"cache: {show_seconds(self.spent)} instead of {show_seconds(self.seconds)}"

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
            yield f"{self.label}: not cached: {self.refusal}"
        if self.stored or self.reason != [NEW]:
            yield from (f"  {line}" for line in self.reason)
        if self.files:
            yield f"  it read {', '.join(self.files)}"
        yield from (f"  {note}; no key can hold that" for note in self.notes)


class CheapCells:
    """Cells that were not worth storing, with the reason: their inputs aren't looked at again.

    Args:
        most: so many are remembered, the latest ones.
    """

    def __init__(self, most: int = 2048) -> None:
        self._most = most
        self._reasons: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._reasons)

    def add(self, source: str, reason: str) -> None:
        """Remember a cell."""
        self.discard(source)
        self._reasons[source] = reason
        if len(self._reasons) > self._most:
            del self._reasons[next(iter(self._reasons))]

    def discard(self, source: str) -> None:
        """Forget a cell: it took long this time."""
        self._reasons.pop(source, None)

    def reason(self, source: str) -> str:
        """Say why a cell is not worth it; empty if that is not known of it."""
        return self._reasons.get(source, "")


class Log:
    """The verdicts of a session, and their sums."""

    def __init__(self) -> None:
        self.hits = self.misses = 0
        self._forgotten = 0
        self.saved = 0.0
        self.bytes = 0
        self._by_count: OrderedDict[int, Verdict] = OrderedDict()

    def add(self, count: int, verdict: Verdict) -> None:
        """Take what became of ``In [count]``."""
        earlier = self._by_count.pop(count, None)
        self._forgotten += earlier is not None and earlier.stored
        self._by_count[count] = verdict
        while len(self._by_count) > _MOST:
            self._forgotten += self._by_count.popitem(last=False)[1].stored
        self.hits += verdict.hit
        self.misses += not verdict.hit
        if verdict.hit:
            self.saved += max(0.0, verdict.seconds - verdict.spent)
            self.bytes += verdict.bytes

    @property
    def stored(self) -> int:
        """How many runs were stored."""
        return self._forgotten + sum(verdict.stored for verdict in self._by_count.values())

    def find(self, count: int | None = None) -> Verdict | None:
        """Give the verdict of ``In [count]``, or the last one."""
        if count is None:
            return next(reversed(self._by_count.values()), None)
        return self._by_count.get(count)

    def __iter__(self) -> Iterator[tuple[int, Verdict]]:
        return iter(list(self._by_count.items()))
