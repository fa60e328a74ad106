"""Small pieces of SVG: texts, and a colour and a shape for each status."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from .model import Status

TEXT_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
CODE_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


@dataclass(frozen=True)
class Look:
    """How a box looks: its colours, and the stroke of its edge."""

    ink: str
    edge: str
    fill: str
    width: float = 1.2
    dashes: str = ""


LOOKS: dict[Status, Look] = {
    "fresh": Look("#2b8a66", "#b9cbd9", "#ffffff"),
    "running": Look("#2563c9", "#6f9fe8", "#eef4ff", 1.8),
    "stale": Look("#a86a0c", "#dfa94a", "#fff8ea", 1.6, "6 3"),
    "pending": Look("#6d4fc4", "#a893e6", "#f6f3ff", 1.6, "2 3"),
    "failed": Look("#c43535", "#e06a6a", "#fff0f0", 2.0),
    "blocked": Look("#7a5a5a", "#c9a9a9", "#f8f3f3", 1.6, "6 3"),
}


def mark(status: Status, x: float, y: float) -> str:
    """Draw the shape of a status, ten points wide, around a point."""
    ink = LOOKS[status].ink
    ring = f'<circle r="4" fill="none" stroke="{ink}" stroke-width="1.6"/>'
    shapes: dict[Status, str] = {
        "fresh": f'<circle r="3.6" fill="{ink}"/>',
        "running": f'<path d="M-3.4 -4.6L4.8 0L-3.4 4.6Z" fill="{ink}"/>',
        "stale": f'{ring}<path d="M0 -4A4 4 0 0 1 0 4Z" fill="{ink}"/>',
        "pending": f'<path d="M-4 -4.6H4L-4 4.6H4Z" fill="none" stroke="{ink}" '
        'stroke-width="1.6" stroke-linejoin="round"/>',
        "failed": f'<path d="M-3.4 -3.4L3.4 3.4M3.4 -3.4L-3.4 3.4" stroke="{ink}" '
        'stroke-width="2.2" stroke-linecap="round"/>',
        "blocked": f'{ring}<path d="M-2.8 2.8L2.8 -2.8" stroke="{ink}" stroke-width="1.6"/>',
    }
    return f'<g transform="translate({number(x)} {number(y)})">{shapes[status]}</g>'


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float,
    fill: str,
    font: str = "",
    bold: bool = False,
    centre: bool = False,
    end: bool = False,
) -> str:
    """Write a line of text."""
    options = f' font-family="{font}"' if font else ""
    options += ' font-weight="600"' if bold else ""
    anchor = "middle" if centre else "end" if end else ""
    options += f' text-anchor="{anchor}"' if anchor else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{size}" fill="{fill}" '
        f'xml:space="preserve"{options}>{escaped(words)}</text>'
    )


def number(value: float) -> str:
    """Write a coordinate with one digit after the point at most."""
    return f"{value:.1f}".removesuffix(".0")


def escaped(words: str) -> str:
    """Make a text fit for XML."""
    return escape(_clean(words))


def attribute(words: str) -> str:
    """Make a text an attribute's value, with its quotes."""
    return quoteattr(_clean(words))


def _clean(words: str) -> str:
    """Replace what XML can't hold at all: control characters and halves of surrogate pairs."""
    return "".join(c if _allowed(ord(c)) else "\N{REPLACEMENT CHARACTER}" for c in words)


def _allowed(code: int) -> bool:
    return code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF
