"""What one run read, asked for and did: its observed dependencies and its effects."""

from __future__ import annotations

import genericpath
import os
import pathlib
import site
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from typing import Any

import IPython

from . import environment, files

_IMPORT = "<frozen importlib"
_SKIP = ("/proc/", "/sys/", "/dev/")

#: What an event says about the cell that raised it.
_EFFECTS = {
    "os.system": "starts a process",
    "os.exec": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.spawn": "starts a process",
    "os.fork": "forks the kernel",
    "os.forkpty": "forks the kernel",
    "subprocess.Popen": "starts a process",
    "pty.spawn": "starts a process",
    "os.kill": "sends a signal",
    "signal.pthread_kill": "sends a signal",
    "socket.connect": "uses the network",
    "socket.bind": "uses the network",
    "socket.sendto": "uses the network",
    "socket.sendmsg": "uses the network",
    "socket.getaddrinfo": "uses the network",
    "socket.gethostbyname": "uses the network",
    "socket.gethostbyaddr": "uses the network",
    "urllib.Request": "uses the network",
    "ftplib.connect": "uses the network",
    "smtplib.connect": "uses the network",
    "webbrowser.open": "opens a browser",
    "os.putenv": "changes the environment",
    "os.unsetenv": "changes the environment",
    "os.chdir": "changes the working directory",
    "sys.addaudithook": "installs an audit hook",
}
_CHANGES = {
    "os.remove": "removes",
    "os.rename": "renames",
    "os.rmdir": "removes",
    "os.mkdir": "creates",
    "os.link": "creates",
    "os.symlink": "creates",
    "os.truncate": "writes",
    "os.chmod": "changes",
    "os.chown": "changes",
    "os.utime": "changes",
    "os.setxattr": "changes",
    "os.removexattr": "changes",
    "tempfile.mkstemp": "writes",
    "tempfile.mkdtemp": "creates",
}
_BY_PATH = frozenset({"os.stat", "os.lstat", "os.access", "os.readlink", "os.open"})
_LISTS = {"os.listdir": files.LISTING, "os.scandir": files.SCAN}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

#: Functions of the standard library that ask for a path's status, by what they make of it.
_ASKING = {
    "exists": files.KIND, "lexists": files.LINK, "isfile": files.KIND, "isdir": files.KIND,
    "islink": files.LINK, "ismount": files.KIND, "is_file": files.KIND, "is_dir": files.KIND,
    "is_symlink": files.LINK, "realpath": files.LINK, "_joinrealpath": files.LINK,
    "getsize": files.SIZE,
}  # fmt: skip


_PATHLIB = (pathlib, sys.modules.get("pathlib._local"), sys.modules.get("pathlib._os"))
_LIBRARY = frozenset(m.__file__ for m in (genericpath, os, os.path, *_PATHLIB) if m) | {
    "<frozen genericpath>", "<frozen os>", "<frozen posixpath>", "<frozen ntpath>",
}  # fmt: skip
_IPYTHON = os.path.dirname(os.path.abspath(IPython.__file__)) + os.sep


