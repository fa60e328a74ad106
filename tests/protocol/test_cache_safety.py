"""cache: what is broken, planted or foreign is never used, and never an error."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.caching import Cached, cached

SLOW = "import time\ntime.sleep(0.02)\nimport numpy as np\nbig = np.arange(200_000.)\nbig.sum()"
CELLS = ["seed = 3", SLOW, "small = {'seed': seed, 'total': float(big.sum())}\nsmall"]


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Cached]:
    yield from cached(tmp_path)


def fill(shared: Cached) -> list[str | None]:
    notebook = shared.notebook()
    ran = notebook.run_all(*CELLS)
    assert all(cell.stored for cell in ran)
    shared.end(notebook)
    return [cell.value for cell in ran]


def blobs(shared: Cached) -> list[Path]:
    found = [p for p in shared.cache.rglob("*") if p.is_file() and p.stat().st_size > 1_000_000]
    assert found
    return found


def index(shared: Cached) -> Path:
    [found] = [p for p in shared.cache.rglob("*") if p.is_file() and _is_database(p)]
    return found


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"


def rerun(shared: Cached, values: list[str | None], hits: list[bool] | None = None) -> None:
    """Run the cells again in a new kernel: right values, no errors, and these hits."""
    notebook = shared.notebook()
    ran = notebook.run_all(*CELLS)
    assert [cell.value for cell in ran] == values
    assert not any(cell.stderr for cell in ran)
    if hits is not None:
        assert [cell.hit for cell in ran] == hits, [cell.told for cell in ran]


def test_a_second_kernel_finds_everything(shared: Cached) -> None:
    rerun(shared, fill(shared), [True, True, True])


def test_a_truncated_blob_is_a_miss(shared: Cached) -> None:
    values = fill(shared)
    for blob in blobs(shared):
        blob.chmod(0o600)
        with blob.open("r+b") as file:
            file.truncate(1000)
    rerun(shared, values, [True, False, True])


def test_an_altered_blob_is_a_miss(shared: Cached) -> None:
    values = fill(shared)
    for blob in blobs(shared):
        blob.chmod(0o600)
        data = bytearray(blob.read_bytes())
        data[len(data) // 2] ^= 1
        blob.write_bytes(data)
    rerun(shared, values, [True, False, True])


def test_blobs_that_are_gone_are_misses(shared: Cached) -> None:
    values = fill(shared)
    for blob in blobs(shared):
        blob.unlink()
    rerun(shared, values, [True, False, True])


def test_a_planted_pickle_is_never_loaded(shared: Cached, tmp_path: Path) -> None:
    values = fill(shared)
    evil = b"cos\nsystem\n(S'touch " + str(tmp_path / "owned").encode() + b"'\ntR."
    with sqlite3.connect(index(shared)) as connection:
        changed = connection.execute("UPDATE inline SET data = ?", (evil,)).rowcount
        assert changed
    connection.close()
    rerun(shared, values, [False, False, False])
    assert not (tmp_path / "owned").exists()


def test_swapped_entries_are_misses(shared: Cached) -> None:
    values = fill(shared)
    with sqlite3.connect(index(shared)) as connection:
        rows = connection.execute("SELECT id, key FROM entries").fetchall()
        connection.execute("UPDATE entries SET key = key || 'x'")
        for (identifier, _), (_, key) in zip(rows, rows[1:] + rows[:1], strict=True):
            connection.execute("UPDATE entries SET key = ? WHERE id = ?", (key, identifier))
    connection.close()
    rerun(shared, values, [False, False, False])


def test_an_index_that_is_no_database_is_a_fresh_start(shared: Cached) -> None:
    values = fill(shared)
    place = index(shared)
    for companion in place.parent.glob(place.name + "*"):
        companion.unlink()
    place.write_bytes(b"rubbish" * 1000)
    rerun(shared, values, [False, False, False])
    for kernel in shared.kernels:
        kernel.noisy = True


def test_a_copied_cache_is_refused_under_another_key(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for mine in cached(tmp_path / "a"):
        values = fill(mine)
        for theirs in cached(tmp_path / "b"):
            shutil.copytree(mine.cache, theirs.cache)
            rerun(theirs, values, [False, False, False])


def test_a_directory_that_can_not_be_written_is_no_error(shared: Cached) -> None:
    shared.cache.write_text("a file in its place")
    notebook = shared.notebook()
    ran = notebook.run_all(*CELLS)
    assert not any(cell.hit or cell.stderr for cell in ran)


def test_two_kernels_store_at_once(shared: Cached) -> None:
    notebooks = [shared.notebook(), shared.notebook()]
    cells = [f"n{i} = [{i}] * 100\nn{i}[0]" for i in range(30)]
    requests = [[notebook.client.execute(code) for code in cells] for notebook in notebooks]
    for sent in requests:
        for number, request in enumerate(sent):
            assert request.result().value == str(number)
    for notebook in notebooks:
        notebook.flush()
    third = shared.notebook()
    assert all(cell.hit for cell in third.run_all(*cells))


#: In CI few; set it to 200 for the whole thing.
KILLS = int(os.environ.get("AKERNEL_TEST_KILLS", "8"))


def test_a_kernel_killed_while_it_stores_spoils_nothing(shared: Cached) -> None:
    chance = random.Random(4)
    cells = [
        f"import numpy as np\na{i} = np.full({20_000 * (i + 1)}, {i}.)\nfloat(a{i}.sum())"
        for i in range(8)
    ]
    values = [str(float(i * 20_000 * (i + 1))) for i in range(8)]
    for _ in range(KILLS):
        kernel = shared.kernel()
        client = kernel.clients[0]
        requests = [client.execute(code) for code in cells]
        deadline = time.monotonic() + chance.uniform(0.0, 0.4)
        client.pump_until(lambda: time.monotonic() > deadline, 1.0)  # noqa: B023
        os.kill(kernel.pid, 9)
        for request in requests:
            if request.done:
                assert request.value in values
            request.abandoned = True
        kernel.noisy = True
        kernel.close()
        shared.kernels.remove(kernel)
    notebook = shared.notebook()
    assert [notebook.run(code).value for code in cells] == values
    assert [notebook.run(code).hit for code in cells] == [True] * 8


def test_a_second_tier_fills_an_empty_cache(shared: Cached, tmp_path: Path) -> None:
    remote = f"--CacheStore.remote=file://{tmp_path}/remote"
    notebook = shared.notebook("cache", "--CacheStore.min_seconds=-1", remote)
    values = [cell.value for cell in notebook.run_all(*CELLS)]
    shared.end(notebook)
    shutil.rmtree(shared.cache)
    again = shared.notebook("cache", "--CacheStore.min_seconds=-1", remote)
    ran = again.run_all(*CELLS)
    assert [cell.value for cell in ran] == values
    assert all(cell.hit for cell in ran), [cell.told for cell in ran]
