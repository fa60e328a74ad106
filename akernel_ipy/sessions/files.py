"""The files of notebooks, found by the ids of their cells."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

#: Seconds that a search may take; every session waits for it.
PATIENCE = 0.3

#: Bytes of the largest file that is read.
LARGEST = 20_000_000

_SKIPPED = {"node_modules", "__pycache__", "site-packages"}


class NotebookFiles:
    """Looks for notebooks where Jupyter has shown them to the kernel.

    Those are its working directory, the directory of the notebook that it was started for, and what
    lies below the server's root, if the server runs on this machine.
    """

    def __init__(self) -> None:
        started_for = os.environ.get("JPY_SESSION_NAME")
        self._near: list[Path] = []
        with suppress(OSError):  # it may be gone
            self._near.append(Path.cwd())
        if started_for and os.path.isabs(started_for):
            self._near.append(Path(started_for).parent)

    def with_cell(self, cell_id: str) -> list[frozenset[str]]:
        """Give the ids of the cells of each notebook that has a certain one."""
        return [ids for _, ids in self._search({cell_id})]

    def path_of(self, cells: Iterable[str]) -> str | None:
        """Give the notebook that has most of some cells."""
        wanted = set(cells)
        found = [(len(wanted & ids), path) for path, ids in self._search(wanted)]
        return str(max(found, key=lambda one: one[0])[1]) if found else None

    def _search(self, cells: set[str]) -> Iterator[tuple[Path, frozenset[str]]]:
        wanted = [f'"{cell}"'.encode() for cell in cells]
        deadline = time.monotonic() + PATIENCE
        for path in self._paths(deadline):
            if time.monotonic() > deadline:
                return
            try:
                text = path.read_bytes() if path.stat().st_size <= LARGEST else b""
            except OSError:
                continue
            if any(cell in text for cell in wanted):
                ids = cell_ids(text)
                if ids & cells:
                    yield path, ids

    def _paths(self, deadline: float) -> Iterator[Path]:
        seen: set[Path] = set()
        root = server_root()
        for directory in self._near:
            yield from _new(_notebooks_in(directory, deadline, deep=False), seen)
        if root is not None:
            yield from _new(_notebooks_in(root, deadline, deep=True), seen)


def cell_ids(text: bytes) -> frozenset[str]:
    """Give the ids of the cells of a notebook's file."""
    try:
        cells = json.loads(text)["cells"]
        return frozenset(str(cell["id"]) for cell in cells if "id" in cell)
    except (ValueError, KeyError, TypeError):
        return frozenset()


def server_root() -> Path | None:
    """Give the directory that the Jupyter server of this kernel shows, if it tells."""
    runtime, pid = os.environ.get("JUPYTER_RUNTIME_DIR"), os.environ.get("JPY_PARENT_PID")
    if not pid:
        return None
    if runtime is None:
        from jupyter_core.paths import jupyter_runtime_dir

        runtime = jupyter_runtime_dir()
    try:
        told = json.loads(Path(runtime, f"jpserver-{pid}.json").read_bytes())
        return Path(told["root_dir"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _new(paths: Iterable[Path], seen: set[Path]) -> Iterator[Path]:
    for path in paths:
        if path not in seen:
            seen.add(path)
            yield path


def _notebooks_in(directory: Path, deadline: float, *, deep: bool) -> Iterator[Path]:
    """Give the notebooks of a directory, and of those below it, near ones first."""
    waiting = [directory]
    for current in waiting:  # it grows
        if time.monotonic() > deadline:
            return
        try:
            entries = sorted(os.scandir(current), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.name in _SKIPPED:
                continue
            if entry.name.endswith(".ipynb"):
                yield Path(entry.path)
            elif deep and entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
