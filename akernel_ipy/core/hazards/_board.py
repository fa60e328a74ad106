"""The scoreboard: which of the unfinished cells a cell has to wait for, and why.

As a processor does with instructions, cells are issued in the order in which they arrived, and
start when no earlier unfinished one shares data with them: read after write, write after read,
write after write. An object that two cells can reach counts like a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from heapq import heapify, heappop, heappush

from ._access import Access
from ._conflicts import Conflicts
from ._entry import Entry


class Board:
    """The unfinished cells of a session, in order of arrival.

    Args:
        decided: called with an entry that has been looked at: it may start, or waits.
    """

    def __init__(self, decided: Callable[[Entry], None]) -> None:
        self._decided = decided
        self._entries: dict[int, Entry] = {}
        self._conflicts = Conflicts(self._entries)
        #: Places whose entries are to be decided on anew, and whether to look at the cell for it.
        self._stale: dict[int, bool] = {}
        self._alive = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def enter(self, number: int, look: Callable[[], Access]) -> Entry:
        """Add a cell that has arrived; it may be granted its start at once.

        Args:
            number: its place in the order of arrival.
            look: says what the cell may do, as things are at the time of the call.
        """
        entry = self._entries[number] = Entry(number, look)
        self._alive |= entry.bit
        self._stale[number] = True
        self._settle(number)
        return entry

    def leave(self, entry: Entry) -> None:
        """Take off a cell that has ended, or never will start; others may start now."""
        self._entries.pop(entry.number, None)
        self._alive &= ~entry.bit
        self._stale.pop(entry.number, None)
        self._conflicts.remove(entry)
        entry.wait_for({})
        for lender in self._conflicts.lending(entry):
            self._stale[lender.number] = True
        last = 0
        for waiter in entry.waiters:
            del waiter.blockers[entry]
            self._stale[waiter.number] = True
            if not waiter.blockers or _holds_loosely(waiter):
                last = max(last, waiter.number)
        entry.waiters.clear()
        if last:
            self._settle(last)

    def depends(self, entry: Entry) -> list[Entry]:
        """Give the cells that wait for what this one is sure to do."""
        return [waiter for waiter in entry.waiters if waiter.blockers[entry].is_data]

    def binds(self, name: str, *, after: int, before: int) -> bool:
        """Whether an unfinished cell between two places in the order binds a name."""
        return any(after < entry.number < before for entry in self._conflicts.writers(name))

    def _settle(self, last: int) -> None:
        """Decide on the stale entries up to a place, in order of arrival.

        Each is compared with what the earlier ones can do. Those behind that place can wait: none
        of them is about to start.
        """
        todo = [number for number in self._stale if number <= last]
        heapify(todo)
        while todo:
            number = heappop(todo)
            if number not in self._stale:
                continue
            looks, entry = self._stale.pop(number), self._entries[number]
            access, lent, known = entry.access, entry.lends, entry.prospect.content
            if entry.granted:
                self._lend_more(entry)
            else:
                self._decide(entry, looks)
            less = access != entry.access or known != entry.prospect.content
            after = entry.lends
            other = not lent.covers(after) or bool(lent.above & ~after.above & self._alive)
            for waiter in self._concerned(entry, less, other):
                if waiter.number <= last:
                    heappush(todo, waiter.number)
                elif waiter.blockers[entry].loose:
                    last = waiter.number
                    todo = [number for number in self._stale if number <= last]
                    heapify(todo)

    def _concerned(self, entry: Entry, less: bool, other: bool) -> Iterator[Entry]:
        """Give the cells that are to be decided on anew because a cell they wait for was.

        Args:
            entry: the cell that was decided on.
            less: it may do less than before, or another thing: who waits only because of what it
                might have done may start.
            other: more may come from it than before, or no longer from the same cells.
        """
        for waiter in entry.waiters:
            loose = less and waiter.blockers[entry].loose
            if loose or other:
                self._stale[waiter.number] = self._stale.get(waiter.number, False) or loose
                yield waiter

    def _decide(self, entry: Entry, looks: bool) -> None:
        self._conflicts.remove(entry)
        if looks:
            entry.access = entry.look()
        blockers, entry.prospect = self._conflicts.of(entry)
        entry.wait_for(blockers)
        self._conflicts.add(entry)
        entry.granted = not entry.blockers
        self._decided(entry)

    def _lend_more(self, entry: Entry) -> None:
        """Functions that a running cell defines reach something new."""
        self._conflicts.remove(entry)
        old, new = entry.access.loan, entry.look().loan
        entry.access = replace(entry.access, loan=old.merged(new))
        self._conflicts.add(entry)


def _holds_loosely(entry: Entry) -> bool:
    """Whether some cell waits for one only because of what that one may still get."""
    return any(waiter.blockers[entry].loose for waiter in entry.waiters)
