"""A launched kernel: its process, and requests to it."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from time import perf_counter
from typing import IO, Any

from jupyter_client.connect import write_connection_file

from .errors import FaultError, KernelDiedError
from .memory import memory
from .targets import Target
from .wire import Message, Pending, Raw, Wire

START_TIMEOUT = 60.0
CELL_TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a notebook, as JupyterLab sends it: with its id, and those that were deleted."""

    id: str
    code: str
    deleted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exchange:
    """What a batch of requests brought, and how long it took from the first byte sent."""

    ids: tuple[str, ...]
    seconds: float
    messages: tuple[Message, ...]

    def replies(self) -> tuple[Message, ...]:
        """The replies, in the order they came."""
        wanted = set(self.ids)
        return tuple(m for m in self.messages if m.channel == "shell" and m.parent in wanted)

    def published(self, request: str) -> tuple[Message, ...]:
        """What was published for one request, in the order it came."""
        return tuple(m for m in self.messages if m.channel == "iopub" and m.parent == request)

    def verify(self) -> Exchange:
        """Check that each request was answered, ok, and framed by one busy and one idle."""
        for reply in self.replies():
            if reply.content.get("status") != "ok":
                raise FaultError(f"a cell failed: {_failure(reply)}")
        published = _by_parent(self.messages)
        for request in self.ids:
            _verify_frame(published.get(request, []))
        return self


def _failure(reply: Message) -> str:
    content = reply.content
    return f"{content.get('status')} {content.get('ename', '')} {content.get('evalue', '')}".strip()


def _by_parent(messages: Sequence[Message]) -> dict[str, list[Message]]:
    published = sorted((m for m in messages if m.channel == "iopub"), key=lambda m: m.parent)
    return {parent: list(group) for parent, group in groupby(published, key=lambda m: m.parent)}


def _verify_frame(published: Sequence[Message]) -> None:
    states = [m.content["execution_state"] for m in published if m.kind == "status"]
    if states[:1] != ["busy"] or states[-1:] != ["idle"] or states.count("idle") != 1:
        raise FaultError(f"the statuses of one request are {states}, not busy and then idle")
    if published[0].kind != "status" or published[-1].kind != "status":
        raise FaultError("something was published before its busy or after its idle")


class Kernel:
    """A running kernel and the one client connected to it."""

    def __init__(self, target: Target, process: subprocess.Popen[bytes], wire: Wire) -> None:
        self.name = target.name
        self.process = process
        self.wire = wire
        self.started_in = 0.0

    def memory(self) -> dict[str, float]:
        """The memory of the kernel's process, in MiB."""
        return memory(self.process.pid)

    def send(self, code: str, metadata: Mapping[str, Any] | None = None) -> str:
        """Send a cell without waiting, as a notebook would; its request's id."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        content |= {"allow_stdin": False, "stop_on_error": True}
        return self.wire.send("execute_request", content, metadata=metadata)

    def run(self, *cells: str | Cell, timeout: float = CELL_TIMEOUT) -> Exchange:
        """Send all ``cells`` at once; ends when each has its reply and its idle."""
        begin = perf_counter()
        ids = tuple(map(self._send_cell, cells))
        pending = Pending(ids)
        received = self.wire.collect(pending, timeout)
        return Exchange(ids, pending.last - begin, self._decode(received))

    def _send_cell(self, cell: str | Cell) -> str:
        if isinstance(cell, str):
            return self.send(cell)
        return self.send(cell.code, {"cellId": cell.id, "deletedCells": list(cell.deleted)})

    def after(self) -> tuple[Message, ...]:
        """Everything that still comes: up to another request's idle, and then until it is quiet."""
        request = self.wire.send("kernel_info_request", {})
        received = self.wire.collect(Pending([request]), CELL_TIMEOUT)
        return self._decode([*received, *self.wire.gather(lambda raw: False, 0.2)[0]])

    def _decode(self, received: Sequence[Raw]) -> tuple[Message, ...]:
        return tuple(map(self.wire.decode, received))

    def stop(self) -> None:
        """Ask the kernel to end, and kill its process group if it doesn't."""
        if self.process.poll() is None:
            self.wire.send("shutdown_request", {"restart": False}, channel="control")
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.wire.close()


@contextmanager
def launched(target: Target, home: Path) -> Iterator[Kernel]:
    """A kernel that has computed its first result; it ends with the block.

    ``home`` holds what the kernel would keep for its user (IPython's profile and history), so that
    no kernel reads or writes the real one.
    """
    file = str(home / f"kernel-{uuid.uuid4().hex}.json")
    _, connection = write_connection_file(file, key=uuid.uuid4().hex.encode())
    with open(f"{file}.log", "w+b") as log:
        begin = perf_counter()
        process = _spawn(target.command(file), _environment(target, home), log)
        wire = Wire(connection, partial(_check_alive, process, log))
        kernel = Kernel(target, process, wire)
        try:
            wire.ready(START_TIMEOUT)
            kernel.run("1").verify()
            kernel.started_in = perf_counter() - begin
            yield kernel
        finally:
            kernel.stop()


def _spawn(argv: list[str], env: dict[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        argv, env=env, stdin=nothing, stdout=nothing, stderr=log, start_new_session=True
    )


def _check_alive(process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    if process.poll() is not None:
        log.seek(0)
        words = log.read().decode(errors="replace").strip().splitlines()
        last = words[-1] if words else "it said nothing"
        raise KernelDiedError(f"it ended with code {process.returncode}: {last}")


def _environment(target: Target, home: Path) -> dict[str, str]:
    """The environment jupyter_client gives a kernel, with a profile of its own.

    Where bytecode isn't written, a kernel that runs from a checkout would be compiled anew at each
    start, while an installed one isn't.
    """
    own = {"IPYTHONDIR": str(home / "ipython"), "JPY_PARENT_PID": str(os.getpid())}
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, **own, **target.env}
