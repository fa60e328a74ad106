"""A cell on the board, and the reasons for which it waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from ._access import Access


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
    def is_data(self) -> bool:
        """Whether the cell can't go on without what that cell does."""
        return any(hazard.is_data for hazard in self)

    @property
    def is_flow(self) -> bool:
        """Whether something may come from that cell."""
        return any(hazard.kind not in (Kind.WRITE, Kind.REWRITE) for hazard in self)

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
        granted: it may start, or has.
        blockers: the unfinished cells that it waits for.
        waiters: the cells that wait for it.
    """

    number: int
    look: Callable[[], Access]
    access: Access = field(default_factory=Access)
    granted: bool = False
    blockers: dict[Entry, Hazards] = field(default_factory=dict)
    waiters: dict[Entry, None] = field(default_factory=dict)

    @property
    def gets_only_to_read(self) -> bool:
        """Whether it changes nothing of what it gets from the cells that it waits for."""
        tame, changes = self.access.tame, self.access.changes
        for blocker, hazards in self.blockers.items():
            for hazard in hazards:
                if hazard.kind is Kind.READ and not hazard.loose:
                    if not tame.issuperset(hazard.names):
                        return False
                elif hazard.kind not in (Kind.WRITE, Kind.REWRITE):
                    if hazard.kind is not Kind.CHANGED or hazard.loose:
                        return False
                    if not blocker.access.changes.isdisjoint(changes):
                        return False
        return True

    def wait_for(self, blockers: dict[Entry, Hazards]) -> None:
        """Wait for these, and for no others."""
        for blocker in self.blockers:
            blocker.waiters.pop(self, None)
        self.blockers = blockers
        for blocker in blockers:
            blocker.waiters[self] = None
