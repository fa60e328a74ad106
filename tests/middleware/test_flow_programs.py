"""flow against a run in turn: random programs leave the same behind, and show the same."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

from .programs import Cell, Writer, difference, play, smallest

#: How many programs; AKERNEL_FLOW_PROGRAMS=3000 takes some five minutes.
PROGRAMS = int(os.environ.get("AKERNEL_FLOW_PROGRAMS", "150"))
#: The first one's seed.
SEED = int(os.environ.get("AKERNEL_FLOW_SEED", "0"))

# Programs make coroutines and forget them.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Collect the coroutines here, and not in a test that minds them."""
    yield
    gc.collect()


def compare(program: list[Cell]) -> str:
    expected = play("chain", program)
    found = difference(program, play("flow", program), expected)
    # Some programs sort by texts that hold addresses: those differ from themselves.
    if found and any(difference(program, play("chain", program), expected) for _ in range(8)):
        return ""
    return found


def test_a_program_leaves_and_shows_what_it_does_in_turn() -> None:
    for seed in range(SEED, SEED + PROGRAMS):
        program = Writer(seed).program()
        if compare(program):
            least = smallest(program, lambda shorter: bool(compare(shorter)))
            pytest.fail(f"AKERNEL_FLOW_SEED={seed}\n{compare(least)}")


def test_independent_cells_overlap_and_dependent_ones_do_not() -> None:
    apart = [
        Cell("a = 1\nawait pause(3)", 0),
        Cell("b = 2\nawait pause(3)", 0),
        Cell("c = 3\nawait pause(3)", 0),
    ]
    together = [Cell(f"a = {'a + 1' if n else 1}\nawait pause(3)", 0) for n in range(3)]
    assert play("flow", apart).overlaps == 2
    assert play("flow", together).overlaps == 0
    assert play("chain", apart).overlaps == 0
