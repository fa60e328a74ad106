"""The picture as SVG: no scripts, no style sheets, a background of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from .layout import HEIGHT, MARGIN, PORT, Layout, Placed, Port, Route
from .listing import height as listing_height
from .listing import listing
from .marks import CODE_FONT, LOOKS, TEXT_FONT, attribute, escaped, mark, number, text
from .model import Link

#: A picture is shown this wide at most, unless its text would become too small: JupyterLab does
#: not shrink SVG to the width of a cell.
SHOWN, LEAST_SCALE = 840.0, 0.68
INK = "#93a1b5"
BAD = "#d98a8a"


def draw(picture: Layout) -> str:
    """Write the picture as an SVG document."""
    height = picture.height + listing_height(picture) + MARGIN
    scale = max(LEAST_SCALE, min(1.0, SHOWN / picture.width))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{picture.width * scale:.0f}" '
        f'height="{height * scale:.0f}" viewBox="0 0 {picture.width:.0f} {height:.0f}" '
        f'style="max-width: 100%; height: auto" font-family="{TEXT_FONT}">',
        f'<rect class="background" x="0.5" y="0.5" width="{picture.width - 1:.0f}" '
        f'height="{height - 1:.0f}" rx="10" fill="#fbfcfe" stroke="#dde3ec"/>',
        *(_curve(route, picture) for route in _painted(picture)),
        *(_port(port) for port in picture.ports),
        *(_box(box) for box in picture.boxes),
        *listing(picture),
        "</svg>",
    ]
    return "\n".join(parts)


def _painted(picture: Layout) -> Iterator[Route]:
    """Give what is in trouble last: it is painted over the rest."""
    yield from sorted(picture.routes, key=lambda route: _colour(route.link, picture) != INK)


def _colour(link: Link, picture: Layout) -> str:
    status = {box.box.id: box.box.status for box in picture.boxes}
    troubled = status[link.parent] in ("failed", "blocked") and status[link.child] == "blocked"
    return BAD if troubled else INK


def _curve(route: Route, picture: Layout) -> str:
    colour = _colour(route.link, picture)
    dashes = ' stroke-dasharray="5 4"' if route.link.deferred else ""
    return (
        f'<g class="link" data-parent={attribute(route.link.parent)} '
        f"data-child={attribute(route.link.child)} data-names={attribute(' '.join(route.names))}>"
        f"{_title(', '.join(route.link.names))}"
        f'<path d="{_way(route)}" fill="none" stroke="{colour}" stroke-width="1.6"{dashes}/>'
        f"{_head(route, colour)}</g>"
    )


def _way(route: Route) -> str:
    """Curves between rows, and straight lines through them."""
    points = list(route.points)
    tip = 0 if route.up else -1  # the line ends inside the arrow's head
    points[tip] = (points[tip][0], points[tip][1] + (5 if route.up else -5))
    x, y = points[0]
    steps = [f"M{number(x)} {number(y)}"]
    for place, ((x1, y1), (x2, y2)) in enumerate(pairwise(points)):
        if place % 2 or x1 == x2:
            steps.append(f"L{number(x2)} {number(y2)}")
        else:
            middle = number((y1 + y2) / 2)
            steps.append(f"C{number(x1)} {middle} {number(x2)} {middle} {number(x2)} {number(y2)}")
    return "".join(steps)


def _head(route: Route, colour: str) -> str:
    """The arrow's head: at the reader."""
    x, y = route.points[0] if route.up else route.points[-1]
    base = y + 8 if route.up else y - 8
    points = " ".join(f"{number(a)},{number(b)}" for a, b in ((x, y), (x - 4, base), (x + 4, base)))
    return f'<polygon points="{points}" fill="{colour}"/>'


def _port(port: Port) -> str:
    height, group = PORT - 2, port.group
    return (
        f'<g class="port">{_title(", ".join(group.names))}'
        f'<rect x="{number(port.x)}" y="{number(port.y + 2)}" width="{number(group.width)}" '
        f'height="{height:.0f}" rx="{height / 2}" fill="#eaf0f8"/>'
        + text(
            port.foot[0],
            port.y + 13,
            group.text,
            size=10,
            fill="#42526b",
            font=CODE_FONT,
            centre=True,
        )
        + "</g>"
    )


def _box(box: Placed) -> str:
    look = LOOKS[box.box.status]
    dashes = f' stroke-dasharray="{look.dashes}"' if look.dashes else ""
    right = box.x + box.width - 10
    return (
        f'<g class="cell" data-cell={attribute(box.box.id)} data-status="{box.box.status}">'
        f"{_title(box.box.line)}"
        f'<rect x="{number(box.x)}" y="{number(box.y)}" width="{number(box.width)}" '
        f'height="{HEIGHT:.0f}" rx="6" fill="{look.fill}" stroke="{look.edge}" '
        f'stroke-width="{look.width}"{dashes}/>'
        + text(box.x + 11, box.y + 16, box.box.label, size=11, fill="#1f2a3a", bold=True)
        + mark(box.box.status, right - 4, box.y + 12.5)
        + text(right - 13, box.y + 16, box.note, size=10.5, fill=look.ink, end=True)
        + text(box.x + 11, box.y + 34, box.line, size=12, fill="#33415a", font=CODE_FONT)
        + "</g>"
    )


def _title(words: str) -> str:
    """What a mouse over it shows, where the picture is part of the page."""
    return f"<title>{escaped(words)}</title>"
