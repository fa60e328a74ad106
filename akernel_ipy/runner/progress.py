"""Tell what runs: a live display on a terminal, else a line per event."""

from __future__ import annotations

import os
import sys
import time

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from .model import CellInfo, CellResult, Observer, Status

MARKS = {Status.OK: ("✓", "green"), Status.ABORTED: ("·", "dim"), Status.SKIPPED: ("·", "dim")}
FAILED = ("✗", "red")


def say(text: str) -> None:
    """Print a line; when nobody reads any more (``| head``), go on without printing.

    The run has a notebook to write, and that is worth more than its log.
    """
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class PlainProgress(Observer):
    """Prints a line for each event, for logs and pipes."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *reason: object) -> None:
        pass

    def _print(self, name: str, text: str) -> None:
        elapsed = time.monotonic() - self._begun
        say(f"{elapsed:8.2f} s  {name}  {text}")

    def run_started(self, name: str) -> None:
        """Print that the kernel is ready."""
        self._print(name, "kernel ready")

    def cell_started(self, name: str, cell: CellInfo) -> None:
        """Print which cell began."""
        self._print(name, f"[{cell.number}] started: {cell.title}")

    def cell_finished(self, name: str, result: CellResult) -> None:
        """Print how a cell ended."""
        self._print(name, f"[{result.cell.number}] {describe(result)}")

    def note(self, name: str, text: str) -> None:
        """Print what a person should know."""
        self._print(name, text)


def describe(result: CellResult) -> str:
    """Say in a few words how a cell ended."""
    words = [str(result.status)]
    if result.seconds is not None:
        words.append(f"after {result.seconds:.2f} s")
    if result.error:
        words.append(f"({result.error.name})")
    return " ".join(words)


class LiveProgress(Observer):
    """Keeps a line for each running cell at the bottom of the terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._runs: dict[str, float] = {}
        self._ended: dict[str, int] = {}
        self._running: dict[tuple[str, int], tuple[CellInfo, float]] = {}
        self._live = Live(console=console, get_renderable=self._render, transient=True)

    def __enter__(self) -> LiveProgress:
        self._live.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._live.stop()

    def run_started(self, name: str) -> None:
        """Begin to show a notebook."""
        self._runs[name], self._ended[name] = time.monotonic(), 0

    def cell_started(self, name: str, cell: CellInfo) -> None:
        """Add the line of a cell."""
        self._running[name, cell.number] = (cell, time.monotonic())

    def cell_finished(self, name: str, result: CellResult) -> None:
        """Take its line away and, if it ran, leave one above that stays."""
        self._running.pop((name, result.cell.number), None)
        self._ended[name] += 1
        mark, style = MARKS.get(result.status, FAILED)
        if result.status not in (Status.ABORTED, Status.SKIPPED):
            title = f"{result.cell.title}  {describe(result)}"
            self._console.print(line(mark, style, name, result.cell.number, title))

    def note(self, name: str, text: str) -> None:
        """Print what a person should know, above the lines of the cells."""
        self._console.print(Text(f"{name}: {text}", style="yellow"))

    def _render(self) -> Group:
        now = time.monotonic()
        heads = [
            Text(f"{name}: {self._ended[name]} cells ended, {now - begun:.1f} s", style="bold")
            for name, begun in list(self._runs.items())
        ]
        cells = [
            line("▶", "cyan", name, number, f"{now - begun:6.1f} s  {cell.title}")
            for (name, number), (cell, begun) in list(self._running.items())
        ]
        return Group(*cells, *heads)


def line(mark: str, style: str, name: str, number: int, text: str) -> Text:
    """Give one line about a cell; never markup, as a cell may hold brackets."""
    parts = (f"{mark} ", style), (f"{name} [{number}]  ", "dim"), text
    return Text.assemble(*parts, overflow="ellipsis", no_wrap=True)


def progress() -> PlainProgress | LiveProgress:
    """Choose by whether anybody watches."""
    return LiveProgress(Console()) if sys.stdout.isatty() else PlainProgress()
