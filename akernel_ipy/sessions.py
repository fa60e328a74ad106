"""All sessions of a kernel: which one a request belongs to."""

from __future__ import annotations

from collections.abc import Iterator

from .core.model import Message, Run, current_session
from .session import Session


class Sessions:
    """The sessions of a kernel; all clients share one.

    Args:
        main: the session of code that no other one claims.
    """

    def __init__(self, main: Session) -> None:
        self.main = main

    def __iter__(self) -> Iterator[Session]:
        yield self.main

    def of(self, message: Message) -> Session:
        """Give the session that a request belongs to."""
        return self.main

    def at_hand(self) -> Session:
        """Give the session that the calling code belongs to."""
        session: Session = current_session.get(self.main)
        return session

    @property
    def started(self) -> int:
        """How many runs have started and not ended."""
        return sum(session.tasks.started for session in self)

    def running(self) -> list[Run]:
        """List the runs that have started and not ended."""
        return [run for session in self for run in session.tasks.running()]
