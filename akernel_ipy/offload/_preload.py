"""What a worker process of this machine does first.

The kernel is interrupted by a SIGINT to its process group, which workers and their child processes
belong to. It is the kernel that decides which cells that ends.
"""

from __future__ import annotations

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Ignore SIGINT from now on; until now it was blocked."""
    # A function, and not SIG_IGN, which child processes would inherit.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
