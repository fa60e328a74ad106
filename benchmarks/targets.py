"""Which kernels to compare: by the name of their kernelspec, or by a command."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from .errors import UnknownKernelError

CONNECTION_FILE = "{connection_file}"
STOCK = (sys.executable, "-m", "ipykernel_launcher", "-f", CONNECTION_FILE)
_THIS_PYTHON = re.compile(r"python(3(\.\d+)?)?$")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")


@dataclass(frozen=True)
class Target:
    """A kernel that can be launched."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)

    def command(self, connection_file: str) -> list[str]:
        """The arguments that launch it on ``connection_file``."""
        return [part.replace(CONNECTION_FILE, connection_file) for part in self.argv]


def _with_this_python(argv: list[str]) -> tuple[str, ...]:
    """Resolve a bare ``python`` as jupyter_client does: to the running interpreter."""
    return (sys.executable, *argv[1:]) if _THIS_PYTHON.match(argv[0]) else tuple(argv)


def from_spec(name: str) -> Target:
    """The installed kernelspec ``name``."""
    manager = KernelSpecManager()
    try:
        spec = manager.get_kernel_spec(name)
    except NoSuchKernel:
        known = ", ".join(sorted(manager.find_kernel_specs())) or "none"
        raise UnknownKernelError(
            f"no kernelspec named {name!r}; installed: {known}. "
            f"Install it, or give its command: --kernel {name}=MODULE_OR_COMMAND"
        ) from None
    argv = [part.replace("{resource_dir}", spec.resource_dir) for part in spec.argv]
    return Target(name, _with_this_python(argv), dict(spec.env))


def from_command(name: str, command: str) -> Target:
    """A script (``path/kernel.py``), a module (``package.kernel``) or a whole command line."""
    argv = shlex.split(command)
    if not name or not argv:
        raise UnknownKernelError(f"a kernel is NAME=MODULE_OR_COMMAND, not {name!r}={command!r}")
    if len(argv) == 1 and argv[0].endswith(".py"):
        argv = [sys.executable, argv[0]]
    elif len(argv) == 1 and _MODULE.match(argv[0]) and shutil.which(argv[0]) is None:
        argv = [sys.executable, "-m", argv[0]]
    if not any(CONNECTION_FILE in part for part in argv):
        argv += ["-f", CONNECTION_FILE]
    return Target(name, _with_this_python(argv))


def parse(text: str) -> Target:
    """Read a ``--kernel`` argument: ``NAME`` or ``NAME=MODULE_OR_COMMAND``."""
    name, equals, command = text.partition("=")
    return from_command(name, command) if equals else from_spec(name)


def parse_base(text: str) -> Target:
    """Read the ``--base`` argument; ``python3`` is always this interpreter's own ipykernel.

    A kernelspec of that name may be missing, or belong to another Python: then comparing with it
    would compare interpreters.
    """
    if text != "python3":
        return parse(text)
    try:
        found = from_spec(text)
    except UnknownKernelError:
        return Target(text, STOCK)
    here = Path(found.argv[0]) == Path(sys.executable)
    return found if here and "ipykernel_launcher" in found.argv else Target(text, STOCK)
