"""Who of the earlier cells a cell shares data with."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Set

from ._access import Access
from ._entry import Entry, Hazard, Hazards, Kind
from ._reach import Token

Found = Iterator[tuple[Entry, Hazard]]


class Conflicts:
    """Finds the hazards of a cell; keeps an index of who reads and binds which name.

    Where a cell waits for another one that itself has to wait for all earlier ones with the same
    name or object, those are left out.

    Args:
        entries: all on the board, in order of arrival.
    """

    def __init__(self, entries: Mapping[int, Entry]) -> None:
        self._entries = entries
        self._readers = _Index()
        self._writers = _Index()
        #: The same for what cells hand on: see `Loan`.
        self._lending_reads = _Index()
        self._lending_writes = _Index()
        #: Those that reach objects, or can't be followed, or hand on such.
        self._holders: dict[Entry, None] = {}

    def add(self, entry: Entry) -> None:
        """Take an entry's names and objects into the index."""
        access, loan = entry.access, entry.access.loan
        self._readers.add(access.reads, entry)
        self._writers.add(_bound(access), entry)
        self._lending_reads.add(loan.reads, entry)
        self._lending_writes.add(loan.writes, entry)
        if loan.tokens or loan.barrier or access.barrier:
            self._holders[entry] = None

    def remove(self, entry: Entry) -> None:
        """Take an entry out of the index; before its access changes."""
        access, loan = entry.access, entry.access.loan
        self._readers.remove(access.reads, entry)
        self._writers.remove(_bound(access), entry)
        self._lending_reads.remove(loan.reads, entry)
        self._lending_writes.remove(loan.writes, entry)
        self._holders.pop(entry, None)

    def writers(self, name: str) -> Iterable[Entry]:
        """Give those that bind a name."""
        return self._writers.of(name)

    def of(self, entry: Entry) -> dict[Entry, Hazards]:
        """Give the earlier cells that one has to wait for, in order of arrival."""
        found: dict[Entry, list[Hazard]] = {}
        for rule in (self._barriers, self._reads, self._writes, self._objects):
            for other, hazard in rule(entry):
                found.setdefault(other, []).append(hazard)
        for other, hazard in self._inherited(entry, found):
            found.setdefault(other, []).append(hazard)
        return {o: Hazards(found[o]) for o in sorted(found, key=lambda other: other.number)}

    def _barriers(self, entry: Entry) -> Found:
        own = entry.access.barrier
        others = self._entries.values() if own else self._holders
        for other in _last_first(others, entry):
            theirs = other.access.barrier
            if theirs:
                yield other, Hazard(Kind.BEHIND, (theirs,), is_data=True, loose=True)
                return
            if own:
                yield other, Hazard(Kind.BARRIER, (own,), is_data=True)

    def _reads(self, entry: Entry) -> Found:
        for name in self._writers.common(entry.access.reads):
            for other in _last_first(self._writers.of(name), entry):
                if name in other.access.writes:
                    yield other, Hazard(Kind.READ, (name,), is_data=True)
                    break
                if name not in other.access.settled:
                    yield other, Hazard(Kind.READ, (name,), is_data=True)

    def _writes(self, entry: Entry) -> Found:
        for name in sorted(_bound(entry.access)):
            others = {**self._writers.of(name), **self._readers.of(name)}
            for other in _last_first(others, entry):
                kind = _overwrites(entry.access, other.access, name)
                if kind is not None:
                    yield other, Hazard(kind, (name,))
                if name in other.access.writes:
                    break

    def _objects(self, entry: Entry) -> Found:
        changes = entry.access.changes
        left = set(entry.access.tokens)
        for other in _last_first(self._holders if left else (), entry):
            access = other.access
            if not access.changes.isdisjoint(left):
                names = _shared(entry.access, access, access.changes)
                sure = not access.sure.isdisjoint(left)
                yield other, Hazard(Kind.CHANGED, names, is_data=sure)
                left -= access.changes
                if not left:
                    return
            elif not changes.isdisjoint(access.tokens.keys()):
                yield other, Hazard(Kind.CHANGE, _shared(entry.access, access, changes))

    def _inherited(self, entry: Entry, found: Mapping[Entry, object]) -> Found:
        """Beware of cells that wait: what they get from others may lead to all these reach.

        Those that wait for what this one waits for anyway need no look: it will be looked at anew.
        """
        seen: dict[bool, set[Entry]] = {False: set(), True: set()}
        for source, hazard in self._lenders(entry):
            if source in found:
                continue
            spared = hazard.kind is Kind.CHANGED
            for waiter in _downstream(source, entry.number, found, seen[spared]):
                if not (spared and waiter.gets_only_to_read):
                    yield waiter, hazard

    def _lenders(self, entry: Entry) -> Found:
        """Give the cells that hand on what conflicts with this one."""
        access, bound = entry.access, _bound(entry.access)
        for name in self._lending_writes.common(access.reads | bound):
            for other in self._lending_writes.of(name):
                kind = Kind.READ if name in access.reads else Kind.REWRITE
                yield other, Hazard(kind, (name,), loose=True)
        for name in self._lending_reads.common(bound):
            for other in self._lending_reads.of(name):
                yield other, Hazard(Kind.WRITE, (name,), loose=True)
        for other in self._holders:
            loan = other.access.loan
            if loan.barrier:
                yield other, Hazard(Kind.BEHIND, (loan.barrier,), loose=True)
            elif not loan.tokens.isdisjoint(access.tokens.keys()):
                names = _shared(access, other.access, loan.tokens)
                reads = loan.tokens.isdisjoint(access.changes)
                reads = reads and loan.deferred.isdisjoint(access.tokens.keys())
                yield other, Hazard(Kind.CHANGED if reads else Kind.CHANGE, names, loose=True)


