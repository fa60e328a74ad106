"""Where a store is, and that nobody else can write there."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..core.errors import StoreError

#: The directory, below the cache directory, of this format. Another format takes another name.
FORMAT = "v1"

INDEX = "index.sqlite"

_TAG = """Signature: 8a477f597d28d172789f06886806bc55
# This directory holds results of notebook cells. It can be deleted at any time.
"""


def default_directory() -> Path:
    """Give the cache directory: ``AKERNEL_CACHE_DIR``, else below Jupyter's data directory."""
    given = os.environ.get("AKERNEL_CACHE_DIR", "")
    if given:
        return Path(given)
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "akernel" / "cache"


def prepare(directory: Path, key_file: Path, warn: Callable[[str], None]) -> tuple[Path, bool]:
    """Make the directories of a store; give the one that holds it, and whether it is read-only.

    A cache directory that exists may be anybody's, and hold other things: what the store needs to
    be its own is the directory within.

    Raises:
        StoreError: if they can't be made, aren't the user's, or contain the key.
    """
    root = directory / FORMAT
    try:
        if key_file.resolve().is_relative_to(directory.resolve()):
            raise StoreError(
                f"the cache directory {directory} contains its own key {key_file}; "
                "choose a directory of its own for the cache, or another XDG_STATE_HOME"
            )
        if _is_finished(root) and not os.access(root, os.W_OK):
            _own(root, warn)
            return root, True
        _make(directory, root, warn)
    except OSError as error:
        raise StoreError(
            f"the cache directory {directory} can't be used: {error.strerror or error}"
        ) from error
    return root, False


def _is_finished(root: Path) -> bool:
    """Tell whether a store is here to which nobody is writing."""
    return (root / INDEX).exists() and not (root / f"{INDEX}-wal").exists()


def _make(directory: Path, root: Path, warn: Callable[[str], None]) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _close_to_others(directory, warn)
    with suppress(FileExistsError):
        root.mkdir(mode=0o700)
    _own(root, warn)
    for name in ("blobs", "tmp"):
        with suppress(FileExistsError):
            (root / name).mkdir(mode=0o700)
    _tag(root)


def _close_to_others(directory: Path, warn: Callable[[str], None]) -> None:
    """Close a cache directory to others, if it holds nothing else and is the user's."""
    status = directory.stat()
    mode = stat.S_IMODE(status.st_mode)
    if os.name == "nt" or status.st_uid != os.geteuid() or not mode & 0o077 or mode & stat.S_ISVTX:
        return
    if {entry.name for entry in os.scandir(directory)} <= {FORMAT}:
        _close(directory, mode, warn)


def _own(root: Path, warn: Callable[[str], None]) -> None:
    """Make sure that `root` is a directory of the user, and closed to everybody else."""
    status = root.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise StoreError(f"{root} should be a directory of the cache; delete it")
    if os.name == "nt":
        return
    if status.st_uid != os.geteuid():
        raise StoreError(f"{root} is owned by another user; choose another cache directory")
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        _close(root, mode, warn)


def _close(directory: Path, mode: int, warn: Callable[[str], None]) -> None:
    directory.chmod(0o700)
    if mode & 0o022:
        warn(f"others could write to the cache directory {directory} (mode {mode:04o}); now 0700")


def _tag(root: Path) -> None:
    """Tell back-up programs that nothing here is worth keeping (bford.info/cachedir)."""
    tag = root / "CACHEDIR.TAG"
    if not tag.exists():
        tag.touch(0o600)
        tag.write_text(_TAG, encoding="utf-8")
