"""cache: the example notebook, run all, restarted, run all again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from protocol.caching import Cached, Cell, cached

EXAMPLE = Path(__file__).parents[2] / "examples" / "caching.ipynb"


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Cached]:
    yield from cached(tmp_path)


def run_all(shared: Cached) -> dict[str, Cell]:
    notebook = shared.notebook("cache", "--CacheStore.min_seconds=0")
    notebook.client.run(f"import os; os.chdir({str(shared.work)!r})", silent=True)
    content = nbformat.read(EXAMPLE, as_version=4)
    cells = {
        cell.id: Cell(notebook.client.run(cell.source))
        for cell in content.cells
        if cell.cell_type == "code"
    }
    notebook.flush()
    return cells


def test_the_example_comes_back(shared: Cached) -> None:
    first, second = run_all(shared), run_all(shared)
    for name in ("load", "model", "plot"):
        assert second[name].hit, second[name].told
    for name in ("load", "clean", "model", "plot"):
        assert second[name].outputs == first[name].outputs, name
    assert "hit" in second["look"].request.displays[0]
