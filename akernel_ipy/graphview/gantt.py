"""A run of a notebook as a Gantt chart, in SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .marks import CODE_FONT, TEXT_FONT, attribute, escaped, number, text
from .model import shorten
from .schedule import Bar, Look, Schedule, Wait, critical, decisive, direct

WIDTH, MARGIN = 980.0, 18.0
#: Of the labels at the left, and of the figures at the right.
LABELS, FIGURES = 268.0, 62.0
HEAD, AXIS, ROW, BAR, FOOT = 40.0, 26.0, 25.0, 15.0, 34.0
CHARACTER = 6.7  # width of one in the code's size
#: Way to the right above which an arrow comes from the left, and not from above.
TURN, HEAD_LENGTH = 12.0, 7.0

#: Keeps a text readable where lines cross it.
HALO = '<g stroke="#fbfcfe" stroke-width="3" paint-order="stroke" stroke-linejoin="round">'

INK, PALE, GRID = "#5b6b82", "#c3cddb", "#e6ebf2"
CRITICAL = "#d9822b"


@dataclass(frozen=True)
class Paint:
    """How bars of a look are filled and edged, and what the legend calls them."""

    fill: str
    edge: str
    words: str


PAINTS: dict[Look, Paint] = {
    "loop": Paint("#cfe0fb", "#6f9fe8", "in the kernel's loop"),
    "thread": Paint("#c4e8dc", "#4fa88a", "in a thread"),
    "offload": Paint("#dcd2f7", "#9079d6", "in another process"),
    "failed": Paint("#fbd5d5", "#e06a6a", "failed"),
    "aborted": Paint("#f3f0f0", "#c9a9a9", "aborted"),
}


def draw_schedule(schedule: Schedule) -> str:
    """Write the picture as an SVG document."""
    chart = _Chart(schedule)
    height = HEAD + AXIS + ROW * len(schedule.bars) + FOOT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {WIDTH:.0f} {height:.0f}" style="max-width: 100%; height: auto" '
        f'font-family="{TEXT_FONT}">',
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1:.0f}" height="{height - 1:.0f}" rx="10" '
        'fill="#fbfcfe" stroke="#dde3ec"/>',
        *_headline(schedule),
        *chart.axis(),
        *chart.rows(),
        *_legend(schedule, height - FOOT),
        "</svg>",
    ]
    return "\n".join(parts)


def _headline(schedule: Schedule) -> Iterator[str]:
    yield text(MARGIN, 26, shorten(schedule.title, 44), size=14, fill="#1f2a3a", bold=True)
    wall, total, count = schedule.seconds, schedule.cell_seconds, len(schedule.bars)
    cells = f"{count} cell{'' if count == 1 else 's'}"
    words = f"{cells} in {_seconds(wall)}; the sum of their times {_seconds(total)}"
    faster = f"speed-up {total / wall:.1f}" if wall else ""
    yield text(WIDTH - MARGIN - 104, 26, words, size=11.5, fill=INK, end=True)
    yield text(WIDTH - MARGIN, 26, faster, size=11.5, fill="#1f2a3a", bold=True, end=True)


class _Chart:
    """Places rows and times."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._bars = schedule.by_number
        self._rows = {bar.number: row for row, bar in enumerate(schedule.bars)}
        self._critical = critical(schedule)
        self._left, self._right = MARGIN + LABELS, WIDTH - MARGIN - FIGURES
        ends = [schedule.seconds, *(bar.end for bar in schedule.bars)]
        self._longest = max(*ends, 0.001)

    def _x(self, seconds: float) -> float:
        return self._left + (self._right - self._left) * max(seconds, 0.0) / self._longest

    def _y(self, bar: Bar) -> float:
        """The middle of a bar's row."""
        return HEAD + AXIS + ROW * (self._rows[bar.number] + 0.5)

    def axis(self) -> Iterator[str]:
        """Draw the scale of time."""
        bottom = HEAD + AXIS + ROW * len(self._rows)
        for tick in ticks(self._longest):
            x = number(self._x(tick))
            yield f'<path d="M{x} {HEAD + AXIS - 4}V{number(bottom)}" stroke="{GRID}"/>'
            label = f"{tick:g} s"
            yield text(self._x(tick), HEAD + AXIS - 9, label, size=10, fill="#8593a8", centre=True)

    def rows(self) -> Iterator[str]:
        """Draw the cells: first the waits, the decisive ones on top, then the bars over them."""
        for bar in self._schedule.bars:
            if bar.start > 0:
                yield self._before(bar)
        waits = direct(self._schedule)
        arrows = (
            self._arrow(bar, wait) for bar in self._schedule.bars for wait in waits[bar.number]
        )
        for _, arrow in sorted(arrows, key=lambda ranked: ranked[0]):
            yield arrow
        for bar in self._schedule.bars:
            yield self._bar(bar)

    def _before(self, bar: Bar) -> str:
        """A dotted line as long as a cell has not started."""
        x, y = number(self._x(bar.start)), number(self._y(bar))
        return (
            f'<path d="M{number(self._x(0))} {y}H{x}" stroke="{PALE}" '
            'stroke-dasharray="1.5 4" stroke-linecap="round"/>'
        )

    def _arrow(self, bar: Bar, wait: Wait) -> tuple[int, str]:
        """From the end of a cell to the start of one that waited for it; and its rank."""
        other = self._bars[wait.number]
        decides = other is decisive(bar, self._bars)
        rank = 2 if decides and bar in self._critical else 1 if decides else 0
        colour = (PALE, INK, CRITICAL)[rank]
        words = f"[{bar.number}] waited for [{other.number}]" + (
            f": {wait.why}" if wait.why else ""
        )
        return rank, (
            f'<g class="wait" data-cell="{bar.number}" data-for="{other.number}">'
            f"<title>{escaped(words)}</title>"
            f'<path d="{self._course(other, bar)}" fill="none" stroke="{colour}" '
            f'stroke-width="{1.8 if rank == 2 else 1.2}"/>{self._head(other, bar, colour)}</g>'
        )

    def _course(self, other: Bar, bar: Bar) -> str:
        """Down from the end of a bar, and to the right if there is some way to go."""
        x0, y0, x, y = self._x(other.end), self._y(other), self._x(bar.start), self._y(bar)
        down = 1 if y > y0 else -1
        # The kernel tells the end a little after the other has started.
        begin = f"M{number(min(x0, x))} {number(y0 + down * BAR / 2)}"
        if x - x0 > TURN:
            return f"{begin}V{number(y)}H{number(x - HEAD_LENGTH)}"
        return f"{begin}L{number(x)} {number(y - down * (BAR / 2 + HEAD_LENGTH))}"

    def _head(self, other: Bar, bar: Bar, colour: str) -> str:
        x0, y0, x, y = self._x(other.end), self._y(other), self._x(bar.start), self._y(bar)
        if x - x0 > TURN:
            back = x - HEAD_LENGTH
            points = (x, y), (back, y - 3.5), (back, y + 3.5)
        else:
            down = 1 if y > y0 else -1
            y -= down * BAR / 2
            back = y - down * HEAD_LENGTH
            points = (x, y), (x - 3.5, back), (x + 3.5, back)
        listed = " ".join(f"{number(a)},{number(b)}" for a, b in points)
        return f'<polygon points="{listed}" fill="{colour}"/>'

    def _bar(self, bar: Bar) -> str:
        x, y = self._x(bar.start), self._y(bar)
        width = max(self._x(bar.end) - x, 2.5)
        paint = PAINTS[bar.look]
        critical = bar in self._critical
        edge, thick = (CRITICAL, 1.8) if critical else (paint.edge, 1.1)
        label = f"[{bar.number}]"
        line = shorten(bar.line, int((LABELS - 46) / CHARACTER))
        note = "aborted" if bar.look == "aborted" else _seconds(bar.seconds)
        after = x + width + 6
        return (
            f'<g class="cell" data-cell={attribute(str(bar.number))} data-look="{bar.look}">'
            f"<title>{escaped(_told(bar))}</title>"
            + text(MARGIN + 26, y + 4, label, size=11, fill="#56657c", bold=critical, end=True)
            + text(MARGIN + 34, y + 4, line, size=11, fill="#33415a", font=CODE_FONT)
            + f'<rect x="{number(x)}" y="{number(y - BAR / 2)}" width="{number(width)}" '
            f'height="{BAR:.0f}" rx="3" fill="{paint.fill}" stroke="{edge}" '
            f'stroke-width="{thick}"/>'
            + HALO
            + text(after, y + 4, note, size=10.5, fill=INK)
            + "</g></g>"
        )


