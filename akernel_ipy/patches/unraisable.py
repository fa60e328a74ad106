"""Interrupts that Python drops: they are sent once more."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def patch_unraisable() -> Callable[[], None]:
    """Send the interrupt of a cell's thread again that came while Python could raise nothing.

    CPython drops what is raised in ``__del__`` and in callbacks of weak references, and goes on: a
    garbage collection at the wrong moment, and the thread would never end.

    Returns:
        A function that restores the hook.
    """
    before = sys.unraisablehook

    def look(unraisable: Any) -> Any:
        again = getattr(unraisable.exc_type, "again", None)
        return before(unraisable) if again is None else again()

    def restore() -> None:
        if sys.unraisablehook is look:
            sys.unraisablehook = before

    sys.unraisablehook = look
    return restore
