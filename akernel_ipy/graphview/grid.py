"""Rows of boxes, with a thread through each row that a link passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from .groups import Group, Key
from .layers import GAP, rows
from .model import Link
from .ordering import Node, Rows


@dataclass(frozen=True)
class Thread:
    """Where the curves of a group pass a row; those to several readers share it."""

    group: Key
    row: int


class Grid:
    """The row and the horizontal centre of each box and thread.

    Args:
        widths: of the boxes, in order of appearance.
        groups: the links, by parent.
        limit: how wide a row of boxes may be.
    """

    def __init__(
        self, widths: Mapping[str, float], groups: Mapping[str, list[Group]], limit: float
    ) -> None:
        self.groups = [group for found in groups.values() for group in found]
        pairs = [(link.parent, link.child) for group in self.groups for link in group.links]
        self.row = rows(widths, dict.fromkeys(pairs), limit)
        nodes: list[list[Node]] = [[] for _ in range(max(self.row.values(), default=-1) + 1)]
        spans: dict[Node, float] = {}
        gaps: dict[Node, float] = {}
        for cell, row in self.row.items():
            nodes[row].append(cell)
            spans[cell], gaps[cell] = widths[cell], GAP
        for thread in self._all_threads():
            nodes[thread.row].append(thread)
            spans[thread], gaps[thread] = 2.0, 14.0
        joined = Rows(nodes, [(a, b, weight) for (a, b), weight in self._joints().items()])
        joined.arrange()
        self.centre = joined.positions(spans, gaps)
        self.left = min((x - spans[node] / 2 for node, x in self.centre.items()), default=0.0)
        self.right = max((x + spans[node] / 2 for node, x in self.centre.items()), default=0.0)

    def threads(self, group: Group, link: Link) -> list[Thread]:
        """Give the threads between a cell and one of its readers."""
        between = range(self.row[group.parent] + 1, self.row[link.child])
        return [Thread(group.key, row) for row in between]

    def aim(self, group: Group) -> float:
        """Give the place in the next row that a group leads to, on average."""
        nexts: list[Node] = [[*self.threads(group, ln), ln.child][0] for ln in group.links]
        return sum(self.centre[node] for node in nexts) / len(nexts)

    def _all_threads(self) -> Iterator[Thread]:
        for group in self.groups:
            farthest = max(group.links, key=lambda link: self.row[link.child])
            yield from self.threads(group, farthest)

    def _joints(self) -> dict[tuple[Node, Node], float]:
        """Give all neighbours in consecutive rows; from thread to thread should be straight."""
        joints: dict[tuple[Node, Node], float] = {}
        for group in self.groups:
            for link in group.links:
                path = [link.parent, *self.threads(group, link), link.child]
                for upper, lower in pairwise(path):
                    both = isinstance(upper, Thread) and isinstance(lower, Thread)
                    joints[upper, lower] = 8.0 if both else 1.0
        return joints
