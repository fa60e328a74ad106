"""The commands that look at the kernel's sessions and end them."""

from __future__ import annotations

import os
import time
from typing import Any

from IPython.core.error import UsageError

from ..core.model import find_run
from ..core.sizes import size_of
from ..core.units import show_bytes
from .command import Command

_HEADINGS = ("ID", "notebook", "age", "idle", "cells", "running", "size", "flavour")


def _sessions(session: Any, arguments: list[str]) -> None:
    kernel = session.shell.kernel
    rows = [
        _row(other, kernel, "*" if other is session else "") for other in kernel.sessions.in_use
    ]
    table = [_HEADINGS, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _row(session: Any, kernel: Any, mark: str) -> tuple[str, ...]:
    now = time.monotonic()
    running = len(session.tasks.running())
    return (
        f"{session.key}{mark}",
        _notebook(session, kernel),
        _duration(now - session.created),
        "" if running else _duration(now - session.seen),
        str(session.cells),
        str(running),
        show_bytes(_size(session, kernel)),
        str(session.mode),
    )


def _notebook(session: Any, kernel: Any) -> str:
    """The name of the session's notebook, where a front-end has told it."""
    namespace = session.shell.user_ns
    path = (
        kernel.sessions.path_of(session)
        or namespace.get("__vsc_ipynb_file__")
        or namespace.get("__session__")
    )
    return os.path.basename(path) if isinstance(path, str) and path else "-"


def _size(session: Any, kernel: Any) -> int:
    shell = session.shell
    hidden = shell.user_ns_hidden
    values = [
        value
        for name, value in list(shell.user_ns.items())
        if name not in hidden or hidden[name] is not value
    ]
    outputs = shell.user_ns.get("_oh", {})
    ignored = [shell, kernel, session, kernel.io_loop, kernel.io_loop.asyncio_loop, shell.user_ns]
    return size_of([*values, outputs], ignored)


def _duration(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _find(session: Any, key: str, command: str) -> Any:
    sessions = session.shell.kernel.sessions
    for other in sessions.in_use:
        if str(other.key) == key:
            return other
    raise UsageError(f"%akernel {command}: no session {key}; %akernel sessions lists them")


def _forget(session: Any, arguments: list[str]) -> None:
    other = _find(session, arguments[0], "forget")
    kernel = session.shell.kernel
    if not kernel.isolated:
        raise UsageError(
            "%akernel forget: all clients share one session; %reset empties it, and a kernel of "
            "flavour multi has one for each notebook"
        )
    if other is session:
        kernel.leave(session)
    else:
        kernel.end_session(other)
    print(f"forgot session {other.key}")


def _attach(session: Any, arguments: list[str]) -> None:
    other = _find(session, arguments[0], "attach")
    run = find_run()
    kernel = session.shell.kernel
    if run is None or not kernel.isolated:
        raise UsageError("%akernel attach: all clients share one session")
    kernel.attach(run.request.session_id, other)
    print(f"from the next cell on, this notebook uses session {other.key}")


COMMANDS = (
    Command("sessions", "the notebooks that use this kernel", _sessions),
    Command("forget ID", "end a session and free what was its own", _forget),
    Command("attach ID", "let this notebook use the session of another", _attach),
)
