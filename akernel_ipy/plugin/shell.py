"""A stock shell as the innermost runner of a pipeline."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any

from IPython.core.interactiveshell import ExecutionResult

from ..core.model import Run, current_run
from ..evaluating import Evaluating
from ..steps import CellInterrupt, Steps
from .patching import Patches

_MISSING = object()


class GuestSteps(Steps):
    """Steps of cells in a shell whose state is that of one cell, the user's.

    A cell that is run again has its own number, result, payload and so on while it makes a step.
    """

    def __init__(self, shell: Any) -> None:
        super().__init__(lambda run: None)
        self._places = (
            (shell, "execution_count"),
            (shell, "_last_traceback_during_displayhook"),
            (shell.displayhook, "exec_result"),
            (shell.payload_manager, "_payload"),
            (sys, "excepthook"),
        )
        #: What stands in those places for each run, between its steps.
        self._own: dict[Run, list[Any]] = {}

    def step(self, run: Run, resume: Callable[[Any], Any], value: Any) -> Any:
        """Execute one step."""
        if not run.state.rerun:
            return super().step(run, resume, value)
        fresh: list[Any] = [run.state.execution_count, False, None, [], sys.excepthook]
        outer = self._swap(self._own.pop(run, fresh))
        try:
            return super().step(run, resume, value)
        finally:
            self._own[run] = self._swap(outer)

    def end(self, run: Run) -> None:
        """Forget a run; what it had for the front-end is told to its outcome alone."""
        own = self._own.pop(run, None)
        if own is not None:
            run.state.payload = own[3]

    def _swap(self, values: list[Any]) -> list[Any]:
        before = [getattr(owner, name) for owner, name in self._places]
        for (owner, name), value in zip(self._places, values, strict=True):
            setattr(owner, name, value)
        return before


class GuestShell(Evaluating):
    """Evaluates runs in a stock shell. What isn't defined here is the stock shell's own."""

    def __init__(self, shell: Any, private: frozenset[ContextVar[Any]]) -> None:
        self.stock = shell
        self.steps = GuestSteps(shell)
        self.private_variables = private
        self.on_reset: Callable[[], None] = lambda: None
        #: What IPython says of a run, until the kernel's reply is made of it.
        self.results: dict[Run, ExecutionResult] = {}
        #: The last error that a run showed.
        self.errors: dict[Run, BaseException] = {}
        self._context = Context()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stock, name)

    def install(self, patches: Patches) -> None:
        """Let the stock shell show what belongs to a run as that run's."""
        shell = self.stock
        self._run_cell_async: Callable[..., Coroutine[Any, Any, ExecutionResult]]
        self._run_cell_async = shell.run_cell_async
        # ipykernel 7.4 `ZMQInteractiveShell._showtraceback` keeps one traceback for the shell: the
        # reply of a cell would have that of a cell that was run again for it.
        self._showtraceback_ = patches.put(shell, "_showtraceback", self._showtraceback)
        # IPython 9 `InteractiveShell._get_exc_info`: an interrupted cell would show a
        # `CellInterrupt`.
        self._exc_info = patches.put(shell, "_get_exc_info", self._get_exc_info)
        # IPython 9 `InteractiveShell.reset`: after `%reset` the dataflow would know what is gone.
        self._reset = patches.put(shell, "reset", self.reset)
        # IPython 9 `DisplayHook.quiet` asks the newest entry of the history: the `;` of a cell
        # would silence those that are run again for it.
        self._quiet = patches.put(shell.displayhook, "quiet", self._is_quiet)

    # -- evaluating ------------------------------------------------------------------------

    async def _run(self, run: Run) -> ExecutionResult:
        request = run.request
        source, problem = self.prepare(run), run.state.problem
        if not run.state.rerun:
            self.stock._last_traceback_during_displayhook = False
        cell = self._run_cell_async(
            request.code,
            store_history=request.store_history,
            silent=request.silent,
            transformed_cell=source,
            preprocessing_exc_tuple=problem,
            cell_id=request.cell_id,
            cell_meta=request.message.get("metadata"),
        )
        try:
            return await self._drive(run, cell)
        finally:
            if run.state.rerun:
                self.steps.end(run)
            else:
                run.state.payload = list(self.stock.payload_manager.read_payload())

    async def _drive(self, run: Run, cell: Coroutine[Any, Any, Any]) -> ExecutionResult:
        run.state.counting = False
        before = copy_context()
        result: Any = None
        try:
            result = await self.steps.drive(run, cell)
        finally:
            # Figures are shown now, before other cells are run again. For the user's cell ipykernel
            # says so a second time, and that the cell has run, when this returns.
            self.events.trigger("post_execute")
            if run.state.rerun and not run.request.silent:
                self.events.trigger("post_run_cell", result)
        if not run.state.waited:
            self._keep_variables(before)
        if not run.state.rerun:
            self.results[run] = result
        ended: ExecutionResult = result
        return ended

    def count(self, run: Run) -> None:
        """Give a run that starts its number; IPython itself counts on when it evaluates it."""
        state = run.state
        state.count = state.execution_count = self.stock.execution_count
        state.counting = run.request.counts

    def pass_over(self, run: Run) -> None:
        """Take a cell into the history that is counted but not run: ``In`` is by position."""
        if run.state.counting:
            run.state.counting = False
            self.stock.execution_count += 1
            self.stock.history_manager.store_inputs(
                run.state.count, run.state.source, run.request.code
            )

    def flush(self) -> None:
        """Send what was written to stdout and stderr so far."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()

    # -- variables of the context ----------------------------------------------------------

    def load_variables(self) -> None:
        """Give a run that starts the ContextVars that plain cells have set by now."""
        for variable, value in self._context.items():
            if variable.get(_MISSING) is not value:
                variable.set(value)

    def _keep_variables(self, before: Context) -> None:
        for variable, value in copy_context().items():
            if variable in self.private_variables or before.get(variable, _MISSING) is value:
                continue
            self._context.run(variable.set, value)

    # -- in place of the stock shell's own -------------------------------------------------

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        run = current_run.get(None)
        if run is not None:
            if run.state.unwanted:
                return
            run.state.traceback = stb
            self.errors[run] = evalue
            if getattr(self.stock.displayhook, "msg", None) is not None:
                run.state.display_error = evalue
        self._showtraceback_(etype, evalue, stb)

    def _get_exc_info(self, exc_tuple: Any = None) -> Any:
        etype, value, tb = self._exc_info(exc_tuple)
        if isinstance(value, CellInterrupt):
            shown = KeyboardInterrupt(*value.args).with_traceback(tb)
            return KeyboardInterrupt, shown, tb
        return etype, value, tb

    def reset(self, *args: Any, **options: Any) -> None:
        """Empty the namespace, and tell who depends on what was in it."""
        self._reset(*args, **options)
        self._preload_live()
        self.on_reset()

    def _is_quiet(self) -> bool:
        run = current_run.get(None)
        if run is None or not run.state.rerun:
            return bool(self._quiet())
        source = run.state.source
        hook = self.stock.displayhook
        return ";" in source and bool(hook.semicolon_at_end_of_expression(source))
