"""Which entries were of use, and when: noted in the index a moment later, several at once."""

from __future__ import annotations

import threading
import time

from . import maintenance
from .access import Access
from .background import Background

#: Seconds after a use until the index notes it.
DELAY = 1.0


class Uses:
    """Uses that the index doesn't know yet."""

    def __init__(self, access: Access, background: Background) -> None:
        self._access = access
        self._background = background
        self._latest = 0.0
        self.renew_after_fork()

    def renew_after_fork(self) -> None:
        """In a child of fork: the uses so far are the parent's."""
        self._lock = threading.RLock()
        self._noted: dict[int, tuple[int, float]] = {}

    def note(self, identifier: int) -> None:
        """Note that an entry was of use now."""
        with self._lock:
            hits, _ = self._noted.get(identifier, (0, 0.0))
            self._noted[identifier] = hits + 1, self.now()
        self._background.later("uses", DELAY, self.settle)

    def settle(self) -> None:
        """Tell the index."""
        with self._lock:
            noted, self._noted = self._noted, {}
        if noted:
            rows = [(identifier, *use) for identifier, use in noted.items()]
            self._access.attempt(
                lambda opened: maintenance.note_uses(opened, rows), background=True
            )

    def now(self) -> float:
        """Give the time, later than any given before."""
        with self._lock:
            self._latest = max(time.time(), self._latest + 1e-6)
            return self._latest
