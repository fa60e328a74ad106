"""When a run may start. ``async`` needs no middleware: a run starts when it arrives."""

from __future__ import annotations

from ..core.model import Outcome, Run
from ..core.pipeline import Runner
from ..tasks import Tasks


class Chain:
    """Starts a cell when the previous one of its session has ended."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks

    async def __call__(self, run: Run, inner: Runner) -> Outcome:
        """Wait for the runs that arrived earlier, then run."""
        while (earlier := self._tasks.before(run)) is not None:
            await self._tasks.ended(earlier)
        return await inner(run)
