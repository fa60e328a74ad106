"""marimo's persistent cache, in a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from benchmarks.errors import KernelDiedError, UnsupportedError

from ._installed import version_of

_SCRIPT = Path(__file__).with_name("marimo_memory.py")


class MarimoCache:
    """Calls of a function under ``@mo.persistent_cache``; time is taken there."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def look(self, size: int) -> tuple[float, float]:
        """Seconds of a first and of a second call that makes an array of so many MiB."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(size, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise KernelDiedError("marimo's process died")
        first, again = json.loads(line)
        return first, again


@contextmanager
def marimo_cache(python: str, home: Path) -> Iterator[MarimoCache]:
    """Start the process; numpy is this interpreter's, if the peers' has none."""
    version_of("marimo", python)
    numpy = find_spec("numpy")
    if numpy is None or not numpy.submodule_search_locations:
        raise UnsupportedError("numpy is not installed")
    packages = str(Path(numpy.submodule_search_locations[0]).parent)
    process = subprocess.Popen(
        [python, str(_SCRIPT), str(home / "marimo"), packages],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield MarimoCache(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
