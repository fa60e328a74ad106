"""Threads and executors remember which run they work for."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ..core.model import Run, find_run, thread_run


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
        run = find_run()
        if run is not None:
            # On the instance: `run` may be overridden by a subclass, and is called by name.
            self.run = _bound(run, self.run)  # type: ignore[method-assign]
        start(self)

    @functools.wraps(submit)
    def submit_for_run(
        self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        future: Future[Any] = submit(self, _bound(find_run(), fn), *args, **kwargs)
        return future

    threading.Thread.start = start_for_run  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = submit_for_run  # type: ignore[method-assign,assignment]

    def restore() -> None:
        threading.Thread.start = start  # type: ignore[method-assign]
        ThreadPoolExecutor.submit = submit  # type: ignore[method-assign]

    return restore


def _bound(run: Run | None, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def for_run(*args: Any, **kwargs: Any) -> Any:
        token = thread_run.set(run)
        try:
            return call(*args, **kwargs)
        finally:
            thread_run.reset(token)

    return for_run
