"""The commands that look at and steer the reactive flavour."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.display import display

from ..core.model import find_run
from .command import Command, cell_number

if TYPE_CHECKING:
    from ..middleware.react import React

#: Waves that no cell waits for; the event loop alone would let go of them.
_waves: set[asyncio.Task[None]] = set()


def _react(session: Any, command: str) -> React:
    react: React | None = session.react
    if react is None:
        raise UsageError(
            f"%akernel {command}: this session is {session.mode}; it needs react, "
            f"which %akernel_mode {with_react(str(session.mode))} gives it"
        )
    return react


def with_react(mode: str) -> str:
    """Name the flavour that is like this one, and reactive."""
    return "react" if mode == "async" else f"{mode}-react"


def _graph(session: Any, arguments: list[str]) -> None:
    # Imported here: a kernel without react starts sooner.
    from ..graphview import mime_bundle
    from ..middleware.react.report import flow

    display(mime_bundle(flow(_react(session, "graph").book)), raw=True)  # type: ignore[no-untyped-call]


def why_react(session: Any, arguments: list[str]) -> None:
    """Say why a cell ran or did not run."""
    from ..middleware.react.report import find, latest, why

    book = _react(session, "why").book
    if arguments:
        number = cell_number(arguments[0], "why")
        cell = find(book, number)
        if cell is None:
            raise UsageError(
                f"%akernel why: no cell shows In [{number}]; %akernel graph lists them"
            )
    else:
        cell = latest(book, find_run())
        if cell is None:
            raise UsageError("%akernel why: no other cell has been run under react")
    print("\n".join(why(book, cell)))


def _lazy(session: Any, arguments: list[str]) -> None:
    _react(session, "lazy").book.lazy = True
    print(
        "lazy: cells that read what changes are marked stale and do not run; "
        "%akernel run stale runs them, %akernel eager returns"
    )


def _eager(session: Any, arguments: list[str]) -> None:
    react = _react(session, "eager")
    react.book.lazy = False
    print("eager: cells run when what they read changes")
    _release(react)


def _run_stale(session: Any, arguments: list[str]) -> None:
    if not _release(_react(session, "run stale")):
        print("nothing is stale")


def _release(react: React) -> bool:
    """Let the stale cells run before the reply of the cell at hand; say which."""
    run = find_run()
    if run is not None and run.request.message["header"].get("subshell_id"):
        raise UsageError("%akernel: cells can't be run from a subshell")
    labels = ", ".join(cell.label for cell in react.book.cells.values() if cell.status == "stale")
    if not labels:
        return False
    print(f"running {labels}")
    if run is not None and run.request.store_history:
        react.release_stale()
    else:  # no wave follows such a request
        task = asyncio.get_running_loop().create_task(react.run_stale())
        _waves.add(task)
        task.add_done_callback(_waves.discard)
    return True


COMMANDS = (
    Command("graph", "the cells and who reads what from whom, as a picture", _graph),
    Command("lazy", "mark cells stale instead of running them", _lazy),
    Command("eager", "run cells when what they read changes", _eager),
    Command("run stale", "run the stale cells", _run_stale),
)
