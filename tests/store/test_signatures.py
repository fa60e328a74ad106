"""What wasn't stored by this user is a miss with a warning, and is never handed out."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from akernel_ipy.store import Store, digests

from .conftest import OpenStore

A, B = b"a" * 32, b"b" * 32
LARGE = {A: b"A" * 200_000, B: b"B" * 200_000}
SMALL = {A: b"one", B: b"two"}


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.fixture
def directory(open_at: OpenStore, tmp_path: Path) -> Path:
    """The directory of a store with two entries, each with small and large parts."""
    store = open_at()
    for key in (A, B):
        assert store.write(key, ["dep"], {"m": 1}, LARGE[key], [SMALL[key], LARGE[key]]).wait(30)
    store.close(30)
    return tmp_path / "cache" / "v1"


def edit(directory: Path, sql: str, *values: object) -> None:
    """Change the index as an intruder would."""
    connection = sqlite3.connect(directory / "index.sqlite")
    with connection:
        assert connection.execute(sql, values).rowcount > 0
    connection.close()


def blobs(directory: Path) -> list[Path]:
    return sorted(file for file in (directory / "blobs").rglob("*") if file.is_file())


def blob_of(directory: Path, content: bytes) -> Path:
    return next(file for file in blobs(directory) if file.read_bytes() == content)


def load(store: Store, key: bytes) -> object:
    """What the middleware does: it unpickles only what was read."""
    for record in store.lookup(key):
        stored = store.read(record)
        if stored:
            return pickle.loads(stored.payload)
    return None


def readable(store: Store, key: bytes) -> bool:
    found = [stored for record in store.lookup(key) if (stored := store.read(record))]
    for stored in found:
        assert stored.payload == LARGE[key]
        assert [bytes(buffer) for buffer in stored.buffers] == [SMALL[key], LARGE[key]]
    return bool(found)


OF_B = "(SELECT {0} FROM entries WHERE key = x'" + B.hex() + "')"
VARIANT = hashlib.blake2b(b'["x"]', digest_size=16).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        "created = created + 1",
        "meta = CAST('{\"m\":2}' AS BLOB)",
        f"dependencies = CAST('[\"x\"]' AS BLOB), variant = x'{VARIANT}'",
        "dependencies = CAST('[\"x\"]' AS BLOB)",
        f"layout = {OF_B.format('layout')}",
        f"signature = {OF_B.format('signature')}",
        "signature = x''",
        "variant = x'00'",
        # another type than the column's
        "meta = 5",
        "layout = 1e300",
        "created = 'yesterday'",
        "used = x'00'",
        "bytes = 'many'",
        "dependencies = CAST(x'ff00ff' AS TEXT)",
    ],
)
def test_an_altered_row_is_a_miss_with_one_warning(
    directory: Path, store: Store, warnings: list[str], change: str
) -> None:
    edit(directory, f"UPDATE entries SET {change} WHERE key = ?", A)
    assert store.lookup(A) == []
    assert len(warnings) == 1
    assert "altered" in warnings[0]
    assert store.flush(30)
    assert store.lookup(A) == []  # it was deleted, and nobody is told again
    assert len(warnings) == 1
    assert readable(store, B)


def test_the_algorithm_is_signed_too(directory: Path, store: Store, warnings: list[str]) -> None:
    pytest.importorskip("blake3")
    edit(directory, "UPDATE entries SET algorithm = CAST('blake2b' AS BLOB) WHERE key = ?", A)
    assert store.lookup(A) == []
    assert len(warnings) == 1


def test_a_row_moved_to_another_key_is_a_miss(
    directory: Path, store: Store, warnings: list[str]
) -> None:
    edit(directory, "DELETE FROM entries WHERE key = ?", A)
    edit(directory, "UPDATE entries SET key = ? WHERE key = ?", A, B)
    assert store.lookup(A) == []
    assert len(warnings) == 1


def swap(first: Path, second: Path) -> None:
    aside = first.with_name("aside")
    first.rename(aside)
    second.rename(first)
    aside.rename(second)


def truncate(blob: Path) -> None:
    os.truncate(blob, 100_000)


def alter_one_bit(blob: Path) -> None:
    data = bytearray(blob.read_bytes())
    data[150_000] ^= 1
    blob.write_bytes(data)


def link_elsewhere(blob: Path) -> None:
    copy = blob.with_name("copy")
    blob.rename(copy)
    blob.symlink_to(copy)


def replace_by_a_directory(blob: Path) -> None:
    blob.unlink()
    blob.mkdir()


DAMAGES = [
    truncate,
    alter_one_bit,
    link_elsewhere,
    Path.unlink,
    lambda blob: os.truncate(blob, 0),
    lambda blob: os.truncate(blob, 300_000),
    lambda blob: swap(blob, blob_of(blob.parents[2], LARGE[B])),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_blob_is_a_miss_with_one_warning_and_can_be_stored_again(
    directory: Path, store: Store, warnings: list[str], damage: Callable[[Path], None]
) -> None:
    damage(blob_of(directory, LARGE[A]))
    (record,) = store.lookup(A)
    assert store.read(record) is None
    assert store.read(record) is None
    assert len(warnings) == 1
    assert store.flush(30)
    assert store.lookup(A) == []
    assert store.write(A, ["dep"], {"m": 1}, LARGE[A], [SMALL[A], LARGE[A]]).wait(30)
    assert readable(store, A)


def test_a_directory_in_place_of_a_blob_is_a_miss(
    directory: Path, store: Store, warnings: list[str]
) -> None:
    replace_by_a_directory(blob_of(directory, LARGE[A]))
    assert not readable(store, A)
    assert len(warnings) == 1
    assert store.flush(30)
    assert readable(store, B)


@pytest.mark.parametrize(
    "change",
    [
        "data = CAST('six' AS BLOB)",
        "data = x''",
        "data = 1000000000000",
        "data = CAST(data AS TEXT)",
        "name = x'00'",
    ],
)
def test_altered_data_in_the_index_is_a_miss_with_one_warning(
    directory: Path, store: Store, warnings: list[str], change: str
) -> None:
    edit(directory, f"UPDATE inline SET {change} WHERE data = CAST('one' AS BLOB)")
    intact = change == "data = CAST(data AS TEXT)"
    assert readable(store, A) == intact
    assert len(warnings) == (not intact)
    assert readable(store, B)


def test_data_in_the_index_can_not_be_swapped(
    directory: Path, store: Store, warnings: list[str]
) -> None:
    edit(directory, "UPDATE inline SET entry = 3 - entry")
    assert not readable(store, A)
    assert not readable(store, B)
    assert len(warnings) == 2


def test_a_planted_entry_never_reaches_the_unpickler(
    open_at: OpenStore, tmp_path: Path, warnings: list[str]
) -> None:
    trap = tmp_path / "sprung"
    intruder = open_at(key_file=tmp_path / "intruder" / "key")
    for payload in (pickle.dumps(Bomb(trap)), pickle.dumps([Bomb(trap), b"x" * 100_000])):
        assert intruder.write(A, [len(payload)], {}, payload).wait(30)
    intruder.close(30)
    victim = open_at()
    assert load(victim, A) is None
    assert len(warnings) == 2
    signer = victim.lookup(B)  # opens what follows with the victim's key
    assert signer == []
    assert victim.write(B, [], {}, pickle.dumps(1)).wait(30)
    mine = "(SELECT signer FROM entries WHERE key = x'" + B.hex() + "')"
    edit(tmp_path / "cache/v1", f"UPDATE entries SET signer = {mine} WHERE key = ?", A)
    assert load(victim, A) is None
    assert not trap.exists()
    assert load(victim, B) == 1


def test_a_copied_cache_is_worth_nothing_under_another_key(
    directory: Path, open_at: OpenStore, tmp_path: Path, warnings: list[str]
) -> None:
    shutil.copytree(directory.parent, tmp_path / "copy")
    thief = open_at(tmp_path / "copy", key_file=tmp_path / "thief" / "key")
    for _ in range(2):
        assert thief.lookup(A) == thief.lookup(B) == []
    assert len(warnings) == 2
    assert all("another key" in text for text in warnings)
    assert thief.entries() == []
    assert thief.write(A, ["dep"], {}, b"mine").wait(30)
    assert [record.meta for record in thief.lookup(A)] == [{}]
    owner = open_at(tmp_path / "copy")
    assert owner.lookup(A) == []
    assert readable(owner, B)


def test_entries_of_either_algorithm_are_read_where_blake3_is_installed(
    open_at: OpenStore, monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    pytest.importorskip("blake3")
    with monkeypatch.context() as patch:
        patch.setattr(digests, "_blake3", lambda: None)
        plain = open_at()
        assert plain.write(A, ["dep"], {"m": 1}, LARGE[A], [SMALL[A], LARGE[A]]).wait(30)
        assert readable(plain, A)
        assert plain.lookup(A)[0].algorithm == "blake2b"
        plain.close(30)
    fast = open_at()
    assert readable(fast, A)
    assert fast.write(B, ["dep"], {"m": 1}, LARGE[B], [SMALL[B], LARGE[B]]).wait(30)
    assert fast.lookup(B)[0].algorithm == "blake3"
    fast.close(30)
    monkeypatch.setattr(digests, "_blake3", lambda: None)
    again = open_at()
    assert again.lookup(B) == []
    assert "needs blake3" in warnings[0]
    monkeypatch.undo()
    assert readable(open_at(), B)


def test_changing_a_restored_buffer_changes_no_entry(directory: Path, store: Store) -> None:
    stored = store.read(store.lookup(A)[0])
    assert stored is not None
    for buffer in stored.buffers:
        buffer[:] = bytes(len(buffer))
    assert readable(store, A)
