"""cache: random notebooks leave the same namespace, whether they were run or brought back."""

from __future__ import annotations

from middleware.fuzz_cache import fuzz


def test_random_notebooks_come_back_as_they_were() -> None:
    assert fuzz(6, seed=1000) > 20
