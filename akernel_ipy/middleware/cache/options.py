"""What ``%%cache`` and ``%%nocache`` say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...core.directives import Directive, find
from ...core.errors import AkernelError


class OptionError(AkernelError, ValueError):
    """A directive says something that it doesn't know."""


@dataclass(frozen=True)
class Options:
    """What the directives of a cell ask for.

    Attributes:
        asked: ``%%cache`` is there, whatever the flavour.
        refused: ``%%nocache`` is there.
        force: the cell is cached although it has effects.
        key: an expression whose value is part of the key.
    """

    asked: bool = False
    refused: bool = False
    force: bool = False
    key: str = ""


NONE = Options()


def read(directives: Iterable[Directive]) -> Options:
    """Read the directives of a cell; the one nearest to the code decides.

    Raises:
        OptionError: naming what is unknown, and what is known.
    """
    directives = [d for d in directives if d.name in {"cache", "nocache"}]
    if not directives:
        return NONE
    last = directives[-1]
    if last.name == "nocache":
        if last.line:
            raise OptionError(f"%%nocache takes no arguments, not {last.line!r}")
        return Options(refused=True)
    found = find(directives, "cache")
    line = found.line.strip() if found is not None else ""
    force = line == "force" or line.startswith("force ")
    rest = line.removeprefix("force").strip() if force else line
    if rest and not rest.startswith("key="):
        raise OptionError(f"%%cache: unknown option {rest!r}; known: force, key=EXPR")
    key = rest.removeprefix("key=").strip()
    if rest and not key:
        raise OptionError("%%cache key=EXPR: the expression is missing")
    return Options(asked=True, force=force, key=key)
