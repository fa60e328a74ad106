"""The extension, loaded into one shell."""

from __future__ import annotations

import asyncio
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult
from traitlets import Enum, Unicode
from traitlets.config import Configurable

from ..core.errors import ModeError
from ..core.model import (
    Outcome,
    Request,
    Run,
    current_run,
    current_session,
    own_number,
    thread_run,
)
from ..core.modes import Mode, parse
from ..steps import CellInterrupt
from .magics import register
from .messages import Messages, WatchedHeader
from .patching import Patches
from .session import GuestHost
from .shell import GuestShell

#: Flavours that the order in which a stock kernel runs cells rules out, and isolation.
OURS_ONLY = ("async", "flow", "multi")

#: Code that IPython runs by itself, inside of a cell or of a callback.
_plain: ContextVar[bool] = ContextVar("akernel_plain", default=False)


class FlavourError(ModeError):
    """A stock kernel can't have this flavour."""


class AkernelPlugin(Configurable):
    """``%load_ext akernel_ipy``: takes the cells of a stock kernel through the pipeline."""

    flavour = Unicode(
        "chain",
        help="The flavour to begin with: chain (the kernel's own order), react, cache, or both.",
    ).tag(config=True)

    redefinition = Enum(
        ["linear", "newest", "error"],
        "linear",
        help="What a second definition of a name does under react: see AsyncKernel.redefinition.",
    ).tag(config=True)

    def load(self, unloaded: Callable[[], None]) -> None:
        """Put everything in place.

        Args:
            unloaded: called when nothing of it is needed any more.
        """
        self.unloaded = unloaded
        shell: Any = self.parent
        self.shell = shell
        self._kernel = shell.kernel
        self._patches = Patches()
        self._messages = Messages(self._kernel.session, self._lost)
        self._guest = GuestShell(self.shell, _private(self.shell, self._kernel))
        self._host = GuestHost(self._kernel, self._guest, self._messages, self.redefinition)
        self.session = self._host.session
        self._guest.install(self._patches)
        self._messages.install(self._kernel, self._patches)
        # ipykernel 7.4 `IPythonKernel.do_execute` asks whether a cell awaits, and runs one that
        # doesn't to its end at once: nothing could be run again before its reply.
        self._should = self._patches.put(self.shell, "should_run_async", self.should_run_async)
        # IPython 9 `InteractiveShell.run_cell_async`: where a request's code enters the shell.
        self._run_cell_async = self._patches.put(self.shell, "run_cell_async", self.run_cell_async)
        # IPython 9 `InteractiveShell.run_cell`: what `%run` and callbacks run is no cell.
        self._run_cell = self._patches.put(self.shell, "run_cell", self.run_cell)
        # IPython 9 `CachingCompiler.cache`: errors of a cell run again named the cell after it.
        self._keep_source = self._patches.put(self.shell.compile, "cache", self._cache_source)
        self._magics = register(self.shell, self)
        self.use(self.flavour)

    def unload(self) -> None:
        """Take everything back; a run that is under way comes to its end."""
        self._magics.remove()
        self._guest.on_reset()
        self.session.use(Mode("chain"))
        self._patches.undo()
        _end_cache(self.session, self.shell)
        if current_run.get(None) is None:
            self.unloaded()

    def use(self, text: str) -> None:
        """Switch to a flavour.

        Raises:
            ModeError: an unknown one.
            FlavourError: one that a stock kernel can't have.
        """
        mode = parse(text)
        refused = [word for word in OURS_ONLY if word in text.lower().split("-") and word in mode]
        if refused:
            raise FlavourError(
                f"{refused[0]} needs a kernel of its own: `akernel install {mode}` in a terminal, "
                "then choose it in the front-end"
            )
        self.session.use(Mode("chain", mode.additions))

    def _lost(self, message: dict[str, Any]) -> None:
        """A request has ended without having begun: it was aborted, but tells of deleted cells."""
        if threading.current_thread() is threading.main_thread():
            header = WatchedHeader.of(message["header"])
            whole = {**message, "header": header, "content": {"code": ""}}
            self.session.drop(self.session.new_run(Request.from_message(whole)))

    # -- in place of the stock shell's own -------------------------------------------------

    def _aside(self) -> bool:
        """Whether the code at hand is no cell of the user's: it is run as ever."""
        run = current_run.get(None)
        inside = run is not None and run.active
        main = threading.current_thread() is threading.main_thread()
        return inside or not main or _plain.get()

    def should_run_async(self, raw_cell: str, **options: Any) -> bool:
        """Say yes for cells of the user's: the pipeline awaits."""
        return bool(self._should(raw_cell, **options)) if self._aside() else True

    def _cache_source(self, code: str, number: int = 0, raw_code: str | None = None) -> Any:
        return self._keep_source(code, own_number(number), raw_code)

    def run_cell(self, *args: Any, **options: Any) -> Any:
        """Run code as ever."""
        with _as_ever():
            return self._run_cell(*args, **options)

    async def run_cell_async(
        self,
        raw_cell: str,
        store_history: bool = False,
        silent: bool = False,
        shell_futures: bool = True,
        *,
        transformed_cell: str | None = None,
        preprocessing_exc_tuple: Any = None,
        cell_id: str | None = None,
        cell_meta: Any = None,
    ) -> ExecutionResult:
        """Take a cell through the pipeline; give what IPython says of it."""
        if self._aside() or silent or not shell_futures:
            plain: ExecutionResult = await self._run_cell_async(
                raw_cell,
                store_history,
                silent,
                shell_futures,
                transformed_cell=transformed_cell,
                preprocessing_exc_tuple=preprocessing_exc_tuple,
                cell_id=cell_id,
                cell_meta=cell_meta,
            )
            return plain
        request = self._request(raw_cell, store_history, silent, cell_id, cell_meta)
        run = self.session.new_run(request)
        task = asyncio.current_task()
        assert task is not None
        self.session.tasks.track(run, task)
        try:
            return self._result(run, await self.session.submit(run))
        finally:
            if not self._patches:  # the cell has unloaded the extension
                self.unloaded()

    def _request(
        self, code: str, store_history: bool, silent: bool, cell_id: str | None, meta: Any
    ) -> Request:
        kernel = self._kernel
        parent = kernel.get_parent("shell") or {}
        header = parent.get("header") or {"msg_id": uuid.uuid4().hex, "session": ""}
        metadata = {**(parent.get("metadata") or meta or {})}
        if cell_id:
            metadata["cellId"] = cell_id
        content = {**parent.get("content", {}), "code": code}
        content |= {"silent": silent, "store_history": store_history, "user_expressions": {}}
        message = {**parent, "header": WatchedHeader.of(header)}
        message |= {"metadata": metadata, "content": content}
        idents = kernel._get_shell_context_var(kernel._shell_parent_ident)
        return Request.from_message(message, tuple(idents or ()))

    def _result(self, run: Run, outcome: Outcome) -> ExecutionResult:
        """Give the reply what it is made of."""
        shell, guest = self.shell, self._guest
        result = guest.results.pop(run, None)
        error = guest.errors.pop(run, None)
        if result is None:
            info = ExecutionInfo(run.request.code, False, False, True, None)
            result = ExecutionResult(info)
            if outcome.status == "error":
                result.error_before_exec = error
        if run.state.display_error is not None:
            result.error_in_exec = run.state.display_error
        if isinstance(result.error_in_exec, CellInterrupt):
            result.error_in_exec = KeyboardInterrupt()
        shell._last_traceback = list(outcome.traceback or run.state.traceback or ())
        shell._last_traceback_during_displayhook = False
        if run.state.metadata:
            self._messages.told[run.request.msg_id] = dict(run.state.metadata)
        return result


@contextmanager
def _as_ever() -> Iterator[None]:
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def _private(shell: Any, kernel: Any) -> frozenset[ContextVar[Any]]:
    """Context variables that say to which request the code at hand belongs."""
    owners = [shell, shell.displayhook, shell.display_pub, sys.stdout, sys.stderr]
    headers = {o._parent_header for o in owners if hasattr(o, "_parent_header")}
    own = {current_run, current_session, thread_run, _plain}
    return frozenset({*headers, *own, kernel._shell_parent, kernel._shell_parent_ident})


def _end_cache(session: Any, shell: Any) -> None:
    """Close the cache, if there is one, and take back what it did to the process."""
    cache = session.caching.used
    if cache is None:
        return
    from ..middleware.cache import audit
    from ..middleware.cache.rewrite import CacheRewrite

    cache.store.close(timeout=None)
    audit.restore()
    shell.ast_transformers[:] = [
        t for t in shell.ast_transformers if not isinstance(t, CacheRewrite)
    ]
