"""From frames to handlers: what arrives on the shell channel, and who takes it."""

from __future__ import annotations

import asyncio
import json
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from typing import Any

from ipykernel.subshell_manager import UnknownSubshellError
from jupyter_client.session import DELIM
from traitlets import Any as AnyTrait

from ..wire.gate import gate
from ..wire.router import ShellRouter
from .prompts import Prompts


class Dispatch(Prompts):
    """Every request is a task of its own."""

    # A ShellRouter in a launched kernel; ipykernel 7.4 insists on a ZMQStream.
    shell_stream = AnyTrait(allow_none=True)

    def __init__(self, **kwargs: Any) -> None:
        #: What is being answered, cells and all else.
        self.requests: set[asyncio.Task[None]] = set()
        super().__init__(**kwargs)
        for msg_type in ("comm_open", "comm_msg", "comm_close"):
            # Here, since ipykernel's own dispatch for subshells passes here too.
            self.shell_handlers[msg_type] = self._for_owner(self.shell_handlers[msg_type])

    def _for_owner(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        def handle(stream: Any, ident: Any, message: Any) -> Any:
            if message["msg_type"] == "comm_open":
                self.comm_owners.opened(message)
            self.comm_owners.enter(message)
            try:
                return handler(stream, ident, message)
            finally:
                if message["msg_type"] == "comm_close":
                    self.comm_owners.closed(message)

        return handle

    async def comm_info_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """List the comms of the session that asks.

        ipykernel 7.4 lists those of the process: a notebook would take in the widgets of others.
        """
        if not self.isolated:
            await super().comm_info_request(stream, ident, parent)
            return
        wanted = parent["content"].get("target_name")
        known = self.comm_manager.comms
        comms = {
            comm_id: {"target_name": known[comm_id].target_name}
            for comm_id in self.comm_owners.of(self.sessions.at_hand())
            if comm_id in known and wanted in (None, known[comm_id].target_name)
        }
        assert self.session is not None
        self.session.send(
            stream, "comm_info_reply", {"comms": comms, "status": "ok"}, parent, ident
        )

    @abstractmethod
    def _accept(self, idents: list[bytes], message: dict[str, Any]) -> None:
        """Take an ``execute_request``."""

    async def shell_main(self, subshell_id: str | None, msg: Any) -> None:
        """Take a request from ipykernel's own channel.

        ipykernel 7.4 `Kernel.shell_main` holds one lock per shell while it handles a message, which
        is what keeps cells from running at once. Subshells keep it: each is a sequence.
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
        except Exception as error:
            # Whatever a client has sent: the messages behind it have to be handled.
            self.log.error("Ignored an invalid message on the shell channel: %s", error)
            return
        self.sessions.enter(idents, message)
        if message["msg_type"] == "execute_request":
            self._accept(idents, message)
        else:
            self._serve(self._answer(idents, message), self._session_of(message).context.copy())

    def _spawn(self, coroutine: Coroutine[Any, Any, None], context: Context) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine, context=context)
        self.requests.add(task)
        task.add_done_callback(self.requests.discard)
        return task

    def _serve(self, coroutine: Coroutine[Any, Any, None], context: Context) -> None:
        """Do what is no cell's in a task that no cell sees.

        ``for task in asyncio.all_tasks(): task.cancel()`` in a cell would leave requests without an
        answer.
        """
        asyncio.tasks._unregister_task(self._spawn(coroutine, context))

    def take_in(self) -> None:
        """Take in the requests that have arrived."""
        if isinstance(self.shell_stream, ShellRouter):
            self.shell_stream.drain()

    async def _answer(self, idents: list[bytes], message: dict[str, Any]) -> None:
        """Answer a request that runs no cell, whatever the cells are doing."""
        msg_type = message["msg_type"]
        try:
            with gate:
                self.set_parent(idents, message, channel="shell")
                self._publish_status("busy", "shell", message)
            handler = self._handler(self.shell_handlers, msg_type)
            handled = self.should_handle(self.shell_stream, message, idents)
            if not isinstance(handled, bool):
                handled = await handled
            answer = handler(self.shell_stream, idents, message) if handled else None
            if isinstance(answer, Awaitable):
                await answer
        except (Exception, KeyboardInterrupt, asyncio.CancelledError) as error:
            self.log.error("%s failed", msg_type, exc_info=error)
            self._reply_error(idents, message, error)
        finally:
            with gate:
                self._idle(message)

    async def _refuse(self, idents: list[bytes], message: dict[str, Any], error: Exception) -> None:
        self.log.error("Refused a request: %s", error)
        self._publish_status("busy", "shell", message)
        self._reply_error(idents, message, error)
        self._idle(message)

    def _reply_error(
        self,
        idents: list[bytes],
        message: dict[str, Any],
        error: BaseException,
        stream: Any = None,
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
        self.session.send(stream or self.shell_stream, f"{name}_reply", content, message, idents)

    async def process_control(self, msg: Any) -> None:
        """Handle a control request.

        ipykernel 7.4 answers neither a request that fails nor one it does not know: who sent it
        waits for ever. What is no message ends in a traceback that the user sees in some cell.
        """
        assert self.session is not None
        try:
            idents, rest = self.session.feed_identities(msg, copy=False)
            message = self.session.deserialize(rest, content=True, copy=False)
        except Exception as error:
            self.log.error("Ignored an invalid message on the control channel: %s", error)
            return
        self.set_parent(idents, message, channel="control")
        self._publish_status("busy", "control")
        await self._handle_control(idents, message)
        self.flush()
        self._publish_status("idle", "control")

    async def _handle_control(self, idents: list[bytes], message: dict[str, Any]) -> None:
        msg_type = message["msg_type"]
        try:
            handler = self._handler(self.control_handlers, msg_type)
            answer = handler(self.control_stream, idents, message)
            if isinstance(answer, Awaitable):
                await answer
        except Exception as error:
            self.log.error("%s failed", msg_type, exc_info=error)
            self._reply_error(idents, message, error, self.control_stream)

    def _handler(self, handlers: dict[str, Any], msg_type: Any) -> Callable[..., Any]:
        handler: Callable[..., Any] | None = (
            handlers.get(msg_type) if isinstance(msg_type, str) else None
        )
        if handler is None:
            raise ValueError(f"unknown message type {msg_type!r}")
        return handler

    async def create_subshell_request(self, socket: Any, ident: Any, parent: Any) -> None:
        """Create a subshell; from now on its thread's channel reads the shell socket too."""
        if isinstance(self.shell_stream, ShellRouter):
            self.shell_stream.io_loop.add_callback(self.shell_stream.share)
        await super().create_subshell_request(socket, ident, parent)

    async def delete_subshell_request(self, socket: Any, ident: Any, parent: Any) -> None:
        """Delete a subshell.

        ipykernel 7.4 answers for one that isn't there without ``ename`` and ``traceback``.
        """
        subshell_id = parent["content"].get("subshell_id")
        if subshell_id not in self.shell_channel_thread.manager.list_subshell():
            self._reply_error(ident, parent, UnknownSubshellError(subshell_id), socket)
            return
        await super().delete_subshell_request(socket, ident, parent)
