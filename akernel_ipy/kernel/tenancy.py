"""Sessions of a kernel: how they are made, found, and ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any

from traitlets import Enum, Unicode, validate
from traitlets.config.loader import ConfigError

from ..comms import SessionTargets
from ..core.errors import ModeError
from ..core.model import current_session
from ..core.modes import parse
from ..magics import AkernelMagics, CacheMagics
from ..patches.inline import InlineBackends
from ..session import Session
from ..sessions import Sessions
from ..sessions.farewell import context_of
from ..sessions.isolation import isolate
from ..sessions.shell import SessionShell
from ..shell import AsyncShell
from ..tasks import Total
from ..turns import Turns
from ..wire.router import ShellRouter, asyncio_loop_of
from .control import Control


class Tenancy(Control):
    """One session for all clients, or under ``multi`` one for each notebook."""

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

    @validate("flavour")
    def _canonical_flavour(self, proposal: Any) -> str:
        try:
            return str(parse(proposal["value"]))
        except ModeError as error:
            raise ConfigError(f"AsyncKernel.flavour: {error}") from error

    def __init__(self, **kwargs: Any) -> None:
        self.total = Total()
        self._turns: Turns | None = None
        self._undo_isolation: Callable[[], None] = lambda: None
        super().__init__(**kwargs)
        self._blank = copy_context()
        main = self._adopt(self._shell, copy_context(), 0)
        self.sessions = Sessions(main, self._make_session, self.end_session)
        main.use(self.flavour)

    def _adopt(self, shell: AsyncShell, context: Context, key: int) -> Session:
        """Make a session of a shell."""
        shell.steps = self.steps
        shell.blocking = self.blocking
        shell.private_variables = self._private_variables()
        shell.register_magics(AkernelMagics(shell=shell), CacheMagics(shell=shell))
        shell.context = context
        session = Session(shell, context, self, key)
        context.run(current_session.set, session)
        return session

    def _make_session(self, key: int) -> Session:
        context = self._blank.copy()
        # What shells and startup files set in their context stays there.
        shell = context.run(SessionShell, self._shell, key)
        session = self._adopt(shell, context, key)
        start_up = getattr(self.parent, "start_up", None)
        if start_up is not None:
            context.run(start_up, shell)
        shell.on_exit = lambda: self.leave(session)
        session.use(self.flavour)
        return session

    @property
    def isolated(self) -> bool:
        """Whether each notebook has a session of its own."""
        return self._turns is not None

    def isolate(self) -> None:
        """Give each notebook a session of its own from now on; there is no way back."""
        if self._turns is not None:
            return
        self._turns = Turns()
        router = self.shell_stream
        peers = router.watch_peers() if isinstance(router, ShellRouter) else None
        self.sessions.isolate(peers.gone if peers is not None else lambda identity: True)
        self._undo_isolation = isolate(self._shell, self._shell_at_hand)
        self.figures.inline = InlineBackends(self._shell_at_hand)
        self.comm_manager.targets = SessionTargets(self.comm_manager.targets)
        self._shell.on_exit = lambda: self.leave(self.sessions.main)
        if hasattr(self, "io_loop"):  # it has started
            self.watch_idle()
            self.route_loop_errors()

    def _shell_at_hand(self) -> Any:
        return self.sessions.at_hand().shell

    def route_loop_errors(self) -> None:
        """Let an error that a task leaves behind be told in the cell that made the task.

        asyncio tells it when the task is freed, in whatever cell that happens.
        """
        if self.isolated:
            asyncio_loop_of(self.io_loop).set_exception_handler(self._tell_loop_error)

    def _tell_loop_error(self, loop: asyncio.AbstractEventLoop, problem: dict[str, Any]) -> None:
        source = problem.get("task") or problem.get("future")
        context = None if source is None else context_of(source)
        if context is None:
            loop.default_exception_handler(problem)
        else:
            context.copy().run(loop.default_exception_handler, problem)

    def end_isolation(self) -> None:
        """Take back what `isolate` put in place in the process."""
        self._undo_isolation()
        self._undo_isolation = lambda: None

    def turn(self, session: Session) -> asyncio.Future[None] | None:
        """Ask whether a session's cell may start: None if so, else what to wait for."""
        return None if self._turns is None else self._turns.take(session)
