"""Parameters of a notebook, by papermill's convention."""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from nbformat.v4 import new_code_cell

from akernel_ipy.core.errors import NotebookError

DEFAULTS_TAG = "parameters"
INJECTED_TAG = "injected-parameters"


def parse_value(text: str) -> object:
    """Read ``True``, ``None`` or a number from a command line; anything else is a string.

    >>> [parse_value(text) for text in ("3", "0.5", "True", "None", "north")]
    [3, 0.5, True, None, 'north']
    """
    words: dict[str, object] = {"True": True, "False": False, "None": None}
    if text in words:
        return words[text]
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def source(parameters: Mapping[str, object]) -> str:
    """Give the code of the injected cell.

    Raises:
        NotebookError: if a name isn't one that Python can assign to.
    """
    for name in parameters:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise NotebookError(
                f"the parameter {name!r} isn't a name that a cell can use; "
                "give letters, digits and underscores: -p NAME VALUE"
            )
    return "\n".join(
        ["# Parameters", *(f"{name} = {literal(value)}" for name, value in parameters.items())]
    )


def literal(value: object) -> str:
    """Write a value as Python code, also the floats whose `repr` isn't code."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def tagged(cells: Iterable[Any], tag: str) -> int | None:
    """Give the place of the first code cell with a tag."""
    places = (place for place, cell in enumerate(cells) if tag in tags_of(cell))
    return next(places, None)


def tags_of(cell: Any) -> list[str]:
    """Give the tags of a code cell; other cells have none that count here."""
    return list(cell.metadata.get("tags", [])) if cell.cell_type == "code" else []


def inject(notebook: Any, parameters: Mapping[str, object]) -> None:
    """Put the parameters in a cell of their own: for the old one, below the defaults, or on top."""
    code = source(parameters)
    old = tagged(notebook.cells, INJECTED_TAG)
    if old is not None:
        notebook.cells[old].source = code
        return
    cell = new_code_cell(code, metadata={"tags": [INJECTED_TAG]})
    defaults = tagged(notebook.cells, DEFAULTS_TAG)
    notebook.cells.insert(0 if defaults is None else defaults + 1, cell)
