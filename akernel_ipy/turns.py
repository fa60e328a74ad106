"""Whose cell starts next, when sessions share one loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable


class Turns:
    """Lets each session start one cell in each pass of the event loop.

    Without it the loop would take the first steps of all cells that have arrived in one go: who
    sends a hundred would hold up everybody else for a hundred cells, instead of for one.
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        self._taken: set[Hashable] = set()

    def take(self, who: Hashable) -> asyncio.Future[None] | None:
        """Ask for a turn: None if it is there, else what to wait for."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            loop.call_soon(self._pass)
        if who not in self._taken:
            self._taken.add(who)
            return None
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.setdefault(who, deque()).append(turn)
        return turn

    def _pass(self) -> None:
        self._taken.clear()
        for who, turns in list(self._waiting.items()):
            while turns:
                turn = turns.popleft()
                if not turn.done():  # who waited may have been cancelled
                    turn.set_result(None)
                    self._taken.add(who)
                    break
            if not turns:
                del self._waiting[who]
        if self._taken:
            asyncio.get_running_loop().call_soon(self._pass)
