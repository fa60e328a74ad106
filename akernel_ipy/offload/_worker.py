"""What happens on a worker."""

from __future__ import annotations

import asyncio
import linecache
import os
import sys
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from distributed import get_worker
from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult

from ..wire.gate import ThreadGate
from ._live import Reporter
from ._parcel import Inputs
from ._shell import Outputs, WorkerShell, descriptors, worker_shell
from ._task import Answer, Bundle, Task

#: A shell has one namespace at a time, and a process one stdout.
_turn = threading.Lock()

_running: dict[str, _Running] = {}


def run_cell(task: Task, *buffers: bytes) -> Answer:
    """Execute a cell."""
    for position, buffer in zip(task.positions, buffers, strict=True):
        task.inputs.buffers[position] = buffer
    with _turn:
        _settle_in(task)
        shell, outputs = worker_shell(), Outputs()
        own = shell.begin(outputs)
        worker = get_worker()
        reporter = Reporter(task, worker.address, outputs, worker.log_event)
        try:
            inputs = Inputs(task.inputs, own)
            with reporter, descriptors(outputs):
                _execute(task, shell)
            return _answer(shell, outputs, inputs, reporter.attempt)
        finally:
            shell.end()


def _settle_in(task: Task) -> None:
    if task.directory:
        with suppress(OSError):  # another machine may not have it
            os.chdir(task.directory)
    sys.path.extend(entry for entry in task.path if entry not in sys.path)
    lines = task.source.splitlines(keepends=True)
    linecache.cache[task.file_name] = (len(task.source), None, lines, task.file_name)


def _execute(task: Task, shell: WorkerShell) -> None:
    info = ExecutionInfo(task.source, False, False, True, None, transformed_cell=task.source)
    result = ExecutionResult(info)
    running = _running[task.key] = _Running()
    shell.events.trigger("pre_execute")
    shell.events.trigger("pre_run_cell", info)
    try:
        with shell.builtin_trap, shell.display_trap:
            nodes = shell.run_ast_nodes(
                task.nodes, task.file_name, task.interactivity, shell.compile, result
            )
            running.execute(nodes, task.awaits)
    except BaseException as error:
        shell.own_error = shell.own_error or error
    finally:
        running.gate.close()
        del _running[task.key]
    raised = shell.own_error
    if isinstance(raised, asyncio.CancelledError) and running.reached.is_set():
        shell.own_error = KeyboardInterrupt().with_traceback(raised.__traceback__)
    shell.events.trigger("post_execute")
    shell.events.trigger("post_run_cell", result)


def _answer(shell: WorkerShell, outputs: Outputs, inputs: Inputs, attempt: str) -> Answer:
    values = [None if _is_drawing(value) else value for value in outputs.values]
    results = inputs.pack(values, shell.own_error)
    unsent = {*results.unsent, *(n for n, v in enumerate(outputs.values) if _is_drawing(v))}
    bundles: dict[int, Bundle] = {n: shell.bundle(outputs.values[n]) for n in sorted(unsent)}
    return Answer(attempt, outputs.take(0), results, bundles)


def _is_drawing(value: Any) -> bool:
    """Whether a value is part of a figure: it would bring the figure, which has been shown."""
    if "matplotlib" not in sys.modules:
        return False
    from matplotlib.artist import Artist

    if isinstance(value, list | tuple):
        return any(isinstance(item, Artist) for item in value)
    return isinstance(value, Artist)


class _Running:
    """A cell that runs, and can be stopped."""

    def __init__(self) -> None:
        self.gate = ThreadGate()
        self.reached = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[Any] | None = None

    def execute(self, nodes: Coroutine[Any, Any, Any], awaits: bool) -> None:
        try:
            self.gate.open()
        except BaseException:
            nodes.close()
            raise
        if awaits:
            asyncio.run(self._in_loop(nodes))
            return
        try:
            nodes.send(None)
        except StopIteration:
            return
        nodes.close()
        raise RuntimeError("a cell without await waited")

    async def _in_loop(self, nodes: Coroutine[Any, Any, Any]) -> None:
        self._loop, self._main = asyncio.get_running_loop(), asyncio.current_task()
        await nodes

    def stop(self) -> None:
        def arrived(*_: object) -> None:
            self.reached.set()

        if self._loop is not None and self._main is not None:
            self._loop.call_soon_threadsafe(self._cancel)
            if self.reached.wait(0.2):
                return
        kind = type("KeyboardInterrupt", (KeyboardInterrupt,), {"__init__": arrived})
        self.gate.strike(kind)
        self.reached.wait(0.5)

    def _cancel(self) -> None:
        assert self._main is not None
        self.reached.set()
        self._main.cancel()


async def stop_cell(key: str) -> str:
    """Interrupt a cell on this worker.

    Returns:
        "reached"; "absent" if it does not run; "deaf" if it is inside a long C call.
    """
    running = _running.get(key)
    if running is None:
        return "absent"
    await asyncio.to_thread(running.stop)
    return "reached" if running.reached.is_set() or key not in _running else "deaf"
