"""Random histories of a notebook under react, and what its cells have to show in the end.

A history is what a user does: cells sent one by one or all at once, edited, deleted, restored,
interrupted, while others run, wait or fail. What each cell shows at rest follows from who reads
what from whom, and from nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from akernel_ipy.core.graph import Graph
from akernel_ipy.core.model import Outcome

from .notebook import Notebook

CELLS, NAMES = 7, 5

#: The last cells take another definition of the name further, instead of beginning anew.
FOLLOWERS = 2

#: Seconds that nothing takes unless it hangs.
PATIENCE = 20


@dataclass(frozen=True)
class Cell:
    """Binds ``x<name>`` to a number made of names with smaller numbers.

    Thousands tell which cell it was, the rest what it read. A cell that follows another definition
    of its name keeps the thousands: doing so twice is the same as doing it once.
    """

    id: str
    name: int
    reads: tuple[int, ...] = ()
    constant: int = 0
    #: How often it gives the loop back before it reads, and after.
    waits: int = 0
    #: It raises if its value is even.
    moody: bool = False

    @property
    def follows(self) -> bool:
        """Whether it takes another definition of its name further."""
        return int(self.id[1:]) > CELLS - FOLLOWERS

    @property
    def code(self) -> str:
        pause = "await asyncio.sleep(0)\n" * self.waits
        rest = " + ".join([*(f"x{n}" for n in self.reads), str(self.constant)])
        first = f"x{self.name} // 1000" if self.follows else self.id[1:]
        mood = "if value % 2 == 0: raise ValueError\n" if self.moody else ""
        return (
            f"{pause}value = ({first}) * 1000 + ({rest}) % 1000\n{mood}".replace(
                "value", f"y{self.id[1:]}"
            )
            + f"{pause}x{self.name} = y{self.id[1:]}\n{pause}x{self.name}"
        )

    def value(self, inputs: Iterable[int], before: int) -> int:
        """Compute what the cell binds, from what it reads and what was bound before."""
        first = before // 1000 if self.follows else int(self.id[1:])
        return first * 1000 + (sum(inputs) + self.constant) % 1000


@dataclass(frozen=True)
class Send:
    """Requests sent at once, and what JupyterLab says of deleted cells in each of them."""

    cells: tuple[Cell, ...]
    deleted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Wait:
    """Wait until all replies are there, or while the loop turns so many times."""

    turns: int | None = None


@dataclass(frozen=True)
class Interrupt:
    """Interrupt whatever runs."""


@dataclass(frozen=True)
class Lazy:
    """Mark cells stale instead of running them; or run those, and go back."""

    on: bool


Act = Send | Wait | Interrupt | Lazy


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    """Draw a cell as it is sent; the same cell comes again with another text."""
    name = draw(st.integers(0, NAMES - 1))
    reads = draw(st.lists(st.integers(0, name - 1), max_size=3, unique=True)) if name else []
    return Cell(
        f"c{draw(st.integers(1, CELLS))}",
        name,
        tuple(reads),
        draw(st.integers(0, 3)),
        draw(st.sampled_from([0, 0, 1, 3])),
        draw(st.booleans()),
    )


_SENDS = st.builds(
    Send,
    st.lists(cells(), min_size=1, max_size=5).map(tuple),
    st.frozensets(st.integers(1, CELLS).map("c{}".format), max_size=1),
)
_ACTS: st.SearchStrategy[Act] = st.one_of(
    _SENDS,
    _SENDS,
    _SENDS,
    st.builds(Wait, st.sampled_from([None, None, 0, 1, 4])),
    st.builds(Interrupt),
    st.builds(Lazy, st.booleans()),
)
HISTORIES = st.lists(_ACTS, min_size=1, max_size=14)


class Player:
    """Carries a history out."""

    def __init__(self, mode: str, redefinition: str, *, moody: bool) -> None:
        self.notebook = Notebook(mode, redefinition)
        self._moody = moody
        #: Each request in the order of arrival, with its cell and what it says of others.
        self._sent: list[tuple[Cell, frozenset[str], asyncio.Task[Outcome]]] = []

    async def play(self, history: Iterable[Act]) -> None:
        """Carry out all acts, wait for the end, and mend what failed."""
        await self.act(*history, Lazy(False), Wait())
        await self._mend()

    async def act(self, *acts: Act) -> None:
        """Carry out some acts."""
        for act in acts:
            await self._do(act)

    async def _do(self, act: Act) -> None:
        session, react = self.notebook.session, self.notebook.react
        if isinstance(act, Send):
            # A list that says more than the one before is news, as in JupyterLab.
            deleted = act.deleted - {cell.id for cell in act.cells} | {f"gone {len(self._sent)}"}
            for cell in act.cells:
                self._send(cell if self._moody else replace(cell, moody=False), deleted)
        elif isinstance(act, Interrupt):
            for run in session.tasks.running():
                session.tasks.interrupt(run)
        elif isinstance(act, Lazy):
            react.book.lazy = act.on
            if not act.on:
                await self._wait_for(react.run_stale())
        elif act.turns is None:
            await self._wait_for(asyncio.gather(*(task for _, _, task in self._sent)))
        else:
            for _ in range(act.turns):
                await asyncio.sleep(0)

    def _send(self, cell: Cell, deleted: frozenset[str] = frozenset()) -> None:
        task = self.notebook.send(cell.id, cell.code, tuple(sorted(deleted)))
        task.add_done_callback(self._stop_on_error)
        self._sent.append((cell, deleted, task))

    def _stop_on_error(self, task: asyncio.Task[Outcome]) -> None:
        if not task.cancelled() and task.exception() is None and task.result().status == "error":
            self.notebook.session.abort_waiting("s", 0)

    async def _mend(self) -> None:
        """Run the cells again that show an error or are marked, in a better mood."""
        for _ in range(CELLS):
            await self.act(Lazy(False))  # an aborted request leaves a stale cell stale
            for name, cell in self.alive().items():
                if cell.moody or self.notebook.shell.shown[name] in _ERRORS:
                    self._send(replace(cell, moody=False))
                    await self.act(Wait())

    async def _wait_for(self, what: object) -> None:
        await asyncio.wait_for(what, PATIENCE)  # type: ignore[call-overload]

    def alive(self) -> dict[str, Cell]:
        """Give the cells that are left, as they were run last.

        A deleted cell for which a later request had arrived in time counts as restored, also if
        that was aborted in the end. A request that was interrupted before it began changes nothing.
        """
        known = self.notebook.react.book.cells
        cells: dict[str, Cell] = {}
        gone: dict[str, Cell] = {}
        for cell, deleted, task in self._sent:
            gone.update({name: cells.pop(name) for name in deleted & cells.keys()})
            outcome = task.result()
            if outcome.ename == "KeyboardInterrupt":
                begun = cell.id in known and known[cell.id].source == cell.code
            else:
                begun = outcome.status != "aborted"
            if begun:
                cells[cell.id] = cell
            elif cell.id in gone and cell.id in known:
                cells.setdefault(cell.id, gone[cell.id])
        return cells


_ERRORS = ("ValueError", "KeyboardInterrupt")


def expected(graph: Graph, cells: dict[str, Cell], shown: dict[str, str]) -> dict[str, str]:
    """Give what each cell has to show: its value, or that it waits."""
    values: dict[str, int | None] = {}

    def value(cell_id: str) -> int | None:
        if cell_id not in values:
            values[cell_id] = compute(cells[cell_id])
        return values[cell_id]

    def compute(cell: Cell) -> int | None:
        inputs = [read(cell, name) for name in cell.reads]
        known = [number for number in inputs if number is not None]
        before = 0
        if cell.follows and graph.source(cell.id, f"x{cell.name}") is None:
            # It may go on with what it has itself bound.
            before = int(shown[cell.id]) if shown[cell.id].isdigit() else -1
        elif cell.follows:
            found = read(cell, cell.name)
            before = -1 if found is None else found
        return None if before < 0 or len(known) < len(inputs) else cell.value(known, before)

    def read(cell: Cell, name: int) -> int | None:
        source = graph.source(cell.id, f"x{name}")
        return None if source is None else value(source)

    return {name: "waits" if value(name) is None else str(value(name)) for name in sorted(cells)}


def shown(notebook: Notebook, cells: Iterable[str]) -> dict[str, str]:
    """Give what cells show; of those that wait only that they do."""
    texts = {cell: notebook.shell.shown.get(cell, "nothing") for cell in sorted(cells)}
    return {c: "waits" if text.startswith("waits for") else text for c, text in texts.items()}


def check(player: Player) -> None:
    """Everything is at rest, and each cell shows what it should."""
    notebook, alive = player.notebook, player.alive()
    book = notebook.react.book
    assert set(book.cells) == set(book.graph.cells) == set(alive)
    assert book.wave.done
    found = shown(notebook, alive)
    assert found == expected(book.graph, alive, found)
    for name in (f"x{n}" for n in range(NAMES)):
        owner = book.graph.owner(name)
        holds = "waits" if name not in notebook.shell.user_ns else str(notebook.shell.user_ns[name])
        assert holds == ("waits" if owner is None else found[owner]), (name, owner)
