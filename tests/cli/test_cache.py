"""``akernel cache`` looks after the results that are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from runner.notebooks import write

from akernel_ipy.store import Store
from cli.command import Command


@pytest.fixture
def cache(akernel: Command) -> Path:
    """A cache with two entries, one of which saved 12 seconds."""
    akernel.env |= {
        "AKERNEL_CACHE_DIR": str(akernel.home / "cache"),
        "XDG_STATE_HOME": str(akernel.home / "state"),
    }
    store = Store(akernel.home / "cache", key_file=akernel.home / "state/akernel/cache.key")
    for key in (b"1", b"2"):
        assert store.write(key, [], {"seconds": 6.0}, key * 100_000).wait(30)
    for _ in range(2):
        store.touch(store.lookup(b"1")[0])
    store.close(30)
    return akernel.home / "cache"


def info(akernel: Command) -> Any:
    return json.loads(akernel.ok("cache", "info", "--json"))


def test_info_says_where_how_much_and_what_it_saved(akernel: Command, cache: Path) -> None:
    shown = akernel.ok("cache", "info")
    assert f"Directory  {cache}" in shown
    assert "Entries    2" in shown
    assert "2, which saved 12.0 s" in shown
    assert info(akernel)["bytes"] > 100_000


def test_the_size_that_is_shown_is_that_of_the_environment(akernel: Command, cache: Path) -> None:
    akernel.env["AKERNEL_CACHE_SIZE"] = "1000000"
    assert info(akernel)["max_bytes"] == 1_000_000


def test_prune_deletes_the_least_recently_used_beyond_a_size(akernel: Command, cache: Path) -> None:
    shown = akernel.ok("cache", "prune", "--max-bytes", "150kB")
    assert shown.startswith("Removed 1 entry")
    assert info(akernel)["hits"] == 2


def test_prune_deletes_what_was_not_used_for_a_while(akernel: Command, cache: Path) -> None:
    assert "Removed 0 entries" in akernel.ok("cache", "prune", "--older-than", "1h")
    assert "Removed 2 entries" in akernel.ok("cache", "prune", "--older-than", "0")


def test_clear_asks_first(akernel: Command, cache: Path) -> None:
    assert "Kept them" in akernel.ok("cache", "clear", stdin="n\n")
    assert "clear -y" in akernel.refused("cache", "clear", status=1)
    assert info(akernel)["entries"] == 2
    assert "Removed 2 entries" in akernel.ok("cache", "clear", stdin="y\n")
    assert info(akernel)["entries"] == 0


def test_another_directory_can_be_named(akernel: Command, cache: Path) -> None:
    cache.rename(akernel.home / "elsewhere")
    shown = akernel.ok("cache", "clear", "-y", "--cache-dir", akernel.home / "elsewhere")
    assert "Removed 2 entries" in shown


def test_no_cache_is_said_and_none_is_made(akernel: Command) -> None:
    akernel.env["AKERNEL_CACHE_DIR"] = str(akernel.home / "none")
    assert "there is no cache in" in akernel.refused("cache", "info", status=1)
    assert not (akernel.home / "none").exists()


def test_entries_of_another_key_are_told_apart(akernel: Command, cache: Path) -> None:
    akernel.env["XDG_STATE_HOME"] = str(akernel.home / "other")
    assert "2, 2 of them signed with another key" in akernel.ok("cache", "info")


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["prune", "--older-than", "soon"], "units s, m, min, h, d, w"),
        (["prune", "--max-bytes", "-1"], "units b, kb, mb"),
        (["prune", "old"], "unexpected 'old'"),
        (["inf"], "commands: info, clear, prune"),
    ],
)
def test_a_mistake_on_the_command_line_says_what_is_right(
    akernel: Command, cache: Path, words: list[str], remedy: str
) -> None:
    assert remedy in akernel.refused("cache", *words, status=2)
    assert info(akernel)["entries"] == 2


def test_a_key_that_others_can_read_is_refused_with_the_remedy(
    akernel: Command, cache: Path
) -> None:
    key = akernel.home / "state/akernel/cache.key"
    key.chmod(0o644)
    message = akernel.refused("cache", "info", status=1)
    assert f"chmod 600 {key}" in message


def test_an_installed_kernel_keeps_its_cache_where_it_was_told(akernel: Command) -> None:
    akernel.env["XDG_STATE_HOME"] = str(akernel.home / "state")
    akernel.ok("install", "cache", "--user", "--cache-dir", "there")
    cells = ["import time", "time.sleep(0.5)\nx = 'a' * 1000", "print(len(x))"]
    write(akernel.home / "notebook.ipynb", cells)
    words = ["run", "notebook.ipynb", "--kernel", "akernel-cache", "-o", "out.ipynb"]
    for hits in (0, 1):
        akernel.ok(*words)
        found = json.loads(akernel.ok("cache", "info", "--json", "--cache-dir", "there"))
        assert found["entries"] >= 1
        assert found["hits"] >= hits
    assert (akernel.home / "state/akernel/cache.key").stat().st_mode & 0o777 == 0o600