def _downstream(
    source: Entry, before: int, left_out: Container[Entry], seen: set[Entry]
) -> Iterator[Entry]:
    """Give the cells to which something of another one may come, each once."""
    todo = [source]
    while todo:
        current = todo.pop()
        for waiter in current.waiters:
            if waiter.number >= before or waiter in seen or waiter in left_out:
                continue
            if waiter.blockers[current].is_flow:
                seen.add(waiter)
                todo.append(waiter)
                yield waiter


class _Index:
    """Entries by name."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[Entry, None]] = {}

    def add(self, names: Iterable[str], entry: Entry) -> None:
        for name in names:
            self._entries.setdefault(name, {})[entry] = None

    def remove(self, names: Iterable[str], entry: Entry) -> None:
        for name in names:
            entries = self._entries.get(name)
            if entries is not None:
                entries.pop(entry, None)
                if not entries:
                    del self._entries[name]

    def of(self, name: str) -> dict[Entry, None]:
        return self._entries.get(name, {})

    def common(self, names: Set[str]) -> list[str]:
        """Give those of some names that are known here."""
        return sorted(names & self._entries.keys())


def _bound(access: Access) -> Set[str]:
    return access.writes | access.imports.keys()


def _overwrites(own: Access, theirs: Access, name: str) -> Kind | None:
    """What speaks against binding a name before another cell has ended."""
    if name in theirs.writes:
        return Kind.REWRITE
    if name in theirs.imports:
        return Kind.REWRITE if theirs.imports[name] != own.imports.get(name) else None
    return None if name in own.settled else Kind.WRITE


def _last_first(others: Iterable[Entry], entry: Entry) -> list[Entry]:
    earlier = [other for other in others if other.number < entry.number]
    earlier.sort(key=lambda other: -other.number)
    return earlier


def _shared(own: Access, theirs: Access, changed: frozenset[Token]) -> tuple[str, ...]:
    """Name a shared object as both cells do."""
    for token, name in own.tokens.items():
        if token in changed:
            known = theirs.tokens.get(token)
            if known is not None or token in theirs.loan.tokens:
                return tuple(dict.fromkeys((name, known or name)))
    return ()
