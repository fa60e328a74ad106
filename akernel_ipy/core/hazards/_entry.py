"""A cell on the board, and the reasons for which it waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from ._access import Access, Loan

#: Objects that a waiting cell may come to reach, beyond which it is taken to reach all.
MAX_TOKENS = 50_000


class Kind(Enum):
    """What makes one cell wait for another."""

    READ = "read after write"
    WRITE = "write after read"
    REWRITE = "write after write"
    CHANGED = "the other changes in place what it reads"
    CHANGE = "it changes in place what the other reads"
    BARRIER = "it can't be followed"
    BEHIND = "the other can't be followed"


@dataclass(frozen=True, slots=True)
class Hazard:
    """One reason to wait.

    Attributes:
        kind: of what sort it is.
        names: the names, or the words, that it is about.
        is_data: the cell can't go on without what the other one does.
        loose: it only follows from what the other may get from those it waits for itself.
    """

    kind: Kind
    names: tuple[str, ...]
    is_data: bool = False
    loose: bool = False


class Hazards(tuple[Hazard, ...]):
    """All reasons to wait for one cell."""

    __slots__ = ()

    @property
    def loose(self) -> bool:
        """Whether they may vanish before that cell has ended."""
        return any(hazard.loose for hazard in self)


@dataclass(eq=False, slots=True)
class Entry:
    """A cell on the board.

    Attributes:
        number: its place in the order of arrival.
        look: says what it may do, as things are at the time of the call.
        access: what it may do, as far as was known when it was looked at last.
        inherited: what it may do with what it gets from the cells that it waits for.
        granted: it may start, or has.
        blockers: the unfinished cells that it waits for.
    """

    number: int
    look: Callable[[], Access]
    access: Access = field(default_factory=Access)
    inherited: Loan = field(default_factory=Loan)
    granted: bool = False
    blockers: dict[Entry, Hazards] = field(default_factory=dict)

    @property
    def barrier(self) -> str:
        """Why it may do anything to everything; empty if that can be told."""
        return self.access.barrier or self.inherited.barrier


def inherit(entry: Entry) -> Loan:
    """Say what a cell may do with what it gets from those that it waits for."""
    loans = [loan for other, hazards in entry.blockers.items() for loan in _loans(other, hazards)]
    if not loans:
        return Loan()
    tokens = frozenset().union(*(loan.tokens for loan in loans))
    barrier = next((loan.barrier for loan in loans if loan.barrier), "")
    if len(tokens) > MAX_TOKENS:
        tokens, barrier = frozenset(), barrier or "it may come to reach too many objects"
    return Loan(
        frozenset().union(*(loan.reads for loan in loans)),
        frozenset().union(*(loan.writes for loan in loans)),
        tokens,
        barrier,
    )


def _loans(other: Entry, hazards: Hazards) -> Iterator[Loan]:
    if any(hazard.kind not in (Kind.WRITE, Kind.REWRITE) for hazard in hazards):
        yield other.access.loan
        yield other.inherited
        if other.barrier:
            yield Loan(barrier=other.barrier)
