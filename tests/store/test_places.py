"""The directory of the cache is the user's, and closed to others."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from akernel_ipy.store import CacheStore
from akernel_ipy.store.places import default_directory

from .conftest import OpenStore
from .test_keys import POSIX, ROOT, mode


def use(open_at: OpenStore, directory: Path) -> str:
    """Store something; give the reason if that didn't work."""
    publication = open_at(directory).write(b"k", [], {}, b"p" * 100_000)
    publication.wait(30)
    return publication.reason


@POSIX
def test_all_that_is_made_is_closed_to_others(open_at: OpenStore, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        assert not use(open_at, tmp_path / "new" / "cache")
    finally:
        os.umask(old)
    made = [tmp_path / "new/cache", *(tmp_path / "new/cache").rglob("*")]
    assert len(made) > 5
    assert not [path for path in made if mode(path) & 0o077]


@POSIX
@pytest.mark.parametrize("bits", [0o777, 0o770, 0o755, 0o707])
def test_a_cache_directory_that_is_open_to_others_is_closed(
    open_at: OpenStore, tmp_path: Path, warnings: list[str], bits: int
) -> None:
    cache = tmp_path / "cache"
    assert not use(open_at, cache)
    (cache / "v1").chmod(bits)
    cache.chmod(bits)
    assert not use(open_at, cache)
    assert mode(cache) == mode(cache / "v1") == 0o700
    assert len(warnings) == (2 if bits & 0o022 else 0)


@POSIX
def test_a_directory_with_other_things_in_it_keeps_its_mode(
    open_at: OpenStore, tmp_path: Path
) -> None:
    shared = tmp_path / "project"
    shared.mkdir()
    (shared / "notebook.ipynb").touch()
    shared.chmod(0o755)
    assert not use(open_at, shared)
    assert mode(shared) == 0o755
    assert mode(shared / "v1") == 0o700


@POSIX
def test_a_directory_like_tmp_keeps_its_mode(open_at: OpenStore, tmp_path: Path) -> None:
    public = tmp_path / "public"
    public.mkdir()
    public.chmod(0o1777)
    assert not use(open_at, public)
    assert stat.S_IMODE(public.stat().st_mode) == 0o1777


@POSIX
@ROOT
def test_a_store_of_another_user_is_refused(open_at: OpenStore, tmp_path: Path) -> None:
    (tmp_path / "cache" / "v1").mkdir(parents=True)
    os.chown(tmp_path / "cache" / "v1", 12345, -1)
    assert "owned by another user; choose another" in use(open_at, tmp_path / "cache")


@POSIX
def test_a_link_in_place_of_the_store_is_refused(open_at: OpenStore, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cache" / "v1").symlink_to(tmp_path / "elsewhere")
    assert "delete it" in use(open_at, tmp_path / "cache")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_cache_that_would_contain_its_key_is_refused(open_at: OpenStore, tmp_path: Path) -> None:
    assert "contains its own key" in use(open_at, tmp_path)
    assert not (tmp_path / "v1").exists()


def test_a_file_in_place_of_the_directory_is_a_reason(open_at: OpenStore, tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    assert "File exists" in use(open_at, tmp_path / "cache")


def test_the_environment_says_where_and_how_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AKERNEL_CACHE_DIR", str(tmp_path / "there"))
    monkeypatch.setenv("AKERNEL_CACHE_SIZE", "123456")
    store = CacheStore().open()
    assert store.directory == tmp_path / "there"
    assert store.max_bytes == 123_456
    assert not (tmp_path / "there").exists()
    assert CacheStore(max_bytes=5, directory=str(tmp_path)).open().max_bytes == 5


def test_a_relative_directory_stays_where_it_was_when_the_process_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AKERNEL_CACHE_DIR", "here")
    store = CacheStore().open()
    monkeypatch.chdir("/")
    assert store.directory == tmp_path / "here"


def test_without_settings_the_cache_is_below_the_data_of_jupyter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AKERNEL_CACHE_DIR", raising=False)
    monkeypatch.delenv("AKERNEL_CACHE_SIZE", raising=False)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    assert default_directory() == tmp_path / "akernel" / "cache"
    assert CacheStore().open().max_bytes == 10 * 2**30


def test_a_size_that_is_none_is_told_and_the_default_holds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AKERNEL_CACHE_SIZE", "plenty")
    settings = CacheStore()
    settings.log.addHandler(caplog.handler)
    try:
        assert settings.max_bytes == 10 * 2**30
    finally:
        settings.log.removeHandler(caplog.handler)
    assert "AKERNEL_CACHE_SIZE: 'plenty'" in caplog.text
