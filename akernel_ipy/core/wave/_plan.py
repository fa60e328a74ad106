"""What a change makes stale, and the order in which that can run.

The stale part is the closure of the changed names' readers. Its order comes from four kinds of
constraints: a reader runs after its definer; after the cells that change the object in place;
before the cell that redefines or deletes the name; and a function's definer after what the body
reads. The last three are dropped where they would close a cycle. Cells on such a cycle start
together, once everything outside that they depend on has settled, and whoever depends on one waits
for all of them: two virtual nodes, an entry and an exit, stand for that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Container, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from akernel_ipy.core.graph import Graph


@dataclass(slots=True)
class Plan:
    """Who waits for whom; ``cost`` counts the edges looked at."""

    after: dict[str, list[str]] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    soft: dict[str, list[str]] = field(default_factory=dict)  # of them, those that could give way
    knots: dict[str, tuple[str, ...]] = field(default_factory=dict)  # cell -> its cycle
    cost: int = 0


def closure(graph: Graph, seeds: Iterable[str], exclude: frozenset[str]) -> dict[str, None]:
    """Give everything that may become stale once the seeds run, the seeds first."""
    found = {cell: None for cell in seeds if cell in graph and cell not in exclude}
    todo = list(found)
    looked: set[tuple[str, str]] = set()
    while todo:
        cell = todo.pop()
        reached = list(graph.children(cell))
        for name in sorted(graph.names(cell).mutates):
            version = (graph.source(cell, name) or "", name)
            if version not in looked:
                looked.add(version)
                reached += fellow_readers(graph, cell, name)
        for other in reached:
            if other not in found and other not in exclude:
                found[other] = None
                todo.append(other)
    return found


def fellow_readers(graph: Graph, cell: str, name: str) -> list[str]:
    """Give the cells to re-run when one changes an object in place: its other readers.

    Neither the definer nor cells that change it themselves; a module is no such object.
    """
    source = graph.source(cell, name)
    if source == cell or (source is not None and name in graph.names(source).imports):
        return []
    return [
        reader
        for reader in graph.readers(source, name)
        if reader not in (cell, source) and name not in graph.names(reader).mutates
    ]


def plan(
    graph: Graph,
    cells: Iterable[str],
    begun: Collection[str] = (),
    asked: Container[str] = (),
) -> Plan:
    """Work out the order of the stale cells.

    Args:
        graph: the graph with them.
        cells: the stale cells.
        begun: those of them that are running.
        asked: those that the user asked for: what is running already does not hold them up, unless
            they need its values.
    """
    stale = graph.ranked(cells)
    result = Plan()
    hard: dict[str, list[str]] = {cell: [] for cell in stale}
    soft: dict[str, list[str]] = {cell: [] for cell in stale}
    _add_edges(graph, hard, soft, result)
    _add_versions(graph, stale, soft, result)
    for cell in begun:
        soft[cell] = [follower for follower in soft[cell] if follower not in asked]
    result.soft = soft
    every = {cell: hard[cell] + soft[cell] for cell in stale}
    _condense(graph, _knots(every), hard, every, result)
    result.waiting = dict.fromkeys(result.after, 0)
    for followers in result.after.values():
        result.cost += len(followers)
        for follower in followers:
            result.waiting[follower] += 1
    return result


def _add_edges(
    graph: Graph, hard: dict[str, list[str]], soft: dict[str, list[str]], result: Plan
) -> None:
    """Order readers after definers: softly, if only the bodies of functions read."""
    for cell in hard:
        deferred = graph.names(cell).deferred
        parents: dict[str, bool] = {}
        for name, parent in graph.sources(cell).items():
            if parent in hard and parent != cell:
                parents[parent] = parents.get(parent, True) and name in deferred
        result.cost += len(parents)
        for parent, softly in parents.items():
            (soft if softly else hard)[parent].append(cell)


def _add_versions(
    graph: Graph, stale: tuple[str, ...], soft: dict[str, list[str]], result: Plan
) -> None:
    """Order the readers of one value: those that change it, those that read, then redefiners."""
    groups: dict[tuple[str, str], list[str]] = {}
    for cell in stale:
        sources = graph.sources(cell)
        result.cost += len(sources)
        for name, source in sources.items():
            groups.setdefault((source, name), []).append(cell)
        for name in graph.names(cell).defs:
            before = graph.follows(cell, name)
            if before is not None:
                groups.setdefault((before, name), []).append(cell)
    shared = [group for group in groups.items() if len(group[1]) > 1]
    for (_source, name), readers in sorted(shared):
        enders = [cell for cell in readers if _ends(graph, cell, name)]
        changers = [
            cell for cell in readers if name in graph.names(cell).mutates and cell not in enders
        ]
        if not enders and not changers:
            continue
        taken = {*enders, *changers}
        plain = [cell for cell in readers if cell not in taken]
        for first, second in pairwise(changers):
            soft[first].append(second)
        if graph.linear:
            _add_in_place(readers, frozenset(changers), frozenset(enders), soft)
        elif changers:
            soft[changers[-1]] += plain
        for cell in plain if enders else ():
            soft[cell].append(enders[0])
        if changers and enders:
            soft[changers[-1]].append(enders[0])
        for first, second in pairwise(enders):
            soft[first].append(second)
        result.cost += len(readers)


def _add_in_place(
    readers: list[str], changers: frozenset[str], enders: frozenset[str], soft: dict[str, list[str]]
) -> None:
    """Leave each reader where it stands: before or after the cells that change the object."""
    last: str | None = None
    earlier: list[str] = []
    for cell in readers:
        if cell in changers:
            for reader in earlier:
                soft[reader].append(cell)
            earlier, last = [], cell
        elif cell not in enders:
            earlier.append(cell)
            if last is not None:
                soft[last].append(cell)


def _ends(graph: Graph, cell: str, name: str) -> bool:
    names = graph.names(cell)
    return name in names.defs or name in names.deletes


def _knots(after: dict[str, list[str]]) -> list[tuple[str, ...]]:
    """Give the groups of cells that wait for each other (Kahn first, then Tarjan on the rest)."""
    waiting = dict.fromkeys(after, 0)
    for followers in after.values():
        for follower in followers:
            waiting[follower] += 1
    free = deque(cell for cell, count in waiting.items() if not count)
    left = dict.fromkeys(after)
    while free:
        cell = free.popleft()
        del left[cell]
        for follower in after[cell]:
            waiting[follower] -= 1
            if not waiting[follower]:
                free.append(follower)
    return _components(left, lambda cell: [other for other in after[cell] if other in left])


def _components(cells: Iterable[str], after: Callable[[str], list[str]]) -> list[tuple[str, ...]]:
    """Tarjan's strongly connected components of more than one cell, without recursion."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: dict[str, None] = {}
    found: list[tuple[str, ...]] = []
    for start in cells:
        if start in index:
            continue
        index[start] = low[start] = len(index)
        stack[start] = None
        path = [(start, iter(after(start)))]
        while path:
            cell, followers = path[-1]
            follower = next(followers, None)
            if follower is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[cell])
                if low[cell] == index[cell]:
                    found += _pop(stack, cell)
            elif follower not in index:
                index[follower] = low[follower] = len(index)
                stack[follower] = None
                path.append((follower, iter(after(follower))))
            elif follower in stack:
                low[cell] = min(low[cell], index[follower])
    return found


