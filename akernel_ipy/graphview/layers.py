"""Rows for the boxes: each below all that it reads from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Pair = tuple[str, str]

#: Space between two boxes of a row.
GAP = 26.0


def backward(cells: Iterable[str], pairs: Iterable[Pair]) -> set[Pair]:
    """Choose the links that have to point upwards, because their cells form a cycle."""
    children: dict[str, list[str]] = {cell: [] for cell in cells}
    for parent, child in pairs:
        children[parent].append(child)
    found: set[Pair] = set()
    done: set[str] = set()
    for start in children:
        if start not in done:
            found |= _from(start, children, done)
    return found


def _from(start: str, children: dict[str, list[str]], done: set[str]) -> set[Pair]:
    """Follow the links in depth; those that lead back to the path close cycles."""
    found: set[Pair] = set()
    path, active = [(start, iter(children[start]))], {start}
    while path:
        cell, followers = path[-1]
        for child in followers:
            if child in active:
                found.add((cell, child))
            elif child not in done:
                active.add(child)
                path.append((child, iter(children[child])))
                break
        else:
            path.pop()
            active.discard(cell)
            done.add(cell)
    return found


def rows(widths: Mapping[str, float], pairs: Iterable[Pair], limit: float) -> dict[str, int]:
    """Give each box a row, on which no more boxes are than fit into the limit.

    Args:
        widths: the boxes in order of appearance, with their widths.
        pairs: parents and children, without cycles.
        limit: how wide the boxes of a row may be together.
    """
    pairs = list(pairs)
    parents: dict[str, list[str]] = {cell: [] for cell in widths}
    children: dict[str, list[str]] = {cell: [] for cell in widths}
    for parent, child in pairs:
        parents[child].append(parent)
        children[parent].append(child)
    depth = _depths(parents, children)
    ordered = sorted(widths, key=depth.__getitem__)
    shelf = _Shelf(widths, limit)
    for cell in ordered:
        shelf.put(cell, max((shelf.row[parent] + 1 for parent in parents[cell]), default=0))
    for cell in reversed(ordered):
        if children[cell] and not parents[cell]:
            shelf.lower(cell, min(shelf.row[child] for child in children[cell]) - 1)
    return _dense(shelf.row)


def _depths(parents: dict[str, list[str]], children: dict[str, list[str]]) -> dict[str, int]:
    """Give the lengths of the longest paths; a cell that reads nothing goes near its readers."""
    waiting = {cell: len(above) for cell, above in parents.items()}
    ready = [cell for cell, count in waiting.items() if not count]
    depth = dict.fromkeys(ready, 0)
    for cell in ready:
        for child in children[cell]:
            depth[child] = max(depth.get(child, 0), depth[cell] + 1)
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    for cell in parents:
        if children[cell] and not parents[cell]:
            depth[cell] = min(depth[child] for child in children[cell]) - 1
    return depth


class _Shelf:
    """Rows being filled."""

    def __init__(self, widths: Mapping[str, float], limit: float) -> None:
        self.row: dict[str, int] = {}
        self._widths = widths
        self._limit = limit
        self._used: dict[int, float] = {}

    def put(self, cell: str, row: int) -> None:
        """Put a box on the first row from here on that has room."""
        while not self._fits(cell, row):
            row += 1
        self._set(cell, row)

    def lower(self, cell: str, lowest: int) -> None:
        """Move a box down as far as there is room."""
        for row in range(lowest, self.row[cell], -1):
            if self._fits(cell, row):
                self._used[self.row[cell]] -= self._widths[cell] + GAP
                self._set(cell, row)
                return

    def _fits(self, cell: str, row: int) -> bool:
        used = self._used.get(row, 0.0)
        return used <= 0 or used + self._widths[cell] <= self._limit

    def _set(self, cell: str, row: int) -> None:
        self.row[cell] = row
        self._used[row] = self._used.get(row, 0.0) + self._widths[cell] + GAP


def _dense(row: dict[str, int]) -> dict[str, int]:
    """Number the rows that have boxes from 0."""
    numbers = {old: new for new, old in enumerate(sorted(set(row.values())))}
    return {cell: numbers[old] for cell, old in row.items()}
