"""Lines such as ``%%cache force`` at the top of a cell: they say how to run what is below them.

Other cell magics take the cell's text and do with it what they like, which hides it from the
analysis and from the debugger. A directive leaves it what it was: its line becomes a comment.

>>> parse("%%thread\\n%%cache key=seed\\nfit(x)\\n")[0]
(Directive(name='thread', line=''), Directive(name='cache', line='key=seed'))
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: The directives there are.
NAMES = ("cache", "nocache", "thread", "offload")

_LINE = re.compile(rf"%%({'|'.join(NAMES)})(?:[ \t]+(.*?))?[ \t\r]*")


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive: its name, and the rest of its line."""

    name: str
    line: str = ""


def parse(code: str) -> tuple[tuple[Directive, ...], str]:
    """Take the directives off the top of a cell.

    Returns:
        The directives in order, and the code with comments in their place, so that line numbers
        stay. Above another cell magic, which has to come first, their lines are gone.
    """
    if "%%" not in code:
        return (), code
    found: list[Directive] = []
    lines = code.split("\n")
    start = at = next((i for i, line in enumerate(lines) if line.strip()), 0)
    while at < len(lines) and (match := _LINE.fullmatch(lines[at])):
        found.append(Directive(match[1], match[2] or ""))
        at += 1
    if not found:
        return (), code
    if at < len(lines) and lines[at].startswith("%%"):
        return tuple(found), "\n".join(lines[at:])
    lines[start:at] = [f"# {line}" for line in lines[start:at]]
    return tuple(found), "\n".join(lines)


def tagged(tags: Iterable[object]) -> tuple[Directive, ...]:
    """Give the directives among a cell's tags."""
    return tuple(Directive(tag) for tag in tags if isinstance(tag, str) and tag in NAMES)


def find(directives: Iterable[Directive], name: str) -> Directive | None:
    """Find a directive by its name; the one nearest to the code counts."""
    return next((d for d in reversed(tuple(directives)) if d.name == name), None)
