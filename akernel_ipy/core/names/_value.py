"""`Names`: what one cell binds, reads, changes and hides."""

from __future__ import annotations

from dataclasses import dataclass

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Names:
    """The global names of one cell; IPython's own names and module dunders never appear.

    A *ref* is a name that some path through the cell may read before the cell itself binds it.

    Attributes:
        defs: names that may be bound when the cell has ended (``global`` in a function counts,
            a name that is always deleted again, as by ``except E as e``, does not).
        refs: names that may be read before the cell binds them, in functions too, builtins too.
        immediate: the refs that may be read while the cell runs: all but those that occur only
            in bodies of functions which this cell does not use itself.
        maybe: the refs that the cell may have bound itself by then (``if c: b = 1`` and then
            ``b``), or that a star import or ``exec`` may have bound: no reason to wait.
        soft: names that are a dependency if some cell defines them, and never a reason to wait:
            shell text, words of magics, names guarded by ``except NameError`` or
            ``"n" in globals()``, annotations that are not evaluated. Disjoint from ``refs``.
        deletes: names that the cell may ``del``, its own ones too.
        writes: every name ever bound or deleted on the way (a superset of ``defs``).
        mutates: other cells' objects changed in place by a clear static pattern.
        touches: other cells' objects in a position that may change them (receiver of a method
            call, argument, alias): candidates for a comparison of fingerprints.
        deferred_mutates: what functions defined here change in place if they are called.
        imports: names bound by import statements and by nothing else.
        before: for each immediate ref, the cell's own names that are bound at each of its reads.
        opaque: reasons why the analysis can't know everything, in order of appearance.
        functions_only: nothing but functions, classes, imports and type aliases.
        awaits: the cell awaits at top level.
        own: names of IPython and of the kernel that may be read: ``_``, ``Out``, ``__task__``.
        own_writes: those that the cell binds itself: ``for _ in range(3)``.
        magics: the magics it calls, such as ``%time`` and ``%%bash``; ``!`` for the shell.
    """

    defs: frozenset[str] = _NONE
    refs: frozenset[str] = _NONE
    immediate: frozenset[str] = _NONE
    maybe: frozenset[str] = _NONE
    soft: frozenset[str] = _NONE
    deletes: frozenset[str] = _NONE
    writes: frozenset[str] = _NONE
    mutates: frozenset[str] = _NONE
    touches: frozenset[str] = _NONE
    deferred_mutates: frozenset[str] = _NONE
    imports: frozenset[str] = _NONE
    before: tuple[tuple[str, frozenset[str]], ...] = ()
    opaque: tuple[str, ...] = ()
    functions_only: bool = False
    awaits: bool = False
    own: frozenset[str] = _NONE
    own_writes: frozenset[str] = _NONE
    magics: frozenset[str] = _NONE

    @property
    def reads(self) -> frozenset[str]:
        """Every name that makes an edge if a cell defines it: refs and soft ones."""
        return self.refs | self.soft

    @property
    def needs(self) -> frozenset[str]:
        """The refs worth waiting for, in function bodies too (builtins still included)."""
        return self.refs - self.maybe

    @property
    def deferred(self) -> frozenset[str]:
        """The refs that occur only in bodies of functions which the cell does not use itself."""
        return self.refs - self.immediate

    @property
    def redefines(self) -> frozenset[str]:
        """Names it reads (while it runs) and binds: ``df = clean(df)``, ``n += 1``."""
        return self.defs & self.immediate


#: The names of a cell without code; a deleted cell counts as one.
EMPTY = Names()
