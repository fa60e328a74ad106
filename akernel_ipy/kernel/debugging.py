"""The debugger, imported when a front-end first asks for it."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from traitlets import Any as AnyTrait
from traitlets.utils.importstring import import_item

_MODULE = "ipykernel.debugger"

#: Frames of these files are not shown. ipykernel 7.4 lists the modules that there are when a kernel
#: starts: those of a flavour chosen later stood below the cell in the call stack.
_OWN = str(Path(__file__).parents[1] / "**")


@contextmanager
def _debugger_not_yet() -> Iterator[None]:
    """Let ipykernel believe for a moment that debugpy is not installed.

    ipykernel 7.4 `IPythonKernel.__init__` imports debugpy, a fifth of the time and of the memory of
    a kernel's start, and offers no other way around it.
    """
    if _MODULE in sys.modules:
        yield
        return
    stub = ModuleType(_MODULE)
    stub._is_debugpy_available = False  # type: ignore[attr-defined]
    sys.modules[_MODULE] = stub
    try:
        yield
    finally:
        del sys.modules[_MODULE]


class LazyDebugger(IPythonKernel):
    """An IPythonKernel that starts without debugpy and loads it at the first ``debug_request``."""

    # ipykernel 7.4 declares a Type, which traitlets resolves, and so imports, in each new instance.
    debugger_class = AnyTrait("ipykernel.debugger.Debugger")

    def __init__(self, **kwargs: Any) -> None:
        self._debugger: Any = None
        self._debugger_lock = threading.Lock()
        self._has_debugpy = find_spec("debugpy") is not None
        with _debugger_not_yet():
            super().__init__(**kwargs)

    @property
    def debugger(self) -> Any:
        """ipykernel's Debugger, made when it is first needed."""
        with self._debugger_lock:
            if self._debugger is None and self._has_debugpy:
                chosen = self.debugger_class
                make = import_item(chosen) if isinstance(chosen, str) else chosen
                self._debugger = make(
                    self.log,
                    self.debugpy_stream,
                    self._publish_debug_event,
                    self.debug_shell_socket,
                    self.session,
                    [*self._kernel_modules, _OWN],
                    self.debug_just_my_code,
                    self.filter_internal_frames,
                )
                self._watch_breakpoints()
        return self._debugger

    @debugger.setter
    def debugger(self, value: Any) -> None:
        self._debugger = value

    @property
    def kernel_info(self) -> dict[str, Any]:
        """What the kernel tells about itself; whether debugpy is there is found without it."""
        with _debugger_not_yet():
            info: dict[str, Any] = super().kernel_info
        features = info["supported_features"]
        if self._has_debugpy and "debugger" not in features:
            features.append("debugger")
        return info

    async def poll_stopped_queue(self) -> None:
        """Wait for breakpoints; without a debugger there is nothing to wait for."""
        if self._debugger is not None:
            await super().poll_stopped_queue()

    async def do_debug_request(self, msg: Any) -> Any:
        """Handle a debug request; the first one loads the debugger.

        ipykernel 7.4 passes on what debugpy never answers, and then answers nothing on the control
        channel any more.

        Raises:
            ValueError: it is no request of the Debug Adapter Protocol, or comes before its time.
        """
        _check_debug_request(msg)
        if self.debugger is None:
            return None
        if msg["command"] == "copyToGlobals" and not self.debugger.is_started:
            raise ValueError("debug_request: copyToGlobals before the debugger was started")
        return await super().do_debug_request(msg)

    def _watch_breakpoints(self) -> None:
        # ipykernel's `start` does it when there is a debugger from the beginning.
        if self.debugpy_stream is not None:
            loop = self.control_thread.io_loop.asyncio_loop
            asyncio.run_coroutine_threadsafe(super().poll_stopped_queue(), loop)


def _check_debug_request(content: Any) -> None:
    wanted = {"type": str, "command": str, "seq": int}
    for field, kind in wanted.items():
        if not isinstance(content.get(field), kind):
            raise ValueError(f"debug_request: {field} is {content.get(field)!r}")
    if not isinstance(content.get("arguments", {}), dict):
        raise ValueError("debug_request: arguments is not an object")
