"""One client's state. The only place where modes are read is `Session.use`."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import TYPE_CHECKING, Any, Protocol

from .core.model import ABORTED, Outcome, Request, Run, current_run
from .core.modes import Mode, parse
from .core.pipeline import Middleware, Runner, pipeline
from .middleware import flavours
from .middleware.cache import Caching
from .middleware.ordering import Chain
from .outputs import LiveOutputs
from .tasks import Tasks, Total, take_interrupt

if TYPE_CHECKING:
    from .middleware.flow import Flow
    from .middleware.react import React


class Host(Protocol):
    """What a session needs from the kernel."""

    #: What to do when two cells define one name, under react.
    redefinition: str
    #: Seconds after an error within which arriving requests are aborted, too.
    stop_on_error_timeout: float
    #: Counts the runs of all sessions.
    total: Total

    @property
    def isolated(self) -> bool:
        """Whether each notebook has a session of its own."""

    def isolate(self) -> None:
        """Give each notebook a session of its own from now on."""

    def turn(self, session: Session) -> asyncio.Future[None] | None:
        """Ask whether a session's cell may start: None if so, else what to wait for."""

    def begin_run(self, run: Run) -> None:
        """A run starts: say busy, publish its input."""

    def end_run(self, run: Run) -> None:
        """A run that started has ended."""

    def take_in(self) -> None:
        """Take in the requests that have arrived."""

    def bind(self, run: Run) -> None:
        """Bind the calling context to a run: its outputs, its parent."""


