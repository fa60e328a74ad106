"""stdout and stderr of the kernel: whose they are, and how they reach the front-end."""

from __future__ import annotations

import codecs
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from ipykernel.iostream import OutStream

from ..core.aliases import known_as
from ..core.model import header_of_caller, set_header
from .gate import gate

#: Writes held back before the writer has to send them itself.
BACKLOG = 20_000

#: Bytes read at once from a redirected file descriptor.
CHUNK = 1 << 16

#: What wakes the thread that copies to the terminal; an eventfd takes eight bytes.
WAKE = (1).to_bytes(8, sys.byteorder)

#: The file descriptors' text belongs to this header; set by the kernel.
HeaderFinder = Callable[[], Mapping[str, Any] | None]


def _wake_descriptors() -> tuple[int, int]:
    """What to read and what to write: one descriptor where the system has eventfd."""
    if not hasattr(os, "eventfd"):
        return os.pipe()
    descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
    return descriptor, descriptor


# click colours its text where the class is of a module of ipykernel's.
@known_as(OutStream)
class AsyncOutStream(OutStream):
    """An OutStream that looks for the cell of each write, and sends from the thread that flushes.

    ipykernel 7.4 `OutStream` hashes the whole parent header at every write, and its ``flush`` waits
    for the IO thread to come by. Here a write appends to a deque, which needs no lock, and a flush
    takes what is there and sends it. Nothing written before a message can arrive after it, since
    who sends the message flushes first, under the same lock as the timer's flush.
    """

    #: Finds the header for text that came through the file descriptor.
    descriptor_header: HeaderFinder | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._waiting: deque[tuple[Any, str]] = deque()
        self._send_lock = threading.RLock()
        self._fd_lock = threading.RLock()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._child = False
        self._to_echo: deque[bytes] = deque()
        self._wake_read, self._wake_write = _wake_descriptors()
        super().__init__(*args, **kwargs)
        if self._fid is not None:
            os.set_blocking(self._fid, False)
            self._written = select.poll()
            self._written.register(self._fid, select.POLLIN)
        os.register_at_fork(after_in_child=self._after_fork)

    def _after_fork(self) -> None:
        # Locks may be held by a thread that does not exist in the child.
        self._child = True
        self._send_lock = threading.RLock()
        self._fd_lock = threading.RLock()
        self._waiting.clear()

    parent_header = property(header_of_caller, set_header)

    def write(self, string: str) -> int:
        """Take text for the cell of the caller; it is sent with the next flush.

        Returns:
            The number of characters taken.

        Raises:
            TypeError: the argument is not a string.
            ValueError: the stream is closed.
        """
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        if self.pub_thread is None:
            raise ValueError("I/O operation on closed file")
        if self.echo is not None:
            self._echo(string)
        if gate.guards_threads:
            with gate:  # a cell that was left behind has nothing more to say
                self._take(self.parent_header, string)
        else:
            self._take(self.parent_header, string)
        return len(string)

    def _take(self, header: Any, text: str) -> None:
        self._waiting.append((header, text))
        if self._child:
            # A forked worker may end without flushing.
            self._flush()
        elif not self._flush_pending:
            with gate:  # an interrupt in between, and no timer would ever come
                self._flush_pending = True
                self.pub_thread.later(self.flush_interval, self._on_timer)
        elif len(self._waiting) > BACKLOG:
            self._flush()

    def _echo(self, string: str) -> None:
        assert self.echo is not None
        try:
            self.echo.write(string)
            self.echo.flush()
        except OSError as error:
            if self.echo is not sys.__stderr__:
                print(f"Write failed: {error}", file=sys.__stderr__)

    def _on_timer(self) -> None:
        self._flush_pending = False
        self._flush()

    def flush(self) -> None:
        """Send what was written so far, now, from this thread.

        Also when nothing waits any more: another thread may be about to send it, and who flushes
        before an idle has to know that it is out.
        """
        if self.pub_thread is None:
            return
        with gate:
            if not self._child:  # the pipe is its parent's
                self.drain_descriptor()
            self._flush()

    def _flush(self) -> None:
        with gate, self._send_lock:
            if self._waiting:
                for header, text in self._by_header():
                    self._send(header, text)

    def _by_header(self) -> list[tuple[Any, str]]:
        # Only what is there now: other threads go on writing.
        texts: dict[int, tuple[Any, list[str]]] = {}
        for _ in range(len(self._waiting)):
            header, text = self._waiting.popleft()
            texts.setdefault(id(header), (header, []))[1].append(text)
        joined = ((header, "".join(parts)) for header, parts in texts.values())
        return [(header, text) for header, text in joined if text]

    def _send(self, header: Any, text: str) -> None:
        # Session refuses to send from a fork; the IOPub thread knows how to.
        self.session.pid = os.getpid()
        message = self.session.msg("stream", {"name": self.name, "text": text}, parent=header)
        for hook in self._hooks:
            message = hook(message)
            if message is None:
                return
        self.session.send(self.pub_thread, message, ident=self.topic)

    def _watch_pipe_fd(self) -> None:
        # Runs in a thread of its own. It waits without reading: what a cell wrote is to be read by
        # the main thread when that cell's step ends, if this thread was not faster. Copying to the
        # terminal may block for ever, so it is done here whoever read.
        if self._fid is None:
            return
        try:
            os.set_blocking(self._fid, False)
            while self._should_watch:
                ready, _, _ = select.select([self._fid, self._wake_read], [], [])
                if self._wake_read in ready:
                    os.read(self._wake_read, CHUNK)
                self.drain_descriptor()
                while self._to_echo:
                    os.write(self._original_stdstream_copy, self._to_echo.popleft())
        except Exception:
            self._exc = sys.exc_info()

    def drain_descriptor(self) -> None:
        """Take in what was written to the file descriptor, for the cell that runs now."""
        if self._fid is None or not self._should_watch:
            return
        with self._fd_lock:
            # Mostly there is nothing, and asking costs a third of an exception.
            while self._written.poll(0):
                try:
                    data = os.read(self._fid, CHUNK)
                except BlockingIOError:  # a forked child was faster
                    return
                if not data or not self._should_watch:
                    return
                self._take_bytes(data)

    def _take_bytes(self, data: bytes) -> None:
        text = self._decoder.decode(data)
        if text and self.pub_thread is not None:
            header = self.descriptor_header() if self.descriptor_header is not None else None
            self._take(self._parent_header_global if header is None else header, text)
        self._to_echo.append(data)
        os.write(self._wake_write, WAKE)
