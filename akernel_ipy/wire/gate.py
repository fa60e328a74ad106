"""Hold back KeyboardInterrupt where it would tear a message apart."""

from __future__ import annotations

import threading


class InterruptGate:
    """A reentrant region of the main thread that no interrupt may enter.

    Stock ipykernel sends every output from its IO thread, which no signal reaches. Here the thread
    that produced the output sends it, so a ``KeyboardInterrupt`` between two frames would leave
    half a message on the socket and ruin all that follow. `defer` is asked by the SIGINT handler,
    in the main thread; the interrupt is raised when the outermost region is left.

    Threads that cells run in are interrupted too: `ThreadGate` does the same for one of them.
    """

    def __init__(self) -> None:
        self._main = threading.main_thread().ident
        self._depth = 0
        self._pending = False
        self._threads: dict[int, ThreadGate] = {}

    def __enter__(self) -> None:
        ident = threading.get_ident()
        if ident == self._main:
            self._depth += 1
        elif (own := self._threads.get(ident)) is not None:
            own.enter()

    def __exit__(self, *exc: object) -> None:
        ident = threading.get_ident()
        if ident == self._main:
            self._depth -= 1
            if self._pending and not self._depth:
                self._pending = False
                raise KeyboardInterrupt
        elif (own := self._threads.get(ident)) is not None:
            own.leave()

    @property
    def closed(self) -> bool:
        """Whether the main thread is inside of a guarded region."""
        return self._depth > 0

    def defer(self) -> bool:
        """Whether an interrupt has to wait; if so, it is remembered."""
        if self._depth:
            self._pending = True
            return True
        return False

    def add(self, thread: ThreadGate) -> None:
        """Guard the calling thread's regions, until `remove`."""
        self._threads[threading.get_ident()] = thread

    @property
    def guards_threads(self) -> bool:
        """Whether there are threads whose regions are guarded."""
        return bool(self._threads)

    def remove(self) -> None:
        """Guard the calling thread no longer."""
        self._threads.pop(threading.get_ident(), None)


class ThreadGate:
    """Interrupts one thread, but not inside of a guarded region, nor after `close`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ident: int | None = None
        self._over = False
        self._depth = 0
        self._pending: type[BaseException] | None = None
        #: An exception was sent to the thread; it may not have arrived.
        self._struck = False
        self._shut: type[BaseException] | None = None

    def open(self) -> None:
        """Let the calling thread be interrupted from now on; what came before is raised here."""
        gate.add(self)
        with self._lock:
            self._ident = threading.get_ident()
            pending, self._pending = self._pending, None
        if pending is not None:
            raise pending

    @property
    def closed(self) -> bool:
        """Whether the thread can't be interrupted any more: it is past its work."""
        return self._over

    def close(self) -> None:
        """Take back an interrupt that has not arrived, and let none arrive any more.

        Called by the thread itself.
        """
        gate.remove()
        with self._lock:
            self._ident, self._pending, self._over = None, None, True
        if self._struck:
            _drop_exception()

    def enter(self) -> None:
        """Enter a guarded region; called by the thread itself."""
        entered = False
        try:
            with self._lock:
                if self._shut is not None:
                    raise self._shut
                self._depth += 1
                entered = True
        except BaseException:
            # The interrupt came before the region began, which it ends.
            self._depth -= entered
            raise

    def leave(self) -> None:
        """Leave a guarded region; what came meanwhile is raised here."""
        with self._lock:
            self._depth -= 1
            pending = None if self._depth else self._pending
            if pending is not None:
                self._pending = None
        if pending is not None:
            raise pending

    def shut(self, error: type[BaseException]) -> bool:
        """Let the thread enter no guarded region any more: what it tries to send raises this.

        Returns:
            False if it is in one now.
        """
        with self._lock:
            if not self._depth:
                self._shut = error
            return not self._depth

    def strike(self, error: type[BaseException]) -> None:
        """Raise an exception in the thread, as soon as it executes Python code."""
        with self._lock:
            if self._over:
                return
            if self._depth or self._ident is None:
                self._pending = error
            else:
                self._struck = True
                _raise_in(self._ident, error)


def _raise_in(ident: int, error: type[BaseException]) -> None:
    import ctypes

    thread, raised = ctypes.c_ulong(ident), ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, raised)


class _Dropped(BaseException):
    """Takes the place of an exception that has not arrived."""


def _drop_exception() -> None:
    """Let an exception that is on its way to the calling thread arrive here.

    ``PyThreadState_SetAsyncExc`` with NULL takes it back, but CPython 3.11 and 3.12 go on looking
    for it, in all threads, for ever: with 3.12 loops take half as long again, and with 3.11 the
    next thread that is traced, by a debugger say, hangs.
    """
    try:
        _raise_in(threading.get_ident(), _Dropped)
        while True:
            pass
    except _Dropped:
        return


#: One gate for the process: signals are of the process too.
gate = InterruptGate()
