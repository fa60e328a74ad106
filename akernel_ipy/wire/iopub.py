"""The IOPub socket, written to by whoever has something to say."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import zmq
from ipykernel.iostream import MASTER, IOPubThread

from .gate import gate
from .raw import readable, send_frames

#: Messages queued for one slow subscriber before zmq drops: to be set before the socket is bound.
#: With zmq's default of 1000 a burst of displays loses some, and with them perhaps an idle.
SEND_QUEUE = 200_000


class _Handle:
    """A zmq socket's edge-triggered descriptor, as tornado wants to see it."""

    def __init__(self, socket: Any) -> None:
        self._fd: int = socket.getsockopt(zmq.FD)

    def fileno(self) -> int:
        return self._fd

    def close(self) -> None:
        """Leave the descriptor to libzmq: closing it here would abort the process."""


class DirectIOPubThread(IOPubThread):
    """An IOPubThread whose callers send by themselves, under a lock.

    ipykernel 7.4 `IOPubThread.send_multipart` hands each message to the IO thread through an inproc
    socket, and each ``flush`` waits for that thread: 2 to 4 times a cell, about half of the latency
    of a trivial one. zmq sockets may be used from several threads one at a time, with a full fence
    in between, which the lock is. The thread stays for timers, for the pipe from forked children
    and for subscriptions. Those share the descriptor's edge with sending, so who sends looks for
    them too. Its loop is told of work by the loop's own means: ipykernel's sockets for that are
    one, with a descriptor, for each thread that ever printed, kept for 10 s after its end.
    """

    def __init__(self, socket: Any, pipe: bool = False, session: Any = False) -> None:
        self.lock = threading.RLock()
        super().__init__(socket, pipe=pipe, session=session)

    def _setup_event_pipe(self) -> None:
        pass  # see `schedule`

    def _setup_xpub_listener(self) -> None:
        # Instead of a ZMQStream, which would read the socket outside of the lock.
        self._listens = (
            hasattr(self.socket, "getsockopt") and self.socket.getsockopt(zmq.TYPE) == zmq.XPUB
        )
        if self._listens:
            self.io_loop.add_handler(
                _Handle(self.socket), self._read_subscriptions, self.io_loop.READ
            )

    def _read_subscriptions(self, *_: object) -> None:
        with self.lock:
            while not self.closed and readable(self.socket):
                self._handle_subscription(self.socket.recv_multipart(zmq.NOBLOCK))

    def send_multipart(self, msg: Any, *args: Any, copy: bool = True, **kwargs: Any) -> None:
        """Send now, from the calling thread; from a forked child, through the pipe."""
        if self._check_mp_mode() != MASTER:
            self._really_send(msg, *args, **kwargs)
            return
        subscription = False
        with gate, self.lock:
            if self.closed or self.socket.closed:
                return
            if args or kwargs or not self._listens:
                self._really_send(msg, *args, copy=copy, **kwargs)
            else:
                send_frames(self.socket, msg, copy)
                subscription = readable(self.socket)
        if subscription:
            self.schedule(self._read_subscriptions)

    def schedule(self, f: Callable[[], Any]) -> None:
        """Call ``f`` in the IO thread; here and now if there is none (any more)."""
        if self.thread.is_alive():
            self.io_loop.add_callback(f)
        else:
            f()

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back from the IO thread after a while."""
        self.schedule(lambda: self.io_loop.call_later(seconds, callback))

    def close(self) -> None:
        """Close the socket, once nobody is sending."""
        with self.lock:
            super().close()
