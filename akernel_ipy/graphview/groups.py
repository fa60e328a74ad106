"""Names that go the same way are drawn as one."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

from .model import CODE, COLUMN, SMALL, Link, columns, join

#: Parent, names, whether upwards.
Key = tuple[str, tuple[str, ...], bool]


@dataclass(frozen=True)
class Group:
    """Names of one cell that go to the same readers."""

    parent: str
    names: tuple[str, ...]
    links: tuple[Link, ...]
    text: str
    #: Part of a cycle: ``parent`` stands above and is the one that reads.
    up: bool = False

    @property
    def key(self) -> Key:
        """What tells it from the other groups."""
        return self.parent, self.names, self.up

    @property
    def width(self) -> float:
        """Of the port from which their curves begin."""
        return columns(self.text) * SMALL + 12


def groups(links: Iterable[Link], back: Container[tuple[str, str]] = ()) -> dict[str, list[Group]]:
    """Put the names of each cell together that have the same readers.

    Args:
        links: all links.
        back: those that close cycles, as parent and child: they are grouped by their readers.
    """
    links = list(links)
    result: dict[str, list[Group]] = {}
    for parent, found in _same([ln for ln in links if (ln.parent, ln.child) not in back]).items():
        result[parent] = _few(found)
    turned = [
        replace(ln, parent=ln.child, child=ln.parent)
        for ln in links
        if (ln.parent, ln.child) in back
    ]
    for parent, found in _same(turned).items():
        ups = [replace(group, text=f"↑ {group.text}", up=True) for group in _few(found)]
        result.setdefault(parent, []).extend(ups)
    return result


def _same(links: list[Link]) -> dict[str, list[Group]]:
    readers: dict[tuple[str, str], dict[Link, None]] = {}
    for link in links:
        for name in link.names:
            readers.setdefault((link.parent, name), {})[link] = None
    same: dict[tuple[str, tuple[Link, ...]], list[str]] = {}
    for (parent, name), found in readers.items():
        same.setdefault((parent, tuple(found)), []).append(name)
    result: dict[str, list[Group]] = {}
    for (parent, together), names in same.items():
        group = Group(parent, tuple(names), together, join(tuple(names), 22))
        result.setdefault(parent, []).append(group)
    return result


def total_width(found: Iterable[Group]) -> float:
    """Give the width of ports side by side."""
    widths = [group.width for group in found]
    return sum(widths) + 6 * max(len(widths) - 1, 0)


def _few(found: list[Group]) -> list[Group]:
    """Merge the names that have the fewest readers, until the ports fit under a box."""
    found = sorted(found, key=lambda group: -len(group.links))
    while len(found) > 1 and total_width(found) > CODE * COLUMN + 24:
        first, second = found[-2:]
        names = (*first.names, *second.names)
        links = tuple(dict.fromkeys((*first.links, *second.links)))
        found[-2:] = [Group(first.parent, names, links, join(names, 12))]
    return found
