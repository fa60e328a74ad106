"""One evaluation of a cell, for the user or for the wave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...core.model import Outcome, Run
from ...core.pipeline import Runner
from .book import Book
from .cells import Cell
from .effects import NOTHING, Effects, Found
from .older import View
from .sources import Sources


@dataclass(frozen=True)
class Ended:
    """How an evaluation ended.

    Attributes:
        outcome: what the cell came to; None if it was not executed, for one of the reasons below or
            because it has been deleted.
        found: what it changed, if it succeeded.
        missing: the names that it lacks.
        lost: the value of an older definition, which it reads, is gone.
    """

    outcome: Outcome | None = None
    found: Found = NOTHING
    missing: tuple[str, ...] = ()
    lost: bool = False


class Evaluator:
    """Evaluates cells, each by itself: no evaluation of a cell overlaps another one of it."""

    def __init__(self, book: Book, effects: Effects, sources: Sources) -> None:
        self._book, self._effects, self._sources = book, effects, sources
        #: Executes a run; known from the first request on.
        self.inner: Runner | None = None

    async def evaluate(
        self,
        cell: Cell,
        run: Run,
        *,
        begin: Callable[[], None] | None = None,
        unknown_changed: bool = True,
    ) -> Ended:
        """Execute a cell, if it has all that it needs.

        Args:
            cell: the cell.
            run: what its outputs belong to.
            begin: for a re-run: called once it is known that the cell will show something else; it
                won't if a value that it reads is gone.
            unknown_changed: whether values that can't be compared count as changed.
        """
        older = self._book.older
        async with cell.lock:
            await self._sources.stop(cell.id)
            if cell.id not in self._book.graph:
                return Ended()
            strict, since = begin is not None, run.state.batch
            view = older.open(self._book.graph, cell.id, strict=strict, since=since, anew=cell.anew)
            if view is None:
                return Ended(lost=True)
            ended = Ended()
            try:
                if begin is not None:
                    begin()
                ended = await self._run(cell, run, view, unknown_changed)
            finally:
                ok = ended.outcome is not None and ended.outcome.status == "ok"
                publish = not run.state.superseded
                older.close(self._book.graph, cell.id, view, ok=ok, publish=publish)
            return ended

    async def _run(self, cell: Cell, run: Run, view: View, unknown_changed: bool) -> Ended:
        made = self._book.older.made(self._book.graph, cell.id)
        with view:
            missing = self._book.missing(cell.id)
            sight = None if missing else self._effects.look(cell.id, made, moved=cell.moved)
        if sight is None:
            return Ended(missing=missing)
        assert self.inner is not None
        outcome = await view.drive(self.inner(run))
        if run.state.superseded:
            return Ended(outcome)
        self._effects.count(cell)
        if outcome.status != "ok" or cell.id not in self._book.graph:
            return Ended(outcome)
        with view:
            found = self._effects.found(cell.id, sight, unknown_changed=unknown_changed)
        return Ended(outcome, found)
