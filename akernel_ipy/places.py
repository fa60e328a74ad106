"""Where a cell's statements are executed: in the loop, in a thread, in another process."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from contextvars import Context, ContextVar, copy_context
from functools import partial
from typing import Any

from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.interactiveshell import InteractiveShell

from .core import directives
from .core.errors import OffloadError, ThreadError
from .core.model import Run, current_run
from .steps import CellInterrupt
from .threads import CellThread, in_loop
from .wire.router import asyncio_loop_of

_MISSING = object()

_REFUSAL = (
    "%%thread: this cell awaits, and a worker thread has no event loop. Take %%thread away, or put "
    "what blocks into `await asyncio.to_thread(function, ...)`"
)
_OUT_OF_REACH = "still inside a call that can't be interrupted; the thread stops when it returns"


class PlacedCells(ZMQInteractiveShell):
    """Runs the statements of some cells elsewhere: ``%%thread``, ``%%offload``.

    What comes before them (number, history, compilation to an AST) and after them (events, figures)
    happens where it always does: in the loop's thread, in order.
    """

    #: Where cells that never await run unless they say it themselves: "loop" or "thread".
    blocking = "loop"

    #: ContextVars set by plain cells are kept here.
    context: Context | None

    #: Variables of the kernel that belong to one run and never outlive it.
    private_variables: frozenset[ContextVar[Any]]

    # IPython 9 `InteractiveShell.run_ast_nodes` executes in the loop's thread, which a cell that
    # never awaits then holds up.
    async def run_ast_nodes(
        self,
        nodelist: list[ast.stmt],
        cell_name: str,
        interactivity: str = "last_expr",
        compiler: Any = compile,
        result: Any = None,
    ) -> bool:
        """Execute the statements of a cell, in a thread if that was asked for.

        Returns:
            Whether one of them raised.
        """
        run = current_run.get(None)
        place = "loop" if run is None or run.state.placed else self._place(run)
        if run is not None:
            run.state.placed = True  # what it runs itself (`%%capture`, `%run`) stays with it
        if run is not None and place == "offload":
            return await self._on_worker(run, nodelist, cell_name, interactivity, result)
        nodes = super().run_ast_nodes(nodelist, cell_name, interactivity, compiler, result)
        if run is None or place == "loop":
            return bool(await nodes)
        if not awaits(nodelist):
            return await self._in_thread(run, nodes, result)
        if directives.find(run.state.directives, "thread") is None:
            return bool(await nodes)
        nodes.close()
        result.error_before_exec = ThreadError(_REFUSAL)
        self.showtraceback((ThreadError, result.error_before_exec, None))
        return True

    def _place(self, run: Run) -> str:
        if directives.find(run.state.directives, "offload") is not None:
            return "offload"
        wish = directives.find(run.state.directives, "thread")
        if wish is None:
            return self.blocking
        return "loop" if wish.line.strip() == "off" else "thread"

    async def _on_worker(
        self, run: Run, nodelist: list[ast.stmt], cell_name: str, interactivity: str, result: Any
    ) -> bool:
        from .offload import OffloadedCell

        _tell_place(run, "offload")
        cell = OffloadedCell(self.kernel.engine, self, run.state.source)
        error: BaseException | None
        try:
            error = await cell.run(nodelist, cell_name, interactivity, awaits(nodelist))
        except OffloadError as problem:
            error = problem.with_traceback(None)
        except CellInterrupt:
            error = KeyboardInterrupt()
        if error is not None:
            result.error_in_exec = error
            shown = (type(error), error, error.__traceback__)
            self.showtraceback(shown, tb_offset=0, running_compiled_code=True)
        return error is not None

    async def _in_thread(self, run: Run, nodes: Coroutine[Any, Any, Any], result: Any) -> bool:
        _tell_place(run, "thread")
        before = copy_context()
        context = before.copy()
        name = f"In [{run.count}]"
        work = partial(_run_through, nodes)
        worker = run.state.thread = CellThread(work, nodes.close, context, name)
        try:
            return bool(await worker.result())
        except (asyncio.CancelledError, KeyboardInterrupt) as cancelled:
            if isinstance(cancelled, KeyboardInterrupt) and worker.started:
                self._leave_behind(worker, result)
                return True
            raise
        finally:
            self._keep_from(context, before)

    def _leave_behind(self, worker: CellThread, result: Any) -> None:
        """End a cell whose thread can't be reached; when it can be, it is interrupted."""
        error = KeyboardInterrupt(_OUT_OF_REACH)
        result.error_in_exec = error
        stack = worker.stack(InteractiveShell.run_code.__code__)
        self.showtraceback((KeyboardInterrupt, error, stack), running_compiled_code=True)
        worker.left = True

    def _keep_from(self, context: Context, before: Context) -> None:
        """Keep the ContextVars that a cell set in its thread, as those of other plain cells."""
        for variable, value in context.items():
            if variable in self.private_variables or before.get(variable, _MISSING) is value:
                continue
            variable.set(value)
            if self.context is not None:
                self.context.run(variable.set, value)

    # ipykernel 7.4 `ZMQInteractiveShell.ask_exit` calls the loop's ``call_later``: from a thread
    # that may not wake it, and `exit()` waits for the next message.
    def ask_exit(self) -> None:
        """End the kernel, from whatever thread."""
        in_loop(asyncio_loop_of(self.kernel.io_loop), super().ask_exit)


def _tell_place(run: Run, place: str) -> None:
    """Say in the reply's metadata where a cell ran."""
    run.state.metadata.setdefault("akernel", {})["place"] = place


def _run_through(nodes: Coroutine[Any, Any, Any]) -> Any:
    """Execute a coroutine that never waits."""
    try:
        nodes.send(None)
    except StopIteration as stop:
        return stop.value
    nodes.close()
    raise ThreadError(_REFUSAL)


def awaits(statements: Iterable[ast.AST]) -> bool:
    """Whether statements of a cell await: themselves, not in the functions that they define."""
    return any(
        isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith)
        or (isinstance(node, ast.comprehension) and bool(node.is_async))
        for statement in statements
        for node in _executed(statement)
    )


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    parts: Iterable[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        defaults = [default for default in node.args.kw_defaults if default is not None]
        parts = [*node.args.defaults, *defaults, *getattr(node, "decorator_list", ())]
    for part in parts:
        yield from _executed(part)
