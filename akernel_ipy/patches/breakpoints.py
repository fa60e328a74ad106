"""``breakpoint()`` is the debugger's, as in ipykernel, and loads it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def patch_breakpoints(kernel: Any) -> Callable[[], None]:
    """Let ``breakpoint()`` mean what it means where debugpy was imported from the start.

    That is a stop for a front-end that debugs, and nothing elsewhere. Without debugpy yet, Python's
    own hook would ask pdb's questions, which fail where nobody answers (nbclient, papermill).

    Returns:
        A function that restores the hook.
    """
    before = sys.breakpointhook

    def load_debugger(*args: Any, **kwargs: Any) -> Any:
        found = kernel.debugger  # importing debugpy puts its own hook in place
        hook = sys.breakpointhook
        if found is None or hook is load_debugger:
            hook = before
        return hook(*args, **kwargs)

    def restore() -> None:
        if sys.breakpointhook is load_debugger:
            sys.breakpointhook = before

    if before is sys.__breakpointhook__:
        sys.breakpointhook = load_debugger
    return restore
