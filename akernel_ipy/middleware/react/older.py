"""Values of older definitions: two cells define one name, and each has its readers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Container, Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Any

from ...core.graph import Graph, Update
from ...core.model import Outcome
from ...steps import Stepped

_ABSENT = object()

Namespace = dict[str, Any]


@dataclass(eq=False)
class Version:
    """What a cell bound a name to, while the name's slot belongs to another cell."""

    value: Any
    #: The cells that have redefined the name, going on from this value, and when a wave made them.
    taken: dict[str, float] = field(default_factory=dict)


class OlderValues:
    """Keeps what names hold for the readers of an older definer.

    A namespace has one slot a name, and between the steps of cells it holds the value of the name's
    owner. A cell that reads or defines another one's version has a `View`, which puts that into the
    slot for each of its steps. Only values that somebody may read again are kept.
    """

    def __init__(self, namespace: Callable[[], Namespace]) -> None:
        self._namespace = namespace
        self._kept: dict[str, dict[str, Version]] = {}  # by name, then by definer
        #: Names that their owners have not bound yet, with the cell that has.
        self._borrowed: dict[str, str] = {}
        self._views: dict[str, View] = {}

    # -- when the graph changes ------------------------------------------------------------

    def move(self, before: Graph, update: Update, cell: str, names: Iterable[str]) -> list[str]:
        """Follow an edit of the graph: names may have another owner now, or none.

        Args:
            before: the graph before the edit.
            update: what it changes.
            cell: the cell that was edited, and begins with what it finds.
            names: the names that it defines or reads, or did.

        Returns:
            Cells to run again: somebody reads their version of a name, and it was not kept.
        """
        after, lost = update.graph, list[str]()
        for name in names:
            old, new = before.owner(name), after.owner(name)
            if old is not None and old != new:
                self._leave(name, old, after)
                if not self._arrive(name, old, new, inherits=new == cell):
                    lost.append(new or "")
            if name in self._borrowed and not _defines(after, self._borrowed[name], name):
                del self._borrowed[name]
                self._namespace().pop(name, None)
            moved = {cell, old or "", new or ""}
            for reader in (cell, *update.rebound):
                moved.update((before.source(reader, name) or "", after.source(reader, name) or ""))
            self._purge(name, after, moved)
            lost += self._lost(name, after, moved)
        return lost

    def _leave(self, name: str, old: str, graph: Graph) -> None:
        """Keep the value of a name's owner, for its readers and for those that are running."""
        value = self._namespace().get(name, _ABSENT)
        if _defines(graph, old, name):  # also if somebody has deleted it: it isn't lost then
            self._kept.setdefault(name, {})[old] = Version(value)
        for cell, view in self._views.items():
            if cell == old or graph.source(cell, name) == old:
                view.add(name, value)

    def _arrive(self, name: str, old: str, new: str | None, *, inherits: bool) -> bool:
        """Put in the value of a name's new owner; False if there is none."""
        version = self._kept.get(name, {}).pop(new or "", None)
        lender = self._borrowed.pop(name, old)
        if version is not None:
            _put(self._namespace(), name, version.value)
        elif inherits:
            self._borrowed[name] = lender
        else:
            self._namespace().pop(name, None)
        return version is not None

    def _lost(self, name: str, graph: Graph, cells: Iterable[str]) -> list[str]:
        """Give those of some definers that have readers, and whose version was not kept."""
        kept, owner = self._kept.get(name, {}), graph.owner(name)
        return [
            cell
            for cell in graph.ranked(cells)
            if cell not in kept
            and cell not in self._views
            and cell != owner
            and _defines(graph, cell, name)
            and graph.is_read(cell, name)
        ]

    # -- when a cell runs ------------------------------------------------------------------

    def open(
        self,
        graph: Graph,
        cell: str,
        *,
        strict: bool = False,
        since: float = inf,
        anew: Container[str] = (),
    ) -> View | None:
        """Let a cell run: give its view of the namespace, to be closed when it has run.

        Args:
            graph: the graph.
            cell: the cell.
            strict: the wave runs it.
            since: when the first request of one go arrived. What a wave has made of the cell since
                then, before its own request was there, is made anew.
            anew: names that it makes anew in any case.

        Returns:
            None if it is strict, and a value that the cell reads is gone.
        """
        names, values = graph.names(cell), dict[str, Any]()
        versions: dict[str, Version] = {}
        for name in names.reads | names.defs:
            if len(graph.definers(name)) < 2 and name not in self._kept:
                continue
            source = graph.source(cell, name)
            version = self._kept.get(name, {}).get(source or cell)
            mine = graph.owner(name) == cell and name in self._namespace()
            mine = mine and name not in self._borrowed
            taken = version.taken.get(cell, inf) if version and not strict else inf
            if mine and (source is None or (taken < since and name not in anew)):
                continue  # as in a plain notebook, ``n += 1`` goes on from where it was
            if version is not None:
                values[name], versions[name] = version.value, version
            elif source not in (None, graph.owner(name)):
                if strict:
                    return None
                values[name] = _ABSENT
            elif source is None or _defines(graph, cell, name):
                values[name] = self._namespace().get(name, _ABSENT)
        began = time.monotonic() if strict else -inf
        view = self._views[cell] = View(self._namespace, values, versions, began)
        return view

    def made(self, graph: Graph, cell: str) -> Namespace:
        """Give what a cell has made of the names that it defines, as their readers see it."""
        namespace, found = self._namespace(), dict[str, Any]()
        for name in graph.names(cell).defs:
            version = self._kept.get(name, {}).get(cell)
            if version is not None:
                found[name] = version.value
            elif graph.owner(name) == cell and name in namespace:
                found[name] = namespace[name]
        return found

    def close(
        self, graph: Graph, cell: str, view: View, *, ok: bool = False, publish: bool = True
    ) -> None:
        """A cell has run: keep what it made of names that others own, or show it to all.

        Args:
            graph: the graph as it is now.
            cell: the cell.
            view: what `open` gave.
            ok: it has bound all its names.
            publish: whether anybody is to see what it has bound.
        """
        if self._views.get(cell) is view:
            del self._views[cell]
        if publish and cell in graph:
            for name in view.names:
                self._publish(graph, cell, name, view, ok)
        for name in graph.names(cell).defs if ok and self._borrowed else ():
            if graph.owner(name) == cell:
                self._borrowed.pop(name, None)
        for name in view.names:
            self._purge(name, graph, (cell,))

    def _publish(self, graph: Graph, cell: str, name: str, view: View, ok: bool) -> None:
        value, bound = view.value(name)
        defines = _defines(graph, cell, name)
        if not bound and not (ok and defines):
            return
        if name in view.versions:
            view.versions[name].taken[cell] = view.began
        if defines and graph.owner(name) != cell:
            if bound or cell not in self._kept.get(name, {}):
                self._kept.setdefault(name, {})[cell] = Version(value)
        else:
            _put(self._namespace(), name, value)
            self._borrowed.pop(name, None)
            self._kept.get(name, {}).pop(cell, None)

    def withdraw(self, graph: Graph, cell: str) -> None:
        """A cell won't bind its names for now: nobody shall go on computing with what they held.

        Only a cell that takes its own value further (``x = x + 1``) finds that again.
        """
        namespace = self._namespace()
        for name in graph.names(cell).defs:
            kept = self._kept.get(name, {})
            kept.pop(cell, None)
            owns = graph.owner(name) == cell
            goes_on = name in graph.names(cell).reads and graph.source(cell, name) is None
            if owns and goes_on and name in namespace and name not in self._borrowed:
                self._kept.setdefault(name, {})[cell] = Version(namespace[name])
            if owns or self._borrowed.get(name) == cell:
                namespace.pop(name, None)

    def _purge(self, name: str, graph: Graph, cells: Iterable[str]) -> None:
        """Forget what some definers made of a name, if nobody can ask for it any more."""
        kept = self._kept.get(name, {})
        for cell in kept.keys() & cells:
            wanted = cell == graph.owner(name) or graph.is_read(cell, name)
            if not wanted or not _defines(graph, cell, name):
                del kept[cell]
        if not kept:
            self._kept.pop(name, None)


