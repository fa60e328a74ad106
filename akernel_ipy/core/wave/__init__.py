"""One change propagating: `Wave` says which cells to run next, and never awaits."""

from ._plan import fellow_readers
from ._values import UNFINISHED, Change, State, Status, Step, Trouble
from ._wave import Taken, Wave, merge

__all__ = [
    "UNFINISHED",
    "Change",
    "State",
    "Status",
    "Step",
    "Taken",
    "Trouble",
    "Wave",
    "fellow_readers",
    "merge",
]
