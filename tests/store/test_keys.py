"""The key that signs entries is the user's alone, or it isn't used."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from akernel_ipy.core.errors import StoreError
from akernel_ipy.store.keys import default_key_file, load_key, state_home

from .conftest import OpenStore

POSIX = pytest.mark.skipif(os.name == "nt", reason="modes and owners are POSIX's")
ROOT = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away"
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_made_once_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "state" / "akernel" / "cache.key"
    key = load_key(path)
    assert len(key) == 32
    assert load_key(path) == key
    assert load_key(tmp_path / "another.key") != key
    assert [file.name for file in path.parent.iterdir()] == ["cache.key"]


@POSIX
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_key_is_readable_by_the_user_alone(tmp_path: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        load_key(tmp_path / "akernel" / "cache.key")
    finally:
        os.umask(old)
    assert mode(tmp_path / "akernel" / "cache.key") == 0o600
    assert mode(tmp_path / "akernel") == 0o700


@POSIX
@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o602, 0o644, 0o666, 0o777])
def test_a_key_that_others_can_get_at_is_refused(tmp_path: Path, bits: int) -> None:
    path = tmp_path / "cache.key"
    load_key(path)
    path.chmod(bits)
    with pytest.raises(StoreError, match=f"mode {bits:04o}.*chmod 600"):
        load_key(path)


@POSIX
@ROOT
def test_a_key_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cache.key"
    load_key(path)
    os.chown(path, 12345, -1)
    with pytest.raises(StoreError, match="owned by another user"):
        load_key(path)


@POSIX
@ROOT
def test_a_key_in_the_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "akernel").mkdir()
    os.chown(tmp_path / "akernel", 12345, -1)
    with pytest.raises(StoreError, match="XDG_STATE_HOME"):
        load_key(tmp_path / "akernel" / "cache.key")


@POSIX
def test_a_directory_of_the_key_that_others_can_write_to_is_closed(tmp_path: Path) -> None:
    (tmp_path / "akernel").mkdir()
    (tmp_path / "akernel").chmod(0o777)
    load_key(tmp_path / "akernel" / "cache.key")
    assert mode(tmp_path / "akernel") == 0o700


@POSIX
def test_a_link_is_no_key(tmp_path: Path) -> None:
    load_key(tmp_path / "real.key")
    (tmp_path / "cache.key").symlink_to(tmp_path / "real.key")
    with pytest.raises(StoreError, match="can't be used"):
        load_key(tmp_path / "cache.key")
    (tmp_path / "dangling.key").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StoreError, match="can't be used"):
        load_key(tmp_path / "dangling.key")
    assert not (tmp_path / "nowhere").exists()


@POSIX
def test_a_pipe_is_no_key_and_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "cache.key", 0o600)
    with pytest.raises(StoreError, match="no regular file"):
        load_key(tmp_path / "cache.key")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "akernel-cache-key-1 ",
        "akernel-cache-key-1 00\n",
        "akernel-cache-key-1 " + "00" * 33,
        "akernel-cache-key-1 " + "zz" * 32,
        "akernel-cache-key-2 " + "00" * 32,
        "\udcff",
    ],
)
def test_a_damaged_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "cache.key"
    path.touch(0o600)
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(StoreError, match="delete it to begin anew"):
        load_key(path)


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "akernel" / "cache.key"
    code = (
        "import sys; from pathlib import Path; from akernel_ipy.store.keys import load_key\n"
        "sys.stdin.readline(); print(load_key(Path(sys.argv[1])).hex())"
    )
    command = [sys.executable, "-c", code, str(path)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    keys = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert keys == {load_key(path).hex()}


def test_a_file_system_without_links_has_a_key_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_link)
    key = load_key(tmp_path / "cache.key")
    assert load_key(tmp_path / "cache.key") == key
    assert mode(tmp_path / "cache.key") == 0o600


def test_the_key_lies_in_the_state_directory_of_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_key_file() == tmp_path / "akernel" / "cache.key"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert state_home() == tmp_path / ".local" / "state"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert state_home() == tmp_path / "Library" / "Application Support"


@POSIX
def test_a_refused_key_makes_every_lookup_a_miss_and_warns_once(
    open_at: OpenStore, tmp_path: Path, warnings: list[str]
) -> None:
    first = open_at()
    assert first.write(b"k", [], {}, b"p").wait(30)
    first.close(30)
    (tmp_path / "state/cache.key").chmod(0o640)
    store = open_at()
    assert store.lookup(b"k") == []
    publication = store.write(b"k", [], {}, b"p")
    assert not publication.wait(30)
    assert "chmod 600" in publication.reason
    assert len(warnings) == 1
    assert store.troubles == warnings
