"""The scoreboard: which of the unfinished cells a cell has to wait for, and why.

As a processor does with instructions, cells are issued in the order in which they arrived, and
start when no earlier unfinished one shares data with them: read after write, write after read,
write after write. An object that two cells can reach counts like a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
        self._dirty: set[int] = set()

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
        entry = Entry(number, look)
        last = next(reversed(self._entries), 0)
        self._entries[number] = entry
        if number < last:
            in_order = sorted(self._entries.items())
            self._entries.clear()
            self._entries.update(in_order)
        self._dirty.add(number)
        self._settle()
        return entry

    def leave(self, entry: Entry) -> None:
        """Take off a cell that has ended, or never will start; others may start now."""
        self._entries.pop(entry.number, None)
        self._dirty.discard(entry.number)
        self._conflicts.remove(entry)
        entry.wait_for({})
        urgent = False
        for waiter in entry.waiters:
            del waiter.blockers[entry]
            self._dirty.add(waiter.number)
            urgent = urgent or not waiter.blockers or _holds_loosely(waiter)
        entry.waiters.clear()
        if urgent:
            self._settle()

    def depends(self, entry: Entry) -> list[Entry]:
        """Give the cells that wait for what this one is sure to do."""
        return [waiter for waiter in entry.waiters if waiter.blockers[entry].is_data]

    def binds(self, name: str, *, after: int, before: int) -> bool:
        """Whether an unfinished cell between two places in the order binds a name."""
        return any(after < entry.number < before for entry in self._conflicts.writers(name))

    def _settle(self) -> None:
        """Look at the cells that have lost a blocker, or whose blockers can do less than before.

        In order of arrival, since each is compared with what the earlier ones can do.
        """
        todo = list(self._dirty)
        heapify(todo)
        while todo:
            entry = self._entries.get(heappop(todo))
            if entry is None or entry.number not in self._dirty:
                continue
            self._dirty.discard(entry.number)
            if not entry.granted:
                self._decide(entry)
                for waiter in entry.waiters:
                    if waiter.blockers[entry].loose and waiter.number not in self._dirty:
                        self._dirty.add(waiter.number)
                        heappush(todo, waiter.number)

    def _decide(self, entry: Entry) -> None:
        self._conflicts.remove(entry)
        entry.access = entry.look()
        entry.wait_for(self._conflicts.of(entry))
        self._conflicts.add(entry)
        entry.granted = not entry.blockers
        self._decided(entry)


def _holds_loosely(entry: Entry) -> bool:
    """Whether some cell waits for one only because of what that one may still get."""
    return any(waiter.blockers[entry].loose for waiter in entry.waiters)
