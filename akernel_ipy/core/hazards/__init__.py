"""Hazards between the cells of a session: which may run side by side, as if in turn."""

from ._access import Access, Loan, Notes, access_of
from ._board import Board
from ._entry import Entry, Hazard, Hazards, Kind
from ._text import text_of

__all__ = [
    "Access",
    "Board",
    "Entry",
    "Hazard",
    "Hazards",
    "Kind",
    "Loan",
    "Notes",
    "access_of",
    "text_of",
]
