"""Where everything goes: boxes in rows, ports under them, curves from the ports to the readers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .grid import Grid
from .groups import Group, Key, groups, total_width
from .layers import backward
from .model import CODE, COLUMN, SMALL, Box, Flow, Link, columns, shorten

HEIGHT = 44.0
PORT = 17.0
ROW_GAP = 38.0
PITCH = HEIGHT + PORT + ROW_GAP
MARGIN = 20.0
#: Boxes of a row are not wider than this together.
LIMIT = 880.0
#: The picture of a few cells is this wide, that of many which share no names this.
LEAST, WIDE = 460.0, 820.0
NOTE = 24

Point = tuple[float, float]


@dataclass(frozen=True)
class Placed:
    """A box with its upper left corner and its size, and texts that fit."""

    box: Box
    x: float
    y: float
    width: float
    line: str
    note: str


@dataclass(frozen=True)
class Port:
    """Names that go the same way, under their cell's box: where their curves begin."""

    group: Group
    x: float
    y: float

    @property
    def foot(self) -> Point:
        """The middle of its lower edge."""
        return self.x + self.group.width / 2, self.y + PORT


@dataclass(frozen=True)
class Route:
    """The way of some names of a link, from the upper box to the lower: it is vertical there.

    The link points downwards, or ``up`` if it closes a cycle.
    """

    link: Link
    names: tuple[str, ...]
    points: tuple[Point, ...]
    up: bool = False


@dataclass(frozen=True)
class Layout:
    """A picture of the cells that share names, ready to be drawn."""

    flow: Flow
    width: float
    height: float
    boxes: tuple[Placed, ...]
    ports: tuple[Port, ...]
    routes: tuple[Route, ...]


def layout(flow: Flow) -> Layout:
    """Place the cells that share names."""
    ends = [(link.parent, link.child) for link in flow.links]
    found = groups(flow.links, backward([box.id for box in flow.linked], ends))
    grid = Grid({box.id: _width(box, found) for box in flow.linked}, found, LIMIT)
    span = grid.right - grid.left + 2 * MARGIN
    width = max(span, LEAST, 116.0 * len(flow.counts), WIDE * (len(flow.alone) > 10))
    shift = MARGIN - grid.left + (width - span) / 2
    boxes = {box.id: _place(box, grid, found, shift) for box in flow.linked}
    ports = [port for cell in found for port in _ports(boxes[cell], grid, found)]
    routes = tuple(_routes(boxes, {port.group.key: port for port in ports}, grid, shift))
    bottom = max((box.y + HEIGHT for box in boxes.values()), default=0.0)
    return Layout(flow, width, bottom, tuple(boxes.values()), tuple(ports), routes)


def _note(box: Box) -> str:
    return shorten(box.state, NOTE)


def _width(box: Box, found: dict[str, list[Group]]) -> float:
    code = columns(shorten(box.line, CODE)) * COLUMN + 28
    head = columns(box.label) * 7.0 + columns(_note(box)) * SMALL + 56
    return max(code, head, total_width(found.get(box.id, [])) + 12, 120.0)


def _place(box: Box, grid: Grid, found: dict[str, list[Group]], shift: float) -> Placed:
    width = _width(box, found)
    x, y = grid.centre[box.id] - width / 2 + shift, MARGIN + grid.row[box.id] * PITCH
    return Placed(box, x, y, width, shorten(box.line, CODE), _note(box))


def _ports(box: Placed, grid: Grid, found: dict[str, list[Group]]) -> Iterator[Port]:
    """Put the ports of a cell side by side, in the order of where they lead."""
    own = sorted(found[box.box.id], key=grid.aim)
    x = box.x + (box.width - total_width(own)) / 2
    for group in own:
        yield Port(group, x, box.y + HEIGHT)
        x += group.width + 6


def _routes(
    boxes: dict[str, Placed], ports: dict[Key, Port], grid: Grid, shift: float
) -> Iterator[Route]:
    coming: dict[str, list[tuple[Group, Link, list[Point]]]] = {cell: [] for cell in boxes}
    for group in grid.groups:
        for link in group.links:
            points = [ports[group.key].foot]
            for thread in grid.threads(group, link):
                x, top = grid.centre[thread] + shift, MARGIN + thread.row * PITCH
                points += [(x, top), (x, top + HEIGHT + PORT)]
            coming[link.child].append((group, link, points))
    for child, ways in coming.items():
        ways.sort(key=lambda way: way[2][-1])
        for (group, link, points), end in zip(ways, _ends(boxes[child], len(ways)), strict=True):
            names = tuple(name for name in link.names if name in group.names)
            own = replace(link, parent=link.child, child=link.parent) if group.up else link
            yield Route(own, names, (*points, end), group.up)


def _ends(box: Placed, count: int) -> Iterator[Point]:
    """Spread the ends of some curves over the upper edge of a box."""
    step = min(18.0, (box.width - 24) / max(count, 1))
    first = box.x + box.width / 2 - step * (count - 1) / 2
    for number in range(count):
        yield first + step * number, box.y
