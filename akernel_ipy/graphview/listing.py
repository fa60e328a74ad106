"""Below the picture: the cells that share no names, remarks, and the legend."""

from __future__ import annotations

from collections.abc import Iterator

from .layout import MARGIN, Layout
from .marks import CODE_FONT, LOOKS, attribute, mark, text
from .model import COLUMN, Box, shorten

#: So many cells are listed.
SOME = 40
LINE = 19.0
COLUMN_WIDTH = 260.0
LEGEND = 24.0
TITLE = 22.0


def height(picture: Layout) -> float:
    """Give the height of all that."""
    lines = _rows(picture)
    listed = lines * LINE + TITLE + MARGIN if lines else 0.0
    listed += LINE * len(picture.flow.notes)
    return listed + LEGEND + MARGIN * bool(picture.boxes)


def listing(picture: Layout) -> Iterator[str]:
    """List the lone cells in columns, then write the legend."""
    top = picture.height + MARGIN
    alone = picture.flow.alone
    if alone:
        more = f" ({len(alone) - SOME} more are not listed)" if len(alone) > SOME else ""
        yield text(MARGIN, top + 12, f"share no names{more}", size=11, fill="#6b7a90")
        rows, width = _rows(picture), (picture.width - 2 * MARGIN) / _columns(picture)
        for place, box in enumerate(alone[:SOME]):
            column, row = divmod(place, rows)
            yield _entry(box, MARGIN + column * width, top + TITLE + row * LINE, width)
        top += rows * LINE + TITLE + MARGIN
    for note in picture.flow.notes:
        words = shorten(note, int((picture.width - 2 * MARGIN) / 6.4))
        yield text(MARGIN, top + 12, words, size=11, fill="#6b7a90")
        top += LINE
    yield from _legend(picture, top)


def _columns(picture: Layout) -> int:
    return max(1, int((picture.width - 2 * MARGIN) // COLUMN_WIDTH))


def _rows(picture: Layout) -> int:
    return -(-min(len(picture.flow.alone), SOME) // _columns(picture))


def _entry(box: Box, x: float, y: float, width: float) -> str:
    label = len(box.label) * 6.6 + 22
    words = box.line if box.status == "fresh" else f"{box.state} · {box.line}"
    line = shorten(words, max(4, int((width - label - 10) / (COLUMN * 11 / 12))))
    return (
        f'<g class="cell" data-cell={attribute(box.id)} data-status="{box.status}">'
        + mark(box.status, x + 5, y + 8)
        + text(x + 15, y + 12, box.label, size=11, fill="#56657c")
        + text(x + label, y + 12, line, size=11, fill="#7a879b", font=CODE_FONT)
        + "</g>"
    )


def _legend(picture: Layout, top: float) -> Iterator[str]:
    x = MARGIN
    for status, count in picture.flow.counts.items():
        words = f"{count} {status}"
        yield mark(status, x + 5, top + 8)
        yield text(x + 15, top + 12, words, size=11, fill=LOOKS[status].ink)
        x += 34 + len(words) * 6.7
    if any(link.deferred for link in picture.flow.links):
        yield (
            f'<path d="M{x} {top + 8}h24" stroke="#93a1b5" stroke-width="1.6" '
            'stroke-dasharray="5 4"/>'
        )
        yield text(x + 30, top + 12, "read when called", size=11, fill="#56657c")
