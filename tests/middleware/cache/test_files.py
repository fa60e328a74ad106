"""Files as inputs."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from akernel_ipy.middleware.cache import files


def test_an_edit_that_leaves_size_and_times_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("one")
    status = file.stat()
    first = files.digest(str(file))
    file.write_text("two")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert files.digest(str(file)) != first
    file.write_text("one")
    assert files.digest(str(file)) == first


def test_ways_to_depend_on_a_path(tmp_path: Path) -> None:
    file = tmp_path / "x"
    ways = (files.CONTENT, files.KIND, files.SIZE, files.STATUS)
    assert {files.digest(str(file), how) for how in ways} == {files.ABSENT}
    file.write_text("ab")
    before = {how: files.digest(str(file), how) for how in ways}
    file.write_text("cd")
    os.utime(file, ns=(1, 1))
    after = {how: files.digest(str(file), how) for how in ways}
    changed = {how for how in ways if before[how] != after[how]}
    assert changed == {files.CONTENT, files.STATUS}
    file.write_text("longer")
    assert files.digest(str(file), files.SIZE) != before[files.SIZE]
    assert files.digest(str(file), files.KIND) == before[files.KIND]


def test_a_listing_depends_on_names_alone(tmp_path: Path) -> None:
    (tmp_path / "b").touch()
    before = files.digest(str(tmp_path), files.LISTING)
    (tmp_path / "b").write_text("content")
    assert files.digest(str(tmp_path), files.LISTING) == before
    (tmp_path / "a").touch()
    assert files.digest(str(tmp_path), files.LISTING) != before
    assert files.digest(str(tmp_path / "gone"), files.LISTING) == files.ABSENT


def test_a_pattern_depends_on_what_matches(tmp_path: Path) -> None:
    pattern = str(tmp_path / "*.csv")
    before = files.digest(pattern, files.PATTERN)
    (tmp_path / "x.txt").touch()
    assert files.digest(pattern, files.PATTERN) == before
    (tmp_path / "x.csv").touch()
    assert files.digest(pattern, files.PATTERN) != before


def test_directories_and_what_can_not_be_read_are_told_apart(tmp_path: Path) -> None:
    assert files.digest(str(tmp_path)) == "directory"
    os.mkfifo(tmp_path / "pipe")
    assert files.digest(str(tmp_path / "pipe")) == "special"


@pytest.mark.parametrize(
    ("age", "fraction", "settled"),
    [(10.0, 5, True), (0.01, 5, False), (1.0, 0, False), (1.0, 5, True), (3.0, 0, True)],
)
def test_a_signature_is_trusted_only_when_a_later_edit_would_show(
    age: float, fraction: int, settled: bool
) -> None:
    changed = 1_000_000_000 * 1_700_000_000 + fraction
    found = (1, 2, 3, changed, changed, stat.S_IFREG)
    assert files.is_settled(found, changed / 1e9 + age) is settled
