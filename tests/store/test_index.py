"""A lookup costs the same however many entries there are, and start-up knows nothing of it."""

from __future__ import annotations

import os
import random
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from akernel_ipy.store import Store, entries, reading

from .conftest import OpenStore


def populate(index: Path, count: int) -> None:
    """Add copies of the first entry under other keys."""
    connection = sqlite3.connect(index)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(entries)")]
    other = {"id": "NULL", "key": "randomblob(32)", "used": "abs(random()) / 1e19"}
    values = ", ".join(other.get(column, column) for column in columns)
    with connection:
        connection.execute("DROP TRIGGER entry_added")  # nobody looks at the totals
        connection.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
            f"INSERT INTO entries SELECT {values} FROM n, (SELECT * FROM entries LIMIT 1)"
        )
    connection.close()


@pytest.mark.parametrize(
    "sql",
    [
        *(entries.FIND, entries.OLDEST, entries.IDLE, entries.SAME_KEY, entries.USED_BY),
        *(entries.USERS, entries.TOTALS, entries.NOTES, reading.INLINE, reading.EXISTS),
    ],
)
def test_no_statement_of_a_lookup_or_an_eviction_reads_a_whole_table(
    store: Store, tmp_path: Path, sql: str
) -> None:
    assert store.write(b"k", [], {}, b"p").wait(30)
    connection = sqlite3.connect(tmp_path / "cache/v1/index.sqlite")
    rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?")).fetchall()
    connection.close()
    plan = "; ".join(str(row[-1]) for row in rows)
    if "totals" not in sql:
        assert "USING" in plan, plan
        assert ("SCAN" not in plan) or ("LIMIT 1" in sql and "USING COVERING INDEX" in plan), plan
    assert "TEMP B-TREE" not in plan, plan


def cost(action: Callable[[], object]) -> float:
    """The median time, in seconds, of an action."""
    times = []
    for _ in range(300):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def test_a_hit_costs_the_same_at_ten_and_at_a_hundred_thousand_entries(
    open_at: OpenStore, tmp_path: Path
) -> None:
    def hit(store: Store) -> None:
        (record,) = store.lookup(b"mine")
        assert store.read(record) is not None

    costs = {}
    for count in (10, 100_000):
        store = open_at(tmp_path / str(count))
        assert store.write(b"mine", ["d"], {"seconds": 1}, b"p" * 2000).wait(30)
        store.close(30)
        populate(tmp_path / str(count) / "v1/index.sqlite", count)
        costs[count] = cost(lambda store=store: hit(store))
    assert costs[100_000] < 3 * costs[10] + 50e-6


def test_a_key_keeps_a_bounded_number_of_variants(store: Store) -> None:
    for number in range(entries.VARIANTS + 10):
        store.write(b"k", [number], {}, b"p")
    assert store.flush(60)
    numbers = [record.dependencies[0] for record in store.lookup(b"k")]
    assert numbers == list(range(entries.VARIANTS + 9, 9, -1))
    assert store.stats().entries == entries.VARIANTS


def test_the_totals_are_what_is_there(store: Store, tmp_path: Path) -> None:
    generator = random.Random(2)
    for _ in range(60):
        size = generator.choice([10, 70_000, 70_001, 200_000])
        store.write(b"%d" % generator.randrange(9), [], {}, bytes(size), [b"x" * size])
    store.prune(max_bytes=400_000)
    assert store.flush(60)
    records = store.entries()
    files = [path for path in (tmp_path / "cache/v1/blobs").rglob("*") if path.is_file()]
    stats = store.stats()
    assert stats.entries == len(records) > 0
    on_disk = sum(path.stat().st_size for path in files)
    assert stats.bytes == sum(record.bytes for record in records) + on_disk


def test_deleted_entries_give_their_space_back(store: Store, tmp_path: Path) -> None:
    for number in range(100):
        store.write(b"%d" % number, [], {}, os.urandom(60_000))
    assert store.flush(60)
    index = tmp_path / "cache/v1/index.sqlite"
    assert index.stat().st_size + index.with_name("index.sqlite-wal").stat().st_size > 6_000_000
    assert store.clear().entries == 100
    assert index.stat().st_size < 200_000


def test_what_a_killed_process_left_is_swept_by_age(store: Store, tmp_path: Path) -> None:
    assert store.write(b"k", [], {}, bytes(100_000)).wait(30)
    root = tmp_path / "cache/v1"
    old, new = root / "blobs/ab" / ("ab" * 32), root / "blobs/cd" / ("cd" * 32)
    other = root / "blobs/ab/README"
    for path in (old, new, other, root / "tmp/1-old", root / "tmp/1-new"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    hours_ago = time.time() - 7200
    for path in (old, other, root / "tmp/1-old"):
        os.utime(path, (hours_ago, hours_ago))
    store.prune()
    assert not old.exists()
    assert not (root / "tmp/1-old").exists()
    assert new.exists()
    assert other.exists()
    assert (root / "tmp/1-new").exists()
    assert store.read(store.lookup(b"k")[0]) is not None


def test_a_store_that_is_written_to_sweeps_once_a_day(open_at: OpenStore, tmp_path: Path) -> None:
    stray = tmp_path / "cache/v1/blobs/ab" / ("ab" * 32)
    stray.parent.mkdir(parents=True)

    def leave_stray() -> None:
        stray.write_bytes(b"x")
        os.utime(stray, (0, 0))

    leave_stray()
    store = open_at()
    assert store.write(b"1", [], {}, b"").wait(30)
    assert store.flush(30)
    assert not stray.exists()
    leave_stray()
    assert store.write(b"2", [], {}, b"").wait(30)
    assert store.flush(30)
    assert stray.exists()


def test_importing_the_store_imports_nothing_that_it_may_not_need() -> None:
    code = (
        "import sys; import akernel_ipy.store; assert 'sqlite3' not in sys.modules;"
        "from akernel_ipy.store import Store; s = Store('/nowhere');"
        "assert not {'blake3', 'fsspec', 'numpy', 'traitlets'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
