"""The user's key: one file outside of every cache directory, readable by the user alone."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path

from ..core.errors import StoreError
from .digests import KEY_BYTES

#: Not defined on Windows, where a link takes a privilege to make.
NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)

_HEADER = "akernel-cache-key-1 "


def state_home() -> Path:
    """Give the directory for state of the user's programs, by the platform's custom."""
    if os.name == "nt":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    given = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(given):
        return Path(given)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path.home() / ".local" / "state"


def default_key_file() -> Path:
    """Give the place of the key that signs this user's entries."""
    return state_home() / "akernel" / "cache.key"


def load_key(path: Path) -> bytes:
    """Give the key; make it if there is none.

    Raises:
        StoreError: if others could have read or written it, or it is damaged.
    """
    try:
        _private_directory(path.parent)
        if not os.path.lexists(path):
            _create(path)
        return _read(path)
    except OSError as error:
        raise StoreError(
            f"the cache's key {path} can't be used: {error.strerror or error}"
        ) from error


def _private_directory(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "nt":
        return
    status = directory.stat()
    if status.st_uid != os.geteuid():
        raise StoreError(
            f"the directory of the cache's key, {directory}, is owned by another user; "
            "set XDG_STATE_HOME to a directory of your own"
        )
    if status.st_mode & 0o022:
        directory.chmod(0o700)


def _create(path: Path) -> None:
    """Write the key under another name, then give it its own, unless somebody was faster."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW
    descriptor = os.open(draft, flags, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(f"{_HEADER}{secrets.token_hex(KEY_BYTES)}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        _publish(draft, path)
    finally:
        os.unlink(draft)


def _publish(draft: Path, path: Path) -> None:
    """Link the finished draft: atomic, and never over a key that is there."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW, 0o600)
            with open(descriptor, "wb") as file:
                file.write(draft.read_bytes())


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | NOFOLLOW | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        _refuse_exposed(path, os.fstat(file.fileno()))
        text = file.read(1024).decode("ascii", "replace")
    try:
        if not text.startswith(_HEADER):
            raise ValueError
        key = bytes.fromhex(text.removeprefix(_HEADER))
        if len(key) != KEY_BYTES:
            raise ValueError
    except ValueError:
        raise StoreError(
            f"the cache's key {path} is damaged; delete it to begin anew "
            "(entries signed with it are lost)"
        ) from None
    return key


def _refuse_exposed(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise StoreError(f"the cache's key {path} is no regular file")
    if os.name == "nt":
        return
    if status.st_uid != os.geteuid():
        raise StoreError(f"the cache's key {path} is owned by another user")
    if status.st_mode & 0o077:
        raise StoreError(
            f"the cache's key {path} is accessible to others (mode "
            f"{stat.S_IMODE(status.st_mode):04o}): delete it, for somebody may know it, "
            f"or trust it with: chmod 600 {path}"
        )
