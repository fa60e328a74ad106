"""Hold back KeyboardInterrupt of the main thread where it would tear a message apart."""

from __future__ import annotations

import threading


class InterruptGate:
    """A reentrant region of the main thread that no interrupt may enter.

    Stock ipykernel sends every output from its IO thread, which no signal reaches. Here the thread
    that produced the output sends it, so a ``KeyboardInterrupt`` between two frames would leave
    half a message on the socket and ruin all that follow. `defer` is asked by the SIGINT handler,
    in the main thread; the interrupt is raised when the outermost region is left.
    """

    def __init__(self) -> None:
        self._main = threading.main_thread().ident
        self._depth = 0
        self._pending = False

    def __enter__(self) -> None:
        if threading.get_ident() == self._main:
            self._depth += 1

    def __exit__(self, *exc: object) -> None:
        if threading.get_ident() == self._main:
            self._depth -= 1
            if self._pending and not self._depth:
                self._pending = False
                raise KeyboardInterrupt

    def defer(self) -> bool:
        """Whether an interrupt has to wait; if so, it is remembered."""
        if self._depth:
            self._pending = True
            return True
        return False

    def forget(self) -> None:
        """Drop a remembered interrupt: its cell has ended."""
        self._pending = False


#: One gate for the process: signals are of the process too.
gate = InterruptGate()
