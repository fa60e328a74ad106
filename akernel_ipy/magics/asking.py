"""``%akernel why``: what the flavour knows of a cell."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError

from ..core.model import find_run
from .command import Command, cell_number
from .reactive import why_react, with_react


def _why(session: Any, arguments: list[str]) -> None:
    ordered = "flow" in session.mode
    if not ordered and session.react is None:
        raise UsageError(
            f"%akernel why: this session is {session.mode}; it needs flow or react, "
            f"which %akernel_mode flow and %akernel_mode {with_react(str(session.mode))} give it"
        )
    if ordered:
        _why_flow(session, arguments)
    if session.react is not None:
        why_react(session, arguments)


def _why_flow(session: Any, arguments: list[str]) -> None:
    stories, own = session.flow.stories, find_run()
    if arguments:
        number = cell_number(arguments[0], "why")
        story = stories.find(number)
        if story is None:
            raise UsageError(f"%akernel why: In [{number}] has not been run under flow")
    else:
        story = stories.latest(None if own is None else own.number)
        if story is None:
            raise UsageError("%akernel why: no other cell has been run under flow")
    print("\n".join(stories.why(story)))


COMMANDS = (Command("why [N]", "why In [N], or the last cell, ran, waited or did not run", _why),)
