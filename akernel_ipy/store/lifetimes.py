"""What happens to the stores of a process when it forks or ends."""

from __future__ import annotations

import atexit
import os
import threading
import time
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from .store import Store

#: Seconds at the end of the process, for all stores together, to finish what is pending.
PATIENCE = 3.0

_stores: WeakSet[Store] = WeakSet()

# Those that wait for a fork to be over; one fork at a time.
_forking: list[Store] = []
_turn = threading.Lock()


def watch(store: Store) -> None:
    """Take care of a store."""
    _stores.add(store)


def _before_fork() -> None:
    _turn.acquire()
    _forking[:] = list(_stores)
    for store in _forking:
        store.before_fork()


def _after_fork() -> None:
    while _forking:
        _forking.pop().after_fork()
    _turn.release()


def _renew() -> None:
    while _forking:
        _forking.pop().renew_after_fork()
    _turn.release()


def _finish() -> None:
    until = time.monotonic() + PATIENCE
    for store in list(_stores):
        store.close(max(0.0, until - time.monotonic()))


atexit.register(_finish)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_renew)
