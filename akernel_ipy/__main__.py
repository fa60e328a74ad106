"""The command ``akernel``; ``python -m akernel_ipy`` is the same.

Every start of a kernel executes ``launch``, so this module imports nothing but `sys` and `os`
until it knows what is asked for.
"""

from __future__ import annotations

import os
import sys

#: The oldest ipykernel whose asyncio machinery this kernel extends.
OLDEST_IPYKERNEL = (7, 4)

#: Commands that start, or describe how to start, a kernel.
NEED_IPYKERNEL = ("launch", "run", "install")


def main() -> None:
    """Run the command line and exit with its status."""
    forget_working_directory()
    argv = sys.argv[1:]
    if argv[:1] and argv[0] in NEED_IPYKERNEL:
        require_ipykernel()
    if argv[:1] == ["launch"]:
        launch(argv[1:])
    else:
        if argv[:1] == ["run"]:
            spare_grammar()
        command_line(argv)


def forget_working_directory() -> None:
    """Keep a ``random.py`` beside the notebook from shadowing the standard library at start-up.

    ``python -m`` puts the working directory first; the shell appends it again for the user.
    """
    if sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]


def require_ipykernel() -> None:
    """Exit with a remedy unless a recent enough ipykernel can be imported."""
    oldest = ".".join(map(str, OLDEST_IPYKERNEL))
    remedy = f"upgrade it with: {sys.executable} -m pip install --upgrade 'ipykernel>={oldest}'"
    try:
        from ipykernel._version import __version__, version_info
    except ImportError as error:
        sys.exit(f"akernel: ipykernel {oldest} or newer is needed ({error}); {remedy}")
    if tuple(version_info[:2]) < OLDEST_IPYKERNEL:
        sys.exit(f"akernel: ipykernel {oldest} or newer is needed, found {__version__}; {remedy}")


def spare_grammar() -> None:
    """Keep jsonschema, which nbformat imports, from making a grammar for more than a second.

    jsonschema 4.26 ``_format`` imports rfc3987_syntax wherever it is installed, as with JupyterLab;
    it checks addresses in other alphabets, which notebooks' schema has none of.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def launch(argv: list[str]) -> None:
    """Start the kernel: an optional flavour, then the arguments of ipykernel's own launcher."""
    if argv and not argv[0].startswith("-"):
        argv = [f"--AsyncKernel.flavour={flavour(argv[0])}", *argv[1:]]
    from .kernelapp import AsyncKernelApp

    AsyncKernelApp.launch_instance(argv=argv)


def flavour(word: str) -> str:
    """Give the canonical spelling of a flavour, or exit saying which ones there are."""
    from .core import modes
    from .core.errors import ModeError

    try:
        return str(modes.parse(word))
    except ModeError as error:
        print(f"akernel: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def command_line(argv: list[str]) -> None:
    """Run every other command; what goes wrong on purpose is a message, not a traceback."""
    from .app import AkernelApp
    from .core.errors import AkernelError, KernelSpecError, StoreError

    try:
        AkernelApp.launch_instance(argv=argv)
    except AkernelError as error:
        print(f"akernel: {error}", file=sys.stderr)
        failed = isinstance(error, (KernelSpecError, StoreError))
        raise SystemExit(1 if failed else 2) from None
    except KeyboardInterrupt:
        print("akernel: interrupted", file=sys.stderr)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
