"""One audit hook for the process: it tells runs that are being recorded what they do."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from ... import _process
from ...core.model import Run, find_run

#: Takes an audit event: its name and its arguments.
Listener = Callable[[str, tuple[Any, ...]], None]

#: Events that matter; the interpreter raises many others.
EVENTS = frozenset(
    {
        "open", "os.listdir", "os.scandir", "glob.glob/2", "sqlite3.connect",
        "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate",
        "os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr",
        "os.chdir", "os.putenv", "os.unsetenv",
        "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty",
        "subprocess.Popen", "pty.spawn", "os.kill", "signal.pthread_kill",
        "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
        "socket.gethostbyname", "socket.gethostbyaddr", "urllib.Request", "ftplib.connect",
        "smtplib.connect", "webbrowser.open", "tempfile.mkstemp", "tempfile.mkdtemp",
        "mmap.__new__", "sys.addaudithook", "os.stat", "os.lstat", "os.access",
        "os.readlink", "environ", "os.open",
    }
)  # fmt: skip

_listeners: dict[Run, Listener] = {}
_busy = threading.local()

#: Functions that tell: whose they are, their names, what they were, and what they are now.
_patched: list[tuple[Any, str, Callable[..., Any], Callable[..., Any]]] = []

#: Threads of the kernel, by the beginning of their names: what they do is no cell's doing.
_KERNEL_THREADS = ("IOPub", "Control", "Heartbeat", "IPythonHistory", "Shell", "akernel")


def listen(run: Run, listener: Listener) -> None:
    """Tell ``listener`` of the events of a run, from now on."""
    _install()
    _listeners[run] = listener


def forget(run: Run) -> None:
    """Stop telling about a run."""
    _listeners.pop(run, None)


class quiet:
    """Within it nothing is told of this thread: the cache's own work."""

    def __enter__(self) -> None:
        self._outer = getattr(_busy, "on", False)
        _busy.on = True

    def __exit__(self, *details: object) -> None:
        _busy.on = self._outer


def _install() -> None:
    if not _patched:
        _process.listen(_hook)
        _patch_stat()
        _patch_environment()


def restore() -> None:
    """Put back the functions of `os` and of its environment, and look at no more events."""
    _listeners.clear()
    _process.listen(None)
    while _patched:
        holder, name, original, told = _patched.pop()
        if getattr(holder, name) is told:
            setattr(holder, name, original)
        for supported in _SUPPORTED:
            supported.discard(told)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _listeners or event not in EVENTS:
        return
    _tell(event, arguments)


def _tell(event: str, arguments: tuple[Any, ...]) -> None:
    if getattr(_busy, "on", False):
        return
    _busy.on = True
    try:
        for listener in _addressed():
            listener(event, arguments)
    finally:
        _busy.on = False


def _addressed() -> list[Listener]:
    run = find_run()
    if run is not None and (run.active or threading.current_thread() is threading.main_thread()):
        listener = _listeners.get(run)
        return [] if listener is None else [listener]
    thread = threading.current_thread()
    if thread is threading.main_thread() or thread.name.startswith(_KERNEL_THREADS):
        return []
    # A worker that nobody bound to a run, such as those of multiprocessing's ThreadPool: it may
    # work for any of them.
    return list(_listeners.values())


#: What `os` says of its functions.
_SUPPORTED: tuple[set[Callable[..., Any]], ...] = (
    os.supports_dir_fd,
    os.supports_effective_ids,
    os.supports_fd,
    os.supports_follow_symlinks,
)


def _patch_stat() -> None:
    """Let `os.stat` and its kin tell, too: CPython raises no event for them.

    ``os.path.exists`` and pathlib's methods call them through the module `os`.
    """
    for name in ("stat", "lstat", "access", "readlink", "open"):
        original = getattr(os, name)
        told = _telling(f"os.{name}", original)
        for supported in _SUPPORTED:
            if original in supported:
                supported.add(told)
        _patch(os, name, told)


def _patch(holder: Any, name: str, told: Callable[..., Any]) -> None:
    _patched.append((holder, name, getattr(holder, name), told))
    setattr(holder, name, told)


def _telling(event: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def told(path: Any, *arguments: Any, **options: Any) -> Any:
        if _listeners:
            _tell(event, (path, options.get("dir_fd")))
        return original(path, *arguments, **options)

    told.__name__ = told.__qualname__ = original.__name__
    told.__module__ = "os"
    told.__doc__ = original.__doc__
    return told


def _patch_environment() -> None:
    """Let `os.environ` tell who asks it for what: its name, or None for all that it holds."""
    environment: Any = type(os.environ)
    asked, iterate, describe = (
        getattr(environment, name) for name in ("__getitem__", "__iter__", "__repr__")
    )

    def __getitem__(self: Any, key: Any) -> Any:
        if _listeners:
            _tell("environ", (key,))
        return asked(self, key)

    def __iter__(self: Any) -> Any:
        if _listeners:
            _tell("environ", (None,))
        return iterate(self)

    def __repr__(self: Any) -> Any:
        if _listeners:
            _tell("environ", (None,))
        return describe(self)

    for told in (__getitem__, __iter__, __repr__):
        _patch(environment, told.__name__, told)
