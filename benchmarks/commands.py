"""Programs that run a notebook file from top to bottom."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from .errors import FaultError, UnsupportedError
from .sides import Setting, Side

#: Seconds after which a command is given up.
PATIENCE = 300.0

FILE = "{file}"
AKERNEL = ("-m", "akernel_ipy", "run", FILE, "--inplace", "--flavour", "flow")
NBCLIENT = (
    *("-c", "from nbclient.cli import main; main()"),
    *("--inplace", "--kernel_name=python3", FILE),
)
PAPERMILL = ("-m", "papermill", "--no-progress-bar", "-k", "python3", FILE, FILE)


@dataclass(frozen=True)
class Done:
    """A notebook that was run.

    Attributes:
        seconds: of the whole command.
        cells: seconds from the first cell's start to the last one's reply, as the saved notebook
            says.
        shown: the outputs of each cell that has any, by its id.
    """

    seconds: float
    cells: float
    shown: Mapping[str, list[Any]]


@dataclass(frozen=True)
class Program:
    """A command that runs a notebook and writes it over itself."""

    name: str
    argv: tuple[str, ...]
    home: Path

    def run(self, notebook: Any) -> Done:
        """Run a notebook in a directory of its own.

        Raises:
            FaultError: it failed, or not every cell has run.
        """
        import nbformat

        with TemporaryDirectory(dir=self.home) as directory:
            path = Path(directory, "notebook.ipynb")
            nbformat.write(notebook, path)
            seconds = self._run(path)
            written = nbformat.read(path, as_version=4)
        cells = [cell for cell in written.cells if cell.cell_type == "code"]
        return Done(seconds, _cell_seconds(cells), {c.id: c.outputs for c in cells if c.outputs})

    def _run(self, path: Path) -> float:
        argv = [sys.executable, *(str(path) if word == FILE else word for word in self.argv)]
        environment = {**os.environ, "IPYTHONDIR": str(self.home / "ipython")}
        begin = perf_counter()
        done = subprocess.run(
            argv, env=environment, cwd=path.parent, capture_output=True, timeout=PATIENCE
        )
        seconds = perf_counter() - begin
        if done.returncode:
            words = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
            raise FaultError(f"{self.name} ended with {done.returncode}: {words[-1:]}")
        return seconds


def _cell_seconds(cells: Sequence[Any]) -> float:
    try:
        times = [cell.metadata["execution"] for cell in cells if cell.source.strip()]
        starts = [datetime.fromisoformat(time["iopub.execute_input"]) for time in times]
        ends = [datetime.fromisoformat(time["shell.execute_reply"]) for time in times]
    except KeyError as error:
        raise FaultError(f"a cell has not run: {error} is missing") from None
    return (max(ends) - min(starts)).total_seconds()


@contextmanager
def _opened(name: str, argv: tuple[str, ...], needs: str, home: Path) -> Iterator[Program]:
    for module in (needs, "nbformat"):
        if find_spec(module) is None:
            raise UnsupportedError(f"{module} is not installed")
    yield Program(name, argv, home)


def programs(setting: Setting) -> list[Side]:
    """nbclient, which is the base, papermill, and ``akernel run`` with flow."""
    return [
        Side(name, partial(_opened, name, argv, needs))
        for name, argv, needs in (
            ("nbclient", NBCLIENT, "nbclient"),
            ("papermill", PAPERMILL, "papermill"),
            ("akernel run", AKERNEL, "akernel_ipy"),
        )
    ]
