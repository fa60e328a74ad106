"""How sessions end: by ``exit()``, by ``%akernel forget``, unused for long, or on request."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from contextvars import Context
from typing import Any

from traitlets import Float

from ..comms import SessionTargets
from ..core.model import current_session
from ..session import Session
from ..sessions.farewell import end_tasks, forget_source
from ..sessions.isolation import run_at_exit
from ..wire.router import asyncio_loop_of
from .execution import Execution

#: Seconds between ``exit()`` and the end of its session: its cell's reply comes first.
GRACE = 0.1

#: Seconds after which the cycles are freed that sessions leave: once for all that end meanwhile.
SWEEP = 1.0


class Farewells(Execution):
    """Ends sessions, and frees what was theirs."""

    session_timeout = Float(
        0,
        help="""multi: seconds after which a session that nobody uses and that runs no cell is
        ended; 0: never.""",
    ).tag(config=True)

    #: What a session's context is at its birth.
    _blank: Context

    def __init__(self, **kwargs: Any) -> None:
        self._ending: set[Session] = set()
        self._watching = self._sweeping = False
        super().__init__(**kwargs)

    def leave(self, session: Session) -> None:
        """End a session shortly, at the wish of its own cell."""
        loop = asyncio_loop_of(self.io_loop)
        later = lambda: loop.call_later(GRACE, self.end_session, session)  # noqa: E731
        loop.call_soon_threadsafe(later, context=self._blank.copy())

    def attach(self, client: str, session: Session) -> None:
        """Give a client another session; the one it leaves is ended if it is empty."""
        left = self.sessions.attach(client, session)
        if left is not None:
            loop = asyncio_loop_of(self.io_loop)
            later = lambda: loop.call_later(GRACE, self._end_if_empty, left)  # noqa: E731
            loop.call_soon_threadsafe(later, context=self._blank.copy())

    def _end_if_empty(self, session: Session) -> None:
        if session.empty and not self.sessions.clients_of(session):
            self.end_session(session)

    def end_session(self, session: Session) -> None:
        """End a session: its cells and tasks, its comms and figures, its names; from any thread.

        The next request of one of its clients begins another one.
        """
        self.sessions.forget(session)
        loop = asyncio_loop_of(self.io_loop)
        loop.call_soon_threadsafe(self._begin_farewell, session, context=self._blank.copy())

    def _begin_farewell(self, session: Session) -> None:
        if session not in self._ending:
            self._ending.add(session)
            self._serve(self._say_farewell(session), self._blank.copy())

    async def _say_farewell(self, session: Session) -> None:
        try:
            await end_tasks(session, asyncio.get_running_loop())
            # What is freed may print.
            session.context.copy().run(self._let_go, session)
        finally:
            self._ending.discard(session)
            self._sweep_later()

    def _sweep_later(self) -> None:
        if not self._sweeping:
            self._sweeping = True
            loop = asyncio_loop_of(self.io_loop)
            loop.call_later(SWEEP, self._sweep, context=self._blank.copy())

    def _sweep(self) -> None:
        self._sweeping = False
        gc.collect()

    def _let_go(self, session: Session) -> None:
        shell = session.shell
        if session.last_request is not None:
            self.bind_context(list(session.last_request.idents), session.last_request.message)
        run_at_exit(shell, session)
        self._close_comms(session)
        self.figures.close(session)
        if session is self.sessions.main:
            shell.reset()
        else:
            forget_source(shell, [other.shell for other in self.sessions])
            shell.close()
            session.retire(self.sessions.main)
        self._forget_last(session)

    def _close_comms(self, session: Session) -> None:
        widgets = sys.modules.get("ipywidgets.widgets.widget")
        known = getattr(widgets, "_instances", {})
        for comm_id in self.comm_owners.of(session):
            owner = known.get(comm_id) or self.comm_manager.comms.get(comm_id)
            if owner is not None:
                owner.close()
        self.comm_owners.forget(session)
        if isinstance(self.comm_manager.targets, SessionTargets):
            self.comm_manager.targets.forget(session)

    def _forget_last(self, session: Session) -> None:
        """Let go of what is kept for code that belongs to no cell."""
        if self._shell_context.get(current_session) is session:
            self._shell_context = self._blank
        last = self.steps.last
        if last is not None and not last.active:
            self.steps.last = None

    # -- unused sessions -------------------------------------------------------------------

    def watch_idle(self) -> None:
        """End sessions that have been idle for `session_timeout`, from now on."""
        if self.session_timeout > 0 and self.isolated and not self._watching:
            self._watching = True
            self._end_idle()

    def _end_idle(self) -> None:
        now = time.monotonic()
        next_look = self.session_timeout
        for session in self.sessions:
            if session is self.sessions.main:
                continue
            if len(session.tasks):
                session.seen = now
            left = session.seen + self.session_timeout - now
            if left <= 0:
                self.end_session(session)
            else:
                next_look = min(next_look, left)
        loop = asyncio_loop_of(self.io_loop)
        loop.call_later(next_look, self._end_idle, context=self._blank.copy())

    async def do_shutdown(self, restart: bool) -> Any:
        """End the kernel, whoever asks for it.

        ipykernel 7.4 sets ``exit_now`` of the shell, which under ``multi`` ends one session. It
        warns of a method that is no coroutine: under ``-W error`` its shutdown fails.
        """
        self._shell.on_exit = None
        current_session.set(self.sessions.main)
        return super().do_shutdown(restart)
