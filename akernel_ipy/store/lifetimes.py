"""What happens to the stores of a process when it forks or ends."""

from __future__ import annotations

import atexit
import os
import time
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from .store import Store

#: Seconds at the end of the process, for all stores together, to finish what is pending.
PATIENCE = 3.0

_stores: WeakSet[Store] = WeakSet()


def watch(store: Store) -> None:
    """Take care of a store."""
    _stores.add(store)


def _renew() -> None:
    for store in list(_stores):
        store.renew_after_fork()


def _finish() -> None:
    until = time.monotonic() + PATIENCE
    for store in list(_stores):
        store.close(max(0.0, until - time.monotonic()))


atexit.register(_finish)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
