"""Whole notebooks from file to file: `akernel run` with flow, papermill, nbclient."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.commands import Program, programs
from benchmarks.errors import FaultError, UnsupportedError

ROOT = Path(__file__).parents[2]
ORDINARY = ROOT / "tests" / "notebooks"
EXAMPLE = ROOT / "examples" / "flow.ipynb"


def _notebook(cells: Iterable[str]) -> Any:
    from nbformat.v4 import new_code_cell, new_notebook

    return new_notebook(cells=[new_code_cell(c, id=f"c{n}") for n, c in enumerate(cells, 1)])


@cache
def ordinary(size: int) -> list[Any]:
    """Notebooks without any ``await``: numpy, pandas, plots, classes, magics."""
    found = sorted(ORDINARY.glob("*.ipy"))[:size]
    if not found:
        raise UnsupportedError(f"there are no notebooks in {ORDINARY}")
    parts = [re.split(r"^# %%.*\n", path.read_text(), flags=re.MULTILINE) for path in found]
    return [_notebook(part.strip("\n") for part in cells[1:]) for cells in parts]


def measure_ordinary(program: Program, size: int, /) -> Measured:
    """Run them one after the other."""
    done = [program.run(notebook) for notebook in ordinary(size)]
    return Measured(
        {"seconds": [sum(d.seconds for d in done)], "cells": [sum(d.cells for d in done)]}
    )


def waits(size: int) -> tuple[list[str], float]:
    """Pairs of cells, the second of which reads the first's name, and their longest path."""
    pairs = [(0.3 + 0.7 * n / size, 0.9 - 0.5 * n / size) for n in range(size)]
    cells = ["import asyncio"]
    cells += [f"a{n} = await asyncio.sleep({one:.3f}, {n})" for n, (one, _) in enumerate(pairs)]
    cells += [f"b{n} = await asyncio.sleep({two:.3f}, a{n})" for n, (_, two) in enumerate(pairs)]
    cells += [" + ".join(f"b{n}" for n in range(size))]
    return cells, max(map(sum, pairs))


def measure_waiting(program: Program, size: int, /) -> Measured:
    """Run cells that await, and compare with the longest path."""
    cells, longest = waits(size)
    done = program.run(_notebook(cells))
    result = done.shown[f"c{len(cells)}"][0]["data"]["text/plain"]
    if result != str(sum(range(size))):
        raise FaultError(f"the last cell shows {result}")
    return Measured({"path": [done.cells / longest], "seconds": [done.seconds]})


def measure_example(program: Program, size: int, /) -> Measured:
    """Run the example, its latencies being thousandths of ``size`` seconds."""
    import nbformat

    notebook = nbformat.read(EXAMPLE, as_version=4)
    [cell] = [cell for cell in notebook.cells if cell.id == "parameters"]
    cell.source = f"latency = {size / 1000}"
    done = program.run(notebook)
    return Measured({"seconds": [done.seconds], "cells": [done.cells]})


RUN_ORDINARY = Case(
    name="run-ordinary",
    title="{size} notebooks without await, from file to file",
    measure=measure_ordinary,
    metrics=(
        Metric("{size} notebooks without await", "seconds", "s", Mark(1.05)),
        Metric("their cells, first to last", "cells", "s", Mark(1.05)),
    ),
    size=10,
    quick_size=1,
    rounds=3,
    sides=programs,
)
RUN_WAITING = Case(
    name="run-waiting",
    title="{size} pairs of awaiting cells, each pair in turn",
    measure=measure_waiting,
    metrics=(
        Metric("{size} pairs of awaiting cells", "seconds", "s"),
        Metric("their cells by the longest path", "path", "", Mark(1.1, "value")),
    ),
    size=10,
    quick_size=2,
    rounds=5,
    sides=programs,
)
RUN_EXAMPLE = Case(
    name="run-example",
    title="examples/flow.ipynb with an archive that answers in {size} ms",
    measure=measure_example,
    metrics=(
        Metric("examples/flow.ipynb, {size} ms", "seconds", "s", Mark(0.33)),
        Metric("its cells, first to last", "cells", "s"),
    ),
    size=3000,
    quick_size=100,
    rounds=3,
    sides=programs,
)
