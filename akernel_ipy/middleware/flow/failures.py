"""Cells that failed, for those that had been asked for by then and come to the board later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...core.hazards import Access, Board
from ...core.model import Run


@dataclass(eq=False)
class _Failure:
    """A cell that failed, or that was aborted because of one."""

    run: Run
    culprit: int
    access: Access
    #: Requests up to this number, or arriving before this time, are concerned.
    until: int
    deadline: float
    #: Names that it should have bound, and that nobody has bound since.
    lost: set[str]
    #: What it changed: as long as these live, their ids are theirs.
    alive: list[Any]


class Failures:
    """What is lost by failures, as long as requests may come which were sent before them."""

    def __init__(self) -> None:
        self._failures: list[_Failure] = []

    def add(
        self,
        run: Run,
        culprit: int,
        access: Access,
        until: int,
        deadline: float,
        namespace: Mapping[str, Any],
    ) -> None:
        """Take note of a run that failed, or was aborted because run ``culprit`` did."""
        alive = [namespace[name] for name in access.reads if name in namespace]
        lost = {*access.writes, *access.imports.keys()} - access.settled
        failure = _Failure(run, culprit, access, until, deadline, lost, alive)
        self._failures.append(failure)

    def heal(self, run: Run, access: Access) -> None:
        """A later run has bound names."""
        for failure in self._failures:
            if failure.run.number < run.number:
                failure.lost -= access.writes | access.imports.keys()

    def culprit(self, run: Run, access: Access, board: Board) -> int | None:
        """Give the number of the failed run that a newly come one depends on, if any."""
        arrived = run.state.arrived
        self._failures = [
            f for f in self._failures if run.number <= f.until or arrived < f.deadline
        ]
        for failure in reversed(self._failures):
            if failure.run.request.session_id == run.request.session_id and _needs(
                access, failure, run, board
            ):
                return failure.culprit
        return None


def _needs(access: Access, failure: _Failure, run: Run, board: Board) -> bool:
    if access.barrier or failure.access.barrier:
        return True
    if not failure.access.sure.isdisjoint(access.tokens.keys()):
        return True
    return any(
        not board.binds(name, after=failure.run.number, before=run.number)
        for name in failure.lost & access.reads
    )
