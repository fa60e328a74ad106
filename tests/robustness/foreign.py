"""Notebooks that others wrote: run them on stock ipykernel and on a flavour, and tell what differs.

``python tests/robustness/foreign.py FOLDER --flavours "flow chain nbclient:async"`` does it for a
folder without pytest.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from akernel_ipy.runner import Options, run_notebook

#: The kernel that the others are compared with.
STOCK = "stock"

#: How often a notebook runs on it, to learn what differs between two of its runs.
STOCK_RUNS = 3

#: In front of a flavour: run by nbclient, which waits for each reply, and not by `akernel run`.
WAITING = "nbclient:"

#: In front of a flavour: each cell awaits for a moment first, so that later ones may overtake it.
LATE = "late:"

#: Seconds of the longest such moment.
LATEST = 0.5

#: Cells on top of which nothing may come, and empty ones.
UNTOUCHED = re.compile(r"\s*(%%|$)|(?s:.*)from __future__")

#: What differs between two runs of one kernel.
NOISE = [
    (re.compile(pattern), word)
    for pattern, word in (
        (r"\x1b\[[0-9;]*m", ""),
        (r"(?m)^[^\n]*\r(?=[^\r\n])", ""),
        (r"0x[0-9a-f]{6,}", "0x"),
        (r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", "<uuid>"),
        (r"T_[0-9a-f]{5}", "T_<id>"),
        (r"\b([A-Z][A-Za-z]+)\d{5}\b", r"\1<id>"),  # counters of param, which count across cells
        (r"\(\d+\.py, line \d+\)", "<input>"),
        (r"/tmp/ipykernel_\d+/\d+\.py(:\d+)?", "<input>"),
        (r"\b\d[\d.]*(e[+-]?\d+)? ?(ns|us|µs|μs|ms|s|min)\b", "<time>"),
        (r"\b\d+:\d\d(:\d\d)?(\.\d+)?\b", "<clock>"),
        (r"[\d.?]+ ?(it/s|s/it)", "<rate>"),
        (r"\bid='?\d{10,}'?", "<id>"),
        (r"(?<! ) +(?=\n)", ""),
    )
]

#: What is left out where stock ipykernel's two runs differ.
FIGURES = re.compile(r"[\d.eE+-]*\d|[0-9a-f]{6,}|\s+")


@dataclass(frozen=True)
class Run:
    """One run of a notebook: its outputs, seconds of the cells alone, what ended it early."""

    notebook: Any
    seconds: float
    problem: str = ""
    #: Cells that waited, each with the reasons.
    waits: Mapping[int, Sequence[str]] = field(default_factory=dict)
    #: Pairs of neighbours that ran at the same time.
    overlaps: int = 0


@dataclass(frozen=True)
class Difference:
    """A cell that shows on a flavour what stock ipykernel shows in neither run."""

    cell: int
    source: str
    expected: Any
    found: Any

    def __str__(self) -> str:
        return (
            f"cell {self.cell}:\n{self.source}\n--- stock\n{_told(self.expected)}"
            f"\n--- found\n{_told(self.found)}"
        )


def _told(outputs: Any) -> str:
    return json.dumps(outputs, indent=1, ensure_ascii=False, default=str)[:3000]


# Running.


async def play(path: Path, flavour: str, patience: float) -> Run:
    """Run all cells of a notebook beside the file, whatever fails; `patience` is for the whole."""
    try:
        async with asyncio.timeout(patience) as limit:
            if flavour == STOCK or flavour.startswith(WAITING):
                run = await _by_nbclient(path, flavour.removeprefix(WAITING))
            elif flavour.startswith(LATE):
                run = await _delayed(path, flavour.removeprefix(LATE))
            else:
                run = await _by_command(path, flavour)
            if not limit.expired():  # nbclient makes a dead kernel of it
                return run
    except TimeoutError:
        pass
    return Run(nbformat.v4.new_notebook(), patience, f"took longer than {patience:g} s")


async def _delayed(path: Path, flavour: str) -> Run:
    """Run it with a line on top of each cell that awaits, by a name that is the cell's own."""
    chance = random.Random(path.name)
    notebook = nbformat.read(path, as_version=4)
    sources = {}
    for number, cell in enumerate(notebook.cells):
        sources[number] = cell.source
        if cell.cell_type == "code" and not UNTOUCHED.match(cell.source):
            pause = f"await _pause{number}({chance.uniform(0, LATEST):.3f})"
            cell.source = f"from asyncio import sleep as _pause{number}; {pause}\n{cell.source}"
    with tempfile.TemporaryDirectory() as directory:
        nbformat.write(notebook, Path(directory, path.name))
        run = await _by_command(Path(directory, path.name), flavour, path.parent)
    for number, cell in enumerate(run.notebook.cells):
        cell.source = sources[number]
        for output in cell.outputs if cell.cell_type == "code" else ():
            if output.output_type == "error":
                output.traceback = []
    return run


