"""A second tier behind a URL: what one machine stored, another finds."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from akernel_ipy.store import CacheStore, Store, remote

from .conftest import OpenStore

fsspec = pytest.importorskip("fsspec")

KEY = b"k" * 32
LARGE = np.arange(100_000.0)


@pytest.fixture(params=["memory", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "file":
        yield (tmp_path / "remote").as_uri()
    else:
        yield "memory://akernel-tests/tier"
        fsspec.filesystem("memory").store.clear()


@pytest.fixture
def machine(open_at: OpenStore, tmp_path: Path, url: str) -> Any:
    """Open a store on a machine of its own, with the second tier they share."""

    def machine(name: str, **options: Any) -> Store:
        return open_at(tmp_path / name, **{"remote": url, **options})

    return machine


def put(store: Store, number: int = 1, deps: object = None) -> None:
    publication = store.write(KEY, deps, {"n": number}, b"%d" % number, [b"s", LARGE])
    assert publication.wait(30), publication.reason
    assert store.flush(30)


def get(store: Store) -> bytes | None:
    """The payload of the first entry that can be read."""
    for record in store.lookup(KEY):
        stored = store.read(record)
        if stored:
            assert bytes(stored.buffers[0]) == b"s"
            assert np.array_equal(np.frombuffer(stored.buffers[1]), LARGE)
            return bytes(stored.payload)
    return None


def objects(url: str) -> list[str]:
    fs, root = fsspec.core.url_to_fs(url)
    return sorted(path for path in fs.find(root))


def rewrite(url: str, kind: str, data: bytes) -> None:
    """Change the only object of a kind."""
    fs, _ = fsspec.core.url_to_fs(url)
    (path,) = [path for path in objects(url) if f"/{kind}/" in path]
    fs.pipe_file(path, data)


def content(url: str, kind: str) -> bytes:
    fs, _ = fsspec.core.url_to_fs(url)
    (path,) = [path for path in objects(url) if f"/{kind}/" in path]
    return bytes(fs.cat_file(path))


def test_another_machine_finds_what_one_stored(machine: Any, warnings: list[str]) -> None:
    put(machine("one"))
    other = machine("other")
    assert get(other) == b"1"
    assert not warnings


def test_what_was_found_stays_when_the_second_tier_is_gone(
    machine: Any, open_at: OpenStore, tmp_path: Path
) -> None:
    put(machine("one"))
    other = machine("other")
    assert get(other) == b"1"
    other.close(30)
    assert get(open_at(tmp_path / "other")) == b"1"


def test_a_blob_that_is_there_is_not_stored_again(machine: Any, url: str) -> None:
    put(machine("one"), 1, ["a"])
    put(machine("two"), 2, ["b"])
    kinds = [path.split("/")[-3] for path in objects(url)]
    assert sorted(kinds) == ["blobs", "entries", "entries"]
    assert not [path for path in objects(url) if path.endswith(".part")]


def test_the_directory_comes_first_and_more_asks_the_second_tier(machine: Any) -> None:
    one, two = machine("one"), machine("two")
    put(one, 1, ["a"])
    put(two, 2, ["b"])
    assert [record.dependencies for record in one.lookup(KEY)] == [["a"]]
    assert {record.dependencies[0] for record in one.more(KEY)} == {"a", "b"}
    assert get(one) is not None


def test_without_a_second_tier_there_is_no_more(store: Store) -> None:
    assert store.write(KEY, [], {}, b"").wait(30)
    assert store.more(KEY) == []


def test_another_key_sees_nothing_and_disturbs_nothing(
    machine: Any, tmp_path: Path, warnings: list[str]
) -> None:
    put(machine("one"), 1)
    stranger = machine("stranger", key_file=tmp_path / "stranger-state" / "key")
    assert get(stranger) is None
    put(stranger, 2)
    assert get(machine("other")) == b"1"
    assert not warnings


@pytest.mark.parametrize("kind", ["entries", "blobs"])
@pytest.mark.parametrize("damage", ["altered", "truncated", "empty", "longer"])
def test_a_damaged_object_is_a_miss_and_can_be_stored_again(
    machine: Any, url: str, warnings: list[str], kind: str, damage: str
) -> None:
    put(machine("one"))
    data = content(url, kind)
    altered = data[:50] + bytes([data[50] ^ 1]) + data[51:]
    forms = {"altered": altered, "truncated": data[:-9], "empty": b"", "longer": data + b"x"}
    rewrite(url, kind, forms[damage])
    other = machine("other")
    harmless = kind == "blobs" and damage == "longer"
    assert get(other) == (b"1" if harmless else None)
    assert bool(warnings) != harmless
    assert other.flush(30)
    put(other)
    assert get(machine("third")) == b"1"


def test_an_entry_moved_to_another_key_is_a_miss(
    machine: Any, url: str, warnings: list[str]
) -> None:
    put(machine("one"))
    fs, _ = fsspec.core.url_to_fs(url)
    (path,) = [path for path in objects(url) if "/entries/" in path]
    target = path.replace(KEY.hex(), (b"x" * 32).hex())
    fs.makedirs(target.rpartition("/")[0], exist_ok=True)
    fs.mv(path, target)
    assert machine("other").lookup(b"x" * 32) == []
    assert len(warnings) == 1


def test_a_url_that_leads_nowhere_is_told_once_and_the_directory_works(
    open_at: OpenStore, tmp_path: Path, warnings: list[str]
) -> None:
    (tmp_path / "file").touch()
    store = open_at(remote=(tmp_path / "file" / "below").as_uri())
    put(store)
    put(store, 2)
    assert get(store) == b"2"
    assert store.lookup(b"absent") == []
    assert store.lookup(b"absent too") == []
    assert [text.split(" ")[0] for text in warnings] == ["nothing", "the"]  # written, read
    assert "second tier" in warnings[0]


def test_an_unknown_protocol_is_one_warning(open_at: OpenStore, warnings: list[str]) -> None:
    store = open_at(remote="nowhere://bucket/cache")
    put(store)
    assert get(store) == b"1"
    assert len(warnings) == 1


def test_a_second_tier_that_hangs_is_left_alone_after_a_while(
    open_at: OpenStore, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for_ever = threading.Event()
    calls = []

    def hang(*_: object) -> list[bytes]:
        calls.append(1)
        for_ever.wait(60)
        return []

    monkeypatch.setattr(remote._Tier, "entries", hang)
    monkeypatch.setattr(remote, "LOOKUP_PATIENCE", 0.2)
    store = open_at(remote="memory://akernel-tests/hangs")
    assert store.lookup(KEY) == []
    assert store.lookup(b"other") == []
    for_ever.set()
    assert len(calls) == 1
    assert len(warnings) == 1
    assert "no answer" in warnings[0]


def test_who_may_only_read_goes_on_reading(
    machine: Any, url: str, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(machine("one"))
    fs, _ = fsspec.core.url_to_fs(url)
    plain = type(fs).open

    def refused(self: Any, path: str, mode: str = "rb", **options: Any) -> Any:
        if "w" in mode:
            raise PermissionError(f"you may not write {path}")
        return plain(self, path, mode, **options)

    monkeypatch.setattr(type(fs), "open", refused)
    reader = machine("two")
    publication = reader.write(b"other key", None, None, b"2", [LARGE])
    assert publication.wait(30)
    assert reader.flush(30)
    (warning,) = warnings
    assert warning.startswith(f"nothing is stored in the cache's second tier {url}: Permission")
    assert get(reader) == b"1"
    assert len(reader.lookup(b"other key")) == 1


def test_an_upload_that_fails_leaves_nothing_half_written(
    machine: Any, url: str, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Any, write: Any) -> None:
        write(source.read(100))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(remote, "_copy", full)
    store = machine("one")
    put(store)
    assert "No space left" in warnings[0]
    assert not [path for path in objects(url) if path.endswith(".part") or "/entries/" in path]
    assert get(store) == b"1"


def test_a_key_that_is_nowhere_is_not_asked_for_again_at_once(
    machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    entries = remote._Tier.entries
    monkeypatch.setattr(
        remote._Tier, "entries", lambda tier, key: (calls.append(key), entries(tier, key))[1]
    )
    store = machine("one")
    assert store.lookup(KEY) == store.lookup(KEY) == []
    assert calls == [KEY]


def test_a_blob_that_is_gone_everywhere_is_a_miss(
    machine: Any, url: str, warnings: list[str]
) -> None:
    put(machine("one"))
    fs, _ = fsspec.core.url_to_fs(url)
    (path,) = [path for path in objects(url) if "/blobs/" in path]
    fs.rm(path)
    assert get(machine("other")) is None
    assert len(warnings) == 1


def test_a_directory_that_was_lost_is_filled_again(
    machine: Any, tmp_path: Path, warnings: list[str]
) -> None:
    store = machine("one")
    put(store)
    shutil.rmtree(tmp_path / "one")
    assert get(store) == b"1"


def test_the_second_tier_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    url = (tmp_path / "remote").as_uri()
    store = CacheStore(directory=str(tmp_path / "cache"), remote=url).open()
    put(store)
    store.close(30)
    assert len(objects(url)) == 2