def _told(bar: Bar) -> str:
    """What a mouse over a bar shows."""
    if bar.look == "aborted":
        return f"[{bar.number}] was aborted"
    words = f"[{bar.number}] from {_seconds(bar.start)} to {_seconds(bar.end)}: {bar.line}"
    reasons = [f"waited for [{wait.number}]: {wait.why}" for wait in bar.waits]
    return "\n".join([words, *reasons])


def _legend(schedule: Schedule, top: float) -> Iterator[str]:
    x, y = MARGIN + 4, top + 18
    looks = [look for look in PAINTS if any(bar.look == look for bar in schedule.bars)]
    for look in looks:
        paint = PAINTS[look]
        yield (
            f'<rect x="{number(x)}" y="{number(y - 9)}" width="16" height="10" rx="2.5" '
            f'fill="{paint.fill}" stroke="{paint.edge}"/>'
        )
        yield text(x + 22, y, paint.words, size=11, fill=INK)
        x += 38 + len(paint.words) * 6
    chain = critical(schedule)
    if len(chain) > 1:
        yield f'<path d="M{number(x)} {number(y - 4)}h18" stroke="{CRITICAL}" stroke-width="1.8"/>'
        inside = _seconds(sum(bar.seconds for bar in chain))
        words = f"the way to the last cell: {inside} in {len(chain)} cells"
        yield text(x + 24, y, words, size=11, fill=INK)


def ticks(longest: float) -> Sequence[float]:
    """Choose round times, five to ten of them."""
    rough = longest / 8
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((power * m for m in (1, 2, 5) if power * m >= rough), power * 10)
    return [round(step * n, 9) for n in range(int(longest / step + 1e-9) + 1)]


def _seconds(seconds: float) -> str:
    if seconds < 0.0995:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 99.5 else f"{seconds:.0f} s"
