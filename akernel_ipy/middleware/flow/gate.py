"""What keeps re-runs from overlapping cells that they share data with."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

from ...core.hazards import Access, Board, Entry
from ...core.model import Outcome, Run
from ...core.pipeline import Runner
from ...tasks import take_interrupt


class Gate:
    """Lets an evaluation begin when none is under way that it shares data with.

    Requests are ordered before they start. What the wave of a reactive session runs again is no
    request: it has no place in their order, and takes turns with them here, in the order in which
    they come. An evaluation waits for no other one once it is let through, so that two can never
    wait for each other.

    Args:
        look: says what a run may do, as things are at the time of the call.
        outputs: gives what shows errors.
    """

    def __init__(self, look: Callable[[Run], Access], outputs: Callable[[], Any]) -> None:
        self._look, self._outputs = look, outputs
        self._board = Board(self._decided)
        self._numbers = itertools.count(1)
        self._turns: dict[int, asyncio.Future[None]] = {}

    async def __call__(self, run: Run, inner: Runner) -> Outcome:
        """Wait for the evaluations that this one shares data with, then evaluate."""
        number = next(self._numbers)
        turn = self._turns[number] = asyncio.get_running_loop().create_future()
        entry = self._board.enter(number, partial(self._look, run))
        try:
            await turn
        except asyncio.CancelledError:
            self._leave(entry)
            if not take_interrupt(run):
                raise
            outcome: Outcome = self._outputs().error(KeyboardInterrupt())
            return outcome
        try:
            return await inner(run)
        finally:
            self._leave(entry)

    def _leave(self, entry: Entry) -> None:
        del self._turns[entry.number]
        self._board.leave(entry)

    def _decided(self, entry: Entry) -> None:
        turn = self._turns[entry.number]
        if entry.granted and not turn.done():
            turn.set_result(None)
