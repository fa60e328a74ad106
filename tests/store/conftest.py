from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from akernel_ipy.store import Store

OpenStore = Callable[..., Store]


@pytest.fixture
def warnings() -> list[str]:
    """What stores of this test warned of."""
    return []


@pytest.fixture
def open_at(tmp_path: Path, warnings: list[str]) -> Iterator[OpenStore]:
    """Open stores of one directory and one key."""
    stores: list[Store] = []

    def open_it(directory: Path | None = None, **options: Any) -> Store:
        settings = {"key_file": tmp_path / "state" / "cache.key", "warn": warnings.append}
        store = Store(directory or tmp_path / "cache", **{**settings, **options})
        stores.append(store)
        return store

    yield open_it
    for store in stores:
        store.close(30)


@pytest.fixture
def store(open_at: OpenStore) -> Store:
    return open_at()
