"""A session whose shell only executes Python, in this process: fast enough for many examples."""

from __future__ import annotations

import ast
import asyncio
import inspect
import itertools
from collections import Counter
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from akernel_ipy.core.model import Outcome, Request, Run, current_run
from akernel_ipy.middleware.react import React
from akernel_ipy.session import Session
from akernel_ipy.tasks import Total, take_interrupt


class Shell:
    """Executes cells, and notes what each of them shows in the end."""

    future_annotations = False

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {"asyncio": asyncio, "__builtins__": __builtins__}
        self.shown: dict[str, str] = {}
        self.runs: Counter[str] = Counter()
        #: The cells in the order in which their runs ended, with what they showed.
        self.log: list[tuple[str, str]] = []
        self._counts = itertools.count(1)

    def prepare(self, run: Run) -> str:
        run.state.source = run.request.code
        return run.request.code

    def count(self, run: Run) -> None:
        run.state.count = next(self._counts)

    def pass_over(self, run: Run) -> None:
        pass

    def load_variables(self) -> None:
        pass

    def rewrite(self, sources: Any) -> None:
        pass

    def user_expressions(self, expressions: dict[str, str]) -> dict[str, Any]:
        return {}

    async def evaluate(self, run: Run) -> Outcome:
        cell = run.request.cell_id or ""
        self.runs[cell] += 1
        try:
            value = await self._execute(run.request.code)
        except (Exception, asyncio.CancelledError) as caught:
            error = KeyboardInterrupt() if take_interrupt(run) else caught
            self.show(run, type(error).__name__)
            return Outcome(status="error", ename=type(error).__name__, evalue=str(error))
        try:
            self.show(run, repr(value))
        except Exception as error:
            self.show(run, type(error).__name__)
        return Outcome(result=value)

    async def _execute(self, code: str) -> Any:
        tree = ast.parse(code)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        value = eval(compile(tree, "<cell>", "exec", flags), self.user_ns)
        if inspect.isawaitable(value):
            await value
        if last is None:
            return None
        assert isinstance(last, ast.Expr)
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval", flags), self.user_ns)
        return await value if inspect.iscoroutine(value) else value

    def show(self, run: Run, text: str) -> None:
        if not run.state.superseded:
            self.shown[run.request.cell_id or ""] = text
            self.log.append((run.request.cell_id or "", text))


class Outputs:
    """Takes the place of `LiveOutputs`."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def begin(self, run: Run) -> None:
        pass

    def end(self, run: Run, outcome: Outcome, listener: Run | None, **options: Any) -> None:
        pass

    def pending(self, run: Run, names: tuple[str, ...], listener: Run | None) -> None:
        self._shell.show(run, f"waits for {', '.join(names)}")

    def blocked(self, run: Run, blame: str) -> None:
        self._shell.show(run, "blocked")

    def error(self, error: Exception) -> Outcome:
        run = current_run.get()
        self._shell.show(run, type(error).__name__)
        return Outcome(status="error", ename=type(error).__name__, evalue=str(error))


class Host:
    """Takes the place of the kernel."""

    stop_on_error_timeout = 0.0
    isolated = False

    def __init__(self, redefinition: str, on_run: Callable[[str, Run], None]) -> None:
        self.redefinition = redefinition
        self.total = Total()
        self._on_run = on_run

    def begin_run(self, run: Run) -> None:
        self._on_run("start", run)

    def end_run(self, run: Run) -> None:
        self._on_run("end", run)

    def isolate(self) -> None:
        raise NotImplementedError

    def turn(self, session: Session) -> None:
        return None

    def take_in(self) -> None:
        pass

    def bind(self, run: Run) -> None:
        current_run.set(run)


class Notebook:
    """A session, and requests of its cells."""

    def __init__(
        self,
        mode: str = "react",
        redefinition: str = "linear",
        on_run: Callable[[str, Run], None] = lambda what, run: None,
    ) -> None:
        self.shell = Shell()
        self.session = Session(self.shell, copy_context(), Host(redefinition, on_run))
        self.session.outputs = Outputs(self.shell)  # type: ignore[assignment]
        self.session.use(mode)
        self._numbers = itertools.count()

    @property
    def react(self) -> React:
        react = self.session.react
        assert react is not None
        return react

    def send(
        self,
        cell: str | None,
        code: str,
        deleted: tuple[str, ...] = (),
        *,
        stop: bool = True,
        **fields: Any,
    ) -> asyncio.Task[Outcome]:
        """Submit a request as the kernel does when it arrives.

        Args:
            cell: its id; None for what somebody types into a console.
            code: its source.
            deleted: the cells that it says were deleted.
            stop: an error aborts the requests behind it.
            fields: more fields of its header.
        """
        from akernel_ipy.wire.session import Header

        header = Header(msg_id=f"m{next(self._numbers)}", session="s", **fields)
        header.packed, header.outputs, header.displays = b"", 0, ()
        message = {
            "header": header,
            "metadata": {"cellId": cell, "deletedCells": list(deleted)} if cell else {},
            "content": {
                "code": code,
                "store_history": True,
                "stop_on_error": stop,
                "allow_stdin": cell is None,
            },
        }
        run = self.session.new_run(Request.from_message(message))
        context = self.session.context.copy()
        task = asyncio.get_running_loop().create_task(self.session.submit(run), context=context)
        self.session.tasks.track(run, task)
        return task

    async def run(self, cell: str, code: str) -> Outcome:
        return await self.send(cell, code)

    async def type(self, *inputs: str) -> None:
        """Run inputs of a console, one after the other."""
        for code in inputs:
            await self.send(None, code)
