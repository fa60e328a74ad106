"""Threads and executors remember which run, and which session, they work for."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ..core.model import Run, current_session, find_run, thread_run
from ..wire.gate import gate


def patch_threads() -> Callable[[], None]:
    """Bind threads and work items to the run that starts them.

    Threads don't inherit ContextVars (before Python 3.14, and there only on request): with
    ipykernel 7.4 the output of a thread goes to the cell that was started last. Work items are
    bound one by one, since the executor's threads outlive the run that happened to create them.

    Returns:
        A function that restores both methods.
    """
    start = threading.Thread.start
    submit: Any = ThreadPoolExecutor.submit

    @functools.wraps(start)
    def start_for_run(self: threading.Thread) -> None:
        if current_session.get(None) is not None:
            # On the instance: `run` may be overridden by a subclass, and is called by name.
            self.run = _bound(self.run)  # type: ignore[method-assign]
        start(self)

    @functools.wraps(submit)
    def submit_for_run(
        self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        # An interrupt in the midst, which jupyter_client sends before each shutdown, would leave a
        # thread that the executor doesn't know (CPython 3.11 to 3.14, `_adjust_thread_count`): no
        # exit of the process would ever end it, and the process waits for it.
        with gate:
            future: Future[Any] = submit(self, _bound(fn), *args, **kwargs)
        return future

    threading.Thread.start = start_for_run  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = submit_for_run  # type: ignore[method-assign,assignment]

    def restore() -> None:
        threading.Thread.start = start  # type: ignore[method-assign]
        ThreadPoolExecutor.submit = submit  # type: ignore[method-assign]

    return restore


def _bound(call: Callable[..., Any]) -> Callable[..., Any]:
    run: Run | None = find_run()
    session = current_session.get(None)

    @functools.wraps(call)
    def for_run(*args: Any, **kwargs: Any) -> Any:
        tokens = current_session.set(session), thread_run.set(run)
        try:
            return call(*args, **kwargs)
        except BaseException as error:
            # What the user is shown begins with the user's own call.
            error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
            raise
        finally:
            current_session.reset(tokens[0])
            thread_run.reset(tokens[1])

    return for_run
