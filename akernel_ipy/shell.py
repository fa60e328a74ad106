"""The IPython shell of a session: the innermost runner."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from functools import partial
from typing import Any

from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.async_helpers import _asyncio_runner
from IPython.core.events import available_events
from IPython.core.interactiveshell import ExecutionResult
from IPython.core.payload import PayloadManager
from traitlets import Type, observe

from .callbacks import CellEvents
from .core.aliases import known_as
from .core.model import Run, current_run, request_of_thread
from .display import AsyncDisplayHook, AsyncDisplayPublisher, PlainFirstFormatter
from .evaluating import Evaluating
from .forks import end_child
from .history import BatchedHistoryManager
from .steps import Steps
from .tracebacks import ShownErrors
from .wire.router import asyncio_loop_of

_MISSING = object()


class RunPayloadManager(PayloadManager):
    """Payloads (pager, ``%load``, ...) of the run at hand.

    IPython 9 `PayloadManager` keeps one list for the shell: with two cells in flight the first
    reply takes the second's payload with it.
    """

    @property
    def _payload(self) -> list[dict[str, Any]]:
        run = current_run.get(None)
        own: list[dict[str, Any]] = self.__dict__.setdefault("_idle", [])
        return own if run is None else run.state.payload

    @_payload.setter
    def _payload(self, value: list[dict[str, Any]]) -> None:
        run = current_run.get(None)
        if run is None:
            self.__dict__["_idle"] = list(value)
        else:
            run.state.payload = list(value)


class ExceptHookGuard:
    """Puts ``sys.excepthook`` back when the last of the cells that replaced it has ended."""

    def __init__(self) -> None:
        self._inside = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._outer = sys.excepthook
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                sys.excepthook = self._outer


@known_as(ZMQInteractiveShell)
class AsyncShell(Evaluating, ShownErrors):
    """ipykernel's shell, whose state of one execution is found through the run at hand."""

    displayhook_class = Type(AsyncDisplayHook)
    display_pub_class = Type(AsyncDisplayPublisher)

    private_variables: frozenset[ContextVar[Any]] = frozenset({current_run})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._counter = 1
        self._excepthook = ExceptHookGuard()
        self.on_reset: Callable[[], None] = lambda: None
        #: What ``exit()`` does, if it is not to end the kernel.
        self.on_exit: Callable[[], None] | None = None
        self.steps: Steps | None = None
        self.context: Context | None = None
        super().__init__(*args, **kwargs)

    def init_user_ns(self) -> None:
        """Fill a fresh namespace, also after ``%reset``: with what the README's cells use."""
        super().init_user_ns()
        kernel = self.kernel
        preloaded = {"asyncio": asyncio, "__task__": kernel.find_task, "ainput": kernel.ainput}
        self.user_ns.update(preloaded)
        self.user_ns_hidden.update(preloaded)
        self._preload_live()

    def reset(self, *args: Any, **kwargs: Any) -> None:
        """Empty the namespace, and tell who depends on what was in it."""
        super().reset(*args, **kwargs)
        self.on_reset()

    @observe("exit_now")
    def _update_exit_now(self, change: Any) -> None:
        # ipykernel 7.4 stops the loop, and so the process, whosever cell says `exit()`. A shutdown
        # it asks for from the control thread, which a loop in debug mode refuses: it goes on.
        if self.on_exit is None:
            end = partial(super()._update_exit_now, change)
            if threading.current_thread() is threading.main_thread():
                end()
            else:
                asyncio_loop_of(self.kernel.io_loop).call_soon_threadsafe(end)
        elif change["new"]:
            self.exit_now = False
            self.on_exit()

    def ask_exit(self) -> None:
        """End the kernel, or one session of it: then front-ends are told to let the kernel live.

        ipykernel 7.4 tells consoles to shut it down, also those that only joined it.
        """
        super().ask_exit()
        if self.on_exit is not None:
            payload = {"source": "ask_exit", "keepkernel": True}
            self.payload_manager.write_payload(payload)  # type: ignore[union-attr]

    def init_events(self) -> None:
        """Set up IPython's events, with another rule for interrupts."""
        super().init_events()
        events = CellEvents(self, available_events)
        events.callbacks, self.events = self.events.callbacks, events

    def init_history(self) -> None:
        """Set up a history that saves in batches."""
        self.history_manager = BatchedHistoryManager(shell=self, parent=self)
        self.configurables.append(self.history_manager)  # type: ignore[arg-type]

    def init_display_formatter(self) -> None:
        """Set up formatters that give numbers and strings without detours."""
        self.display_formatter = PlainFirstFormatter(parent=self)
        self.configurables.append(self.display_formatter)  # type: ignore[arg-type]

    def init_payload(self) -> None:
        """Set up payloads that belong to runs."""
        self.payload_manager = RunPayloadManager(parent=self)
        self.configurables.append(self.payload_manager)  # type: ignore[arg-type]

    @property
    def parent_header(self) -> Any:
        """The request (the whole message) that the caller belongs to."""
        try:
            return self._parent_header.get()
        except LookupError:
            request = request_of_thread()
            return self._parent_header_global if request is None else request.message

    @parent_header.setter
    def parent_header(self, value: Any) -> None:
        self._parent_header.set(value)
        self._parent_header_global = value

    # IPython 9 `InteractiveShell.execution_count` is one number, read by the displayhook, the
    # history and the reply while other cells move it on: overlapping cells all showed the last
    # one's. Each run sees its own: n when IPython starts to count it, n + 1 from there on, as in a
    # sequential run.
    @property
    def execution_count(self) -> int:
        """The number of the next cell, as the run at hand sees it."""
        run = current_run.get(None)
        return self._counter if run is None or not run.active else run.state.execution_count

    @execution_count.setter
    def execution_count(self, value: int) -> None:
        run = current_run.get(None)
        if run is None or not run.active:
            self._counter = value
            return
        run.state.execution_count = value
        if run.state.counting:
            run.state.counting = False
        else:
            self._counter = value

    def count(self, run: Run) -> None:
        """Give a run that starts its number."""
        state = run.state
        state.count = state.execution_count = self._counter
        state.counting = run.request.counts
        self._counter += state.counting

    def pass_over(self, run: Run) -> None:
        """Take a cell into the history that is counted but not run: ``In`` is by position."""
        state = run.state
        if state.counting:
            state.counting = False
            state.execution_count = state.count + 1
            assert self.history_manager is not None
            self.history_manager.store_inputs(state.count, state.source, run.request.code)

    async def _run(self, run: Run) -> ExecutionResult:
        request = run.request
        source, problem = self.prepare(run), run.state.problem
        if self.loop_runner is not _asyncio_runner and self.should_run_async(
            request.code, transformed_cell=source, preprocessing_exc_tuple=problem
        ):
            # `%autoawait trio` and others bring a loop of their own, which blocks this one.
            blocking: ExecutionResult = self.run_cell(
                request.code, store_history=request.store_history, silent=request.silent
            )
            end_child(blocking.error_before_exec or blocking.error_in_exec)
            return blocking
        cell = self.run_cell_async(
            request.code,
            store_history=request.store_history,
            silent=request.silent,
            transformed_cell=source,
            preprocessing_exc_tuple=problem,
            cell_id=request.cell_id,
            cell_meta=request.message.get("metadata"),
        )
        return await self._drive(run, cell)

    async def _drive(self, run: Run, cell: Any) -> ExecutionResult:
        result: Any = None
        try:
            result = await (cell if self.steps is None else self.steps.drive(run, cell))
            end_child(result.error_before_exec or result.error_in_exec)
        except BaseException as error:
            end_child(error)
            raise
        finally:
            self.events.trigger("post_execute")
            if not run.request.silent:
                self.events.trigger("post_run_cell", result)
        if not run.state.waited:
            self._keep_variables()
        ended: ExecutionResult = result
        return ended

    def flush(self) -> None:
        """Send what was written to stdout and stderr so far."""
        self.kernel.flush()

    def load_variables(self) -> None:
        """Give a run that starts the ContextVars that plain cells have set by now.

        Its own context was copied when its request arrived, perhaps long before.
        """
        if self.context is None:
            return
        for variable, value in self.context.items():
            if variable not in self.private_variables and variable.get(_MISSING) is not value:
                variable.set(value)

    def _keep_variables(self) -> None:
        # ipykernel runs plain cells in one context, so a ContextVar set in one stays set. Here each
        # run has a copy; what a cell that never waited changed is brought back.
        if self.context is None:
            return
        for variable, value in copy_context().items():
            if variable in self.private_variables:
                continue
            if self.context.get(variable, _MISSING) is not value:
                self.context.run(variable.set, value)

    async def run_code(
        self, code_obj: Any, result: ExecutionResult | None = None, *, async_: bool = False
    ) -> bool:
        """Execute one statement of a cell.

        IPython 9 `InteractiveShell.run_code` swaps ``sys.excepthook`` around it; cells that end in
        another order than they began would leave the wrong one behind.
        """
        try:
            with self._excepthook, self._statement():
                return bool(await super().run_code(code_obj, result, async_=async_))
        finally:
            self._look_for_figures()

    def _look_for_figures(self) -> None:
        # In the main thread, `Steps` does it.
        run = current_run.get(None)
        if run is not None and run.state.thread is not None:
            self.kernel.figures.look(run)