async def _by_command(path: Path, flavour: str, cwd: Path | None = None) -> Run:
    """Run it as ``akernel run --flavour`` does."""
    result = await run_notebook(path, None, Options(flavour=flavour, allow_errors=True, cwd=cwd))
    waits = {c.cell.number: [why for _, why in c.waited] for c in result.cells if c.waited}
    spans = sorted(cell.span for cell in result.cells if cell.span)
    overlaps = sum(a[1] > b[0] for a, b in pairwise(spans))
    return Run(result.notebook, result.seconds, result.problem or "", waits, overlaps)


async def _by_nbclient(path: Path, flavour: str) -> Run:
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as directory:
        manager = _manager(Path(directory), flavour)
        await manager.start_kernel(cwd=str(path.parent))
        client = NotebookClient(notebook, km=manager, allow_errors=True, timeout=None)
        begun, problem = time.monotonic(), ""
        try:
            await client.async_execute()
        except DeadKernelError as error:
            problem = str(error)
        finally:
            seconds = time.monotonic() - begun
            if client.kc is not None:
                client.kc.stop_channels()
            await asyncio.shield(manager.shutdown_kernel(now=True))
            manager.context.destroy(linger=0)
    return Run(notebook, seconds, problem)


def _manager(directory: Path, flavour: str) -> AsyncKernelManager:
    words = ["ipykernel_launcher"] if flavour == STOCK else ["akernel_ipy", "launch", flavour]
    argv = [sys.executable, "-m", *words, "-f", "{connection_file}"]
    (directory / "tested").mkdir()
    spec = {"argv": argv, "display_name": flavour, "language": "python"}
    (directory / "tested" / "kernel.json").write_text(json.dumps(spec))
    specs = KernelSpecManager(kernel_dirs=[str(directory)], ensure_native_kernel=False)
    return AsyncKernelManager(kernel_name="tested", kernel_spec_manager=specs)


# Comparing.


