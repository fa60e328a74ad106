"""Who of the earlier cells a cell shares data with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ._entry import Entry, Hazard, Hazards, Kind
from ._reach import Token


class Conflicts:
    """Finds the hazards of a cell; keeps an index of who reads and binds which name.

    Where a cell waits for another one that itself has to wait for all earlier ones with the same
    name or object, those are left out.

    Args:
        entries: all on the board, in order of arrival.
    """

    def __init__(self, entries: Mapping[int, Entry]) -> None:
        self._entries = entries
        self._readers: dict[str, dict[Entry, None]] = {}
        self._writers: dict[str, dict[Entry, None]] = {}
        #: Those that reach objects, or may, or can't be followed.
        self._holders: dict[Entry, None] = {}

    def add(self, entry: Entry) -> None:
        """Take an entry's names and objects into the index."""
        access, inherited = entry.access, entry.inherited
        for name in access.reads | inherited.reads:
            self._readers.setdefault(name, {})[entry] = None
        for name in access.writes | inherited.writes | access.imports.keys():
            self._writers.setdefault(name, {})[entry] = None
        if access.tokens or inherited.tokens or entry.barrier:
            self._holders[entry] = None

    def remove(self, entry: Entry) -> None:
        """Take an entry out of the index; before its access changes."""
        access, inherited = entry.access, entry.inherited
        _remove(self._readers, access.reads | inherited.reads, entry)
        writes = access.writes | inherited.writes | access.imports.keys()
        _remove(self._writers, writes, entry)
        self._holders.pop(entry, None)

    def writers(self, name: str) -> Iterable[Entry]:
        """Give those that bind a name."""
        return self._writers.get(name, ())

    def of(self, entry: Entry) -> dict[Entry, Hazards]:
        """Give the earlier cells that one has to wait for, in order of arrival."""
        found: dict[Entry, list[Hazard]] = {}
        for other, hazard in (
            *(self._barriers(entry) if entry.access.barrier else ()),
            *self._reads(entry),
            *self._writes(entry),
            *self._objects(entry),
        ):
            found.setdefault(other, []).append(hazard)
        return {o: Hazards(found[o]) for o in sorted(found, key=lambda other: other.number)}

    def _barriers(self, entry: Entry) -> Iterator[tuple[Entry, Hazard]]:
        hazard = Hazard(Kind.BARRIER, (entry.access.barrier,), is_data=True)
        for other in _last_first(self._entries.values(), entry):
            yield other, hazard
            if other.access.barrier:
                return

    def _reads(self, entry: Entry) -> Iterator[tuple[Entry, Hazard]]:
        for name in sorted(entry.access.reads & self._writers.keys()):
            for other in _last_first(self._writers[name], entry):
                access = other.access
                if name in access.writes:
                    yield other, Hazard(Kind.READ, (name,), is_data=True)
                    break
                if name in access.imports and name not in access.settled:
                    yield other, Hazard(Kind.READ, (name,), is_data=True)
                elif name in other.inherited.writes:
                    yield other, Hazard(Kind.READ, (name,), is_data=True, loose=True)

    def _writes(self, entry: Entry) -> Iterator[tuple[Entry, Hazard]]:
        access = entry.access
        for name in sorted(access.writes | access.imports.keys()):
            others = {**self._writers.get(name, {}), **self._readers.get(name, {})}
            for other in _last_first(others, entry):
                kind = _overwrites(entry, other, name)
                if kind is not None:
                    plain = name in other.access.writes or name in other.access.reads
                    yield other, Hazard(kind, (name,), loose=not plain)
                if name in other.access.writes:
                    break

    def _objects(self, entry: Entry) -> Iterator[tuple[Entry, Hazard]]:
        tokens, changes = entry.access.tokens, entry.access.changes
        left = set(tokens)
        for other in _last_first(self._holders, entry):
            access = other.access
            if other.barrier:
                own = bool(access.barrier)
                yield other, Hazard(Kind.BEHIND, (other.barrier,), is_data=own, loose=True)
                if own:
                    return
            if not left:
                continue
            if not access.changes.isdisjoint(left):
                sure = not access.sure.isdisjoint(left)
                names = _shared(entry, other, access.changes)
                yield other, Hazard(Kind.CHANGED, names, is_data=sure)
                left -= access.changes
            elif not changes.isdisjoint(access.tokens.keys()):
                yield other, Hazard(Kind.CHANGE, _shared(entry, other, changes))
            if not other.inherited.tokens.isdisjoint(left):
                names = _shared(entry, other, other.inherited.tokens)
                yield other, Hazard(Kind.CHANGED, names, loose=True)


def _overwrites(entry: Entry, other: Entry, name: str) -> Kind | None:
    """What speaks against binding a name before another cell has ended."""
    own, theirs = entry.access, other.access
    if name in theirs.writes or name in other.inherited.writes:
        return Kind.REWRITE
    if name in theirs.imports:
        return Kind.REWRITE if theirs.imports[name] != own.imports.get(name) else None
    return None if name in own.settled else Kind.WRITE


def _remove(index: dict[str, dict[Entry, None]], names: Iterable[str], entry: Entry) -> None:
    for name in names:
        entries = index.get(name)
        if entries is not None:
            entries.pop(entry, None)
            if not entries:
                del index[name]


def _last_first(others: Iterable[Entry], entry: Entry) -> list[Entry]:
    earlier = [other for other in others if other.number < entry.number]
    earlier.sort(key=lambda other: -other.number)
    return earlier


def _shared(entry: Entry, other: Entry, changed: frozenset[Token]) -> tuple[str, ...]:
    """Name a shared object as both cells do."""
    for token, name in entry.access.tokens.items():
        if token in changed:
            theirs = other.access.tokens.get(token)
            if theirs is not None or token in other.inherited.tokens:
                return tuple(dict.fromkeys((name, theirs or name)))
    return ()
