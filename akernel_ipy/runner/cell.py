"""One code cell on its way through the kernel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .model import CellError, CellInfo, CellResult, Status
from .outputs import Displays, Message, Outputs

#: What `metadata.execution` calls the moments of a cell, as nbclient and JupyterLab do.
BUSY, INPUT, IDLE = "iopub.status.busy", "iopub.execute_input", "iopub.status.idle"
REPLY = "shell.execute_reply"

#: What an interrupted cell shows.
INTERRUPTS = ("KeyboardInterrupt", "CancelledError")


class CellRun:
    """Collects what the kernel says about one cell; `done` when nothing more is to come.

    A cell counts as started from its ``execute_input``, not from its ``busy``: a kernel may accept
    a request before it gets round to it.
    """

    def __init__(self, node: Any, info: CellInfo, displays: Displays, *, errors_allowed: bool):
        self.node = node
        self.info = info
        self.errors_allowed = errors_allowed
        self.outputs = Outputs(displays)
        self.execution_count: int | None = None
        self.times: dict[str, datetime] = {}
        self.started: float | None = None
        self.ended: float | None = None
        self.done = asyncio.Event()
        #: How it counts if the runner had to end it.
        self.doom: Status | None = None
        self._reply: Mapping[str, Any] | None = None
        self._metadata: Mapping[str, Any] = {}

    @property
    def request_metadata(self) -> dict[str, Any]:
        """Give what JupyterLab sends along with a cell."""
        lab = {"trusted": True, "deletedCells": [], "recordTiming": True}
        return {**self.node.metadata, **lab, "cellId": self.info.cell_id}

    def deadline(self, timeout: float) -> float:
        """Give the moment after which it has run too long."""
        return (self.started or time.monotonic()) + timeout

    @property
    def running(self) -> bool:
        """Tell whether the kernel works on it, as far as it has told."""
        return self.started is not None and not self.done.is_set()

    @property
    def aborted(self) -> bool:
        """Tell whether the kernel refused to start it."""
        return self._reply is not None and self._reply["status"] == "aborted"

    def on_iopub(self, message: Message) -> None:
        """Take in an output or a change of state."""
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "status":
            self._on_status(content["execution_state"], message)
        elif kind == "execute_input":
            self._note_time(INPUT, message)
            self.started = time.monotonic()
            self.execution_count = content.get("execution_count")
        else:
            self.outputs.receive(message)

    def _on_status(self, state: str, message: Message) -> None:
        if state == "busy":
            self._note_time(BUSY, message)
        elif state == "idle":
            self._note_time(IDLE, message)
            self._settle()

    def on_reply(self, message: Message) -> None:
        """Take in the reply."""
        self._reply, self._metadata = message["content"], message.get("metadata") or {}
        self.ended = time.monotonic()
        if not self.aborted:
            self._note_time(REPLY, message)
            self.execution_count = self._reply.get("execution_count", self.execution_count)
        self._settle()

    def _settle(self) -> None:
        if self._reply is not None and IDLE in self.times:
            self.done.set()

    def _note_time(self, moment: str, message: Message) -> None:
        date = message["header"].get("date")
        when = date if isinstance(date, datetime) else datetime.now(UTC)
        self.times.setdefault(moment, when.astimezone(UTC))

    def result(self, *, unfinished: Status = Status.ABORTED) -> CellResult:
        """Say how it went; `unfinished` is what a cell counts as that runs and has no reply."""
        seconds = None if self.aborted else self._seconds()
        error = self._error()
        told = self._told()
        return CellResult(
            self.info,
            self._status(unfinished, error),
            seconds,
            error,
            self.errors_allowed,
            self._span(),
            self.execution_count,
            str(told.get("place", "")),
            tuple((wait["count"], wait["why"]) for wait in told.get("waited", ())),
        )

    def _told(self) -> Mapping[str, Any]:
        """What this package's kernel tells about a run in the reply's metadata."""
        told = self._metadata.get("akernel")
        return told if isinstance(told, Mapping) else {}

    def _span(self) -> tuple[datetime, datetime] | None:
        end = self.times.get(REPLY) or self.times.get(IDLE)
        start = end if self.aborted else self.times.get(INPUT)
        return None if start is None or end is None else (start, max(start, end))

    def _seconds(self) -> float | None:
        """Give its time by the kernel's clock, as its two channels may arrive out of step."""
        if INPUT in self.times and REPLY in self.times:
            return (self.times[REPLY] - self.times[INPUT]).total_seconds()
        return None if self.started is None else (self.ended or time.monotonic()) - self.started

    def _status(self, unfinished: Status, error: CellError | None) -> Status:
        if self._reply is None:
            return (self.doom or unfinished) if self.started is not None else Status.ABORTED
        if self.aborted:
            return Status.ABORTED
        if error is None:
            return Status.OK
        return self.doom if self.doom and error.name in INTERRUPTS else Status.ERROR

    def _error(self) -> CellError | None:
        reply = self._reply
        if reply is None or reply["status"] != "error":
            return None
        lines = tuple(reply.get("traceback") or ())
        return CellError(reply.get("ename", "Error"), reply.get("evalue", ""), lines)

    def write(self) -> None:
        """Put what was collected into the notebook."""
        self.node.outputs = self.outputs.nodes()
        self.node.execution_count = self.execution_count
        if self.times:
            self.node.metadata["execution"] = {
                moment: when.isoformat().replace("+00:00", "Z")
                for moment, when in self.times.items()
            }
