"""Writes that are finished in the background, in the order in which they were begun."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from . import maintenance
from .access import Access
from .background import Background
from .opened import Opened
from .writing import Publication, Writing


class Publisher:
    """Knows what is pending, and under which key."""

    def __init__(
        self, access: Access, background: Background, publish: Callable[[Opened, Writing], None]
    ) -> None:
        self._access = access
        self._background = background
        self._publish = publish
        self.renew_after_fork()

    def renew_after_fork(self) -> None:
        """In a child of fork: what is pending is the parent's."""
        self._lock = threading.Lock()
        self._pending: dict[bytes, list[Publication]] = {}

    def submit(self, writing: Writing) -> Publication:
        """Finish a write, soon."""
        publication = Publication(writing.key)
        with self._lock:
            self._pending.setdefault(writing.key, []).append(publication)
        if not self._background.submit(lambda: self._finish(writing, publication)):
            self._conclude(writing, publication, "no thread can be started")
        return publication

    def wait(self, key: bytes, timeout: float) -> None:
        """Wait for what is pending under a key, at most `timeout` seconds."""
        with self._lock:
            last = self._pending.get(key, [])[-1:]
        for publication in last:
            publication.wait(timeout)

    def _finish(self, writing: Writing, publication: Publication) -> None:
        _, reason = self._access.attempt(lambda opened: self._publish(opened, writing), writes=True)
        self._conclude(writing, publication, reason)
        if not reason:
            self._access.attempt(maintenance.sweep_when_due, writes=True)

    def _conclude(self, writing: Writing, publication: Publication, reason: str) -> None:
        with suppress(OSError):  # at worst a draft stays, until the next sweep
            writing.staged.drop()
        with self._lock:
            waiting = self._pending[publication.key]
            waiting.remove(publication)
            if not waiting:
                del self._pending[publication.key]
        publication.settle(reason)
