"""cache: random notebooks leave the same namespace, whether they were run or brought back."""

from __future__ import annotations

from pathlib import Path

from middleware.fuzz_cache import fuzz

from protocol.caching import cached


def test_random_notebooks_come_back_as_they_were() -> None:
    assert fuzz(6, seed=1000) > 20


def test_a_seed_set_by_the_cell_that_imports_numpy_comes_back(tmp_path: Path) -> None:
    code = "%%cache\nimport numpy as np\nnp.random.seed(0)"
    drawn = []
    for shared in cached(tmp_path):
        for hit in (False, True):
            notebook = shared.notebook()
            assert notebook.run(code).hit is hit
            drawn.append(notebook.run("%%nocache\nnp.random.random()").value)
            notebook.flush()
    assert drawn == ["0.5488135039273248"] * 2
