"""Values of older definitions: two cells define one name, and each has its readers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterable
from typing import Any

from ...core.graph import Graph
from ...core.model import Outcome

_ABSENT = object()

Namespace = dict[str, Any]


class OlderValues:
    """Keeps what names hold for the readers of an older definer.

    A namespace has one slot a name, and between the steps of cells it holds the value of the name's
    owner. A cell that reads or defines another one's version has a `View`, which puts that into the
    slot for each of its steps. Only values that somebody may read again are kept.
    """

    def __init__(self, namespace: Callable[[], Namespace]) -> None:
        self._namespace = namespace
        self._kept: dict[str, dict[str, Any]] = {}  # by name, then by definer
        self._views: dict[str, View] = {}
        #: When each cell last ended, as a count of such ends.
        self._ended: dict[str, int] = {}
        self._ends = 0

    def move(self, before: Graph, after: Graph, names: Iterable[str]) -> None:
        """Follow a change of the graph: names may have another owner now, or none."""
        for name in names if before is not after else ():
            old, new = before.owner(name), after.owner(name)
            if old is not None and old != new:
                self._leave(name, old, after)
                self._arrive(name, new, inherits=old in after.definers(name))
            self._purge(name, after)

    def _leave(self, name: str, old: str, graph: Graph) -> None:
        """Keep the value of a name's owner, for its readers and for those that are running."""
        namespace = self._namespace()
        if name not in namespace:
            return
        if old in graph.definers(name):
            self._kept.setdefault(name, {})[old] = namespace[name]
        for cell, view in self._views.items():
            if cell == old or graph.source(cell, name) == old:
                view.add(name, namespace[name])

    def _arrive(self, name: str, new: str | None, *, inherits: bool) -> None:
        namespace = self._namespace()
        value = self._kept.get(name, {}).pop(new or "", _ABSENT)
        if value is not _ABSENT:
            namespace[name] = value
        elif not inherits:  # the cell that bound it doesn't define it any more
            namespace.pop(name, None)

    def open(self, graph: Graph, cell: str, *, strict: bool = False) -> View | None:
        """Let a cell run: give its view of the namespace, to be closed when it has run.

        Returns:
            None if it is strict, and a value that the cell reads is gone.
        """
        names, values = graph.names(cell), {}
        for name in names.reads | names.defs:
            definers = graph.definers(name)
            if len(definers) < 2:
                continue
            version = graph.source(cell, name) or (cell if cell in definers else definers[-1])
            kept = self._kept.get(name, {})
            if (
                not strict
                and definers[-1] == cell
                and not (version in kept and self._newer(version, cell))
            ):
                continue  # as in a plain notebook, ``n += 1`` goes on from where it was
            if version in kept:
                values[name] = kept[version]
            elif version != definers[-1]:
                if strict and version != cell:
                    return None
                values[name] = self._namespace().get(name, _ABSENT)
            elif cell in definers and version != cell:
                values[name] = self._namespace().get(name, _ABSENT)
        view = View(self._namespace, values)
        self._views[cell] = view
        return view

    def close(self, graph: Graph, cell: str, view: View, *, publish: bool = True) -> None:
        """A cell has run: keep what it made of names that others own, or show it to all."""
        if self._views.get(cell) is view:
            del self._views[cell]
        self._ends += 1
        self._ended[cell] = self._ends
        for name, value in view.changed() if publish else ():
            if cell in graph.definers(name) and graph.owner(name) != cell:
                self._kept.setdefault(name, {})[cell] = value
            elif cell in graph:
                _put(self._namespace(), name, value)
        for name in view.names:
            self._purge(name, graph)

    def _newer(self, one: str, other: str) -> bool:
        """Whether a cell has run since another one did."""
        return self._ended.get(one, 0) > self._ended.get(other, 0)

    def drop(self, cell: str, names: Iterable[str]) -> None:
        """Forget what a cell made of some names."""
        for name in names:
            self._kept.get(name, {}).pop(cell, None)

    def _purge(self, name: str, graph: Graph) -> None:
        kept = self._kept.get(name, {})
        definers = frozenset(graph.definers(name)) if kept else ()
        for cell in [c for c in kept if c not in definers or not graph.is_read(c, name)]:
            del kept[cell]
        if not kept:
            self._kept.pop(name, None)


class View:
    """What one run sees of names whose slot belongs to another cell.

    As a context manager it puts that into the namespace, and takes it out again.
    """

    def __init__(self, namespace: Callable[[], Namespace], values: dict[str, Any]) -> None:
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

    def changed(self) -> list[tuple[str, Any]]:
        """Give the names that the run bound anew."""
        return [(n, value) for n, value in self._values.items() if value is not self._first[n]]

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
        return await _Steps(self, run)


class _Steps:
    """Steps an awaitable the way ``await`` does, each step inside of a context."""

    def __init__(self, view: View, inner: Awaitable[Outcome]) -> None:
        self._view, self._inner = view, inner

    def __await__(self) -> Generator[Any, Any, Outcome]:
        steps: Any = self._inner.__await__()
        resume, value = steps.send, None
        while True:
            try:
                with self._view:
                    waits_for = resume(value)
            except StopIteration as stop:
                outcome: Outcome = stop.value
                return outcome
            try:
                value = yield waits_for
                resume = steps.send
            except BaseException as error:
                resume, value = steps.throw, error


def _put(namespace: Namespace, name: str, value: Any) -> None:
    if value is _ABSENT:
        namespace.pop(name, None)
    else:
        namespace[name] = value
