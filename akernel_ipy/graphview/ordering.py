"""Who stands beside whom in a row, and where: few crossings, straight lines, no overlap."""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections.abc import Hashable, Iterable, Mapping, Sequence

Node = Hashable

_ROUNDS = 12
_ALIGNMENTS = 24


class Rows:
    """Nodes in rows, joined only from one row to the next.

    Args:
        rows: the nodes of each row, in any order.
        joints: upper and lower node of each joint, and how straight it should be.
    """

    def __init__(
        self, rows: Sequence[Sequence[Node]], joints: Iterable[tuple[Node, Node, float]]
    ) -> None:
        self.rows = [list(row) for row in rows]
        self.above: dict[Node, list[tuple[Node, float]]] = {n: [] for row in rows for n in row}
        self.below: dict[Node, list[tuple[Node, float]]] = {n: [] for row in rows for n in row}
        for upper, lower, weight in joints:
            self.below[upper].append((lower, weight))
            self.above[lower].append((upper, weight))

    # -- order -----------------------------------------------------------------------------

    def arrange(self) -> None:
        """Sort each row by the barycentres of its neighbours, down and up, and keep the best."""
        best, fewest = [list(row) for row in self.rows], self.crossings()
        for number in range(_ROUNDS):
            if not fewest:
                break
            downwards = number % 2 == 0
            self._sweep(downwards)
            found = self.crossings()
            if found < fewest:
                best, fewest = [list(row) for row in self.rows], found
        self.rows = best

    def crossings(self) -> int:
        """Count how many joints cross."""
        return sum(self._between(a, b) for a, b in zip(self.rows, self.rows[1:], strict=False))

    def _between(self, upper: list[Node], lower: list[Node]) -> int:
        place = {node: number for number, node in enumerate(lower)}
        seen: list[int] = []
        count = 0
        for node in upper:
            ends = sorted(place[child] for child, _ in self.below[node])
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
        return count

    def _sweep(self, downwards: bool) -> None:
        rows = self.rows if downwards else self.rows[::-1]
        neighbours = self.above if downwards else self.below
        for fixed, row in itertools.pairwise(rows):
            place = {node: (number + 0.5) / len(fixed) for number, node in enumerate(fixed)}
            centre = {node: (number + 0.5) / len(row) for number, node in enumerate(row)}
            for node in row:
                if near := [place[other] for other, _ in neighbours[node]]:
                    centre[node] = sum(near) / len(near)
            row.sort(key=centre.__getitem__)

    # -- position --------------------------------------------------------------------------

    def positions(
        self, widths: Mapping[Node, float], gaps: Mapping[Node, float]
    ) -> dict[Node, float]:
        """Give the horizontal centre of each node.

        Args:
            widths: of the nodes.
            gaps: the space that each node wants on both sides; the larger of two counts.
        """
        offsets = [_offsets(row, widths, gaps) for row in self.rows]
        room = max((steps[-1] for steps in offsets), default=0.0)
        centres = {
            node: step - steps[-1] / 2
            for row, steps in zip(self.rows, offsets, strict=True)
            for node, step in zip(row, steps, strict=True)
        }
        lines = list(zip(self.rows, offsets, strict=True))
        for number in range(_ALIGNMENTS):
            sides = [self.below] if number % 2 else [self.above]
            if number >= _ALIGNMENTS - 2:
                sides = [self.above, self.below]
            for row, steps in lines[::-1] if number % 2 else lines:
                self._align(row, sides, centres, steps, room)
        return centres

    def _align(
        self,
        row: list[Node],
        sides: list[dict[Node, list[tuple[Node, float]]]],
        centres: dict[Node, float],
        offsets: list[float],
        room: float,
    ) -> None:
        """Move a row to where its neighbours want it, no row reaching out over the widest."""
        wishes: list[float] = []
        weights: list[float] = []
        for node, offset in zip(row, offsets, strict=True):
            near = [joint for side in sides for joint in side[node]]
            weight = sum(w for _, w in near)
            wish = sum(centres[other] * w for other, w in near) / weight if near else centres[node]
            wishes.append(wish - offset)
            weights.append(weight or 0.1)
        least, most = -room / 2, room / 2 - offsets[-1]
        for node, value, offset in zip(row, ascending(wishes, weights), offsets, strict=True):
            centres[node] = min(max(value, least), most) + offset


def ascending(wishes: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Give the numbers nearest to the wishes that never fall (least squares, by pooling)."""
    pools: list[tuple[float, float, int]] = []  # value, weight, how many
    for wish, weight in zip(wishes, weights, strict=True):
        value, count = wish, 1
        while pools and pools[-1][0] >= value:
            other, more, members = pools.pop()
            value = (value * weight + other * more) / (weight + more)
            weight, count = weight + more, count + members
        pools.append((value, weight, count))
    return [value for value, _, count in pools for _ in range(count)]


def _offsets(
    row: list[Node], widths: Mapping[Node, float], gaps: Mapping[Node, float]
) -> list[float]:
    """Give the least distances from the first node's centre."""
    offsets = [0.0]
    for left, right in itertools.pairwise(row):
        step = (widths[left] + widths[right]) / 2 + max(gaps[left], gaps[right])
        offsets.append(offsets[-1] + step)
    return offsets
