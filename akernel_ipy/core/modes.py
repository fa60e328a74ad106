"""Flavours of the kernel: parse ``"chain"``, ``"multi-react"``, ... into a canonical `Mode`.

>>> str(parse("CHAIN"))
'chain'
>>> str(parse(""))
'async'
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ModeError

#: Mutually exclusive ways to order the cells of a session; the first is the default.
ORDERINGS = ("async", "chain", "flow")

#: Flavours that can be added to any ordering, in canonical order.
ADDITIONS: tuple[str, ...] = ("cache", "multi", "react")

KNOWN = ORDERINGS + ADDITIONS


@dataclass(frozen=True)
class Mode:
    """A parsed flavour: one ordering and a set of additions."""

    ordering: str = ORDERINGS[0]
    additions: frozenset[str] = frozenset()

    def __contains__(self, word: object) -> bool:
        return word == self.ordering or word in self.additions

    def plus(self, word: str) -> Mode:
        """Give the same flavour with an addition."""
        return Mode(self.ordering, self.additions | {word})

    def __str__(self) -> str:
        """Give the canonical spelling; ``async`` is said only when nothing else is."""
        words = [word for word in ADDITIONS if word in self.additions]
        if self.ordering != ORDERINGS[0] or not words:
            words.insert(0, self.ordering)
        return "-".join(words)


def parse(text: str) -> Mode:
    """Read a flavour such as ``"chain"`` or ``"react-cache"``; order and case don't matter.

    Raises:
        ModeError: on an unknown word, or on two orderings at once.
    """
    words = [word for word in text.strip().lower().split("-") if word]
    unknown = [word for word in words if word not in KNOWN]
    if unknown:
        raise ModeError(
            f"unknown flavour {unknown[0]!r} in {text.strip()!r}; "
            f"known flavours: {', '.join(KNOWN)}"
        )
    orderings = sorted({word for word in words if word in ORDERINGS})
    if len(orderings) > 1:
        raise ModeError(
            f"{text.strip()!r} asks for {' and '.join(orderings)} at once; choose one of them"
        )
    ordering = orderings[0] if orderings else ORDERINGS[0]
    return Mode(ordering, frozenset(words) & frozenset(ADDITIONS))
