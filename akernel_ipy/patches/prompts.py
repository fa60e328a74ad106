"""``input`` and ``getpass`` ask the front-end of the run that calls them."""

from __future__ import annotations

import builtins
import getpass
from collections.abc import Callable
from typing import Any


def patch_prompts(kernel: Any) -> Callable[[], None]:
    """Replace both functions for the life of the kernel.

    ipykernel 7.4 `IPythonKernel._forward_input` swaps them around each cell: cells that end in
    another order than they began leave the wrong function behind.

    Returns:
        A function that restores both.
    """
    saved = builtins.input, getpass.getpass
    builtins.input, getpass.getpass = kernel.raw_input, kernel.getpass

    def restore() -> None:
        builtins.input, getpass.getpass = saved

    return restore