def _defines(graph: Graph, cell: str, name: str) -> bool:
    return name in graph.names(cell).defs


class View:
    """What one run sees of names whose slot belongs to another cell.

    As a context manager it puts that into the namespace, and takes it out again.
    """

    def __init__(
        self,
        namespace: Callable[[], Namespace],
        values: dict[str, Any],
        versions: dict[str, Version],
        began: float = -inf,
    ) -> None:
        #: The versions that the run has begun with.
        self.versions = versions
        #: When it began, if a wave runs the cell.
        self.began = began
        self._namespace = namespace
        self._values = values
        self._first = dict(values)
        self._outside: dict[str, Any] = {}

    @property
    def names(self) -> list[str]:
        """The names that it is about."""
        return list(self._values)

    def add(self, name: str, value: Any) -> None:
        """Another cell takes over a name: this run goes on with what it had."""
        if name not in self._values:
            self._values[name] = self._first[name] = value

    def value(self, name: str) -> tuple[Any, bool]:
        """Give what a name holds for the run, and whether the run has bound it."""
        return self._values[name], self._values[name] is not self._first[name]

    def __enter__(self) -> None:
        namespace = self._namespace()
        for name, value in self._values.items():
            self._outside[name] = namespace.get(name, _ABSENT)
            _put(namespace, name, value)

    def __exit__(self, *error: object) -> None:
        namespace = self._namespace()
        for name, value in self._outside.items():
            self._values[name] = namespace.get(name, _ABSENT)
            _put(namespace, name, value)
        self._outside.clear()

    async def drive(self, run: Awaitable[Outcome]) -> Outcome:
        """Await a run; each of its steps sees the view."""
        return await Stepped(run, self._step)

    def _step(self, resume: Callable[[Any], Any], value: Any) -> Any:
        with self:
            return resume(value)


def _put(namespace: Namespace, name: str, value: Any) -> None:
    if value is _ABSENT:
        namespace.pop(name, None)
    else:
        namespace[name] = value
