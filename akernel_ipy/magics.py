"""``%akernel_mode`` and ``%akernel``."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from .core.errors import ModeError
from .core.model import find_run
from .core.modes import KNOWN


@magics_class
class AkernelMagics(Magics):
    """Look at and steer the session that runs the cell."""

    def _session(self) -> Any:
        run = find_run()
        kernel: Any = getattr(self.shell, "kernel", None)
        return kernel.main_session if run is None else kernel.session_of(run.request.message)

    @line_magic
    def akernel_mode(self, line: str) -> None:
        """Show the flavour of this session, or set it: ``%akernel_mode chain``."""
        session = self._session()
        if line.strip():
            try:
                session.use(line)
            except ModeError as error:
                raise UsageError(f"%akernel_mode: {error}") from None
        print(f"{session.mode} (known: {', '.join(KNOWN)})" if not line.strip() else session.mode)

    @line_magic
    def akernel(self, line: str) -> None:
        """Look at what runs: ``%akernel tasks``; stop ``In [N]``: ``%akernel cancel N``."""
        words = line.split()
        command, arguments = (words[0], words[1:]) if words else ("", [])
        if command == "tasks" and not arguments:
            self._tasks()
        elif command == "cancel" and len(arguments) == 1:
            self._cancel(arguments[0])
        else:
            raise UsageError(
                f"%akernel: unknown command {line.strip()!r}; "
                "known: %akernel tasks, %akernel cancel N"
            )

    def _tasks(self) -> None:
        own = find_run()
        for run in self._session().tasks:
            if run is own:
                continue
            since = f"running for {run.age:.1f} s" if run.active else "waiting"
            print(f"{run.label}  {since}")

    def _cancel(self, text: str) -> None:
        if not text.isdecimal():
            raise UsageError(f"%akernel cancel: {text!r} is not the number of a cell")
        tasks = self._session().tasks
        for run in tasks:
            if run.active and run.count == int(text):
                tasks.cancel(run)
                print(f"cancelled {run.label}")
                return
        raise UsageError(
            f"%akernel cancel: In [{text}] is not running; %akernel tasks lists what is"
        )
