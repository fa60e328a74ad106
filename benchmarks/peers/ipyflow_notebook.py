"""ipyflow over the protocol, with what its JupyterLab extension does in between.

ipyflow's kernel re-runs nothing by itself: the extension asks it over a comm who depends on whom,
and when the user runs a cell it executes that cell and all below it in one go (its default, batch
reactivity). The question, which the extension asks once the cells have run, is not part of the
time measured here, nor is the front-end's own work.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.errors import FaultError
from benchmarks.kernel import CELL_TIMEOUT, Cell, Exchange, Kernel, launched
from benchmarks.notebooks import Program, Wave
from benchmarks.processor import Meter
from benchmarks.sides import Setting, Side
from benchmarks.targets import CONNECTION_FILE, Target
from benchmarks.wire import Raw

from ._installed import version_of


def below(children: dict[str, list[str]], cell: str) -> set[str]:
    """A cell and everything that depends on it."""
    found, todo = {cell}, [cell]
    while todo:
        new = [child for child in children.get(todo.pop(), ()) if child not in found]
        found.update(new)
        todo.extend(new)
    return found


class IpyflowNotebook:
    """A notebook of ipyflow's kernel, and the extension's part in it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._comm = uuid.uuid4().hex
        self._program: Program | None = None
        self._children: dict[str, list[str]] = {}

    def build(self, program: Program) -> None:
        """Run all cells, one after the other, and ask who depends on whom."""
        self._program = program
        cells = [program.root(0), *program.dependents()]
        self._kernel.run("%flow mode reactive").verify()
        self._open(cells)
        for cell in cells:
            self._kernel.run(cell).verify()
        self._ask(cells)

    def run_root(self, value: int) -> Wave:
        """Execute the root and all below it at once, in the order of the notebook."""
        assert self._program is not None
        cells = [self._program.root(value), *self._program.dependents()]
        stale = below(self._children, cells[0].id)
        chosen = [cell for cell in cells if cell.id in stale]
        meter = Meter(self._kernel.process.pid)
        exchange = self._kernel.run(*chosen).verify()
        used = meter.used()
        self._ask(cells)
        return Wave(exchange.seconds, self._shown(exchange, chosen), used)

    def _shown(self, exchange: Exchange, cells: Sequence[Cell]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        names = dict(zip(exchange.ids, (cell.id for cell in cells), strict=True))
        for message in exchange.messages:
            if message.kind == "execute_result":
                found[names[message.parent]].append(message.content["data"]["text/plain"])
        return found

    def _open(self, cells: Sequence[Cell]) -> None:
        data = {"interface": "jupyterlab", "cell_parents": {}, "cell_children": {}}
        content = {"comm_id": self._comm, "target_name": "ipyflow"}
        known = data | {"cell_metadata_by_id": self._metadata(cells)}
        self._kernel.wire.send("comm_open", content | {"data": known})
        self._answer(b'"establish"')

    def _ask(self, cells: Sequence[Cell]) -> None:
        data = {"type": "compute_exec_schedule", "is_reactively_executing": False}
        known = data | {"cell_metadata_by_id": self._metadata(cells)}
        self._kernel.wire.send("comm_msg", {"comm_id": self._comm, "data": known})
        answer = self._answer(b'"cell_children"')
        self._children = {cell: list(below) for cell, below in answer["cell_children"].items()}

    def _metadata(self, cells: Sequence[Cell]) -> dict[str, Any]:
        return {
            cell.id: {"index": index, "content": cell.code, "type": "code"}
            for index, cell in enumerate(cells)
        }

    def _answer(self, mark: bytes) -> dict[str, Any]:
        """Wait for what the kernel says over the comm."""

        def said(raw: Raw) -> bool:
            return b'"comm_msg"' in raw.frames[1] and mark in raw.frames[4]

        received = self._kernel.wire.collect(said, CELL_TIMEOUT)
        data: dict[str, Any] = self._kernel.wire.decode(received[-1]).content["data"]
        if not data.get("success", True):
            raise FaultError(f"ipyflow refused: {data.get('error')}")
        return data


@contextmanager
def _opened(python: str, home: Path) -> Iterator[IpyflowNotebook]:
    version_of("ipyflow", python)
    argv = (python, "-m", "ipyflow.kernel", "-f", CONNECTION_FILE)
    with launched(Target("ipyflow", argv), home) as kernel:
        yield IpyflowNotebook(kernel)


def ipyflow(setting: Setting) -> Side:
    """The side that ipyflow is."""

    def opened(home: Path) -> Any:
        return _opened(setting.peer_python, home)

    return Side("ipyflow", opened)
