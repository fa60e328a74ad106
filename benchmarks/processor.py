"""The time that a process spent on a processor: it says what something costs on a busy machine."""

from __future__ import annotations

from pathlib import Path


def processor(pid: int) -> float | None:
    """Seconds that all threads of a process have run, where the system counts nanoseconds."""
    times = [_running(file) for file in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(times) if times else None


def _running(schedstat: Path) -> float:
    try:
        return int(schedstat.read_text().split()[0]) / 1e9
    except OSError:  # the thread has just ended
        return 0.0


class Meter:
    """What a process has used since the last look.

    >>> import os
    >>> Meter(os.getpid()).used() is not None or not Path("/proc/self/schedstat").exists()
    True
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._last = processor(pid)

    def used(self) -> float | None:
        """Seconds of processor time since the last call; None if the system doesn't tell."""
        before, self._last = self._last, processor(self._pid)
        return None if before is None or self._last is None else self._last - before
