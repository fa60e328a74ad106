"""Files and directories as inputs: what they hold, asked before a run and before a hit."""

from __future__ import annotations

import glob
import os
import stat
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import blake2b
from importlib import import_module
from typing import Any

_blake3: Any = None
with suppress(ImportError):
    _blake3 = import_module("blake3").blake3

#: Bytes read at once.
CHUNK = 1 << 20

#: Ways to depend on a path: on its content; on whether it is there, and as what; on its size too;
#: on its size, mode and time of change too; on whether it is a link, and where to; on the names in
#: a directory; on the kinds of what is in it too; on their sizes and times too; on what a pattern
#: matches.
CONTENT, KIND, SIZE, STATUS, LINK, LISTING, SCAN, SCAN_STATUS, PATTERN = (
    "content", "kind", "size", "status", "link", "listing", "scan", "scan status", "pattern",
)  # fmt: skip

ABSENT = "absent"

#: Seconds within which two edits of a file may bear one time: of ext4 and the like, and of file
#: systems that keep whole seconds.
TICK, COARSE_TICK = 0.05, 2.0

#: What a file's digest was, by its path and its `signature`: kept only for old edits.
_digests: dict[tuple[str, Any], str] = {}


def signature(path: str) -> tuple[int, ...] | None:
    """What changes when a file is replaced or edited; None if it is not there."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns,
        status.st_mode,
    )  # fmt: skip


def is_settled(found: tuple[int, ...], now: float | None = None) -> bool:
    """Tell whether a later edit would show in a signature: the last one is not too young."""
    latest = max(found[3], found[4])
    tick = COARSE_TICK if latest % 1_000_000_000 == 0 else TICK
    return (time.time() if now is None else now) - latest / 1e9 > tick


def digest(path: str, how: str = CONTENT) -> str:
    """Say what a path is at this moment, in the way that a cell depends on it."""
    if how in _OTHERWISE:
        return _OTHERWISE[how](path)
    found = signature(path)
    if found is None:
        return ABSENT
    if how == CONTENT:
        return _content(path, found)
    kind = stat.S_IFMT(found[5])
    if how == KIND:
        return f"{kind:o}"
    return f"{kind:o} {found[2]}" if how == SIZE else f"{found[5]:o} {found[2]} {found[3]}"


def _content(path: str, found: tuple[int, ...]) -> str:
    if stat.S_ISDIR(found[5]):
        return "directory"
    if not stat.S_ISREG(found[5]):
        return "special"
    known = _digests.get((path, found))
    if known is not None:
        return known
    hasher: Any = blake2b(digest_size=32) if _blake3 is None else _blake3()
    try:
        with open(path, "rb", buffering=0) as file:
            while chunk := file.read(CHUNK):
                hasher.update(chunk)
    except OSError:
        return "unreadable"
    result = f"{'blake2b' if _blake3 is None else 'blake3'} {hasher.hexdigest()}"
    if is_settled(found) and signature(path) == found:
        if len(_digests) > 10_000:
            _digests.clear()
        _digests[path, found] = result
    return result


def _listing(path: str) -> str:
    try:
        return _hash(sorted(os.listdir(path)))
    except NotADirectoryError:
        return "file"
    except OSError:
        return ABSENT


def _scan(path: str, detailed: bool = False) -> str:
    try:
        with os.scandir(path) as entries:
            return _hash(sorted(_described(entry, detailed) for entry in entries))
    except NotADirectoryError:
        return "file"
    except OSError:
        return ABSENT


def _described(entry: os.DirEntry[str], detailed: bool) -> str:
    kind = f"{entry.is_dir():d}{entry.is_file():d}{entry.is_symlink():d}"
    if not detailed:
        return f"{entry.name}\0{kind}"
    status = entry.stat(follow_symlinks=False)
    return f"{entry.name}\0{kind} {status.st_mode:o} {status.st_size} {status.st_mtime_ns}"


def _link(path: str) -> str:
    try:
        kind = stat.S_IFMT(os.lstat(path).st_mode)
        return f"{kind:o} {os.readlink(path) if stat.S_ISLNK(kind) else ''}"
    except OSError:
        return ABSENT


def _pattern(path: str) -> str:
    return _hash(sorted(glob.glob(path, recursive=True)))


_OTHERWISE: dict[str, Callable[[str], str]] = {
    LINK: _link,
    LISTING: _listing,
    SCAN: _scan,
    SCAN_STATUS: lambda path: _scan(path, detailed=True),
    PATTERN: _pattern,
}


def _hash(names: Iterable[str]) -> str:
    text = "\0".join(names).encode("utf-8", "surrogateescape")
    return blake2b(text, digest_size=16).hexdigest()


def working_directory() -> str:
    """Where relative paths begin; empty if it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return ""
