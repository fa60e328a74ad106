"""Notebooks as scripts: ``# %%`` begins a step, and its line says what the user does then.

``answers: a | b`` are typed into the boxes that the cell opens; ``until: text`` is waited
for, since a child process has a way of its own to the front-end. ``press: Go`` presses a button,
``move: IntSlider value 5`` changes a widget; such a step has no code.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent / "notebooks"

#: What changes its process for good comes last.
LAST = ("nested", "rich")
NAMES = sorted((path.stem for path in HERE.glob("*.ipy")), key=lambda name: (name in LAST, name))

_STEP = re.compile(r"^# %%(.*)\n", re.MULTILINE)
_DEED = re.compile(r"\b(answers|until|press|move): (.*)")


@dataclass(frozen=True)
class Step:
    """A cell to run, or something to do with a widget."""

    code: str
    deed: str = ""
    words: str = ""

    @property
    def answers(self) -> list[str]:
        """What is typed in answer to the cell's questions."""
        return self.words.split(" | ") if self.deed == "answers" else []

    @property
    def change(self) -> tuple[str, str, object]:
        """The kind of widget, the name of what changes, and its new value."""
        kind, name, value = self.words.split(" ", 2)
        return kind, name, ast.literal_eval(value)


def read(name: str) -> list[Step]:
    """Read a notebook's steps, in order."""
    parts = _STEP.split((HERE / f"{name}.ipy").read_text(encoding="utf-8"))[1:]
    steps = []
    for title, code in zip(parts[::2], parts[1::2], strict=True):
        deed = _DEED.search(title)
        steps.append(Step(code.strip("\n"), *(deed.groups() if deed else ())))
    return steps
