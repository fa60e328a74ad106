"""Kernelspecs of this kernel: describe, install, find and remove them, one a flavour."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from .core import modes
from .core.errors import KernelSpecError, ModeError

MODULE = "akernel_ipy"
KERNELS = Path("share", "jupyter", "kernels")
LOGOS = ("logo-32x32.png", "logo-64x64.png", "logo-svg.svg")


@dataclass(frozen=True)
class Installed:
    """A kernelspec that launches this kernel."""

    name: str
    flavour: str
    directory: str


#: The entry point of the provisioner for ``--shared``.
SHARED = "akernel-shared-provisioner"


def default_name(mode: modes.Mode, *, shared: bool = False) -> str:
    """Name the kernelspec directory of a flavour: ``akernel``, ``akernel-chain``, ..."""
    name = "akernel" if mode == modes.Mode() else f"akernel-{mode}"
    return f"{name}-shared" if shared else name


def default_display_name(name: str) -> str:
    """Say in a launcher which kernel this is: ``Python 3 (akernel chain)``."""
    shown = name.replace("-", " ", 1) if name.startswith("akernel-") else name
    return f"Python {sys.version_info.major} ({shown})"


def describe(
    mode: modes.Mode,
    *,
    display_name: str | None = None,
    options: Sequence[str] = (),
    cache_dir: Path | None = None,
    shared: bool = False,
) -> dict[str, Any]:
    """Give the content of ``kernel.json`` for a flavour, run by this interpreter.

    Parameters:
        options: further arguments of the kernel, such as ``--AsyncKernel.x=y``.
        cache_dir: where the kernel keeps its cache; else the kernel decides.
        shared: all notebooks of a server share one process.

    Raises:
        KernelSpecError: shared, and the flavour has no session for each notebook.
    """
    if shared and "multi" not in mode:
        raise KernelSpecError(
            "--shared needs a session for each notebook: "
            f"akernel install {mode.plus('multi')} --shared"
        )
    words = [] if mode == modes.Mode() else [str(mode)]
    connection = ["-f", "{connection_file}"]
    spec: dict[str, Any] = {
        "argv": [sys.executable, "-m", MODULE, "launch", *words, *connection, *options],
        "display_name": display_name or default_display_name(default_name(mode, shared=shared)),
        "language": "python",
        "metadata": {
            "debugger": True,
            "concurrent": True,
            "supported_encryption": ["curve"],
            "akernel": {"flavour": str(mode)},
        },
        "kernel_protocol_version": "5.5",
    }
    if shared:
        # An interrupt by signal would reach all notebooks; each has keys and ports of its own, but
        # one process has one set of encryption keys.
        spec["interrupt_mode"] = "message"
        spec["metadata"]["kernel_provisioner"] = {"provisioner_name": SHARED}
        del spec["metadata"]["supported_encryption"]
    if cache_dir:
        spec["env"] = {"AKERNEL_CACHE_DIR": str(cache_dir.expanduser().absolute())}
    return spec


def install(spec: dict[str, Any], name: str, *, user: bool = False, prefix: str = "") -> Path:
    """Write a kernelspec for the user or below `prefix` (default: this environment).

    Raises:
        KernelSpecError: if the name is another kernel's, is malformed, or can't be written there.
    """
    manager = KernelSpecManager()
    home = Path(manager.user_kernel_dir) if user else Path(prefix or sys.prefix) / KERNELS
    with tempfile.TemporaryDirectory(prefix="akernel-spec-") as staging:
        write(spec, Path(staging))
        try:
            refuse_foreign(home / name.lower())
            target = None if user else prefix or sys.prefix
            return Path(manager.install_kernel_spec(staging, name, user, prefix=target))
        except ValueError as error:
            raise KernelSpecError(f"{error} Choose another one with --name.") from error
        except OSError as error:
            raise KernelSpecError(
                f"can't write the kernelspec {name!r} to {home}: {error.strerror or error}; "
                "install it for yourself with --user, or elsewhere with --prefix DIRECTORY"
            ) from error


def write(spec: dict[str, Any], directory: Path) -> None:
    """Fill a directory with ``kernel.json`` and the logos."""
    text = json.dumps(spec, indent=1, ensure_ascii=False) + "\n"
    (directory / "kernel.json").write_text(text, encoding="utf-8")
    for logo in LOGOS:
        source = resources.files(MODULE) / "resources" / logo
        (directory / logo).write_bytes(source.read_bytes())


def refuse_foreign(directory: Path) -> None:
    """Raise unless `directory` is free or holds a kernelspec of this kernel."""
    file = directory / "kernel.json"
    if file.exists() and not launches_us(read_argv(file)):
        raise KernelSpecError(
            f"{directory} holds the kernelspec of another kernel; choose another name with --name"
        )


def read_argv(file: Path) -> list[str]:
    """Give the command of a ``kernel.json``, empty if it can't be understood."""
    try:
        argv = json.loads(file.read_text(encoding="utf-8")).get("argv", [])
    except (OSError, ValueError, AttributeError):
        return []
    return [word for word in argv if isinstance(word, str)] if isinstance(argv, list) else []


def launches_us(argv: Sequence[str]) -> bool:
    """Tell whether a command starts this kernel, by ``-m akernel_ipy launch``."""
    wanted = ["-m", MODULE, "launch"]
    return any(list(argv[start : start + 3]) == wanted for start in range(len(argv)))


def flavour_of(argv: Sequence[str]) -> str:
    """Read the flavour from a command that `launches_us`; what isn't known is shown as it is."""
    word = next(iter(argv[argv.index("launch") + 1 :]), "-")
    if word.startswith("-"):
        return str(modes.Mode())
    try:
        return str(modes.parse(word))
    except ModeError:
        return word


def installed() -> Iterator[Installed]:
    """Give the kernelspecs that Jupyter finds and that launch this kernel, by name."""
    for name, directory in sorted(KernelSpecManager().find_kernel_specs().items()):
        argv = read_argv(Path(directory) / "kernel.json")
        if launches_us(argv):
            yield Installed(name, flavour_of(argv), directory)


def find(name: str) -> Installed:
    """Give the installed kernelspec of a name.

    Raises:
        KernelSpecError: if there is none, or if it starts another kernel.
    """
    ours = {spec.name: spec for spec in installed()}
    if name.lower() in ours:
        return ours[name.lower()]
    known = f"ours: {', '.join(ours)}" if ours else "none is installed; see akernel install"
    try:
        other = KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel:
        raise KernelSpecError(f"there is no kernelspec {name!r}; {known}") from None
    raise KernelSpecError(
        f"{name!r} starts another kernel ({other.display_name}), so it stays; {known}. "
        f"To remove it all the same: jupyter kernelspec remove {name}"
    )


def remove(spec: Installed) -> None:
    """Delete an installed kernelspec.

    Raises:
        KernelSpecError: if its directory can't be deleted.
    """
    directory = Path(spec.directory)
    try:
        directory.unlink() if directory.is_symlink() else shutil.rmtree(directory)
    except OSError as error:
        raise KernelSpecError(
            f"can't remove {spec.directory}: {error.strerror}; run the command as its owner"
        ) from error
