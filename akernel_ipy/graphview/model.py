"""What is drawn: boxes for cells, links for the names they share."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Status = Literal["fresh", "running", "stale", "pending", "failed", "blocked"]

#: Width of a column of the monospaced font, at the size of code and at the size of names.
COLUMN, SMALL = 7.25, 6.1
#: Columns of code in a box.
CODE = 28

STATUSES: tuple[Status, ...] = ("fresh", "running", "stale", "pending", "failed", "blocked")


@dataclass(frozen=True, slots=True)
class Box:
    """A cell: its label (``In [3]``), its first line, its status and what to say beside it."""

    id: str
    label: str
    line: str
    status: Status = "fresh"
    note: str = ""

    @property
    def state(self) -> str:
        """The status, with what there is to say about it."""
        return f"{self.status}: {self.note}" if self.note else self.status


@dataclass(frozen=True, slots=True)
class Link:
    """``child`` reads ``names`` from ``parent``; ``deferred`` if only in bodies of functions."""

    parent: str
    child: str
    names: tuple[str, ...]
    deferred: bool = False


@dataclass(frozen=True)
class Flow:
    """The cells in order, who reads what from whom, and remarks to write below."""

    boxes: tuple[Box, ...]
    links: tuple[Link, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def linked(self) -> tuple[Box, ...]:
        """The cells that share names with others."""
        ends = {end for link in self.links for end in (link.parent, link.child)}
        return tuple(box for box in self.boxes if box.id in ends)

    @cached_property
    def alone(self) -> tuple[Box, ...]:
        """The other cells."""
        linked = {box.id for box in self.linked}
        return tuple(box for box in self.boxes if box.id not in linked)

    @cached_property
    def counts(self) -> dict[Status, int]:
        """How many cells have each status, for those that some cell has."""
        found = [box.status for box in self.boxes]
        return {status: found.count(status) for status in STATUSES if status in found}


def columns(text: str) -> int:
    """Give the width of a text in columns of a monospaced font."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide


def shorten(text: str, limit: int) -> str:
    """Cut a text to some columns, with an ellipsis if it is longer."""
    text = " ".join(text.split())
    if columns(text) <= limit:
        return text
    while text and columns(text) > limit - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def join(names: tuple[str, ...], limit: int) -> str:
    """List names in some columns; ``+3`` stands for those that don't fit."""
    for shown in range(len(names), 0, -1):
        rest = [f"+{len(names) - shown}"] if shown < len(names) else []
        text = ", ".join([*names[:shown], *rest])
        if columns(text) <= limit:
            return text
    rest = [f" +{len(names) - 1}"] if len(names) > 1 else []
    return shorten(names[0], limit - sum(map(len, rest))) + "".join(rest)