class Observation:
    """What one run read and did, gathered from audit events.

    Args:
        ignored: directories whose files are nobody's input: the cache, IPython's, Jupyter's.
    """

    def __init__(self, ignored: Iterable[str] = ()) -> None:
        #: Ways to depend on a path, with the signature and perhaps the digest when it was met.
        self.met: dict[tuple[str, str], tuple[Any, str | None]] = {}
        #: What it did to the world, in order, each once.
        self.effects: dict[str, None] = {}
        #: Environment variables that it asked for, as they were; `environment.ALL` is all of them.
        self.variables: dict[str, str] = {}
        #: It named a path relative to the working directory.
        self.relative = False
        cells = os.path.join(tempfile.gettempdir(), "ipykernel_")
        self._ignored = (*_SKIP, cells, *installed(), *map(_as_directory, ignored))
        self._written: set[str] = set()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an audit event."""
        if event == "open":
            self._open(*arguments[:3])
        elif event in _CHANGES:
            self._change(event, arguments)
        elif event in _EFFECTS:
            if not _in_import():
                self.effects.setdefault(f"it {_EFFECTS[event]}{_detail(event, arguments)}")
        elif event in _BY_PATH and arguments[1] is not None:
            self.effects.setdefault("it finds files by a handle of their directory")
        elif event in {"os.stat", "os.lstat", "os.access"}:
            self._status(event, arguments[0])
        elif event == "os.readlink":
            self.depend(arguments[0], files.LINK)
        elif event in _LISTS:
            if isinstance(arguments[0], int):
                self.effects.setdefault("it lists a directory by its handle")
            self.depend(arguments[0] or ".", _LISTS[event])
        elif event == "environ":
            self._variable(arguments[0])
        elif event == "glob.glob/2":
            pattern, _, root = (*arguments, None, None, None)[:3]
            if isinstance(pattern, str):
                self.depend(os.path.join(root or "", pattern), files.PATTERN)
        elif event == "sqlite3.connect":
            self._database(arguments[0])

    def _open(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int):
            return
        writes = flags & _WRITING if isinstance(flags, int) else False
        if isinstance(mode, str) and set(mode) & set("wax+"):
            writes = True
        if not writes:
            self.depend(path, files.CONTENT)
        elif (name := self._name(path)) is not None and not _in_import():
            self._written.add(name)
            self.effects.setdefault(f"it writes {name}")

    def _change(self, event: str, arguments: tuple[Any, ...]) -> None:
        name = self._name(arguments[1] if event in {"os.rename"} else arguments[0])
        if name is not None and not _in_import():
            self._written.add(name)
            self.effects.setdefault(f"it {_CHANGES[event]} {name}")

    def _database(self, path: Any) -> None:
        if path in (":memory:", b":memory:", ""):
            return
        name = os.fsdecode(path) if isinstance(path, bytes | os.PathLike) else str(path)
        if name.startswith("file:"):
            self.effects.setdefault(f"it opens the database {name}")
            return
        for part in (name, f"{name}-wal"):
            self.depend(part, files.CONTENT)

    def _variable(self, key: Any) -> None:
        if key is None or isinstance(key, str | bytes):
            name = environment.ALL if key is None else os.fsdecode(key)
            if name not in self.variables and not _in_import():
                self.variables[name] = environment.digest_of(name)

    def _status(self, event: str, path: Any) -> None:
        frame: Any = sys._getframe(4)
        how = _ASKING.get(frame.f_code.co_name)
        if how is None and frame.f_code.co_name in {"stat", "lstat"} and frame.f_back is not None:
            how = _ASKING.get(frame.f_back.f_code.co_name)
        while frame is not None and frame.f_code.co_filename in _LIBRARY:
            frame = frame.f_back
        if frame is not None and frame.f_code.co_filename.startswith(_IPYTHON):
            return  # HTML("<b>x</b>") looks for a file of that name
        self.depend(path, how or files.STATUS)
        if event == "os.lstat" and how is None:
            self.depend(path, files.LINK)

    def detail_scans(self) -> None:
        """Note also the status of what is in the directories that it listed with their kinds."""
        for name, how in list(self.met):
            if how == files.SCAN:
                self.depend(name, files.SCAN_STATUS)

    def depend(self, path: Any, how: str) -> None:
        """Note that the run depends on a path, as it is now."""
        name = self._name(path)
        if name is None or name in self._written or _in_import():
            return
        if how in {files.KIND, files.LINK} and any(
            i.startswith(name.rstrip(os.sep) + os.sep) for i in self._ignored
        ):
            return  # on the way to an installed package
        self.relative = self.relative or not os.path.isabs(os.fsdecode(path))
        if (name, how) in self.met:
            return
        found = files.signature(name)
        settled = found is None or files.is_settled(found)
        now = how != files.CONTENT or not settled
        self.met[name, how] = (found, files.digest(name, how) if now else None)

    def _name(self, path: Any) -> str | None:
        """Give the absolute form of a path; None if nobody depends on what is there."""
        if isinstance(path, int):
            return None
        try:
            given = os.fsdecode(path)
        except TypeError:
            return None
        name = os.path.join(files.working_directory(), given)
        name = os.path.normpath(name)
        if name.startswith(self._ignored):
            return None
        return None if given[:1] in {"<", ""} or "/ipykernel_" in name else name

    def conclude(self) -> tuple[list[list[str]], str]:
        """Give the dependencies, and the reason if they can't be relied upon."""
        found: list[list[str]] = []
        for (name, how), (before, early) in self.met.items():
            if name in self._written:
                continue
            now = files.digest(name, how)
            changed = files.signature(name) != before if early is None else now != early
            if changed:
                return [], f"{name} was changed while the cell ran"
            found.append([name, how, now])
        return found, ""


def _detail(event: str, arguments: tuple[Any, ...]) -> str:
    match event, arguments:
        case "subprocess.Popen", (executable, args, *_):
            words = args if isinstance(args, list | tuple) else [args or executable]
            return f": {os.fsdecode(words[0]) if words else ''}"
        case "os.system", (command, *_):
            return f": {os.fsdecode(command)[:60]}"
        case (("socket.connect" | "socket.bind"), (_, address, *_)):
            return f": {address}"
        case "socket.getaddrinfo", (host, port, *_):
            return f": {host}:{port}"
        case "urllib.Request", (url, *_):
            return f": {url}"
        case (("os.putenv" | "os.unsetenv"), (name, *_)):
            return f": {os.fsdecode(name)}"
        case "os.chdir", (path, *_):
            return f": {path}"
    return ""


def _in_import() -> bool:
    """Tell whether an import does this, with no code of the user's own nearer.

    What packages do while they are imported is accepted; a module of the user's that opens a file
    while it is imported reads it for the cell.
    """
    frame: Any = sys._getframe(2)
    packages = installed()
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(_IMPORT):
            if frame.f_code.co_name != "get_data":  # also a way to read a package's data
                return True
        elif name[:1] != "<" and not name.startswith(packages):
            return False
        frame = frame.f_back
    return False


def _as_directory(path: str) -> str:
    return os.path.abspath(path).rstrip(os.sep) + os.sep


_found: list[tuple[str, ...]] = []


def installed() -> tuple[str, ...]:
    """Where the standard library, installed packages and this package live."""
    if not _found:
        paths = {
            sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")
        }
        paths |= {*site.getsitepackages(), site.getusersitepackages()}
        paths |= {p for p in sys.path if p.endswith(("site-packages", "dist-packages"))}
        own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        found = tuple(sorted(_as_directory(p) for p in {*paths, own} if p))
        real = tuple(os.path.realpath(p) + os.sep for p in found)
        _found.append(tuple(dict.fromkeys((*found, *real))))
    return _found[0]
