"""What a cell does to names and objects, as far as it can be told before it runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..names import Names
from ._reach import Reach, Token
from ._text import Text, text_of
from .uses import Judge, Texts, uses_of_cell

_NONE: frozenset[Any] = frozenset()
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Loan:
    """What a cell hands on to those that wait for it: what the functions it has would do."""

    reads: frozenset[str] = _NONE
    writes: frozenset[str] = _NONE
    tokens: frozenset[Token] = _NONE
    #: Those of them that only the functions reach which it defines.
    deferred: frozenset[Token] = _NONE
    #: Those of them that may change though nobody sets an attribute of them.
    open: frozenset[Token] = _NONE
    barrier: str = ""

    def merged(self, other: Loan) -> Loan:
        """What either may do."""
        return Loan(
            self.reads | other.reads,
            self.writes | other.writes,
            self.tokens | other.tokens,
            self.deferred | other.deferred,
            self.open | other.open,
            self.barrier or other.barrier,
        )


@dataclass(frozen=True, slots=True)
class Access:
    """What a cell reads, binds and may change in place.

    Attributes:
        reads: names that may be read while it runs, by functions that it calls too.
        writes: names that it may bind or delete.
        imports: names that it binds by importing, with what they will be bound to.
        settled: those of them that are bound to just that already.
        tokens: objects that it can reach, with the name through which it does.
        changes: those of them that it may change.
        sure: those of them that it clearly changes.
        tame: names whose objects it will only read, whatever they are by then.
        heeded: names of functions by whose present meaning all this was decided.
        sets: it may set attributes of what it gets.
        barrier: why it may do anything to everything; empty if it can be followed.
        loan: what it does, and what functions do that it only defines.
    """

    reads: frozenset[str] = _NONE
    writes: frozenset[str] = _NONE
    imports: Mapping[str, str] = field(default_factory=dict)
    settled: frozenset[str] = _NONE
    tokens: Mapping[Token, str] = field(default_factory=dict)
    changes: frozenset[Token] = _NONE
    sure: frozenset[Token] = _NONE
    tame: frozenset[str] = _NONE
    heeded: frozenset[str] = _NONE
    sets: bool = False
    barrier: str = ""
    loan: Loan = field(default_factory=Loan)


class Notes:
    """What the cells seen so far tell about functions that later ones call."""

    def __init__(self) -> None:
        self.texts = Texts()
        self._written: set[str] = set()
        self._self_written: set[str] = set()
        self._escaping: set[str] = set()
        #: Whether some code sets attributes of what it is given.
        self.foreign = False

    def take(self, source: str, names: Names, text: Text) -> None:
        """Take note of a cell that has arrived."""
        self.texts.take(source)
        self._written |= names.deferred_mutates | text.deferred_setters
        self._self_written |= text.self_written
        self._escaping |= text.escapes
        self.foreign = self.foreign or text.foreign

    @property
    def written(self) -> frozenset[str]:
        """Names whose functions, classes and modules may get attributes by some function."""
        return frozenset(self._written | self._escaping if self.foreign else self._written)

    @property
    def self_written(self) -> frozenset[str]:
        """Names of classes whose methods set attributes of the class, likewise of functions."""
        return frozenset(self._self_written)


def access_of(source: str, names: Names, namespace: Mapping[str, Any], notes: Notes) -> Access:
    """Say what a cell may do, given what its names are bound to now.

    Args:
        source: Python, after IPython's input transformers.
        names: what `analyze` made of it.
        namespace: of its session.
        notes: of its session; the cell has been taken note of.
    """
    text = text_of(source, names)
    reads = names.immediate | names.soft
    judge = Judge(namespace, notes.texts)
    reach = Reach(namespace, notes.written, notes.self_written, judge)
    explicit = names.mutates | text.setters
    reach.follow(sorted(explicit), written=explicit)
    sure = frozenset(reach.changes)
    escapes = text.escapes if notes.foreign else _NONE
    reach.follow(sorted(reads), uses=uses_of_cell(source).read, written=escapes)
    reach.conclude()
    imports = {name: target for name, target in text.imports.items() if name in names.imports}
    tame = reach.would_only_read(reads | reach.reads)
    own = Access(
        reads=reads | reach.reads,
        writes=(names.writes | text.writes | reach.writes) - imports.keys(),
        imports=imports,
        settled=frozenset(n for n, to in imports.items() if _bound_to(namespace, n, to)),
        tokens=dict(reach.tokens),
        changes=frozenset(reach.changes),
        sure=sure,
        tame=tame,
        heeded=frozenset(judge.heeded),
        sets=notes.foreign or bool(explicit),
        barrier=text.barrier or reach.opaque,
    )
    deferred = names.refs - names.immediate
    if deferred:
        reach.follow(sorted(deferred))
    loan = Loan(
        deferred | (own.reads & text.later) | reach.reads,
        frozenset(reach.writes),
        frozenset(reach.tokens),
        frozenset(reach.tokens.keys() - own.tokens.keys()),
        frozenset(reach.tokens.keys() - (reach.quiet - reach.changes)),
        text.lends_barrier or reach.opaque,
    )
    return replace(own, loan=loan)


def _bound_to(namespace: Mapping[str, Any], name: str, target: str) -> bool:
    value = namespace.get(name, _MISSING)
    module, _, attribute = target.partition(":")
    module, _, inner = module.partition(" (")
    if inner and inner.rstrip(")") not in sys.modules:
        return False
    found: Any = sys.modules.get(module, _MISSING)
    if attribute and found is not _MISSING:
        found = vars(found).get(attribute, _MISSING)
    return found is value and value is not _MISSING