class Session:
    """The runs of one client: their order, their namespace, and which of them are alive.

    Args:
        shell: evaluates runs in this session's namespace.
        context: ContextVars set by plain cells are kept here and copied for each new run.
        host: the kernel.
        key: its number among the kernel's sessions.
    """

    def __init__(self, shell: Any, context: Context, host: Host, key: int = 0) -> None:
        self.shell = shell
        self.context = context
        self.outputs = LiveOutputs(shell)
        #: The reactive middleware, if the flavour has it.
        self.react: React | None = None
        self.tasks = Tasks(
            lambda: shell.user_ns.get("_oh", {}), self.withdraw, host.total, lambda: self.react
        )
        #: Its number among the kernel's sessions.
        self.key = key
        self.created = self.seen = time.monotonic()
        #: How many cells of the user's have been run.
        self.cells = 0
        #: What threads answer to whose cell has ended, if it is not for the kernel to say.
        self.last_request: Request | None = None
        #: Looks at the runs that are to be cached, and imports nothing before there is one.
        self.caching = Caching(self)
        #: The ordering middleware of the flavour flow, from when it was first asked for.
        self.flow: Flow | None = None
        #: What its cells have registered with `atexit`, if the session may end before the process.
        self.at_exit: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []
        self._host = host
        self._numbers = itertools.count(1)
        self._last_number = 0
        #: Runs that are in their pipeline.
        self._submitted: dict[Run, None] = {}
        shell.on_reset = self._reset
        self._waiting: dict[Run, None] = {}
        self._aborted: set[Run] = set()
        self._abort_until: dict[str, float] = {}
        self.use(Mode())

    def use(self, mode: Mode | str) -> None:
        """Switch to a flavour; runs that are under way keep the pipeline they began with.

        Raises:
            ModeError: an unknown flavour.
        """
        mode = parse(mode) if isinstance(mode, str) else mode
        if "multi" in mode:
            self._host.isolate()
        # Isolation is the kernel's: no session can end it.
        self.mode = mode.plus("multi") if self._host.isolated else mode
        layers: list[Middleware] = []
        if "chain" in self.mode:
            layers.append(Chain(self.tasks))
        if "flow" in self.mode:
            self.flow = self.flow or flavours.flow(self)
            self.flow.admit(self._submitted)
            layers.append(self.flow)
        if self._host.isolated:
            layers.append(self._take_turn)
        layers.append(self._start)
        if self.react is not None and "react" not in self.mode:
            self.react.close()
            self.react = None
            self.shell.rewrite(None)
        if "react" in self.mode:
            self.react = self.react or flavours.react(self, self._host.redefinition)
            self.shell.rewrite(self.react.sources)
            layers.append(self.react)
            if self.flow is not None and "flow" in self.mode:
                layers.append(self.flow.gate)
        self.caching.on = "cache" in self.mode
        layers.append(self.caching)
        self._runner: Runner = pipeline(layers, self.shell.evaluate)

    @property
    def empty(self) -> bool:
        """Whether there is nothing of the user's in the namespace, and nothing runs."""
        hidden = self.shell.user_ns_hidden
        names = (n for n, value in self.shell.user_ns.items() if hidden.get(n) is not value)
        return not len(self.tasks) and all(name.startswith("_") for name in names)

    def close(self) -> None:
        """Abort what waits and interrupt what runs: nobody needs the session any more."""
        self._aborted.update(self._waiting)
        if self.react is not None:
            self.react.close()
        for run in self.tasks.running():
            self.tasks.interrupt(run)

    def retire(self, main: Session) -> None:
        """Let go of everything: a thread that goes on finds the kernel's first session instead."""
        self.shell, self.context, self.outputs = main.shell, main.context, main.outputs
        self.tasks, self.react, self.flow, self.last_request = main.tasks, None, None, None
        self.caching, self._runner = main.caching, main._runner

    def _reset(self) -> None:
        if self.react is not None:
            self.react.reset()

    def new_run(self, request: Request, cause: Run | None = None) -> Run:
        """Number a request by its arrival; it waits until its pipeline starts it."""
        self._last_number = next(self._numbers)
        run = Run(request, self._last_number, cause)
        self._waiting[run] = None
        if time.monotonic() < self._abort_until.get(request.session_id, 0.0):
            self._aborted.add(run)
        return run

    async def submit(self, run: Run) -> Outcome:
        """Take a run through the pipeline."""
        self._submitted[run] = None
        try:
            outcome = await self._runner(run)
        except asyncio.CancelledError:
            # Somebody cancelled the task itself while the run waited for its turn.
            outcome = ABORTED
        finally:
            self.drop(run)
        return outcome

    def drop(self, run: Run) -> None:
        """Forget a run that has ended, or that never began."""
        self._waiting.pop(run, None)
        self._submitted.pop(run, None)
        self._aborted.discard(run)
        self.tasks.end(run)
        if self.flow is not None:
            self.flow.gone(run)
        if self.react is not None:
            self.react.forsake(run)

    async def evaluate_aside(self, run: Run) -> Outcome:
        """Evaluate a run that another thread orders: a subshell's, or the control channel's."""
        run.state.aside = True
        return await self._start(run, self.shell.evaluate)

    def launch(self, run: Run, work: Callable[[], Coroutine[Any, Any, Any]]) -> asyncio.Task[Any]:
        """Do some work in a task that belongs to a run of this session, a re-run."""

        async def bound() -> Any:
            if self._host.isolated and (turn := self._host.turn(self)) is not None:
                await turn
            self._host.bind(run)
            self.shell.load_variables()
            run.state.active, run.state.started = True, time.monotonic()
            self.tasks.start(run)
            try:
                return await work()
            finally:
                run.state.active = False
                self._host.end_run(run)
                self.tasks.end(run)

        task = asyncio.get_running_loop().create_task(bound(), context=self.context.copy())
        self.tasks.track(run, task)
        # It may be cancelled before its first step.
        task.add_done_callback(lambda _: self.tasks.end(run))
        return task

    def expected(self) -> set[str]:
        """Cells whose requests have arrived and not started, but for those to be aborted."""
        self._host.take_in()
        waiting = (run.request.cell_id for run in self._waiting if run not in self._aborted)
        return {cell_id for cell_id in waiting if cell_id is not None}

    def expects(self, cell_id: str) -> bool:
        """Whether a request of this cell has arrived and not started."""
        return any(
            run.request.cell_id == cell_id and run not in self._aborted for run in self._waiting
        )

    def arrived(self) -> int:
        """Take in the requests that have arrived; give the number of the last one."""
        self._host.take_in()
        return self._last_number

    @property
    def abort_window(self) -> float:
        """Seconds after an error within which arriving requests are aborted, too."""
        return self._host.stop_on_error_timeout

    def withdraw(self, run: Run) -> bool:
        """Let a run that has not started be aborted when its turn comes."""
        if run in self._waiting:
            self._aborted.add(run)
        return run in self._aborted

    def abort_waiting(self, session_id: str, seconds: float) -> None:
        """Abort a client's runs that have not started, and those arriving within ``seconds``.

        Under flow nothing is left to do: those that need what is lost have been aborted.
        """
        if "flow" in self.mode:
            return
        self._host.take_in()
        self._aborted.update(r for r in self._waiting if r.request.session_id == session_id)
        if seconds:
            now = time.monotonic()
            later = {client: end for client, end in self._abort_until.items() if end > now}
            self._abort_until = {**later, session_id: now + seconds}

    async def _take_turn(self, run: Run, inner: Runner) -> Outcome:
        """Let the other sessions start a cell, too."""
        if (turn := self._host.turn(self)) is not None:
            await turn
        return await inner(run)

    async def _start(self, run: Run, inner: Runner) -> Outcome:
        """Number a run whose turn has come, and say so; everything after this is its own."""
        self._waiting.pop(run, None)
        if run in self._aborted:
            return ABORTED
        state = run.state
        state.active, state.started = True, time.monotonic()
        self.tasks.start(run)
        token = current_run.set(run)
        self.cells += not run.request.silent
        if not state.count:  # flow numbers those that are overtaken
            self.shell.count(run)
        self.shell.load_variables()
        self._host.begin_run(run)
        try:
            return await inner(run)
        except asyncio.CancelledError as error:
            # It waited for other cells, before its code began or after it ended.
            return self.outputs.error(KeyboardInterrupt() if take_interrupt(run) else error)
        finally:
            current_run.reset(token)
            state.active = False
            self._host.end_run(run)
