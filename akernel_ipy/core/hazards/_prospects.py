"""What waiting cells may get to do: objects and functions come from those that they wait for.

A cell that waits knows its inputs only when it starts. Until then it is taken to reach all that
those may hand on for which it waits, and so on: what *they* may get, and what cells between may
put into the objects that come.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set

from ._access import Access
from ._entry import NOTHING, Entry, Hazard, Kind, Prospect
from ._masks import Masks
from ._reach import Token


class Prospects:
    """Finds the earlier waiting cells that may yet get to do what conflicts with a cell."""

    def __init__(self) -> None:
        self._readers: Masks[str] = Masks()
        self._writers: Masks[str] = Masks()
        self._holders: Masks[Token] = Masks()
        self._changers: Masks[Token] = Masks()
        self._barred = 0

    def add(self, entry: Entry) -> None:
        """Take in what a cell may get."""
        prospect, bit = entry.prospect, entry.bit
        if prospect is NOTHING:
            return
        self._readers.add(prospect.reads, bit)
        self._writers.add(prospect.writes, bit)
        self._holders.add(prospect.tokens, bit)
        self._changers.add(prospect.changes, bit)
        if prospect.barrier:
            self._barred |= bit

    def remove(self, entry: Entry) -> None:
        """Take out what a cell might have got."""
        prospect, bit = entry.prospect, entry.bit
        if prospect is NOTHING:
            return
        self._readers.remove(prospect.reads, bit)
        self._writers.remove(prospect.writes, bit)
        self._holders.remove(prospect.tokens, bit)
        self._changers.remove(prospect.changes, bit)
        self._barred &= ~bit

    def giving(self, reads: Collection[str], tokens: Collection[Token]) -> int:
        """Give the cells that may get to bind or change what is read."""
        return self._writers.any(reads) | self._changers.any(tokens) | self._barred

    def binding(self, names: Collection[str]) -> int:
        """Give the cells that may get to bind some names."""
        return self._writers.any(names)

    def using(self, changes: Collection[Token]) -> int:
        """Give the cells that may get to use what is changed."""
        return self._holders.any(changes)

    def losing(self, bound: Collection[str]) -> int:
        """Give the cells that may get to read or bind what is bound."""
        return self._readers.any(bound) | self._writers.any(bound)


class Gathering:
    """Adds up what a cell may get."""

    def __init__(self) -> None:
        self.tokens: set[Token] = set()
        self.deferred: set[Token] = set()
        self.open: set[Token] = set()
        self.reads: set[str] = set()
        self.writes: set[str] = set()
        self.barrier = ""
        self.above = 0

    def take(self, lent: Prospect) -> None:
        """Add what one cell may hand on."""
        self.tokens |= lent.tokens
        self.deferred |= lent.deferred
        self.open |= lent.open
        self.reads |= lent.reads
        self.writes |= lent.writes
        self.barrier = self.barrier or lent.barrier
        self.above |= lent.above

    def keep(self, access: Access) -> None:
        """Add what the cell has itself."""
        self.tokens |= access.tokens.keys()
        self.open |= access.loan.open

    def whole(self, *, only_reads: bool, sets: bool) -> Prospect:
        """Give it all.

        Args:
            only_reads: the cell will change nothing of what it gets, but by functions it is given.
            sets: it may set attributes of what it gets.
        """
        if not self.above:
            return NOTHING
        changes = self.deferred if only_reads else self.tokens
        return Prospect(
            frozenset(self.tokens),
            frozenset(self.deferred),
            frozenset(self.open),
            frozenset(self.reads),
            frozenset(self.writes),
            self.barrier,
            self.above,
            frozenset(changes if sets else changes & self.open),
        )


def hazard_between(access: Access, bound: Set[str], prospect: Prospect) -> Hazard:
    """Say what speaks against overtaking a cell that may get to do something."""
    if prospect.barrier:
        return Hazard(Kind.BEHIND, (prospect.barrier,), loose=True)
    for names, kind in (
        (access.reads & prospect.writes, Kind.READ),
        (bound & prospect.reads, Kind.WRITE),
        (bound & prospect.writes, Kind.REWRITE),
    ):
        if names:
            return Hazard(kind, tuple(sorted(names)[:1]), loose=True)
    if changed := access.changes & prospect.tokens:
        return Hazard(Kind.CHANGE, _named(access.tokens, changed), loose=True)
    return Hazard(Kind.CHANGED, _named(access.tokens, prospect.changes), loose=True)


def _named(tokens: Mapping[Token, str], shared: Set[Token]) -> tuple[str, ...]:
    return next(((name,) for token, name in tokens.items() if token in shared), ())
