"""cache: cells come back from the store, in this kernel and in the next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.caching import Cached, Notebook, cached


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Cached]:
    yield from cached(tmp_path)


@pytest.fixture
def notebook(shared: Cached) -> Notebook:
    return shared.notebook()


def test_a_cell_comes_back_with_its_names_and_outputs(shared: Cached) -> None:
    cells = ["import time", "x = 6 * 7\nprint('computing')\nx"]
    first = shared.notebook().run_all(*cells)
    assert [cell.hit for cell in first] == [False, False], first
    assert [cell.uncached for cell in first] == ["", ""]
    again = shared.notebook()
    second = again.run_all(*cells)
    assert [cell.hit for cell in second] == [True, True]
    assert second[1].outputs == first[1].outputs
    assert again.ask("x") == 42
    assert again.ask("Out[2]") == 42
    assert again.ask("time.__name__") == "time"
