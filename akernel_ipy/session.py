"""One client's state. The only place where modes are read is `Session.use`."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from contextvars import Context
from typing import Any

from .core.model import ABORTED, Outcome, Request, Run, current_run
from .core.modes import Mode, parse
from .core.pipeline import Middleware, Runner, pipeline
from .middleware.ordering import Chain
from .tasks import Tasks


class Session:
    """The runs of one client: their order, their namespace, and which of them are alive.

    Args:
        shell: evaluates runs in this session's namespace.
        context: ContextVars set by plain cells are kept here and copied for each new run.
        begin: called when a run starts, before its code: busy, ``execute_input``.
        end: called when a run that started has ended.
        take_in: called before requests are aborted, to learn of those that have arrived.
    """

    def __init__(
        self,
        shell: Any,
        context: Context,
        begin: Callable[[Run], None],
        end: Callable[[Run], None],
        take_in: Callable[[], None],
    ) -> None:
        self.shell = shell
        self.context = context
        self.tasks = Tasks(lambda: shell.user_ns.get("_oh", {}), self.withdraw)
        self._begin, self._end, self._take_in = begin, end, take_in
        self._numbers = itertools.count(1)
        self._waiting: dict[Run, None] = {}
        self._aborted: set[Run] = set()
        self._abort_until: dict[str, float] = {}
        self.use(Mode())

    def use(self, mode: Mode | str) -> None:
        """Switch to a flavour; runs that are under way keep the pipeline they began with.

        Raises:
            ModeError: an unknown flavour.
        """
        self.mode = parse(mode) if isinstance(mode, str) else mode
        layers: list[Middleware] = []
        if "chain" in self.mode:
            layers.append(Chain(self.tasks))
        self._runner: Runner = pipeline(layers, self._start)

    def new_run(self, request: Request, cause: Run | None = None) -> Run:
        """Number a request by its arrival; it waits until its pipeline starts it."""
        run = Run(request, next(self._numbers), cause)
        self._waiting[run] = None
        if time.monotonic() < self._abort_until.get(request.session_id, 0.0):
            self._aborted.add(run)
        return run

    async def submit(self, run: Run) -> Outcome:
        """Take a run through the pipeline."""
        try:
            outcome = await self._runner(run)
        except asyncio.CancelledError:
            # Somebody cancelled the task itself while the run waited for its turn.
            if run.active:
                raise
            outcome = ABORTED
        finally:
            self.drop(run)
        return outcome

    def drop(self, run: Run) -> None:
        """Forget a run that has ended, or that never began."""
        self._waiting.pop(run, None)
        self._aborted.discard(run)
        self.tasks.end(run)

    async def evaluate_aside(self, run: Run) -> Outcome:
        """Evaluate a run that another thread orders: a subshell's."""
        return await self._start(run)

    def withdraw(self, run: Run) -> bool:
        """Let a run that has not started be aborted when its turn comes."""
        if run in self._waiting:
            self._aborted.add(run)
        return run in self._aborted

    def abort_waiting(self, session_id: str, seconds: float) -> None:
        """Abort a client's runs that have not started, and those arriving within ``seconds``."""
        self._take_in()
        self._aborted.update(r for r in self._waiting if r.request.session_id == session_id)
        if seconds:
            self._abort_until[session_id] = time.monotonic() + seconds

    async def _start(self, run: Run) -> Outcome:
        self._waiting.pop(run, None)
        if run in self._aborted:
            return ABORTED
        state = run.state
        state.active, state.started = True, time.monotonic()
        self.tasks.start(run)
        token = current_run.set(run)
        self.shell.count(run)
        self._begin(run)
        try:
            outcome: Outcome = await self.shell.evaluate(run)
        finally:
            current_run.reset(token)
            state.active = False
            self._end(run)
        return outcome
