"""The shell of a worker: it executes a cell, and keeps what the cell shows."""

from __future__ import annotations

import builtins
import os
import sys
import tempfile
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from ..core.errors import OffloadError
from ._task import Bundle, Event

#: What matplotlib is to draw with, if the environment doesn't say.
_BACKEND = "module://matplotlib_inline.backend_inline"


class Outputs:
    """What a cell has shown, in order; safe for several threads."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        #: Values that the displayhook got.
        self.values: list[Any] = []
        self._lock = threading.Lock()

    def add(self, event: Event) -> None:
        """Add an output."""
        with self._lock:
            self.events.append(event)

    def add_before_result(self, event: Event) -> None:
        """Add an output that was made before the last value was shown."""
        with self._lock:
            last = len(self.events) - 1
            before = last >= 0 and self.events[last][0] == "result"
            self.events.insert(last if before else last + 1, event)

    def write(self, name: str, text: str) -> None:
        """Add text of a stream."""
        self.add(("stream", name, text))

    def take(self, start: int) -> list[Event]:
        """Give the outputs from a position on."""
        with self._lock:
            return self.events[start:]


class Stream:
    """stdout or stderr of a worker: of the cell that runs, else what it was."""

    encoding, errors, closed = "utf-8", "strict", False

    def __init__(self, name: str, original: Any) -> None:
        self.name, self._original = name, original
        self.outputs: Outputs | None = None

    def write(self, text: str) -> int:
        """Take text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.outputs is None:
            self._original.write(text)
        elif text:
            self.outputs.write(self.name, text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each string of an iterable."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Do nothing: what was written is on its way."""

    def isatty(self) -> bool:
        """Tell that this is no terminal."""
        return False

    def writable(self) -> bool:
        """Tell that text can be written."""
        return True

    def fileno(self) -> int:
        """Give the descriptor of the process's own stream."""
        return int(self._original.fileno())


class Hook(DisplayHook):
    """Keeps values instead of showing them: they are shown in the kernel."""

    outputs: Outputs | None = None

    def __call__(self, result: Any = None) -> None:
        """Keep a value."""
        if result is not None and self.outputs is not None:
            self.outputs.values.append(result)
            self.outputs.add(("result", len(self.outputs.values) - 1))


class Publisher(DisplayPublisher):
    """Keeps displays."""

    outputs: Outputs | None = None

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,
        *,
        transient: Any = None,
        update: bool = False,
        **kwargs: Any,
    ) -> None:
        """Keep a display."""
        if self.outputs is not None:
            event = ("display", dict(data), dict(metadata or {}), dict(transient or {}), update)
            self.outputs.add(event)

    def clear_output(self, wait: bool = False) -> None:
        """Keep a wish to clear the cell's output."""
        if self.outputs is not None:
            self.outputs.add(("clear", wait))


class WorkerShell(InteractiveShell):
    """IPython in a worker: no history, no prompts."""

    displayhook_class = Type(Hook)
    display_pub_class = Type(Publisher)

    #: The error of the cell itself, which the kernel shows.
    own_error: BaseException | None = None

    def system(self, cmd: str) -> None:
        """Run a command; its output is the cell's."""
        self.system_piped(cmd)

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Keep the error of a cell; show those of scripts that it runs."""
        kwargs_only = args or kwargs.get("exc_tuple")
        if kwargs_only or self.own_error is not None or not self._outermost:
            super().showtraceback(*args, **kwargs)
        else:
            self.own_error = sys.exc_info()[1]

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        """Keep an error of compilation, likewise."""
        self.showtraceback()

    #: How deep cells run cells.
    _depth = 0

    @property
    def _outermost(self) -> bool:
        return self._depth == 1

    async def run_ast_nodes(self, *args: Any, **kwargs: Any) -> Any:
        """Execute statements, and know whether a cell runs them or a magic does."""
        self._depth += 1
        try:
            return await super().run_ast_nodes(*args, **kwargs)
        finally:
            self._depth -= 1

    def begin(self, outputs: Outputs) -> dict[str, Any]:
        """Begin a cell: a fresh namespace."""
        module = types.ModuleType("__main__")
        self.user_module, self.user_ns = module, module.__dict__
        self.init_user_ns()
        self.user_ns.update(get_ipython=self.get_ipython, __builtins__=sys.modules["builtins"])
        sys.modules["__main__"] = module
        self.own_error = None
        self._depth = 0
        self._attend(outputs)
        namespace: dict[str, Any] = self.user_ns
        return namespace

    def end(self) -> None:
        """End a cell."""
        self._attend(None)

    def _attend(self, outputs: Outputs | None) -> None:
        keepers: list[Any] = [self.displayhook, self.display_pub, *_streams]
        for keeper in keepers:
            keeper.outputs = outputs

    def bundle(self, value: Any) -> Bundle:
        """Say how a value looks."""
        formatter: Any = self.display_formatter
        data, metadata = formatter.format(value)
        return data, metadata


def _no_input(prompt: object = "") -> str:
    raise OffloadError("a cell on a worker can't ask: take %%offload away, or ask in another cell")


_streams: list[Stream] = []


def worker_shell() -> WorkerShell:
    """Give this process's shell; its streams take the place of the process's."""
    if not WorkerShell.initialized():
        os.environ.setdefault("MPLBACKEND", _BACKEND)
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        WorkerShell.instance(config=config)
        _streams.extend(Stream(name, getattr(sys, name)) for name in ("stdout", "stderr"))
    sys.stdout, sys.stderr = _streams
    builtins.input = _no_input
    shell: WorkerShell = WorkerShell.instance()
    return shell


@contextmanager
def descriptors(outputs: Outputs) -> Iterator[None]:
    """Keep what child processes and C code write to descriptors 1 and 2: it comes at the end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        files = {1: ("stdout", out), 2: ("stderr", err)}
        saved = {number: os.dup(number) for number in files}
        for number, (_, file) in files.items():
            os.dup2(file.fileno(), number)
        try:
            yield
        finally:
            for number, copy in saved.items():
                os.dup2(copy, number)
                os.close(copy)
            for name, file in files.values():
                file.seek(0)
                if text := file.read().decode("utf-8", "replace"):
                    outputs.add_before_result(("stream", name, text))
