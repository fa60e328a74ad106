"""The seam to ipykernel: requests become runs, runs become replies."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextvars import Context, ContextVar, copy_context
from typing import Any

import zmq
from jupyter_client.session import DELIM
from traitlets import Any as AnyTrait
from traitlets import Type, Unicode, validate
from traitlets.config.loader import ConfigError

from . import patches
from .comms import CommOwners, comm_message
from .core.errors import ModeError
from .core.model import ABORTED, Outcome, Request, Run, current_run, find_run, thread_run
from .core.modes import parse
from .debugging import LazyDebugger
from .interrupts import Interrupts, Steps
from .patches.figures import FigurePatch
from .magics import AkernelMagics
from .session import Session
from .shell import AsyncShell
from .tasks import TaskHandle
from .wire.gate import gate
from .wire.router import ShellRouter
from .wire.stdin import StdinChannel
from .wire.streams import AsyncOutStream


class AsyncKernel(LazyDebugger):
    """An IPython kernel whose cells are tasks.

    Everything that isn't overridden here is ipykernel's: rich display, comms, completion, inspection,
    history, the debugger, subshells, the control channel.
    """

    shell_class = Type(AsyncShell)
    # A ShellRouter in a launched kernel; ipykernel 7.4 insists on a ZMQStream.
    shell_stream = AnyTrait(allow_none=True)

    flavour = Unicode(
        "async", help="Flavour of new sessions: async, chain (see %akernel_mode)."
    ).tag(config=True)

    @validate("flavour")
    def _canonical_flavour(self, proposal: Any) -> str:
        try:
            return str(parse(proposal["value"]))
        except ModeError as error:
            raise ConfigError(f"AsyncKernel.flavour: {error}") from error

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.steps = Steps(self._after_step)
        self.figures = FigurePatch()
        self.comm_owners = CommOwners(self._route_outputs)
        self.stdin = StdinChannel(self.stdin_socket, self.session)
        self._requests: set[asyncio.Task[None]] = set()
        self._restore: Callable[[], None] = lambda: None
        shell = self.shell
        assert isinstance(shell, AsyncShell)
        shell.steps = self.steps
        shell.private_variables = self._private_variables()
        shell.register_magics(AkernelMagics(shell=shell))
        self.main_session = self._new_session(shell)

    def _private_variables(self) -> frozenset[ContextVar[Any]]:
        shell = self.shell
        owners = [shell, shell.displayhook, shell.display_pub, sys.stdout, sys.stderr]
        headers = {o._parent_header for o in owners if hasattr(o, "_parent_header")}
        own = {current_run, thread_run, comm_message, self._shell_parent, self._shell_parent_ident}
        return frozenset(headers | own)

    def _new_session(self, shell: AsyncShell) -> Session:
        shell.context = copy_context()
        session = Session(shell, shell.context, self._begin, self.figures.leave_open, self._take_in)
        session.use(self.flavour)
        return session

    def session_of(self, message: Mapping[str, Any]) -> Session:
        """The session that a request belongs to; all clients share one."""
        return self.main_session

    # ------------------------------------------------------------------ life

    def start(self) -> None:
        """Start serving requests on the current loop."""
        super().start()
        loop = self.io_loop.asyncio_loop
        watch = self.control_thread.io_loop.asyncio_loop if self.control_thread else loop
        self.interrupts = Interrupts(loop, self.steps, self._interrupt_running, watch)
        self.interrupts.install()
        self._restore = patches.install(self)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, AsyncOutStream):
                stream.descriptor_header = self._descriptor_header
        if isinstance(self.shell_stream, ShellRouter):
            self.shell_stream.start(loop, self._receive, self._belongs_to_subshell)

    def stop(self) -> None:
        """Take back what `start` installed."""
        self.figures.restore()
        self._restore()
        if isinstance(self.shell_stream, ShellRouter):
            self.shell_stream.close()

    # -------------------------------------------------------------- requests

    async def shell_main(self, subshell_id: str | None, msg: Any) -> None:
        """Take a request from ipykernel's own channel.

        ipykernel 7.4 `Kernel.shell_main` holds one lock per shell while it handles a message, which is
        what keeps cells from running at once. Subshells keep it: each is a sequence.
        """
        if subshell_id is None:
            self._receive([bytes(frame.bytes) for frame in msg])
        else:
            await super().shell_main(subshell_id, msg)

    def _belongs_to_subshell(self, frames: list[bytes]) -> bool:
        # Called for each message, on whichever thread received it: look before parsing.
        try:
            packed = frames[frames.index(DELIM) + 2]
        except (ValueError, IndexError):
            return False
        if b'"subshell_id"' not in packed and b'"comm_' not in packed:
            return False
        try:
            header = json.loads(packed)
            if header.get("subshell_id") is not None:
                return True
            # A reply to a comm that a subshell used last goes to that subshell.
            return header["msg_type"] in {"comm_msg", "comm_close"} and bool(
                self.shell_channel_thread.manager.list_subshell()
            )
        except (ValueError, KeyError, AttributeError):
            return False

    def _receive(self, frames: list[bytes]) -> None:
        assert self.session is not None
        try:
            idents, rest = self.session.feed_identities(frames)
            message = self.session.deserialize(rest)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            self.log.error("Ignored an invalid message on the shell channel: %s", error)
            return
        if message["msg_type"] == "execute_request":
            self._accept(idents, message)
        else:
            self._spawn(self._answer(idents, message), copy_context())

    def _spawn(self, coroutine: Coroutine[Any, Any, None], context: Context) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine, context=context)
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)
        return task

    def _accept(self, idents: list[bytes], message: dict[str, Any]) -> None:
        try:
            request = Request.from_message(message, tuple(idents))
        except ValueError as error:
            self._spawn(self._refuse(idents, message, error), copy_context())
            return
        session = self.session_of(message)
        run = session.new_run(request)
        session.tasks.track(run, self._spawn(self._execute(session, run), session.context.copy()))

    async def _answer(self, idents: list[bytes], message: dict[str, Any]) -> None:
        """Answer a request that runs no cell, whatever the cells are doing."""
        self.set_parent(idents, message, channel="shell")
        self._publish_status("busy", "shell", message)
        msg_type = message["msg_type"]
        if msg_type in {"comm_open", "comm_msg", "comm_close"}:
            self.comm_owners.enter(message)
        handler = self.shell_handlers.get(msg_type)
        try:
            if handler is None:
                raise ValueError(f"unknown message type {msg_type!r}")
            handled = self.should_handle(self.shell_stream, message, idents)
            if not isinstance(handled, bool):
                handled = await handled
            answer = handler(self.shell_stream, idents, message) if handled else None
            if isinstance(answer, Awaitable):
                await answer
        except (Exception, KeyboardInterrupt) as error:
            self.log.error("%s failed", msg_type, exc_info=error)
            self._reply_error(idents, message, error)
        finally:
            self._idle(message)

    async def _refuse(
        self, idents: list[bytes], message: dict[str, Any], error: Exception
    ) -> None:
        self.log.error("Refused a request: %s", error)
        self._publish_status("busy", "shell", message)
        self._reply_error(idents, message, error)
        self._idle(message)

    def _reply_error(
        self, idents: list[bytes], message: dict[str, Any], error: BaseException
    ) -> None:
        name, _, kind = str(message["msg_type"]).rpartition("_")
        if kind != "request":
            return
        content = {
            "status": "error",
            "ename": type(error).__name__,
            "evalue": str(error),
            "traceback": [f"{type(error).__name__}: {error}"],
        }
        assert self.session is not None
        self.session.send(self.shell_stream, f"{name}_reply", content, message, idents)

    # ----------------------------------------------------------------- cells

    def find_task(self, n: int = -1) -> TaskHandle:
        """Find another cell of this session, to await or to cancel: ``await __task__()``.

        Args:
            n: -1 is the previous cell, -2 the one before it; a positive n is ``In [n]``.

        Raises:
            TaskLookupError: no such cell.
        """
        run = find_run()
        session = self.main_session if run is None else self.session_of(run.request.message)
        return session.tasks.find(n, run)

    async def _execute(self, session: Session, run: Run) -> None:
        """Carry one ``execute_request`` from its arrival to its idle."""
        request = run.request
        self.set_parent(list(request.idents), request.message, channel="shell")
        current_run.set(run)
        reply = await self.do_execute(
            request.code,
            request.silent,
            request.store_history,
            dict(request.user_expressions),
            request.allow_stdin,
            cell_meta=request.message.get("metadata"),
            cell_id=request.cell_id,
        )
        if not run.state.started:
            self._publish_status("busy", "shell", request.message)
        self._reply(run, reply, self.shell_stream)
        if reply["status"] == "error" and request.stop_on_error and not request.silent:
            session.abort_waiting(request.session_id, self.stop_on_error_timeout)
        self.interrupts.reinstall()
        self._idle(request.message)

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: dict[str, str] | None = None,
        allow_stdin: bool = False,
        *,
        cell_meta: Any = None,
        cell_id: str | None = None,
    ) -> dict[str, Any]:
        """Run a cell in the session of the request at hand; return the reply's content."""
        run = current_run.get(None)
        session = self.main_session
        if run is None or run.state.started:
            # Called by other code than a request's own task.
            parent = self.get_parent("shell") or {"header": self.session.msg_header("execute")}
            content = {
                "code": code,
                "silent": silent,
                "store_history": store_history,
                "user_expressions": user_expressions,
                "allow_stdin": allow_stdin,
            }
            metadata = {**(cell_meta or {}), **({"cellId": cell_id} if cell_id else {})}
            message = {**parent, "content": content, "metadata": metadata}
            run = session.new_run(Request.from_message(message))
            return self._reply_content(run, await session.evaluate_aside(run))
        session = self.session_of(run.request.message)
        return self._reply_content(run, await session.submit(run))

    async def execute_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Execute for a subshell, in its thread, in its order; ipykernel sends busy and idle."""
        request = Request.from_message(parent, tuple(ident))
        session = self.session_of(parent)
        run = session.new_run(request)
        outcome = await session.evaluate_aside(run)
        reply = self._reply_content(run, outcome)
        self._reply(run, reply, stream)
        if outcome.status == "error" and request.stop_on_error and not request.silent:
            super()._abort_queues(parent["header"].get("subshell_id"))

    def _begin(self, run: Run) -> None:
        """A run starts: its busy, its number, its input."""
        request = run.request
        message = request.message
        if message["header"].get("subshell_id") is None:
            self._publish_status("busy", "shell", message)
        run.state.metadata = self.init_metadata(message)
        self.comm_owners.ran(request)
        if not request.silent:
            self._publish_execute_input(request.code, message, run.count)

    def _reply_content(self, run: Run, outcome: Outcome) -> dict[str, Any]:
        if outcome.status == "aborted":
            return {"status": "aborted"}
        reply: dict[str, Any] = {"status": outcome.status}
        if outcome.status == "error":
            reply["ename"], reply["evalue"] = outcome.ename, outcome.evalue
            reply["traceback"] = list(outcome.traceback)
            # Deprecated in ipykernel, but ipyparallel still reads it.
            reply["engine_info"] = {
                "engine_uuid": self.ident,
                "engine_id": self.int_id,
                "method": "execute",
            }
        reply["execution_count"] = run.count
        reply["user_expressions"] = dict(outcome.user_expressions)
        reply["payload"] = list(outcome.payload)
        return reply

    def _reply(self, run: Run, content: dict[str, Any], stream: Any) -> None:
        self._flush()
        message = run.request.message
        metadata = self.finish_metadata(
            message, run.state.metadata or self.init_metadata(message), content
        )
        assert self.session is not None
        self.session.send(
            stream,
            "execute_reply",
            content,
            message,
            metadata=metadata,
            ident=list(run.request.idents),
        )

    # ---------------------------------------------------------------- status

    def _flush(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()

    def _idle(self, message: Mapping[str, Any]) -> None:
        """Say idle for one request, and busy again while cells are in flight.

        Front-ends show the last status that came, whatever its parent.
        """
        self._flush()
        self._publish_status("idle", "shell", message)
        if self.main_session.tasks.started:
            assert self.session is not None
            self.session.send(
                self.iopub_socket,
                "status",
                {"execution_state": "busy"},
                parent={},
                ident=self._topic("status"),
            )

    # --------------------------------------------------------------- parents

    def set_parent(self, ident: Any, parent: Any, channel: str = "shell") -> None:
        """Bind the calling context to a request.

        ipykernel 7.4 also makes it the fallback for threads of any request; only a cell's request is
        one to show a thread's output under.
        """
        if channel != "shell" or parent.get("msg_type") == "execute_request" or not self.shell:
            super().set_parent(ident, parent, channel)
            return
        self._shell_parent.set(parent)
        self._shell_parent_ident.set(ident)
        self.shell.set_thread_parent(parent)

    def _get_shell_context_var(self, var: ContextVar[Any]) -> Any:
        try:
            return var.get()
        except LookupError:
            run = thread_run.get()
            if run is None or not run.active:
                return self._shell_context[var]
        return run.request.message if var is self._shell_parent else list(run.request.idents)

    def _route_outputs(self, header: Mapping[str, Any]) -> None:
        shell = self.shell
        for owner in (shell.displayhook, shell.display_pub, sys.stdout, sys.stderr):
            if hasattr(owner, "set_thread_parent"):
                owner.set_thread_parent(header)

    def _descriptor_header(self) -> Mapping[str, Any] | None:
        run = self.steps.run or self.steps.last
        if run is None or not run.active:
            running = self.main_session.tasks.running()
            run = running[-1] if running else None
        return None if run is None else run.request.message["header"]

    def _after_step(self, run: Run) -> None:
        self.figures.look(run)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, AsyncOutStream):
                stream.drain_descriptor()

    # ------------------------------------------------------ interrupts, input

    def pre_handler_hook(self) -> None:
        """Leave SIGINT alone: see `Interrupts`."""

    def post_handler_hook(self) -> None:
        """Leave SIGINT alone: see `Interrupts`."""

    def _interrupt_running(self) -> None:
        for run in self.main_session.tasks.running():
            self.main_session.tasks.interrupt(run)

    def _take_in(self) -> None:
        if isinstance(self.shell_stream, ShellRouter):
            self.shell_stream.drain()

    @property
    def _allow_stdin(self) -> bool:
        # ipykernel 7.4 keeps the last cell's answer for all.
        run = find_run()
        return run is not None and run.request.allow_stdin

    @_allow_stdin.setter
    def _allow_stdin(self, value: bool) -> None:
        """Ignore what ipykernel would set for all cells."""

    def _input_request(self, prompt: str, ident: Any, parent: Any, password: bool = False) -> str:
        return self.stdin.ask(prompt, password, parent, ident)

    async def ainput(self, prompt: str = "") -> str:
        """Ask the user for a line; other cells go on meanwhile.

        Raises:
            StdinNotImplementedError: the front-end takes no questions.
            EOFError: the user answered with end-of-file.
        """
        if not self._allow_stdin:
            self._no_raw_input()
        ident = self._get_shell_context_var(self._shell_parent_ident)
        return await self.stdin.ask_async(str(prompt), False, self.get_parent("shell"), ident)

    # -------------------------------------------------------------- subshells

    async def create_subshell_request(self, socket: Any, ident: Any, parent: Any) -> None:
        """Create a subshell; from now on its thread's channel reads the shell socket too."""
        if isinstance(self.shell_stream, ShellRouter):
            self.shell_stream.io_loop.add_callback(self.shell_stream.share)
        await super().create_subshell_request(socket, ident, parent)