def plain(value: Any) -> Any:
    """Take out of a value, all the way down, what differs between any two runs."""
    if isinstance(value, str):
        for pattern, word in NOISE:
            value = pattern.sub(word, value)
        return value
    if isinstance(value, Mapping):
        return {k: v if k.startswith("image/p") else plain(v) for k, v in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def essence(cell: Any) -> list[Any]:
    """Say what a cell shows, in order; stdout before stderr, where nothing comes between."""
    shown: list[Any] = []
    streams = {"stdout": "", "stderr": ""}

    def flush() -> None:
        shown.extend([name, plain(text)] for name, text in streams.items() if text)
        streams.update(stdout="", stderr="")

    for output in cell.outputs:
        if output.output_type == "stream":
            streams[output.name] += output.text
            continue
        flush()
        if output.output_type == "error":
            shown.append(["error", *plain([output.ename, output.evalue, output.traceback])])
        else:
            shown.append([output.output_type, *plain([dict(output.data), dict(output.metadata)])])
    flush()
    return [cell.execution_count, *shown]


def without_tracebacks(shown: Any) -> Any:
    """Leave of errors their names and values."""
    return [[*o[:3], []] if isinstance(o, list) and o[0] == "error" else o for o in shown]


def gist(shown: Any) -> Any:
    """Leave of what a cell shows what has to be the same where figures and pictures are not."""
    found: list[Any] = []
    for item in shown[1:]:
        if item[0] in ("stdout", "stderr"):
            found.append([item[0], FIGURES.sub("", item[1])[:2000]])
        elif item[0] == "error":
            found.append(item[:2])
        else:
            found.append([item[0], sorted(item[1])])
    return [shown[0], *found]


def code_cells(run: Run) -> list[Any]:
    """Give the cells that were run."""
    cells = run.notebook.cells
    return [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]


def differences(runs: Sequence[Run], run: Run) -> Iterator[Difference]:
    """Tell which cells show what they show in none of stock's runs.

    Where those differ from each other, only the kinds of outputs are compared.
    """
    everything = [code_cells(each) for each in (run, *runs)]
    for number, (cell, *others) in enumerate(zip(*everything, strict=True), 1):
        found, expected = essence(cell), [essence(other) for other in others]
        if any(item[0] == "error" and not item[-1] for item in found[1:]):
            expected = [without_tracebacks(each) for each in expected]
        if found in expected:
            continue
        if any(e != expected[0] for e in expected):
            found, expected = gist(found), [gist(e) for e in expected]
            if found in expected:
                continue
        yield Difference(number, cell.source, expected[0], found)


# The command.


@dataclass
class Verdict:
    """How a notebook went on each flavour."""

    path: Path
    problems: dict[str, str] = field(default_factory=dict)
    differ: dict[str, list[Difference]] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    #: Why it can't be compared: it ends stock ipykernel, or takes too long there.
    unsuited: str = ""
    cells: int = 0
    failing: int = 0

    def count(self, shown: Sequence[Any]) -> None:
        """Note how many cells there are, and how many fail on stock ipykernel too."""
        self.cells = len(shown)
        self.failing = sum(any(o[0] == "error" for o in each[1:]) for each in shown)


async def judge(path: Path, flavours: Iterable[str], patience: float = 120.0) -> Verdict:
    """Run a notebook on stock ipykernel and on each flavour; again on stock if one differs."""
    verdict = Verdict(path)
    stock = [await play(path, STOCK, patience)]
    verdict.runs[STOCK] = stock[0]
    if stock[0].problem:
        verdict.unsuited = f"on stock ipykernel: {stock[0].problem}"
        return verdict
    verdict.count([essence(cell) for cell in code_cells(stock[0])])
    for flavour in flavours:
        run = verdict.runs[flavour] = await play(path, flavour, patience)
        if run.problem:
            verdict.problems[flavour] = run.problem
            continue
        found = list(differences(stock, run))
        while found and len(stock) < STOCK_RUNS:
            stock.append(await play(path, STOCK, patience))
            verdict.runs[f"{STOCK} {len(stock)}"] = stock[-1]
            found = list(differences(stock, run))
        verdict.differ[flavour] = found
    return verdict


def environment(setenv: Callable[[str, str], object]) -> None:
    """Set what keeps the kernels to be from differing needlessly."""
    setenv("PYTHONHASHSEED", "0")
    setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")


def main() -> None:
    """Compare the notebooks of a folder; 1 if any differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--flavours", default="flow chain nbclient:async")
    parser.add_argument("--patience", type=float, default=120.0)
    given = parser.parse_args()
    environment(os.environ.__setitem__)
    bad = 0
    for path in given.paths:
        for notebook in sorted(path.rglob("*.ipynb")) if path.is_dir() else [path]:
            verdict = asyncio.run(judge(notebook, given.flavours.split(), given.patience))
            seconds = {k: round(run.seconds, 2) for k, run in verdict.runs.items()}
            print(notebook, seconds, verdict.unsuited, verdict.problems)
            for flavour, found in verdict.differ.items():
                bad += len(found)
                for difference in found:
                    print(f"{flavour}: {difference}")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
