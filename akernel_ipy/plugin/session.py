"""A session in a stock kernel, and what stands in for the kernel."""

from __future__ import annotations

import asyncio
import signal
import threading
from contextvars import Context
from functools import cached_property
from typing import Any

from ..core.model import Run, current_run
from ..interrupts import Interrupts
from ..session import Session
from ..tasks import Total
from ..wire.router import asyncio_loop_of
from .messages import Messages
from .shell import GuestShell


class GuestInterrupts(Interrupts):
    """SIGINT is ours while cells run, and else the kernel's own.

    ipykernel 7.4 `IPythonKernel._cancel_on_sigint` cancels the task of the user's cell alone, when
    the loop turns: a cell that blocks can't be interrupted in it, nor one that is run again.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._outer: dict[Run, Any] = {}

    def enter(self, run: Run) -> None:
        """A run begins."""
        if threading.current_thread() is threading.main_thread():
            found = signal.getsignal(signal.SIGINT)
            if found != self._on_sigint:
                self._outer[run] = found
                self.install()

    def leave(self, run: Run) -> None:
        """A run has ended."""
        outer = self._outer.pop(run, None)
        if outer is not None and signal.getsignal(signal.SIGINT) == self._on_sigint:
            signal.signal(signal.SIGINT, outer)


class GuestHost:
    """Does for a session what the kernel would, as far as a stock kernel lets it."""

    stop_on_error_timeout = 0.0
    isolated = False

    def __init__(
        self, kernel: Any, shell: GuestShell, messages: Messages, redefinition: str
    ) -> None:
        self.redefinition = redefinition
        self.total = Total()
        self._kernel, self._shell, self._messages = kernel, shell, messages
        self.session = GuestSession(shell, Context(), self, messages)

    @cached_property
    def interrupts(self) -> GuestInterrupts:
        """What SIGINT means; a kernel that is being configured has no loop yet."""
        kernel = self._kernel
        loop = asyncio_loop_of(kernel.io_loop)
        control = getattr(kernel, "control_thread", None)
        watch = asyncio_loop_of(control.io_loop) if control else loop
        return GuestInterrupts(
            loop, self._shell.steps, self._interrupt_running, lambda: self.total.started, watch
        )

    def isolate(self) -> None:
        """Refused before it comes to this: see `AkernelPlugin.use`."""
        raise NotImplementedError("a stock kernel has one session")

    def turn(self, session: Session) -> asyncio.Future[None] | None:
        """Ask whether a session's cell may start: there is only one session."""
        return None

    def begin_run(self, run: Run) -> None:
        """A run starts; ipykernel has said busy and published its input."""
        self._messages.begin(run.request.message["header"])
        self.interrupts.enter(run)

    def end_run(self, run: Run) -> None:
        """A run that started has ended."""
        self.interrupts.leave(run)

    def take_in(self) -> None:
        """Take in the requests that have arrived: a thread of ipykernel's does."""

    def bind(self, run: Run) -> None:
        """Bind the calling context to a re-run: it answers its cell's own request again."""
        kernel, message = self._kernel, run.request.message
        kernel._shell_parent.set(message)
        kernel._shell_parent_ident.set(list(run.request.idents))
        self._shell.stock.set_thread_parent(message)
        current_run.set(run)
        self.begin_run(run)

    def _interrupt_running(self) -> None:
        for run in self.session.tasks.running():
            self.session.tasks.interrupt(run)


class GuestSession(Session):
    """The one session of a stock kernel, whose requests come one by one."""

    def __init__(
        self, shell: GuestShell, context: Context, host: GuestHost, messages: Messages
    ) -> None:
        self._messages = messages
        super().__init__(shell, context, host)

    def expected(self) -> set[str]:
        """Cells whose requests have arrived and not started."""
        return self._messages.coming()

    def expects(self, cell_id: str) -> bool:
        """Whether a request of this cell has arrived and not started."""
        return cell_id in self._messages.coming()
