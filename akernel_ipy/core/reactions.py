"""What a run of a cell did to the names it shares with others."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .digest import MAX_BYTES, digest
from .graph import Graph
from .names import Names

#: Objects that one cell only might have changed in place, compared per run at most.
MAX_TOUCHES = 20

#: Bytes of each of them that are compared: a few milliseconds, since most are only read.
MAX_TOUCHED_BYTES = 1 << 23

#: Types of values that nobody can change.
_CONSTANT = (int, float, complex, bool, str, bytes, type(None), range)


@dataclass(frozen=True)
class Before:
    """Digests taken before a run: of the names it defines, and of what it may change in place."""

    defs: Mapping[str, bytes | None]
    touched: Mapping[str, bytes | None]


def look(
    graph: Graph,
    cell: str,
    namespace: Mapping[str, Any],
    made: Mapping[str, Any],
    *,
    moved: bool = False,
) -> Before:
    """Take the digests that `changes` compares; only of names that somebody reads.

    Args:
        graph: the graph with the cell.
        cell: the cell, which is about to run.
        namespace: what it is going to see.
        made: what it has made of the names that it defines, as their readers see it.
        moved: an object that it reads has been changed in place, and what it has made may be that
            object, or a part or a view of it: only what can't change tells what it was.
    """
    names = graph.names(cell)
    read = [n for n in sorted(made) if graph.readers(cell, n)]
    touched = sorted(names.touches - names.mutates - names.defs)[:MAX_TOUCHES]
    shared = [n for n in touched if n in namespace and _is_anothers(graph, cell, n)]
    return Before(
        {n: digest(made[n]) if not moved or type(made[n]) in _CONSTANT else None for n in read},
        {name: digest(namespace[name], MAX_TOUCHED_BYTES) for name in shared},
    )


def changes(
    graph: Graph,
    cell: str,
    namespace: Mapping[str, Any],
    before: Before,
    *,
    unknown_changed: bool = True,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Say which names a run bound to new values, and whose objects it changed in place.

    Args:
        graph: the graph with this cell.
        cell: the cell that ran.
        namespace: as it is after the run.
        before: what `look` gave.
        unknown_changed: whether values without a digest count as changed.

    Returns:
        The changed names of its own, and the mutated names of others.
    """
    names = graph.names(cell)
    changed = tuple(
        name
        for name in sorted(names.defs)
        if _differs(name, namespace, before.defs, unknown_changed)
    )
    mutated = sorted(
        name
        for name in names.mutates | before.touched.keys()
        if name in names.mutates
        or _differs(name, namespace, before.touched, False, MAX_TOUCHED_BYTES)
    )
    return changed, tuple(mutated)


def unbound(names: Names, lacking: Iterable[str], known: Container[str]) -> tuple[str, ...]:
    """Name what keeps a cell from running: what nobody defines, and what is not bound yet."""
    missing = {name for name in names.needs & names.immediate if name not in known}
    return tuple(sorted(missing.union(lacking)))


def _is_anothers(graph: Graph, cell: str, name: str) -> bool:
    # Whether or not somebody else reads it yet: a cell known to change an object in place isn't
    # re-run when a later one does.
    source = graph.source(cell, name)
    return source not in (None, cell) and name not in graph.names(source or "").imports


def _differs(
    name: str,
    namespace: Mapping[str, Any],
    before: Mapping[str, bytes | None],
    unknown: bool,
    max_bytes: int = MAX_BYTES,
) -> bool:
    if name not in before or name not in namespace:
        return True
    after = digest(namespace[name], max_bytes)
    if after is None or before[name] is None:
        return unknown
    return after != before[name]
