"""A copy of the kernel, made by `os.fork` in a cell, ends with the step of the cell that made it.

It has the kernel's loop, and none of its threads. Left to that loop, a copy whose descriptors are
closed hangs in the kernel's clean-up, and whoever waits for its end hangs too: pexpect does, and
with it ``!command``, if the command can't be encoded. A copy of stock ipykernel 7.4 lives on, or
dies of an error in its loop, and never gets a request.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque

_in_child = False


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Note from now on that this process is a copy, and have the copy leave the kernel's loop.

    What else was ready in asyncio's loop (3.11 to 3.14, ``BaseEventLoop._ready``) is the parent's:
    a copy that read a socket would take the wake-up away that its parent waits for.
    """

    def begin() -> None:
        global _in_child
        _in_child = True
        ready: deque[asyncio.Handle] | None = getattr(loop, "_ready", None)
        if ready is not None:
            ready.clear()
        loop.call_soon(end_child)
        loop.stop()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=begin)


def end_child(error: BaseException | None = None) -> None:
    """End this process if it is a copy and back in the kernel's own code; else do nothing.

    Args:
        error: what the cell ended with. As in a script it makes the status 1, and a SystemExit
            brings its own.
    """
    if not _in_child:
        return
    status = int(error is not None)
    if isinstance(error, SystemExit) and isinstance(error.code, int | None):
        status = error.code or 0
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)
