"""A cell on the board, and the reasons for which it waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from ._access import Access
from ._reach import Token

_NONE: frozenset[str] = frozenset()


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
        loose: it only follows from what cells may get from those that they wait for.
    """

    kind: Kind
    names: tuple[str, ...]
    is_data: bool = False
    loose: bool = False

    @property
    def is_flow(self) -> bool:
        """Whether something may come from the other cell, which does not only use something."""
        return self.kind not in (Kind.WRITE, Kind.REWRITE, Kind.CHANGE)


class Hazards(tuple[Hazard, ...]):
    """All reasons to wait for one cell."""

    __slots__ = ()

    @property
    def is_data(self) -> bool:
        """Whether the cell can't go on without what that cell does."""
        return any(hazard.is_data for hazard in self)

    @property
    def loose(self) -> bool:
        """Whether they may vanish before that cell has ended."""
        return any(hazard.loose for hazard in self)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a waiting cell may get from those that it waits for, before it starts.

    Attributes:
        tokens: objects that they may hand on.
        deferred: those of them that only functions reach which they define.
        open: those of them that may change though nobody sets an attribute of them.
        reads: names that functions read which they may hand on.
        writes: names that those bind.
        barrier: why one of those can't be followed.
        above: the cells from which something may come, a bit for each.
        changes: objects that it may get to change.
    """

    tokens: frozenset[Token] = frozenset()
    deferred: frozenset[Token] = frozenset()
    open: frozenset[Token] = frozenset()
    reads: frozenset[str] = _NONE
    writes: frozenset[str] = _NONE
    barrier: str = ""
    above: int = 0
    changes: frozenset[Token] = frozenset()

    @property
    def content(self) -> tuple[object, ...]:
        """All of it that can conflict with what another cell does."""
        return self.tokens, self.changes, self.reads, self.writes, self.barrier

    def covers(self, other: Prospect) -> bool:
        """Whether another one holds nothing more than this."""
        return (
            other.tokens <= self.tokens
            and other.changes <= self.changes
            and other.deferred <= self.deferred
            and other.open <= self.open
            and other.reads <= self.reads
            and other.writes <= self.writes
            and (not other.barrier or bool(self.barrier))
        )


NOTHING = Prospect()


@dataclass(eq=False, slots=True)
class Entry:
    """A cell on the board.

    Attributes:
        number: its place in the order of arrival.
        look: says what it may do, as things are at the time of the call.
        access: what it may do, as far as was known when it was looked at last.
        prospect: what else it may get to do, as long as it waits.
        granted: it may start, or has.
        blockers: the unfinished cells that it waits for.
        waiters: the cells that wait for it.
    """

    number: int
    look: Callable[[], Access]
    access: Access = field(default_factory=Access)
    prospect: Prospect = NOTHING
    granted: bool = False
    blockers: dict[Entry, Hazards] = field(default_factory=dict)
    waiters: dict[Entry, None] = field(default_factory=dict)

    @property
    def bit(self) -> int:
        """Its place in a set of cells."""
        return 1 << self.number

    @property
    def lends(self) -> Prospect:
        """All that it may hand on."""
        loan, own = self.access.loan, self.prospect
        return Prospect(
            loan.tokens | own.tokens,
            loan.deferred | own.deferred,
            loan.open | own.open,
            loan.reads | own.reads,
            loan.writes | own.writes,
            own.barrier or loan.barrier,
            self.bit | own.above,
            own.changes,
        )

    def wait_for(self, blockers: dict[Entry, Hazards]) -> None:
        """Wait for these, and for no others."""
        for blocker in self.blockers:
            blocker.waiters.pop(self, None)
        self.blockers = blockers
        for blocker in blockers:
            blocker.waiters[self] = None
