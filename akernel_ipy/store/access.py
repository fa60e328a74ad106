"""Get at the store without ever raising: what fails is a reason, and a warning said once."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..core.errors import StoreError
from .index import is_broken, move_aside
from .opened import Opened

T = TypeVar("T")

#: Seconds for which a store that can't be reached is left alone.
REST = 5.0

#: Different warnings remembered, so as to give each once.
_MOST_WARNINGS = 10_000


class Access:
    """Opens the store at first use, again when its directory was deleted or its index broke."""

    def __init__(self, directory: Path, key_file: Path, warn: Callable[[str], None]) -> None:
        self.directory = directory
        self.key_file = key_file
        #: What went wrong, the latest last.
        self.troubles: deque[str] = deque(maxlen=50)
        self._warn = warn
        self._warned: set[str] = set()
        self._opened: Opened | None = None
        self.renew_after_fork()

    def attempt(self, action: Callable[[Opened], T]) -> tuple[T | None, str]:
        """Do something with the open store; give its result, or None and the reason."""
        try:
            return action(self._ready()), ""
        except Exception as error:
            return None, self._failed(error)

    def warn(self, text: str, about: str = "") -> None:
        """Warn once of what `about` names."""
        self.troubles.append(text)
        about = about or text
        if about not in self._warned and len(self._warned) < _MOST_WARNINGS:
            self._warned.add(about)
            self._warn(text)

    def close(self) -> None:
        """Let go of everything; the next attempt opens it again."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened:
            opened.close()

    def renew_after_fork(self) -> None:
        """In a child of fork: leave the parent's connections alone."""
        self._lock = threading.RLock()
        self._rest_until, self._rest_reason = 0.0, ""
        if self._opened:
            self._opened.abandon()
        self._opened = None

    def _ready(self) -> Opened:
        with self._lock:
            if time.monotonic() < self._rest_until:
                raise _Resting(self._rest_reason)
            if self._opened and not self._opened.current:
                self.close()
            if not self._opened:
                self._opened = Opened(self.directory, self.key_file, self.warn)
            return self._opened

    def _failed(self, error: Exception) -> str:
        """Say what went wrong; put a broken index aside, leave a store in difficulties alone."""
        if isinstance(error, _Resting):
            return str(error)
        reason = _explain(error)
        self.warn(f"the cache isn't used: {reason}", about=reason)
        with self._lock:
            if is_broken(error):
                self._begin_anew()
            elif isinstance(error, sqlite3.Error) or not self._opened:
                self._rest_until, self._rest_reason = time.monotonic() + REST, reason
        return reason

    def _begin_anew(self) -> None:
        opened = self._opened
        self.close()
        if opened and opened.current:
            try:
                aside = move_aside(opened.index_file)
            except StoreError as error:
                self.warn(str(error))
            else:
                self.warn(f"a new index of the cache was begun; the damaged one is {aside}")


class _Resting(StoreError):
    """The store was out of reach a moment ago."""


def _explain(error: Exception) -> str:
    if isinstance(error, StoreError):
        return str(error)
    return f"{type(error).__name__}: {error}"
