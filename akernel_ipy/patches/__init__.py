"""Every process-wide hook, installed once, with one `restore`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from .breakpoints import patch_breakpoints
from .comms import patch_comms
from .prompts import patch_prompts
from .threads import patch_threads
from .unraisable import patch_unraisable


def install(kernel: Any) -> Callable[[], None]:
    """Install all hooks for a kernel.

    Returns:
        A function that puts everything back.
    """
    stack = ExitStack()
    stack.callback(patch_threads())
    stack.callback(patch_unraisable())
    for patch in (patch_prompts, patch_comms, patch_breakpoints):
        stack.callback(patch(kernel))
    return stack.close
