"""One change propagating: `Wave` says which cells to run next, and never awaits."""

from ._plan import fellow_readers
from ._values import UNFINISHED, Change, State, Status, Step, Trouble
from ._wave import Wave

__all__ = [
    "UNFINISHED",
    "Change",
    "State",
    "Status",
    "Step",
    "Trouble",
    "Wave",
    "fellow_readers",
]
