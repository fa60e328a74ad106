"""Read the documentation: its sections, code blocks and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]

_FENCE = re.compile(r"^```(.*)$")
_HEADING = re.compile(r"^(#+)\s+(.*)$")


@dataclass(frozen=True)
class Block:
    """A fenced block: ```` ```python react ```` has the language python and the flavour react."""

    document: Path
    line: int
    section: str
    language: str
    flavour: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}"


def blocks(document: Path) -> Iterator[Block]:
    """Give the fenced blocks of a document, in order."""
    section, opened, lines = "", 0, list[str]()
    info = ""
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if fence and not opened:
            opened, info, lines = number, fence[1].strip(), []
        elif fence:
            language, _, flavour = info.partition(" ")
            yield Block(document, opened, section, language, flavour.strip(), "\n".join(lines))
            opened = 0
        elif opened:
            lines.append(line)
        elif heading := _HEADING.match(line):
            section = heading[2].strip()
    assert not opened, f"{document.name}:{opened}: the block is never closed"


def anchors(document: Path) -> set[str]:
    """Give the anchors of a document's headings, by GitHub's rule."""
    titles = (
        match[2]
        for line in document.read_text(encoding="utf-8").splitlines()
        if (match := _HEADING.match(line))
    )
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
