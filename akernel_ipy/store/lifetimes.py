"""What happens to the stores of a process when it forks or ends."""

from __future__ import annotations

import atexit
import os
import threading
import time
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

if TYPE_CHECKING:
    from .store import Store

#: Seconds at the end of the process, for all stores together, to finish what is pending.
PATIENCE = 3.0

_stores: WeakSet[Store] = WeakSet()

# Those that wait for a fork to be over; one fork at a time.
_forking: list[Store] = []
_turn = threading.Lock()


class Renewable(Protocol):
    """A part of a store that a child of fork can't use as it is."""

    def renew_after_fork(self) -> None:
        """Begin anew."""


def watch(store: Store) -> None:
    """Take care of a store."""
    _stores.add(store)


def _before_fork() -> None:
    _turn.acquire()
    _forking[:] = list(_stores)
    for store in _forking:
        store.access.before_fork()


def _in_parent() -> None:
    while _forking:
        _forking.pop().access.after_fork()
    _turn.release()


def _in_child() -> None:
    while _forking:
        for part in _forking.pop().parts:
            part.renew_after_fork()
    _turn.release()


def _finish() -> None:
    until = time.monotonic() + PATIENCE
    for store in list(_stores):
        store.close(max(0.0, until - time.monotonic()))


atexit.register(_finish)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)
