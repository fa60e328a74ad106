"""Which request the code at hand answers to, and how that is told on IOPub."""

from __future__ import annotations

import sys
import threading
import time
from abc import abstractmethod
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from ..comms import CommOwners, comm_message
from ..core.model import Message, Run, current_run, current_session, request_of_thread, thread_run
from ..patches.figures import FigurePatch
from ..session import Session
from ..sessions import Sessions
from ..steps import Steps
from ..tasks import Total
from ..wire.router import asyncio_loop_of
from ..wire.streams import AsyncOutStream
from .debugging import LazyDebugger


class Attribution(LazyDebugger):
    """Parents of messages, status, and to whom the text on a file descriptor belongs."""

    sessions: Sessions
    #: Counts the runs of all sessions.
    total: Total

    @property
    @abstractmethod
    def isolated(self) -> bool:
        """Whether each notebook has a session of its own."""

    _shell: Any = None

    def __init__(self, **kwargs: Any) -> None:
        self.steps = Steps(self._after_step)
        self.figures = FigurePatch()
        #: The streams that reach the front-end; a user's own may stand before them.
        self.own_streams: tuple[AsyncOutStream, ...] = ()
        self.comm_owners = CommOwners(self._route_outputs)
        super().__init__(**kwargs)

    # ipykernel 7.4 `IPythonKernel.shell` is one shell, whose names completion, inspection, history
    # and `kernel_info` look at, whoever asks.
    @property
    def shell(self) -> Any:
        """The shell of the session that the calling code belongs to."""
        session = current_session.get(None)
        return self._shell if session is None else session.shell

    @shell.setter
    def shell(self, value: Any) -> None:
        self._shell = value

    def _private_variables(self) -> frozenset[ContextVar[Any]]:
        shell: Any = self.shell
        owners = [shell, shell.displayhook, shell.display_pub, sys.stdout, sys.stderr]
        headers: set[ContextVar[Any]] = {
            o._parent_header for o in owners if hasattr(o, "_parent_header")
        }
        own: set[ContextVar[Any]] = {
            current_run,
            current_session,
            thread_run,
            comm_message,
            self._shell_parent,
            self._shell_parent_ident,
        }
        return frozenset(headers | own)

    def set_parent(self, ident: Any, parent: Any, channel: str = "shell") -> None:
        """Bind the calling context to a request.

        ipykernel 7.4 also makes it the fallback for threads of any request; only a cell's request
        is one to show a thread's output under.
        """
        msg_type = parent.get("msg_type")
        if self.isolated and msg_type != "execute_request":
            self._enter_session(parent, channel)
        if channel != "shell" or msg_type == "execute_request" or not self.shell:
            super().set_parent(ident, parent, channel)
            for stream in self._covered() if channel == "shell" else ():
                stream.set_parent(parent)
            return
        self.bind_context(ident, parent)

    def _enter_session(self, parent: Message, channel: str) -> None:
        # What ends or interrupts the kernel belongs to nobody.
        if channel == "shell" or parent.get("msg_type") == "debug_request":
            session = self._session_of(parent)
            session.seen = time.monotonic()
            current_session.set(session)

    def _session_of(self, message: Message) -> Session:
        """The session that a request is about: its comm's, else its client's."""
        session: Session | None = self.comm_owners.session_of(message)
        return session or self.sessions.of(message)

    def bind_context(self, ident: Any, parent: Any) -> None:
        """Bind the calling context, and nothing else, to a request."""
        self._shell_parent.set(parent)
        self._shell_parent_ident.set(ident)
        assert self.shell is not None
        self.shell.set_thread_parent(parent)
        for stream in self._covered():
            stream.set_thread_parent(parent)

    def _covered(self) -> list[AsyncOutStream]:
        # `sys.stdout = Tee(sys.stdout, file)`: ipykernel 7.4 tells only what `sys` names of a
        # request, and what the tee writes appears below the cell that made it.
        return [s for s in self.own_streams if s is not sys.stdout and s is not sys.stderr]

    def _get_shell_context_var(self, var: ContextVar[Any]) -> Any:
        try:
            return var.get()
        except LookupError:
            request = request_of_thread()
            if request is None:
                return self._shell_context[var]
        return request.message if var is self._shell_parent else list(request.idents)

    def _route_outputs(self, header: Mapping[str, Any]) -> None:
        shell: Any = self.shell
        streams = (sys.stdout, sys.stderr, *self._covered())
        for owner in (shell.displayhook, shell.display_pub, *streams):
            if hasattr(owner, "set_thread_parent"):
                owner.set_thread_parent(header)

    def _descriptor_header(self) -> Mapping[str, Any] | None:
        run = self.steps.run or self.steps.last
        if run is None or not run.active:
            running = self.sessions.running()
            run = running[-1] if running else None
        return None if run is None else run.request.message["header"]

    def _after_step(self, run: Run) -> None:
        self.figures.look(run)
        for stream in self.own_streams:
            stream.drain_descriptor()

    def flush(self) -> None:
        """Send what was written to stdout and stderr so far."""
        for stream in (sys.stdout, sys.stderr):
            if not isinstance(stream, AsyncOutStream):
                self._flush_foreign(stream)
        for own in self.own_streams:
            own.flush()

    def _flush_foreign(self, stream: Any) -> None:
        # Whatever a cell has put into `sys`: its request, and all others, are to be answered.
        try:
            if stream is not None:
                stream.flush()
        except Exception as error:
            self.log.warning("%r can't be flushed: %s", type(stream).__name__, error)

    def _idle(self, message: Mapping[str, Any]) -> None:
        self.flush()
        self._publish_status("idle", "shell", message)

    def _publish_status(self, status: str, channel: str, parent: Any = None) -> None:
        """Publish a status, and busy again after an idle while cells are in flight.

        Front-ends show the last status that came, whatever its parent and its channel. The extra
        busy is nobody's: it answers a header made for it, of a type that they and Jupyter Server do
        not leave out (JupyterLab 4.6 ignores a status whose parent is a ``status``).
        """
        super()._publish_status(status, channel, parent)
        if status != "idle" or not self.total.started:
            return
        if threading.current_thread() is threading.main_thread():
            self._still_busy()
        else:
            # When the main loop turns: while a cell blocks, or stands at a breakpoint, what the
            # control channel or a subshell says is left as it is.
            asyncio_loop_of(self.io_loop).call_soon_threadsafe(self._still_busy)

    def _still_busy(self) -> None:
        if self.total.started:
            assert self.session is not None
            super()._publish_status("busy", "shell", self.session.msg("execute_request"))
