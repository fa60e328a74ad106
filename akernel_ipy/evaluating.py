"""What the shell at the end of a pipeline does with a run, whosever shell it is."""

from __future__ import annotations
import __future__

import asyncio
import sys
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult

from .core import directives
from .core.model import Outcome, Run
from .core.parsing import quietly
from .core.rewrite import LIVE, LiveRewrite, live
from .steps import CellInterrupt

if TYPE_CHECKING:
    from .middleware.react.sources import Sources


class Evaluating:
    """The innermost runner: prepares a run, evaluates it, and says what it came to."""

    ast_transformers: Any
    compile: Any
    showtraceback: Any
    transform_cell: Any
    user_expressions: Any
    user_ns: Any
    user_ns_hidden: Any

    _sources: Sources | None = None

    @abstractmethod
    async def _run(self, run: Run) -> ExecutionResult:
        """Let IPython run the cell."""

    async def evaluate(self, run: Run) -> Outcome:
        """Run a cell to its end."""
        try:
            result = await self._run(run)
        except BaseException as error:
            # What IPython itself does not catch: an interrupt outside of the user's code.
            if isinstance(error, asyncio.CancelledError) and not isinstance(error, CellInterrupt):
                raise
            result = ExecutionResult(ExecutionInfo(run.request.code, False, False, True, None))
            result.error_in_exec = run.state.shown_error or error
            if run.state.shown_error is None:
                self.showtraceback(running_compiled_code=True)
        return self._outcome(run, result)

    @property
    def future_annotations(self) -> bool:
        """Whether a cell has said ``from __future__ import annotations``: it holds for all."""
        return bool(self.compile.flags & __future__.annotations.compiler_flag)

    def prepare(self, run: Run) -> str:
        """Transform a cell to Python; what goes wrong is shown when it is evaluated.

        A cell whose turn has not come must not show anything. If there is something to warn of, it
        is transformed again when it has come: Python's filters, and its notes of what was shown
        once, are asked as if nothing had been before.
        """
        state = run.state
        if not state.source and not state.started:
            with quietly() as silence:
                self._transform(run)
            state.warns = silence.broken
        elif not state.source or (state.started and state.warns):
            state.warns = False
            self._transform(run)
        return state.source

    def _transform(self, run: Run) -> None:
        state = run.state
        own, code = directives.parse(run.request.code)
        state.directives = (*directives.tagged(run.request.tags), *own)
        try:
            state.source, state.problem = self.transform_cell(code), None
        except Exception:
            state.source, state.problem = run.request.code, sys.exc_info()

    def _outcome(self, run: Run, result: ExecutionResult) -> Outcome:
        state = run.state
        error: BaseException | None = result.error_before_exec or result.error_in_exec
        if state.shown_error is not None and isinstance(error, KeyboardInterrupt):
            error = state.shown_error
        state.shown_error = None  # with its frames, and all that they hold
        payload = tuple(state.payload)
        state.payload = []
        if error is None and state.display_error is not None:
            error = state.display_error
        if error is None:
            expressions = self.user_expressions(dict(run.request.user_expressions))
            return Outcome(result=result.result, user_expressions=expressions, payload=payload)
        if isinstance(error, CellInterrupt):
            error = KeyboardInterrupt(*error.args)
        return Outcome(
            status="error",
            ename=type(error).__name__,
            evalue=str(error),
            traceback=tuple(state.traceback or ()),
            payload=payload,
        )

    def rewrite(self, sources: Sources | None) -> None:
        """Turn the reactive rewrite of cells on, or off; its preloaded names come and go."""
        self._sources = sources
        transformers = [t for t in self.ast_transformers if not isinstance(t, LiveRewrite)]
        if sources is not None:
            transformers.append(LiveRewrite())
        self.ast_transformers[:] = transformers
        self._preload_live()

    def _preload_live(self) -> None:
        if self._sources is not None:
            preloaded = {"live": live, LIVE: self._sources.follow}
            self.user_ns.update(preloaded)
            self.user_ns_hidden.update(preloaded)
            return
        if self.user_ns.get("live") is live:
            del self.user_ns["live"]
        self.user_ns.pop(LIVE, None)
        for name in ("live", LIVE):
            self.user_ns_hidden.pop(name, None)
