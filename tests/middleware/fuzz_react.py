"""react: whatever is run, edited and deleted in whatever order, each cell shows what it should.

Not collected by default: it still finds orders of overlapping requests after which a cell shows
``None``, or an older value, where it should not. Run it by hand, and mend what it finds::

    python -m pytest tests/middleware/fuzz_react.py
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akernel_ipy.core.model import Outcome

from .notebook import Notebook

CELLS = 7

#: Seconds that nothing takes unless it hangs.
PATIENCE = 2


@dataclass(frozen=True)
class Cell:
    """Cell ``number`` defines ``x<number>`` from names of cells with smaller numbers."""

    number: int
    reads: tuple[int, ...] = ()
    constant: int = 0
    #: How often it gives the loop back before it reads, and after.
    waits: int = 0
    #: It raises if its value is even.
    moody: bool = False

    @property
    def id(self) -> str:
        return f"c{self.number}"

    @property
    def code(self) -> str:
        pause = "await asyncio.sleep(0)\n" * self.waits
        terms = " + ".join([*(f"x{n}" for n in self.reads), str(self.constant)])
        mood = f"if y{self.number} % 2 == 0: raise ValueError\n" if self.moody else ""
        return (
            f"{pause}y{self.number} = {terms}\n{mood}{pause}"
            f"x{self.number} = y{self.number}\nx{self.number}"
        )


def expected(cells: dict[str, Cell]) -> dict[str, str]:
    """What the cells show at rest, if none of them fails."""
    values: dict[int, int | None] = {}
    for cell in sorted(cells.values(), key=lambda cell: cell.number):
        inputs = [values.get(n) for n in cell.reads]
        known = [value for value in inputs if value is not None]
        values[cell.number] = None if len(known) < len(inputs) else sum(known) + cell.constant
    return {f"c{n}": "pending" if v is None else str(v) for n, v in values.items()}


def shown(notebook: Notebook, cells: dict[str, Cell]) -> dict[str, str]:
    texts = {cell: notebook.shell.shown.get(cell, "") for cell in cells}
    return {c: "pending" if text.startswith("waits for") else text for c, text in texts.items()}


@st.composite
def a_cell(draw: st.DrawFn) -> Cell:
    number = draw(st.integers(0, CELLS - 1))
    reads = draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
    return Cell(
        number,
        tuple(reads),
        draw(st.integers(0, 3)),
        draw(st.sampled_from([0, 0, 1, 3])),
        draw(st.booleans()),
    )


@dataclass(frozen=True)
class Step:
    """Requests sent at once, what JupyterLab says of deleted cells, and whether to wait."""

    cells: tuple[Cell, ...]
    deleted: frozenset[str] = frozenset()
    patience: int | None = None


STEPS = st.lists(
    st.builds(
        Step,
        st.lists(a_cell(), min_size=1, max_size=5).map(tuple),
        st.frozensets(st.integers(0, CELLS - 1).map("c{}".format), max_size=1),
        st.sampled_from([None, None, 0, 1, 4]),
    ),
    max_size=6,
)


async def play(steps: list[Step], mode: str, moody: bool) -> tuple[Notebook, dict[str, Cell]]:
    """Carry the steps out; give the notebook, and the cells as they were run last."""
    notebook, cells = Notebook(mode), {}
    tasks: dict[str, asyncio.Task[Outcome]] = {}
    for number, step in enumerate(steps):
        deleted = step.deleted - {cell.id for cell in step.cells} | {f"gone {number}"}
        for name in deleted:
            cells.pop(name, None)
        for cell in step.cells:
            cells[cell.id] = cell if moody else replace(cell, moody=False)
            if cell.id in tasks:
                await asyncio.wait_for(tasks[cell.id], PATIENCE)
            code = cells[cell.id].code
            tasks[cell.id] = notebook.send(cell.id, code, tuple(sorted(deleted)))
        if step.patience is None:
            await asyncio.wait_for(asyncio.gather(*tasks.values()), PATIENCE)
        for _ in range(step.patience or 0):
            await asyncio.sleep(0)
    await asyncio.wait_for(asyncio.gather(*tasks.values()), PATIENCE)
    return notebook, cells


@pytest.mark.parametrize("mode", ["react", "chain-react"])
@settings(deadline=None, max_examples=150)
@given(steps=STEPS)
def test_all_cells_show_what_they_should_at_rest(mode: str, steps: list[Step]) -> None:
    notebook, cells = asyncio.run(play(steps, mode, moody=False))
    assert shown(notebook, cells) == expected(cells)


@pytest.mark.parametrize("mode", ["react", "chain-react"])
@settings(deadline=None, max_examples=150)
@given(steps=STEPS)
def test_all_is_well_again_once_the_cells_that_failed_are_mended(
    mode: str, steps: list[Step]
) -> None:
    async def mend() -> tuple[Notebook, dict[str, Cell]]:
        notebook, cells = await play(steps, mode, moody=True)
        for cell in cells.values():
            if cell.moody:
                cells[cell.id] = replace(cell, moody=False)
                await asyncio.wait_for(notebook.run(cell.id, cells[cell.id].code), PATIENCE)
        return notebook, cells

    notebook, cells = asyncio.run(mend())
    assert shown(notebook, cells) == expected(cells)


@settings(deadline=None, max_examples=150)
@given(steps=STEPS)
def test_a_request_of_its_own_runs_no_cell_twice(steps: list[Step]) -> None:
    async def count() -> None:
        notebook = Notebook()
        for step in steps:
            for cell in step.cells:
                before = Counter(notebook.shell.runs)
                await asyncio.wait_for(notebook.run(cell.id, cell.code), PATIENCE)
                news = notebook.shell.runs - before
                assert all(times == 1 for times in news.values()), news

    asyncio.run(count())


@settings(deadline=None, max_examples=100)
@given(steps=STEPS)
def test_run_all_twice_runs_each_cell_once_more(steps: list[Step]) -> None:
    """Also where the cells stand in an order in which they could never run."""

    async def count() -> None:
        notebook = Notebook()
        cells = {cell.id: replace(cell, moody=False) for step in steps for cell in step.cells}
        for _ in range(2):
            before = Counter(notebook.shell.runs)
            tasks = [notebook.send(cell.id, cell.code) for cell in cells.values()]
            await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE)
            news = notebook.shell.runs - before
            assert shown(notebook, cells) == expected(cells)
            assert all(times == 1 for times in news.values()), news

    asyncio.run(count())
