"""Whatever happens to a store, nobody gets an exception, a wrong entry, or has to wait for long."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from akernel_ipy.store import Store, blobs

from .conftest import OpenStore
from .test_keys import POSIX, ROOT

KEY = b"k" * 32
LARGE = os.urandom(300_000)


def stored(store: Store, key: bytes = KEY) -> bool:
    """Store an entry; tell whether it can be read."""
    if not store.write(key, [], {}, LARGE, [LARGE, b"small"]).wait(30):
        return False
    return readable(store, key)


def readable(store: Store, key: bytes = KEY) -> bool:
    for record in store.lookup(key):
        found = store.read(record)
        if found:
            assert found.payload == LARGE
            assert [bytes(buffer) for buffer in found.buffers] == [LARGE, b"small"]
            return True
    return False


@pytest.fixture
def index(open_at: OpenStore, tmp_path: Path) -> Path:
    """The index of a store with one entry, closed."""
    store = open_at()
    assert stored(store)
    store.close(30)
    return tmp_path / "cache/v1/index.sqlite"


def overwrite_start(index: Path) -> None:
    with index.open("r+b") as file:
        file.write(os.urandom(4096))


def overwrite_all(index: Path) -> None:
    index.write_bytes(os.urandom(index.stat().st_size))


def overwrite_pages(index: Path) -> None:
    with index.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(index.stat().st_size - 4096))


def drop_a_table(index: Path) -> None:
    with sqlite3.connect(index) as connection:
        connection.execute("DROP TABLE entries")
    connection.close()


def another_version(index: Path) -> None:
    with sqlite3.connect(index) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()


def another_schema(index: Path) -> None:
    index.unlink()
    with sqlite3.connect(index) as connection:
        connection.execute("CREATE TABLE entries (x)")
        connection.execute("PRAGMA user_version = 1")
    connection.close()


DAMAGES = [
    overwrite_start,
    overwrite_all,
    overwrite_pages,
    drop_a_table,
    another_version,
    another_schema,
    lambda index: index.write_bytes(b"not a database"),
    lambda index: os.truncate(index, index.stat().st_size // 2),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_index_is_put_aside_and_a_new_one_begun(
    index: Path, open_at: OpenStore, warnings: list[str], damage: Callable[[Path], object]
) -> None:
    damage(index)
    store = open_at()
    assert not readable(store)
    assert stored(store)
    assert warnings
    assert len(warnings) <= 2
    assert [path.name for path in index.parent.glob("*.broken-*")]
    reopened = open_at()
    assert readable(reopened)


@pytest.mark.parametrize("damage", [overwrite_all, overwrite_pages, drop_a_table])
def test_an_index_that_breaks_while_it_is_open_is_put_aside(
    index: Path, open_at: OpenStore, damage: Callable[[Path], object]
) -> None:
    store = open_at()
    assert readable(store)
    connection = sqlite3.connect(index, isolation_level=None)
    connection.execute("UPDATE totals SET swept = swept + 1")  # the store has to read again
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    damage(index)
    readable(store)
    stored(store)
    assert stored(store)
    assert readable(open_at())


@pytest.mark.parametrize("damage", [b"", b"x" * 5000])
def test_a_log_of_garbage_loses_nothing_that_was_in_the_index(
    index: Path, open_at: OpenStore, damage: bytes
) -> None:
    index.with_name("index.sqlite-wal").write_bytes(damage)
    assert stored(open_at())


def test_only_the_newest_broken_index_is_kept(index: Path, open_at: OpenStore) -> None:
    for _ in range(3):
        overwrite_all(index)
        store = open_at()
        assert stored(store)
        store.close(30)
    assert len(list(index.parent.glob("*.broken-*"))) == 1


def test_a_directory_deleted_meanwhile_is_made_again(index: Path, open_at: OpenStore) -> None:
    store = open_at()
    assert readable(store)
    shutil.rmtree(index.parent.parent)
    assert not readable(store)
    assert stored(store)
    assert readable(open_at())


@pytest.mark.parametrize("part", ["blobs", "tmp", "index.sqlite"])
def test_a_part_of_the_directory_deleted_meanwhile_is_made_again(
    index: Path, open_at: OpenStore, part: str
) -> None:
    store = open_at()
    assert readable(store)
    path = index.with_name(part)
    path.unlink() if path.is_file() else shutil.rmtree(path)
    readable(store)
    stored(store)
    assert stored(store)
    assert readable(open_at())


def test_a_store_replaced_by_another_is_noticed(
    index: Path, open_at: OpenStore, tmp_path: Path
) -> None:
    store = open_at()
    assert readable(store)
    index.parent.rename(tmp_path / "old")
    other = open_at()
    assert stored(other, b"other")
    assert not readable(store)
    assert readable(store, b"other")


def full(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_a_reason_and_leaves_nothing_behind(
    index: Path, open_at: OpenStore, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_at()
    with monkeypatch.context() as patch:
        patch.setattr(blobs.os, "write", full)
        for number in range(3):
            publication = store.write(b"%d" % number, [], {}, LARGE)
            assert not publication.wait(30)
            assert "No space left" in publication.reason
    assert len(warnings) == 1
    assert not list((index.parent / "tmp").iterdir())
    assert readable(store)
    assert stored(store, b"again")


def test_a_disk_that_fills_up_at_the_end_is_a_reason(
    index: Path, open_at: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_at()
    with monkeypatch.context() as patch:
        patch.setattr(blobs.os, "fsync", full)
        publication = store.write(b"new", [], {}, LARGE)
        assert not publication.wait(30)
    assert "No space left" in publication.reason
    assert not list((index.parent / "tmp").iterdir())
    assert store.lookup(b"new") == []
    assert readable(store)


def test_the_last_bytes_of_a_disk_are_left_to_the_user(open_at: OpenStore, tmp_path: Path) -> None:
    reserve = shutil.disk_usage(tmp_path).free
    store = open_at(reserve=reserve)
    publication = store.write(KEY, [], {}, LARGE)
    assert not publication.wait(30)
    assert "nearly full" in publication.reason


def test_an_entry_larger_than_the_store_is_not_stored_without_a_warning(
    open_at: OpenStore, warnings: list[str]
) -> None:
    store = open_at(max_bytes=100_000)
    assert stored(store, b"small") is False
    assert store.write(b"tiny", [], {}, b"x").wait(30)
    publication = store.write(KEY, [], {}, LARGE)
    assert not publication.wait(30)
    assert "the cache has 100,000" in publication.reason
    assert len(store.lookup(b"tiny")) == 1
    assert not warnings


@pytest.mark.parametrize(
    ("dependencies", "payload", "buffers"),
    [({1, 2}, b"", []), ([], "text", []), ([], b"", [memoryview(b"abcd")[::2]]), ([], b"", [None])],
)
def test_what_can_not_be_stored_is_a_reason(
    store: Store, dependencies: object, payload: object, buffers: list[object]
) -> None:
    publication = store.write(KEY, dependencies, {}, payload, buffers)
    assert publication.done
    assert publication.reason
    assert store.lookup(KEY) == []
    assert not store.troubles


def test_a_process_that_can_start_no_thread_stores_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread at interpreter shutdown")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        publication = store.write(KEY, [], {}, LARGE)
        assert publication.reason == "no thread can be started"
        assert store.lookup(KEY) == []
        assert store.flush(1)
    assert not list((tmp_path / "cache/v1/tmp").iterdir())
    assert stored(store)


def test_a_slow_disk_holds_up_a_lookup_for_a_moment_only(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(blobs.Draft, "settle", lambda _: go_on.wait(60))
    publications = [store.write(KEY, [n], {}, LARGE) for n in range(10)]
    assert store.lookup(KEY, wait=0.2) == []  # what was waited for to its end would be found
    go_on.set()
    assert all(publication.wait(30) for publication in publications)
    assert len(store.lookup(KEY)) == 10


def test_a_locked_index_is_a_miss_after_a_moment_then_at_once(
    index: Path, open_at: OpenStore, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("akernel_ipy.store.access.REST", 1e6)  # however slow the machine is
    store = open_at()
    assert readable(store)
    blocker = sqlite3.connect(index, isolation_level=None)
    # A stuck process that holds what readers need: only another mode than the log's can do that.
    blocker.execute("PRAGMA locking_mode = EXCLUSIVE")
    store.close(30)
    blocker.execute("BEGIN EXCLUSIVE")
    blocker.execute("UPDATE totals SET swept = 0")
    assert not readable(store)
    asked: list[object] = []
    for _ in range(100):
        assert not readable(store)
        store.access.attempt(asked.append)
    assert not asked
    assert len(warnings) == 1
    assert "locked" in warnings[0]
    blocker.execute("COMMIT")
    blocker.close()
    assert readable(open_at())


def test_a_process_that_writes_does_not_hold_up_lookups(index: Path, open_at: OpenStore) -> None:
    store = open_at()
    blocker = sqlite3.connect(index, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    publication = store.write(b"later", [], {}, LARGE)
    assert readable(store)
    assert not publication.done
    blocker.execute("ROLLBACK")
    blocker.close()
    assert publication.wait(30)


@POSIX
@ROOT
@pytest.mark.parametrize("clean", [True, False])
def test_a_read_only_store_is_read_and_nothing_is_written(
    open_at: OpenStore, tmp_path: Path, clean: bool
) -> None:
    store = open_at()
    assert stored(store)
    if clean:
        store.close(30)
    for path in [tmp_path / "cache", *(tmp_path / "cache").rglob("*"), *(tmp_path.rglob("state*"))]:
        os.chown(path, 12345, -1)
    os.chown(tmp_path / "state/cache.key", 12345, -1)
    for path in [*(tmp_path / "cache/v1").rglob("*")]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    (tmp_path / "cache/v1").chmod(0o500)
    for parent in (tmp_path, *tmp_path.parents):
        if parent == Path(tempfile.gettempdir()):
            break
        parent.chmod(0o755)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setuid(12345)
            reader = open_at()
            found = readable(reader)
            publication = reader.write(b"new", [], {}, LARGE)
            assert not publication.wait(10)
            if clean:
                assert found
                assert "read-only" in publication.reason
            for record in reader.lookup(KEY):
                reader.touch(record)
            reader.flush(10)
            assert readable(reader) == found
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
