"""Decide which cells of a notebook run, and which must end before the next are sent."""

from __future__ import annotations

import re
from typing import Any

from akernel_ipy.core import directives
from akernel_ipy.core.errors import NotebookError

from .cell import CellRun
from .model import CellInfo
from .outputs import Displays
from .parameters import DEFAULTS_TAG, INJECTED_TAG, tags_of

SKIP_TAG = "skip-execution"
ERRORS_TAG = "raises-exception"

#: Magics that say less about a cell than the code below them.
WRAPPER = re.compile(r"%%(time|timeit|capture|prun)\b.*")

#: Longest part of a cell's first line that is shown.
TITLE = 60


def info_of(number: int, cell: Any) -> CellInfo:
    """Describe a cell to people by its place and its first line."""
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    told = (ln for ln in lines if not (directives.parse(ln)[0] or WRAPPER.fullmatch(ln)))
    title = next(told, lines[0] if lines else "")
    if len(title) > TITLE:
        title = title[: TITLE - 1] + "…"
    return CellInfo(number, cell.get("id", ""), title)


def stages(
    name: str, notebook: Any, *, allow_errors: bool
) -> tuple[list[list[CellRun]], list[CellInfo]]:
    """Give the cells to send, and those to skip.

    The last cell of a stage must have ended before the next stage is sent; only the cells of
    parameters hold up others. Whatever else is to happen in order is the kernel's business.

    Raises:
        NotebookError: if a cell can't be sent.
    """
    displays = Displays()
    plan: list[list[CellRun]] = [[]]
    skipped: list[CellInfo] = []
    code_cells = (cell for cell in notebook.cells if cell.cell_type == "code")
    for number, node in enumerate(code_cells, start=1):
        info, tags = info_of(number, node), tags_of(node)
        if SKIP_TAG in tags:
            skipped.append(info)
            continue
        reset(node)
        if not node.source.strip():
            continue
        check_source(name, info, node.source)
        allowed = allow_errors or ERRORS_TAG in tags
        plan[-1].append(CellRun(node, info, displays, errors_allowed=allowed))
        if DEFAULTS_TAG in tags or INJECTED_TAG in tags:
            plan.append([])
    return [stage for stage in plan if stage], skipped


def reset(cell: Any) -> None:
    """Take away what an earlier run has left in a cell."""
    cell.outputs = []
    cell.execution_count = None
    cell.metadata.pop("execution", None)


def check_source(name: str, info: CellInfo, source: str) -> None:
    """Refuse a cell that no message can carry."""
    try:
        source.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotebookError(
            f"{name}: {info} holds half a character at position {error.start} "
            f"({source[error.start]!r}); delete it"
        ) from error
