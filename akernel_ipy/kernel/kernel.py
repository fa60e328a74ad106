"""The seam to ipykernel: requests become runs, runs become replies."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

from traitlets import Type

from .. import patches
from ..core.model import find_run
from ..interrupts import Interrupts
from ..shell import AsyncShell
from ..tasks import TaskHandle
from ..threads import ThreadCompiler
from ..wire.router import ShellRouter, asyncio_loop_of
from ..wire.streams import AsyncOutStream
from .workers import Workers


class AsyncKernel(Workers):
    """An IPython kernel whose cells are tasks.

    Everything that isn't overridden here or in the classes below is ipykernel's: rich display,
    comms, completion, inspection, history, the debugger, subshells, the control channel.
    """

    shell_class = Type(AsyncShell)

    # ipykernel 7.4's compiler is not for two threads at once.
    compiler_class = Type(ThreadCompiler)

    def __init__(self, **kwargs: Any) -> None:
        self._restore: Callable[[], None] = lambda: None
        super().__init__(**kwargs)

    def start(self) -> None:
        """Start serving requests on the current loop."""
        super().start()
        loop = asyncio_loop_of(self.io_loop)
        watch = asyncio_loop_of(self.control_thread.io_loop) if self.control_thread else loop
        self.interrupts = Interrupts(
            loop, self.steps, self._interrupt_running, lambda: self.total.started, watch
        )
        self.interrupts.install()
        self._restore = patches.install(self)
        self.watch_idle()
        self.route_loop_errors()
        if self.isolated:
            # What is there now stays. Each session adds about a thousand objects, so full
            # collections come again and again, and hold up all notebooks: they have less to do.
            gc.freeze()
        self.own_streams = tuple(
            stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, AsyncOutStream)
        )
        for stream in self.own_streams:
            stream.descriptor_header = self._descriptor_header
        if isinstance(self.shell_stream, ShellRouter):
            self.shell_stream.start(loop, self._receive, self._belongs_to_subshell)

    def stop(self) -> None:
        """Take back what `start` installed."""
        super().stop()
        self.figures.restore()
        self._restore()
        self.end_isolation()
        if isinstance(self.shell_stream, ShellRouter):
            self.shell_stream.close()

    def find_task(self, n: int = -1) -> TaskHandle:
        """Find another cell of this session, to await or to cancel: ``await __task__()``.

        Args:
            n: -1 is the previous cell, -2 the one before it; a positive n is ``In [n]``.

        Raises:
            TaskLookupError: no such cell.
        """
        return self.sessions.at_hand().tasks.find(n, find_run())

    def _send_interrupt_children(self) -> None:
        # The control thread sends SIGINT for an `interrupt_request`.
        self.interrupts.announce()
        super()._send_interrupt_children()

    def _interrupt_running(self) -> None:
        for session in self.sessions:
            for run in session.tasks.running():
                session.tasks.interrupt(run)
