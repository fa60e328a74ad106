"""The seam to ipykernel: requests become runs, runs become replies."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from traitlets import Enum, Type, Unicode, validate
from traitlets.config.loader import ConfigError

from .. import patches
from ..core.errors import ModeError
from ..core.model import current_session, find_run
from ..core.modes import parse
from ..interrupts import Interrupts
from ..magics import AkernelMagics
from ..session import Session
from ..sessions import Sessions
from ..shell import AsyncShell
from ..tasks import TaskHandle
from ..threads import ThreadCompiler
from ..wire.router import ShellRouter, asyncio_loop_of
from ..wire.streams import AsyncOutStream
from .execution import Execution


class AsyncKernel(Execution):
    """An IPython kernel whose cells are tasks.

    Everything that isn't overridden here or in the classes below is ipykernel's: rich display,
    comms, completion, inspection, history, the debugger, subshells, the control channel.
    """

    shell_class = Type(AsyncShell)

    flavour = Unicode(
        "async", help="Flavour of new sessions, such as chain or react (see %akernel_mode)."
    ).tag(config=True)

    redefinition = Enum(
        ["linear", "newest", "error"],
        default_value="linear",
        help="""react: what happens when a second cell defines a name. The newest wins in any case;
        linear: cells that had read the name from the first go on doing so, as in a notebook run
        from top to bottom; newest: they re-run with the second; error: the second is refused.""",
    ).tag(config=True)

    blocking = Enum(
        ["loop", "thread"],
        default_value="loop",
        help="""Where a cell without await runs: loop, in the main thread, where it holds up the
        others; thread, in a thread of its own, as if it began with %%thread.""",
    ).tag(config=True)

    # ipykernel 7.4's compiler is not for two threads at once.
    compiler_class = Type(ThreadCompiler)

    @validate("flavour")
    def _canonical_flavour(self, proposal: Any) -> str:
        try:
            return str(parse(proposal["value"]))
        except ModeError as error:
            raise ConfigError(f"AsyncKernel.flavour: {error}") from error

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._restore: Callable[[], None] = lambda: None
        shell = self.shell
        assert isinstance(shell, AsyncShell)
        shell.steps = self.steps
        shell.blocking = self.blocking
        shell.private_variables = self._private_variables()
        shell.register_magics(AkernelMagics(shell=shell))
        self.sessions = Sessions(self._new_session(shell))

    def _new_session(self, shell: AsyncShell) -> Session:
        shell.context = copy_context()
        session = Session(shell, shell.context, self)
        shell.context.run(current_session.set, session)
        session.use(self.flavour)
        return session

    def start(self) -> None:
        """Start serving requests on the current loop."""
        super().start()
        loop = asyncio_loop_of(self.io_loop)
        watch = asyncio_loop_of(self.control_thread.io_loop) if self.control_thread else loop
        self.interrupts = Interrupts(
            loop, self.steps, self._interrupt_running, lambda: self.sessions.started, watch
        )
        self.interrupts.install()
        self._restore = patches.install(self)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, AsyncOutStream):
                stream.descriptor_header = self._descriptor_header
        if isinstance(self.shell_stream, ShellRouter):
            self.shell_stream.start(loop, self._receive, self._belongs_to_subshell)

    def stop(self) -> None:
        """Take back what `start` installed."""
        self.figures.restore()
        self._restore()
        if isinstance(self.shell_stream, ShellRouter):
            self.shell_stream.close()

    def find_task(self, n: int = -1) -> TaskHandle:
        """Find another cell of this session, to await or to cancel: ``await __task__()``.

        Args:
            n: -1 is the previous cell, -2 the one before it; a positive n is ``In [n]``.

        Raises:
            TaskLookupError: no such cell.
        """
        return self.sessions.at_hand().tasks.find(n, find_run())

    def pre_handler_hook(self) -> None:
        """Leave SIGINT alone: see `Interrupts`."""

    def post_handler_hook(self) -> None:
        """Leave SIGINT alone: see `Interrupts`."""

    def _send_interrupt_children(self) -> None:
        # The control thread sends SIGINT for an `interrupt_request`.
        self.interrupts.announce()
        super()._send_interrupt_children()

    def _interrupt_running(self) -> None:
        for session in self.sessions:
            for run in session.tasks.running():
                session.tasks.interrupt(run)
