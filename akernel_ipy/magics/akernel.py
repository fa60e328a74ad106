"""The magics themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from ..core.errors import ModeError
from ..core.model import find_run
from ..core.modes import KNOWN
from ..threads import in_loop
from ..wire.router import asyncio_loop_of
from . import asking, caching, reactive, sessions
from .command import Command, cell_number


def _tasks(session: Any, arguments: list[str]) -> None:
    own = find_run()
    others = [run for run in session.tasks if run is not own]
    for run in others:
        since = f"running for {run.age:.1f} s" if run.active else "waiting"
        print(f"{run.label}  {since}")
    if not others:
        print("no other cell runs or waits")


def _cancel(session: Any, arguments: list[str]) -> None:
    number = cell_number(arguments[0], "cancel")
    for run in session.tasks:
        if run.active and run.count == number:
            session.tasks.cancel(run)
            print(f"cancelled {run.label}")
            return
    raise UsageError(f"%akernel cancel: In [{number}] is not running; %akernel tasks lists what is")


COMMANDS = (
    Command("tasks", "what runs or waits, and since when", _tasks),
    Command("cancel N", "stop In [N]", _cancel),
    *asking.COMMANDS,
    *sessions.COMMANDS,
    *reactive.COMMANDS,
    *caching.COMMANDS,
)


@magics_class
class AkernelMagics(Magics):
    """Look at and steer the session that runs the cell."""

    #: What ``%akernel`` can do, and the flavours that there are.
    commands: tuple[Command, ...] = COMMANDS
    known: tuple[str, ...] = KNOWN

    def _session(self) -> Any:
        kernel: Any = getattr(self.shell, "kernel", None)
        return kernel.sessions.at_hand()

    def _use(self, flavour: str) -> None:
        self._session().use(flavour)

    def _in_loop(self, call: Callable[[], None]) -> None:
        # Tasks and waves belong to the loop's thread; the cell may be in one of its own.
        kernel: Any = getattr(self.shell, "kernel", None)
        in_loop(asyncio_loop_of(kernel.io_loop), call)

    @line_magic
    def akernel_mode(self, line: str) -> None:
        """Show the flavour of this session, or set it: ``%akernel_mode chain``.

        ``async`` starts each cell at once, ``chain`` after the one before, ``flow`` when no earlier
        one shares data with it; ``react`` re-runs cells when what they read changes; ``cache``
        brings back what a cell made of the same inputs; ``multi`` gives each notebook a session.
        Flavours are joined by hyphens: ``%akernel_mode chain-react``.
        """
        session = self._session()
        if not line.strip():
            print(f"{session.mode} (known: {', '.join(self.known)})")
            return
        try:
            self._in_loop(partial(self._use, line))
        except ModeError as error:
            raise UsageError(f"%akernel_mode: {error}") from None
        print(session.mode)

    @line_magic
    def akernel(self, line: str) -> None:
        """Look at the cells of this session, and steer them.

        ::

            %akernel             list the commands
            %akernel tasks       what runs or waits, and since when
            %akernel cancel N    stop In [N]
            %akernel sessions    the notebooks that use this kernel
            %akernel forget ID   end a session and free what was its own
            %akernel attach ID   let this notebook use the session of another

        Of the flavours flow and react:

        ::

            %akernel why [N]     why In [N], or the last cell, ran, waited or did not run

        Of the flavour react:

        ::

            %akernel graph       the cells and who reads what from whom, as a picture
            %akernel lazy        mark cells stale instead of running them
            %akernel run stale   run the stale cells
            %akernel eager       run cells when what they read changes

        Of the flavour cache:

        ::

            %akernel cache          what the cache did in this session, and what it holds
            %akernel cache why [N]  why In [N], or the last cell, was a hit, stored, or neither
            %akernel cache clear    remove all entries
        """
        words = line.split()
        if not words:
            width = max(len(c.usage) for c in self.commands)
            print("\n".join(f"%akernel {c.usage:{width}}  {c.purpose}" for c in self.commands))
            return
        for command in self.commands:
            arguments = command.match(words)
            if arguments is not None:
                self._in_loop(partial(command.run, self._session(), arguments))
                return
        known = ", ".join(f"%akernel {command.usage}" for command in self.commands)
        raise UsageError(f"%akernel: unknown command {line.strip()!r}; known: {known}")
