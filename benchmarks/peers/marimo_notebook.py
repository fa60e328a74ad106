"""marimo, driven in a process of its own through its own session."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.errors import FaultError, KernelDiedError
from benchmarks.kernel import Cell
from benchmarks.notebooks import Program, Wave
from benchmarks.sides import Setting, Side

from ._installed import version_of

_SESSION = Path(__file__).with_name("marimo_session.py")


class MarimoNotebook:
    """A marimo session; time is taken there, around the handling of one request."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._program: Program | None = None

    def build(self, program: Program) -> None:
        """Run all cells in one request, as marimo does when it opens a notebook."""
        self._program = program
        wave = self._run([program.root(0), *program.dependents()])
        wave.verify(program, 0)

    def run_root(self, value: int) -> Wave:
        """Run the root and what depends on it."""
        assert self._program is not None
        return self._run([self._program.root(value)])

    def _run(self, cells: Sequence[Cell]) -> Wave:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(
            json.dumps([(cell.id, cell.code) for cell in cells]),
            file=self._process.stdin,
            flush=True,
        )
        line = self._process.stdout.readline()
        if not line:
            raise KernelDiedError(f"marimo ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if not answer["shown"]:
            raise FaultError("marimo showed nothing")
        return Wave(answer["seconds"], answer["shown"], answer["processor"])


@contextmanager
def _opened(python: str, home: Path) -> Iterator[MarimoNotebook]:
    version_of("marimo", python)
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}
    with (
        open(home / "marimo.log", "ab") as log,
        subprocess.Popen(
            [python, str(_SESSION)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=home,
            env={**os.environ, **own},
            text=True,
        ) as process,
    ):
        try:
            yield MarimoNotebook(process)
        finally:
            process.kill()


def marimo(setting: Setting) -> Side:
    """The side that marimo is."""

    def opened(home: Path) -> Any:
        return _opened(setting.peer_python, home)

    return Side("marimo", opened)
