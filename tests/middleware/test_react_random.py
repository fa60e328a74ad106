"""react: whatever is run, edited and deleted in whatever order, each cell shows what it should.

``AKERNEL_FUZZ=5000 pytest tests/middleware/test_react_random.py --hypothesis-seed=1`` takes that
many examples of each property, and other ones with each seed.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .histories import HISTORIES, Act, Cell, Player, Send, Wait, cells, check

FUZZ = int(os.environ.get("AKERNEL_FUZZ", "0"))


def examples(number: int) -> settings:
    return settings(
        deadline=None,
        max_examples=FUZZ or number,
        derandomize=not FUZZ,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


KINDS = pytest.mark.parametrize(
    ("mode", "redefinition"),
    [(mode, how) for mode in ("react", "chain-react") for how in ("linear", "newest")],
)


@KINDS
@examples(20)
@given(history=HISTORIES)
def test_all_cells_show_what_they_should_at_rest(
    mode: str, redefinition: str, history: list[Act]
) -> None:
    player = Player(mode, redefinition, moody=False)
    asyncio.run(player.play(history))
    check(player)


@KINDS
@examples(20)
@given(history=HISTORIES)
def test_all_is_well_again_once_the_cells_that_failed_are_mended(
    mode: str, redefinition: str, history: list[Act]
) -> None:
    player = Player(mode, redefinition, moody=True)
    asyncio.run(player.play(history))
    check(player)


NOTEBOOKS = st.lists(cells(), min_size=1, max_size=10)


@pytest.mark.parametrize("redefinition", ["linear", "newest"])
@examples(20)
@given(notebook=NOTEBOOKS)
def test_a_request_of_its_own_runs_no_cell_twice(redefinition: str, notebook: list[Cell]) -> None:
    async def count() -> None:
        player = Player("react", redefinition, moody=True)
        runs = player.notebook.shell.runs
        for cell in notebook:
            before = Counter(runs)
            await player.act(Send((cell,)), Wait())
            assert all(times == 1 for times in (runs - before).values()), runs - before

    asyncio.run(count())


async def run_all_twice(redefinition: str, notebook: Iterable[Cell]) -> None:
    """Run all cells at once, twice: each cell runs once each time."""
    player = Player("react", redefinition, moody=False)
    runs = player.notebook.shell.runs
    everything = tuple(notebook)
    for _ in range(2):
        before = Counter(runs)
        await player.act(Send(everything), Wait())
        check(player)
        assert all(times == 1 for times in (runs - before).values()), runs - before


@pytest.mark.parametrize("redefinition", ["linear", "newest"])
@examples(20)
@given(notebook=NOTEBOOKS)
def test_run_all_twice_runs_each_cell_once_more(redefinition: str, notebook: list[Cell]) -> None:
    """Also where the cells stand in an order in which they could never run."""
    by_id = {cell.id: cell for cell in notebook}
    by_name = {cell.name: cell for cell in by_id.values()}
    asyncio.run(run_all_twice(redefinition, by_name.values()))


@examples(20)
@given(notebook=NOTEBOOKS)
def test_run_all_twice_runs_each_cell_once_more_where_names_are_redefined(
    notebook: list[Cell],
) -> None:
    """If the cells stand in an order in which they can run."""
    known: set[int] = set()
    in_order = []
    for cell in {cell.id: cell for cell in notebook}.values():
        if known.issuperset(cell.reads) and (cell.name in known or not cell.follows):
            known.add(cell.name)
            in_order.append(cell)
    asyncio.run(run_all_twice("linear", in_order))
