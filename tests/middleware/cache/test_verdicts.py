"""What is remembered of cells that the cache has looked at."""

from __future__ import annotations

from akernel_ipy.middleware.cache.verdicts import CheapCells


def test_of_cheap_cells_the_latest_are_remembered() -> None:
    cheap = CheapCells(most=3)
    for number in range(10):
        cheap.add(f"x = {number}", f"reason {number}")
    assert len(cheap) == 3
    assert [cheap.reason(f"x = {number}") for number in (6, 7, 9)] == ["", "reason 7", "reason 9"]


def test_a_cell_that_is_cheap_again_is_among_the_latest() -> None:
    cheap = CheapCells(most=2)
    for source in ("a", "b", "a", "c"):
        cheap.add(source, f"{source} is cheap")
    assert (cheap.reason("a"), cheap.reason("b")) == ("a is cheap", "")


def test_a_cell_that_took_long_is_cheap_no_more() -> None:
    cheap = CheapCells()
    cheap.add("a", "it was quick")
    cheap.discard("a")
    cheap.discard("never seen")
    assert not cheap.reason("a")
