"""What a command of ``%akernel`` is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError


@dataclass(frozen=True)
class Command:
    """One command: its words with its arguments, what it does, and the function that does it.

    ``run`` takes the session and the arguments. An argument in brackets may be left out.
    """

    usage: str
    purpose: str
    run: Callable[[Any, list[str]], None]

    def match(self, words: list[str]) -> list[str] | None:
        """Give the arguments, if the words are this command."""
        pattern = self.usage.split()
        fixed = [word for word in pattern if word.islower()]
        if words[: len(fixed)] != fixed:
            return None
        arguments = words[len(fixed) :]
        most = len(pattern) - len(fixed)
        least = sum(not word.startswith("[") for word in pattern) - len(fixed)
        return arguments if least <= len(arguments) <= most else None


def cell_number(text: str, command: str) -> int:
    """Read the number of a cell; ``In [3]`` is 3."""
    digits = text.removeprefix("In").strip("[]")
    if not (digits.isascii() and digits.isdecimal()):
        raise UsageError(f"%akernel {command}: {text!r} is not the number of a cell")
    return int(digits)
