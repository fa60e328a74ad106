"""Collect what a cell does to global names, and draw the conclusions at its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ._known import only_ordinary, only_own, ordinary
from ._state import State
from ._value import _NONE, Names


@dataclass(slots=True)
class Record:
    """What the body of a function does to global names when it is called."""

    reads: set[str] = field(default_factory=set)
    soft: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)
    mutates: set[str] = field(default_factory=set)
    touches: set[str] = field(default_factory=set)
    opaque: dict[str, None] = field(default_factory=dict)
    magics: set[str] = field(default_factory=set)

    def merge(self, other: Record) -> None:
        self.reads |= other.reads
        self.soft |= other.soft
        self.writes |= other.writes
        self.deletes |= other.deletes
        self.mutates |= other.mutates
        self.touches |= other.touches
        self.opaque |= other.opaque
        self.magics |= other.magics


class Facts:
    """The events of a cell in order of evaluation, against a `State` that says what is bound.

    Events inside a function go to a `Record`. The record is *latent* under the function's name
    until the cell uses that name; then, or at once for a function that is passed on, it
    *escapes*: from here on it may be called.
    """

    def __init__(self) -> None:
        self.state = State()
        self.records: list[Record] = []
        self.latent: dict[str, Record] = {}
        self.hard: set[str] = set()
        self.maybe: set[str] = set()
        self.escaped: set[str] = set()
        self.soft: set[str] = set()
        self.writes: set[str] = set()
        self.gone: set[str] = set()
        self.deletes: set[str] = set()
        self.mutates: set[str] = set()
        self.touches: set[str] = set()
        self.imports: set[str] = set()
        self.not_imports: set[str] = set()
        self.exits: set[str] = set()
        self.opaque: dict[str, None] = {}
        self.magics: set[str] = set()
        self.before: dict[str, set[str]] = {}
        self.awaits = False
        self.dynamic = False  # something ran that may have bound any name
        self.guards = 0  # within ``try: ... except NameError``
        self.guarded: set[str] = set()  # names the cell asks for by itself
        self.conditional: set[str] = set()  # bound by another round of the loop, perhaps

    # -- events ----------------------------------------------------------------------------

    def read(self, name: str, unsure: bool = False) -> None:
        """Read a global name; ``unsure`` if the body of a class may have bound its own."""
        if self.records:
            self.records[-1].reads.add(name)
            return
        state = self.state
        if state.dead:
            return
        if name not in state.bound:
            if self.guards or name in self.guarded:
                self.soft.add(name)
                self.guarded.add(name)
            elif unsure or self.dynamic or name in state.possible or name in self.conditional:
                self.maybe.add(name)
            else:
                self.hard.add(name)
            self._note_before(name)
        if name in self.latent:
            self.escape(self.latent[name])

    def read_softly(self, names: Iterable[str]) -> None:
        if self.records:
            self.records[-1].soft.update(names)
        elif not self.state.dead:
            self.soft.update(name for name in names if name not in self.state.bound)

    def write(self, name: str, imported: bool = False) -> None:
        if self.records:
            self.records[-1].writes.add(name)
        elif not self.state.dead:
            self.state.bind(name)
            self.writes.add(name)
            (self.imports if imported else self.not_imports).add(name)

    def maybe_write(self, names: Iterable[str]) -> None:
        if self.records:
            self.records[-1].writes.update(names)
        elif not self.state.dead:
            names = list(names)
            self.state.possible.update(names)
            self.writes.update(names)
            self.not_imports.update(names)

    def unbind(self, name: str, deleted: bool = True) -> None:
        """Take a binding away: by ``del``, or at the end of ``except ... as name``."""
        if self.records:
            self.records[-1].deletes.add(name)
        elif not self.state.dead:
            self.state.unbind(name)
            self.gone.add(name)
            if deleted:
                self.deletes.add(name)

    def mutate(self, name: str) -> None:
        self._change(name, "mutates")

    def touch(self, name: str) -> None:
        self._change(name, "touches")

    def _change(self, name: str, how: str) -> None:
        if self.records:
            getattr(self.records[-1], how).add(name)
        elif not self.state.dead and name not in self.state.bound:
            getattr(self, how).add(name)

    def hide(self, reason: str, dynamic: bool = False) -> None:
        """Note that the analysis can't see through something."""
        if self.records:
            self.records[-1].opaque[reason] = None
        elif not self.state.dead:
            self.opaque[reason] = None
            self.dynamic = self.dynamic or dynamic

    def call_magic(self, name: str) -> None:
        if self.records:
            self.records[-1].magics.add(name)
        elif not self.state.dead:
            self.magics.add(name)

    def leave(self) -> None:
        """End the path: what follows is not reached."""
        if not self.records:
            self.exits |= self.state.possible
        self.state.dead = True

    # -- functions -------------------------------------------------------------------------

    def escape(self, record: Record) -> None:
        """A function is used: it may be called now, or at any time from now on."""
        if self.records:
            self.records[-1].merge(record)
            return
        if self.state.dead:
            return
        called = self._closure(record)
        unbound = called.reads - self.state.bound
        if self.guards:
            self.soft |= unbound
        elif self.dynamic:
            self.maybe |= unbound
        else:
            self.escaped |= unbound
        for name in unbound:
            self._note_before(name)
        self.soft |= called.soft - self.state.bound
        self.mutates |= called.mutates - self.state.bound
        self.touches |= called.touches - self.state.bound
        self.opaque |= called.opaque
        self.magics |= called.magics
        self.deletes |= called.deletes
        self.state.bound -= called.deletes
        self.maybe_write(called.writes)

    def _closure(self, record: Record) -> Record:
        """Add what the functions of this cell do that the function may call."""
        whole = Record()
        whole.merge(record)
        todo, seen = sorted(record.reads), set(record.reads)
        while todo:
            inner = self.latent.get(todo.pop())
            if inner is not None:
                whole.merge(inner)
                new = inner.reads - seen
                seen |= new
                todo.extend(sorted(new))
        return whole

    def _note_before(self, name: str) -> None:
        known = self.before.get(name)
        if known is None:
            self.before[name] = {key for key in self.state.bound if "." not in key}
        elif known:
            known &= self.state.bound

    # -- conclusion ------------------------------------------------------------------------

    def conclude(self, functions_only: bool) -> Names:
        """Draw the conclusions at the end of the cell."""
        state = self.state
        later = Record()
        for record in self.latent.values():
            later.merge(record)
        writes = self.writes | later.writes
        survivors = state.possible | self.exits | later.writes
        defs = writes - (self.gone - survivors)
        own_deferred = later.reads - state.bound if not state.dead else later.reads - self.writes
        immediate = self.hard | self.maybe | self.escaped
        refs = immediate | own_deferred
        maybe = (self.maybe | ((self.escaped | own_deferred) & writes)) - self.hard
        if self.dynamic:
            maybe |= own_deferred - self.hard - self.escaped
        soft = (self.soft | (later.soft - state.bound)) - refs
        deletes = self.deletes | later.deletes
        return Names(
            defs=only_ordinary(defs),
            refs=only_ordinary(refs),
            immediate=only_ordinary(immediate),
            maybe=only_ordinary(maybe),
            soft=only_ordinary(soft),
            deletes=only_ordinary(deletes),
            writes=only_ordinary(writes | self.gone | deletes),
            mutates=only_ordinary(self.mutates),
            touches=only_ordinary(self.touches - self.mutates),
            deferred_mutates=only_ordinary(later.mutates),
            imports=only_ordinary(self.imports - self.not_imports),
            before=tuple(
                (name, only_ordinary(self.before[name]))
                for name in sorted(immediate & self.before.keys())
                if self.before[name] and ordinary(name)
            ),
            opaque=tuple(self.opaque),
            functions_only=functions_only,
            awaits=self.awaits,
            own=only_own(immediate | self.soft),
            own_writes=only_own(self.writes),
            magics=frozenset(self.magics) or _NONE,
        )
