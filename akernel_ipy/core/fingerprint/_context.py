"""What walks share, and what they report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ._code import Codes
from ._hashing import Algorithm
from ._memo import Memo
from ._origin import Origins


@dataclass(frozen=True)
class Context:
    """The parts of a session that its walks share; ``find`` gives the handler of a type."""

    algorithm: Algorithm
    find: Callable[[type], Any]
    origins: Origins
    memo: Memo
    codes: Codes = field(default_factory=Codes)


class Uses:
    """What a walk took in beside the value itself: globals of the notebook, and modules."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.modules: set[str] = set()


class Range(NamedTuple):
    """The memory that an array looks at: addresses, and which array of its walk it is."""

    number: int
    low: int
    high: int


class Place(NamedTuple):
    """Where a walk stands: a step on from another place."""

    before: Place | None
    step: str

    @property
    def path(self) -> str:
        """The whole way."""
        steps: list[str] = []
        place: Place | None = self
        while place is not None:
            steps.append(place.step)
            place = place.before
        return "".join(reversed(steps))
