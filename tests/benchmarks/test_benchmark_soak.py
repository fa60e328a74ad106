"""multi: a short run of the soak; the long one is ``python -m benchmarks.soak``."""

from __future__ import annotations

import pytest

from benchmarks.soak import soak


@pytest.mark.parametrize("seed", [1])
def test_many_notebooks_lose_nothing_and_get_nothing_of_each_other(seed: int) -> None:
    report = soak(sessions=8, cells=200, seed=seed)
    assert report.cells >= 200
    assert report.ended
    assert report.reloaded
