"""What goes into a store comes out of it, to everybody who may have it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from akernel_ipy.store import NOTE, Record, Store

from .conftest import OpenStore

KEY = b"k" * 32


def put(store: Store, key: bytes = KEY, deps: object = None, payload: bytes = b"p") -> Record:
    """Store, and give the record."""
    publication = store.write(key, deps, {"seconds": 1.5}, payload)
    assert publication.wait(30), publication.reason
    return store.lookup(key)[0]


def test_an_entry_comes_back_with_all_that_was_said_about_it(store: Store) -> None:
    deps = {"files": [["a.csv", "ab12", None]], "ü": [True, 1, 1.5]}
    assert store.write(KEY, deps, {"seconds": 2}, b"payload", []).wait(30)
    (record,) = store.lookup(KEY)
    assert record.key == KEY
    assert record.dependencies == deps
    assert record.meta == {"seconds": 2}
    stored = store.read(record)
    assert stored is not None
    assert bytes(stored.payload) == b"payload"
    assert stored.payload.readonly
    assert stored.buffers == []


def test_a_key_that_was_never_stored_is_a_miss_without_a_warning(
    store: Store, warnings: list[str]
) -> None:
    assert store.lookup(b"other") == []
    assert not warnings


@pytest.mark.parametrize("payload", [0, 1, 65_536, 65_537, 300_000])
@pytest.mark.parametrize(
    "sizes", [[], [0], [1], [65_535], [65_536], [65_537], [0, 7, 0], [40_000] * 3, [10, 200_000, 3]]
)
def test_buffers_of_every_size_come_back_writable_and_aligned(
    open_at: OpenStore, payload: int, sizes: list[int]
) -> None:
    random = np.random.default_rng(1)
    buffers = [random.integers(0, 256, size, np.uint8) for size in sizes]
    body = random.bytes(payload)
    with_it = open_at()
    assert with_it.write(KEY, [], {}, body, buffers).wait(30)
    with_it.close()
    reader = open_at()
    for _ in range(2):  # what is written to a buffer stays in this process
        stored = reader.read(reader.lookup(KEY)[0])
        assert stored is not None
        assert stored.payload == body
        for buffer, expected in zip(stored.buffers, buffers, strict=True):
            restored = np.frombuffer(buffer, np.uint8)
            assert np.array_equal(restored, expected)
            if len(restored):
                assert restored.ctypes.data % 16 == 0
                restored[:] = 0


def test_what_is_changed_after_a_write_is_stored_as_it_was(store: Store) -> None:
    array = np.ones(1_000_000)
    payload = bytearray(b"x" * 100)
    publication = store.write(KEY, [], {}, payload, [array])
    array[:] = 2
    payload[:] = b"y" * 100
    assert publication.wait(30)
    stored = store.read(store.lookup(KEY)[0])
    assert stored is not None
    assert stored.payload == b"x" * 100
    assert np.frombuffer(stored.buffers[0]).sum() == 1_000_000


def test_a_lookup_right_after_a_write_finds_it(store: Store) -> None:
    store.write(KEY, [], {}, b"p", [np.zeros(3_000_000)])
    assert len(store.lookup(KEY, wait=30)) == 1


def test_notes_about_entries_are_not_counted_as_entries(store: Store) -> None:
    put(store)
    put(store, NOTE + KEY)
    assert store.stats().entries == len(store.entries()) == 1
    assert store.clear().entries == 1
    assert store.lookup(NOTE + KEY) == []


def test_an_entry_takes_the_place_of_the_one_with_equal_dependencies(store: Store) -> None:
    put(store, deps=[1], payload=b"old")
    put(store, deps=[2], payload=b"other")
    put(store, deps=[1], payload=b"new")
    records = store.lookup(KEY)
    assert [record.dependencies for record in records] == [[1], [2]]
    stored = store.read(records[0])
    assert stored is not None
    assert stored.payload == b"new"
    assert store.stats().entries == 2


def test_the_most_recently_used_variant_comes_first(store: Store) -> None:
    for number in range(3):
        put(store, deps=[number])
    records = store.lookup(KEY)
    store.touch(records[-1])
    store.flush(30)
    again = store.lookup(KEY)
    assert [record.dependencies for record in again] == [[0], [2], [1]]
    assert [record.hits for record in again] == [1, 0, 0]


def test_equal_buffers_are_stored_once(store: Store, tmp_path: Path) -> None:
    array = np.arange(100_000)
    for number in range(3):
        assert store.write(b"%d" % number, [], {}, b"p", [array, array]).wait(30)
    blobs = [file for file in (tmp_path / "cache/v1/blobs").rglob("*") if file.is_file()]
    assert [file.stat().st_size for file in blobs] == [array.nbytes]
    assert array.nbytes < store.stats().bytes < array.nbytes + 10_000


def test_the_least_recently_used_goes_when_the_store_is_full(open_at: OpenStore) -> None:
    store = open_at(max_bytes=1_000_000)
    arrays = [np.random.default_rng(n).bytes(300_000) for n in range(5)]
    for number in (0, 1, 2):
        put(store, b"%d" % number, payload=arrays[number])
    store.touch(store.lookup(b"0")[0])
    for number in (3, 4):
        put(store, b"%d" % number, payload=arrays[number])
    assert [bool(store.lookup(b"%d" % number)) for number in range(5)] == [1, 0, 0, 1, 1]
    assert store.stats().bytes <= 1_000_000


def test_a_mapped_buffer_survives_the_eviction_of_its_file(store: Store) -> None:
    array = np.arange(1_000_000.0)
    assert store.write(KEY, [], {}, b"p", [array]).wait(30)
    stored = store.read(store.lookup(KEY)[0])
    assert stored is not None
    assert store.clear().entries == 1
    assert np.array_equal(np.frombuffer(stored.buffers[0]), array)
