"""cache: the example notebook, run all, restarted, run all again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from protocol.caching import Cached, Cell, cached

EXAMPLE = Path(__file__).parents[2] / "examples" / "caching.ipynb"


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Cached]:
    yield from cached(tmp_path)


def run_all(shared: Cached) -> tuple[dict[str, Cell], float]:
    notebook = shared.notebook("cache", "--CacheStore.min_seconds=0")
    notebook.client.run(f"import os; os.chdir({str(shared.work)!r})", silent=True)
    content = nbformat.read(EXAMPLE, as_version=4)
    heavy, cells = 0.0, {}
    for cell in content.cells:
        if cell.cell_type == "code":
            begun = time.perf_counter()
            cells[cell.id] = Cell(notebook.client.run(cell.source))
            if cell.id in {"load", "model"}:
                heavy += time.perf_counter() - begun
    notebook.flush()
    return cells, heavy


def test_the_example_comes_back_in_a_blink(shared: Cached) -> None:
    first, slow = run_all(shared)
    assert slow > 3
    second, fast = run_all(shared)
    for name in ("load", "model", "plot"):
        assert second[name].hit, second[name].told
    for name in ("load", "clean", "model", "plot"):
        assert second[name].outputs == first[name].outputs, name
    assert fast * 20 < slow
    assert "hit" in second["look"].request.displays[0]


def test_a_hundred_times_faster_where_the_work_is_heavy(shared: Cached) -> None:
    heavy = (
        "import time, numpy as np\ntime.sleep(3)\n"
        "m = np.arange(1_000_000.).reshape(1000, 1000)\nprint(m.sum())\nm[:2, :2]"
    )
    first = shared.notebook()
    begun = time.perf_counter()
    ran = first.run(heavy)
    slow = time.perf_counter() - begun
    second = shared.notebook()
    second.run("import time, numpy as np")
    begun = time.perf_counter()
    hit = Cell(second.client.run(heavy))
    fast = time.perf_counter() - begun
    assert hit.hit, hit.told
    assert hit.outputs == ran.outputs
    assert fast * 20 < slow, (fast, slow)
