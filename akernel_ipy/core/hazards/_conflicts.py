"""Who of the earlier cells a cell shares data with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from ._access import Access
from ._entry import Entry, Hazard, Hazards, Kind, Prospect
from ._masks import Masks, last_first
from ._prospects import Gathering, Prospects, hazard_between
from ._reach import Token

Found = Iterator[tuple[Entry, Hazard]]


class Conflicts:
    """Finds the hazards of a cell; keeps indexes of who does what.

    Where a cell waits for another one that itself has to wait for all earlier ones with the same
    name or object, those are left out.

    Args:
        entries: all on the board, by number.
    """

    def __init__(self, entries: Mapping[int, Entry]) -> None:
        self._entries = entries
        self._readers: Masks[str] = Masks()
        self._writers: Masks[str] = Masks()
        self._users: Masks[Token] = Masks()
        self._changers: Masks[Token] = Masks()
        #: Whose functions read which names, and reach which objects.
        self._lending: Masks[str | Token] = Masks()
        self._barred = 0
        self._prospects = Prospects()

    def add(self, entry: Entry) -> None:
        """Take an entry into the indexes."""
        access, bit = entry.access, entry.bit
        self._readers.add(access.reads, bit)
        self._writers.add(_bound(access), bit)
        self._users.add(access.tokens, bit)
        self._changers.add(access.changes, bit)
        self._lending.add(access.loan.reads, bit)
        self._lending.add(access.loan.deferred, bit)
        if access.barrier:
            self._barred |= bit
        self._prospects.add(entry)

    def remove(self, entry: Entry) -> None:
        """Take an entry out of the indexes; before its access changes."""
        access, bit = entry.access, entry.bit
        self._readers.remove(access.reads, bit)
        self._writers.remove(_bound(access), bit)
        self._users.remove(access.tokens, bit)
        self._changers.remove(access.changes, bit)
        self._lending.remove(access.loan.reads, bit)
        self._lending.remove(access.loan.deferred, bit)
        self._barred &= ~bit
        self._prospects.remove(entry)

    def writers(self, name: str) -> Iterator[Entry]:
        """Give those that bind a name."""
        return self._each(self._writers.of(name))

    def lending(self, entry: Entry) -> Iterator[Entry]:
        """Give the others whose functions reach what a cell has changed."""
        access = entry.access
        mask = self._lending.any(_bound(access)) | self._lending.any(access.changes)
        return self._each(mask & ~entry.bit)

    def of(self, entry: Entry) -> tuple[dict[Entry, Hazards], Prospect]:
        """Give the earlier cells that one has to wait for, in order, and what it may get."""
        found: dict[Entry, list[Hazard]] = {}
        for rule in (self._barriers, self._reads, self._writes, self._objects):
            for other, hazard in rule(entry):
                found.setdefault(other, []).append(hazard)
        prospect = self._look_ahead(entry, found)
        ordered = sorted(found, key=lambda other: other.number)
        return {other: Hazards(found[other]) for other in ordered}, prospect

    def _each(self, mask: int) -> Iterator[Entry]:
        for number in last_first(mask):
            yield self._entries[number]

    # -- what is known ---------------------------------------------------------------------

    def _barriers(self, entry: Entry) -> Found:
        own, below = entry.access.barrier, entry.bit - 1
        barred = self._barred & below
        if own:
            later = sum(1 << number for number in self._entries) & below
            for other in self._each(later >> barred.bit_length() << barred.bit_length()):
                yield other, Hazard(Kind.BARRIER, (own,), is_data=True)
        for other in self._each(barred):
            theirs = other.access.barrier
            yield other, Hazard(Kind.BEHIND, (theirs,), is_data=True, loose=True)
            return

    def _reads(self, entry: Entry) -> Found:
        below = entry.bit - 1
        for name in sorted(self._writers.common(entry.access.reads)):
            for other in self._each(self._writers.of(name) & below):
                if name in other.access.writes:
                    yield other, Hazard(Kind.READ, (name,), is_data=True)
                    break
                if name not in other.access.settled:
                    yield other, Hazard(Kind.READ, (name,), is_data=True)

    def _writes(self, entry: Entry) -> Found:
        below = entry.bit - 1
        for name in sorted(_bound(entry.access)):
            others = self._writers.of(name) | self._readers.of(name)
            for other in self._each(others & below):
                kind = _overwrites(entry.access, other.access, name)
                if kind is not None:
                    yield other, Hazard(kind, (name,))
                if name in other.access.writes:
                    break

    def _objects(self, entry: Entry) -> Found:
        below, changes, left = entry.bit - 1, entry.access.changes, set(entry.access.tokens)
        todo = self._sharing(left, changes) & below
        while todo:
            bit = 1 << (todo.bit_length() - 1)
            todo ^= bit
            other = self._entries[bit.bit_length() - 1]
            access = other.access
            if access.changes.isdisjoint(left):
                yield other, Hazard(Kind.CHANGE, _shared(entry.access, access, changes))
                continue
            sure = not access.sure.isdisjoint(left)
            names = _shared(entry.access, access, access.changes)
            yield other, Hazard(Kind.CHANGED, names, is_data=sure)
            left -= access.changes
            changes -= access.changes
            todo &= self._sharing(left, changes)

    def _sharing(self, tokens: Set[Token], changes: Set[Token]) -> int:
        return self._changers.any(tokens) | self._users.any(changes)

    # -- what may come ---------------------------------------------------------------------

    def _look_ahead(self, entry: Entry, found: dict[Entry, list[Hazard]]) -> Prospect:
        """Beware of cells that wait; add those that this one must not overtake."""
        access, bound, below = entry.access, _bound(entry.access), entry.bit - 1
        gathering, known = Gathering(), 0
        for other, hazards in found.items():
            if any(hazard.is_flow for hazard in hazards):
                known |= other.bit
                gathering.take(other.lends)
        own = self._prospects.giving(access.reads, access.tokens) & below
        only_reads = not own and _gets_only_to_read(access, found)
        if self._prospects.binding(access.heeded) & below or _gets_functions(access, found):
            # What it was found to do may be what the function does no longer.
            only_reads = False
            gathering.keep(access)
        own |= self._prospects.using(access.changes) & below
        while True:
            coming = own | (self._giving(gathering) & below if gathering.above else 0)
            coming &= ~(known | gathering.above)
            if not coming:
                break
            other = self._entries[coming.bit_length() - 1]
            known |= other.bit
            coming_hazard = hazard_between(access, bound, other.prospect)
            hazards = found.setdefault(other, [])
            if all(hazard.kind is not coming_hazard.kind for hazard in hazards):
                hazards.append(coming_hazard)
            gathering.take(other.lends)
        if not found:
            for other in self._each(self._prospects.losing(bound) & below):
                found[other] = [hazard_between(access, bound, other.prospect)]
        return gathering.whole(only_reads=only_reads, sets=access.sets)

    def _giving(self, gathering: Gathering) -> int:
        """Give the cells from which more may come, through what comes anyway."""
        reads, tokens = gathering.reads, gathering.tokens
        mask = self._prospects.giving(reads, tokens) | self._writers.any(reads)
        return mask | self._changers.any(tokens)


def _bound(access: Access) -> Set[str]:
    return access.writes | access.imports.keys()


def _overwrites(own: Access, theirs: Access, name: str) -> Kind | None:
    """What speaks against binding a name before another cell has ended."""
    if name in theirs.writes:
        return Kind.REWRITE
    if name in theirs.imports:
        return Kind.REWRITE if theirs.imports[name] != own.imports.get(name) else None
    return None if name in own.settled else Kind.WRITE


def _gets_only_to_read(access: Access, found: Mapping[Entry, list[Hazard]]) -> bool:
    """Whether a cell changes nothing of what it gets from the cells that it waits for."""
    for other, hazards in found.items():
        for hazard in hazards:
            if hazard.kind is Kind.READ:
                if not access.tame.issuperset(hazard.names):
                    return False
            elif hazard.is_flow and (
                hazard.kind is not Kind.CHANGED
                or not other.access.changes.isdisjoint(access.changes)
            ):
                return False
    return True


def _gets_functions(access: Access, found: Mapping[Entry, list[Hazard]]) -> bool:
    """Whether a function that it calls may be another one when the earlier cells have ended."""
    reads = (h for hazards in found.values() for h in hazards if h.kind is Kind.READ)
    return any(not access.heeded.isdisjoint(hazard.names) for hazard in reads)


def _shared(own: Access, theirs: Access, changed: frozenset[Token]) -> tuple[str, ...]:
    """Name a shared object as both cells do."""
    for token, name in own.tokens.items():
        if token in changed and token in theirs.tokens:
            return tuple(dict.fromkeys((name, theirs.tokens[token])))
    return ()
