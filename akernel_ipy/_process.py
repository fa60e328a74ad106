"""What stays for as long as the process lives: CPython takes no audit hook back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

_hooked = False
_listener: Callable[[str, tuple[Any, ...]], None] | None = None


def listen(listener: Callable[[str, tuple[Any, ...]], None] | None) -> None:
    """Tell a function of all audit events from now on; None for nobody."""
    global _hooked, _listener
    _listener = listener
    if not _hooked and listener is not None:
        _hooked = True
        sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    listener = _listener
    if listener is not None:
        listener(event, arguments)
