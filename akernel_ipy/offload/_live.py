"""Outputs of a cell while it runs: from the worker, through Dask's events, to the kernel."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

from ._shell import Outputs
from ._task import Event, Task

#: Seconds between reports.
INTERVAL = 0.1

#: Bytes or characters of an output above which it waits for the end of the cell, and all after it.
LARGE = 100_000


class Reporter:
    """Reports the outputs of a running cell from time to time.

    Args:
        task: the cell.
        address: of the worker.
        outputs: what it has shown.
        log: takes a topic and a message.
    """

    def __init__(
        self, task: Task, address: str, outputs: Outputs, log: Callable[[str, Any], None]
    ) -> None:
        self._task, self._address, self._outputs, self._log = task, address, outputs, log
        #: Names this execution of the cell.
        self.attempt = uuid.uuid4().hex
        self._sent = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._main, name="akernel-live", daemon=True)

    def __enter__(self) -> None:
        self._report([])
        self._thread.start()

    def __exit__(self, *exc: object) -> None:
        self._ended.set()
        self._thread.join()

    def _main(self) -> None:
        while not self._ended.wait(INTERVAL):
            events = small(self._outputs.take(self._sent))
            if events:
                self._report(events)
                self._sent += len(events)

    def _report(self, events: list[Event]) -> None:
        message = {
            "key": self._task.key,
            "attempt": self.attempt,
            "worker": self._address,
            "start": self._sent,
            "events": events,
        }
        self._log(self._task.topic, message)


def small(events: list[Event]) -> list[Event]:
    """Take the outputs up to the first one that is to wait: a large one, or a result."""
    for position, event in enumerate(events):
        if event[0] == "result" or _size(event) > LARGE:
            return events[:position]
    return events


def _size(value: Any) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    return sum(map(_size, value)) if isinstance(value, list | tuple) else 8
