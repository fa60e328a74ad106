"""The shell ROUTER socket, shared by the main thread and the shell channel thread."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import zmq
from tornado.ioloop import IOLoop

from .gate import gate
from .iopub import _Handle
from .peers import Peers
from .raw import readable, receive_frames, send_frames

Frames = list[bytes]


class ShellRouter:
    """Receives on whichever thread is free and sends from any, under one lock.

    ipykernel 7.4 gives the socket to a thread of its own, which passes every request on to the main
    thread through an inproc pair and every reply back through another: four wake-ups and two more
    parses a cell. Here the main thread reads the socket itself. Only while subshells exist does the
    shell channel thread read it too, since then somebody has to route while a cell blocks.

    zmq's descriptor is edge-triggered: whoever used the socket reads until nothing is left before
    releasing the lock, so no message can be stranded. It looks enough like a ZMQStream for
    ipykernel's `SubshellManager` and `Kernel`.

    Args:
        socket: the bound ROUTER socket.
        channel_loop: the loop of the shell channel thread.
    """

    def __init__(self, socket: Any, channel_loop: IOLoop) -> None:
        self.socket = socket
        self.io_loop = channel_loop
        self._handle = _Handle(socket)
        self._lock = threading.RLock()
        self._inbox: deque[Frames] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._receive: Callable[[Frames], None] | None = None
        self._forward: Callable[[list[zmq.Frame]], Any] | None = None
        self._elsewhere: Callable[[Frames], bool] = lambda frames: False
        self._channel_reads = False
        #: Notes who sent a message, if somebody wants to know who is still there.
        self._peers: Peers | None = None
        self._main = threading.get_ident()

    def on_recv(self, callback: Callable[[list[zmq.Frame]], Any], copy: bool = False) -> None:
        """Take ipykernel's handler for messages that belong to a subshell."""
        self._forward = callback

    def start(
        self,
        loop: asyncio.AbstractEventLoop,
        receive: Callable[[Frames], None],
        elsewhere: Callable[[Frames], bool],
    ) -> None:
        """Read from the main loop; ``elsewhere`` says which messages are for a subshell."""
        self._loop, self._receive, self._elsewhere = loop, receive, elsewhere
        self._main = threading.get_ident()
        loop.add_reader(self._handle.fileno(), self._on_readable)
        loop.call_soon(self._on_readable)

    def share(self) -> None:
        """Let the shell channel thread read too, from now on; call it in that thread."""
        if not self._channel_reads:
            self._channel_reads = True
            self.io_loop.add_handler(self._handle, self._on_channel_readable, self.io_loop.READ)
            self._on_channel_readable()

    def watch_peers(self) -> Peers:
        """Note from now on who is connected."""
        with self._lock:
            self._peers = self._peers or Peers(self.socket.getsockopt_string(zmq.LAST_ENDPOINT))
        return self._peers

    def send_multipart(self, frames: Any, copy: bool = True, **_: Any) -> None:
        """Send now, from the calling thread."""
        with gate:  # an interrupt that waits must not keep what was read from being handed over
            with self._lock:
                if not self.socket.closed:
                    send_frames(self.socket, frames, copy)
                    self._read()
            self._wake()

    def flush(self, *_: Any, **__: Any) -> None:
        """Nothing waits here to be flushed."""

    def drain(self) -> None:
        """Take in everything that has arrived, from the main thread, and hand it over."""
        self._on_readable()

    def close(self) -> None:
        """Stop reading on the main loop."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._handle.fileno())

    def _read(self) -> None:
        # The lock is held.
        if self.socket.closed or self._receive is None:
            return
        while readable(self.socket):
            frames = receive_frames(self.socket, None if self._peers is None else self._peers.note)
            if self._elsewhere(frames) and self._forward is not None:
                wrapped = [zmq.Frame(part) for part in frames]
                self.io_loop.add_callback(self._forward, wrapped)
            else:
                self._inbox.append(frames)

    def _wake(self) -> None:
        if self._inbox and self._loop is not None and not self._loop.is_closed():
            if threading.get_ident() == self._main:
                self._loop.call_soon(self._deliver)
            else:
                self._loop.call_soon_threadsafe(self._deliver)

    def _on_readable(self) -> None:
        with gate:
            with self._lock:
                self._read()
            self._deliver()

    def _on_channel_readable(self, *_: object) -> None:
        with self._lock:
            self._read()
        self._wake()

    def _deliver(self) -> None:
        assert self._receive is not None
        with gate:
            try:
                while self._inbox:
                    self._receive(self._inbox.popleft())
            except BaseException:
                self._wake()  # what lies behind the message that failed
                raise


def asyncio_loop_of(io_loop: IOLoop) -> asyncio.AbstractEventLoop:
    """The asyncio loop that a tornado loop wraps."""
    loop: asyncio.AbstractEventLoop = io_loop.asyncio_loop  # type: ignore[attr-defined]
    return loop