def _pop(stack: dict[str, None], last: str) -> list[tuple[str, ...]]:
    component: list[str] = []
    while True:
        cell, _ = stack.popitem()
        component.append(cell)
        if cell == last:
            break
    return [tuple(reversed(component))] if len(component) > 1 else []


def _condense(
    graph: Graph,
    knots: list[tuple[str, ...]],
    hard: dict[str, list[str]],
    every: dict[str, list[str]],
    result: Plan,
) -> None:
    """Keep only the hard order inside a cycle, and put it between an entry and an exit."""
    entries: dict[str, str] = {}
    exits: dict[str, str] = {}
    inner: dict[str, list[str]] = {}
    result.after = {cell: [] for cell in every}
    for knot in knots:
        ordered = graph.ranked(knot)
        inner.update(_inner_order(ordered, hard))
        entry, exit_ = f"\0entry {ordered[0]}", f"\0exit {ordered[0]}"
        result.after[entry], result.after[exit_] = list(ordered), []
        for cell in ordered:
            result.knots[cell], entries[cell], exits[cell] = ordered, entry, exit_
            result.after[cell] = [*inner[cell], exit_]
    for cell, followers in every.items():
        entry_here = entries.get(cell)
        for follower in followers:
            there = entries.get(follower, follower)
            if entry_here is None or there != entry_here:
                result.after[exits.get(cell, cell)].append(there)


def _inner_order(knot: tuple[str, ...], hard: dict[str, list[str]]) -> dict[str, list[str]]:
    members = frozenset(knot)
    inner = {cell: [other for other in hard[cell] if other in members] for cell in knot}
    if _knots(inner):  # the graph should have been refused; the order of appearance decides
        place = {cell: number for number, cell in enumerate(knot)}
        inner = {
            cell: [other for other in inner[cell] if place[cell] < place[other]] for cell in knot
        }
    return inner
