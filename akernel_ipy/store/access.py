"""Get at the store without ever raising: what fails is a reason, and a warning said once."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..core.errors import StoreError
from .index import is_broken, move_aside
from .model import Unfit
from .opened import Opened

T = TypeVar("T")

log = logging.getLogger("akernel_ipy.store")
log.addHandler(logging.NullHandler())  # else Python prints warnings into the cell

#: Seconds for which a store that can't be reached is left alone: the first time, and at most.
REST = 5.0
LONGEST_REST = 60.0

#: Seconds that a fork waits for somebody who is using the index.
FORK_PATIENCE = 1.0

#: Different warnings remembered, so as to give each once.
_MOST_WARNINGS = 10_000

# In a child of fork: what the parent had open. Never closed, which could harm the parent.
_inherited: dict[Path, Opened] = {}


class Access:
    """Opens the store at first use, again when its directory was deleted or its index broke."""

    _opened: Opened | None
    _paused: Opened | None

    def __init__(self, directory: Path, key_file: Path, warn: Callable[[str], None]) -> None:
        self.directory = directory
        self.key_file = key_file
        #: What went wrong, the latest last.
        self.troubles: deque[str] = deque(maxlen=50)
        self._warn = warn
        self._warned: set[str] = set()
        self._begin()

    def attempt(
        self, action: Callable[[Opened], T], *, writes: bool = False, background: bool = False
    ) -> tuple[T | None, str]:
        """Do something with the open store; give its result, or None and the reason.

        After a failure to open it, or to read in the foreground, all fail at once for a while.
        """
        opened = None
        try:
            opened = self._ready()
            if writes:
                opened.require_writable()
            return action(opened), ""
        except (_Resting, Unfit) as error:
            return None, str(error)
        except Exception as error:
            return None, self._failed(error, opened, writes or background)

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

    def before_fork(self) -> None:
        """Have no connection open while the process forks, if that can be had soon."""
        self._held = self._lock.acquire(timeout=FORK_PATIENCE)
        if self._held and self._opened and self._opened.pause(FORK_PATIENCE):
            self._paused = self._opened

    def after_fork(self) -> None:
        """In the parent: go on."""
        if self._paused:
            self._paused.resume()
        self._paused = None
        if self._held:
            self._lock.release()

    def renew_after_fork(self) -> None:
        """In the child: begin anew."""
        if self._opened and not self._paused:
            _inherited[self.directory] = self._opened
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.RLock()
        self._held = False
        self._opened = self._paused = None
        self._rest, self._rest_until, self._rest_reason = REST, 0.0, ""

    def _ready(self) -> Opened:
        with self._lock:
            if time.monotonic() < self._rest_until:
                raise _Resting(self._rest_reason)
            if self.directory in _inherited:
                raise StoreError("the cache was in use while this process was forked")
            if self._opened and not self._opened.current:
                self.close()
            if not self._opened:
                self._opened = Opened(self.directory, self.key_file, self.warn)
                self._rest = REST
            return self._opened

    def _failed(self, error: Exception, opened: Opened | None, background: bool) -> str:
        """Say what went wrong; put a broken index aside, leave a store in difficulties alone."""
        reason = explain(error)
        log.debug("The store failed", exc_info=error)
        with self._lock:
            if opened is not self._opened:  # it was deleted, or put aside, meanwhile
                return reason
            self.warn(f"the cache isn't used: {reason}", about=reason)
            if opened and is_broken(error) and not opened.read_only:
                self._begin_anew(opened)
            elif not opened or (isinstance(error, sqlite3.Error) and not background):
                self._rest_until, self._rest_reason = time.monotonic() + self._rest, reason
                self._rest = min(2 * self._rest, LONGEST_REST)
        return reason

    def _begin_anew(self, opened: Opened) -> None:
        current = opened.current
        self.close()
        if current:
            try:
                aside = move_aside(opened.index_file)
            except StoreError as error:
                self.warn(str(error))
            else:
                self.warn(f"a new index of the cache was begun; the damaged one is {aside}")


class _Resting(StoreError):
    """The store was out of reach a moment ago."""


def explain(error: Exception) -> str:
    """Say what an exception says."""
    if isinstance(error, StoreError):
        return str(error)
    return f"{type(error).__name__}: {error}"
