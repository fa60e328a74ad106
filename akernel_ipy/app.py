"""The commands ``akernel install``, ``list`` and ``remove``, as Jupyter applications."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from jupyter_core.application import JupyterApp, base_aliases, base_flags
from traitlets import Bool, Unicode
from traitlets.config.loader import KVArgParseConfigLoader

from . import __version__, kernelspec
from .core import modes
from .core.errors import KernelSpecError


class StrictLoader(KVArgParseConfigLoader):
    """A command line that refuses a misspelt option instead of going on without it."""

    def _handle_unrecognized_alias(self, arg: str) -> NoReturn:
        """Exit naming the option; traitlets would only log it."""
        self.parser.error(f"unknown option {arg!r}; see --help")


class Command(JupyterApp):
    """What the commands share: the version, strict options and errors that say a remedy."""

    version = __version__
    #: How many words a command takes, for the message on one too many.
    most_words: ClassVar[float] = 1

    def _log_level_default(self) -> int:
        """Keep jupyter_client's progress messages for ``--debug``; ours are printed."""
        return 30

    def _find_subcommand(self, name: str) -> str:
        """Never execute a program ``akernel-<word>`` that happens to be on the PATH."""
        return ""

    def _create_loader(
        self, argv: Any, aliases: Any, flags: Any, classes: Any
    ) -> KVArgParseConfigLoader:
        return StrictLoader(
            argv, aliases, flags, classes=classes, log=self.log, subcommands=self.subcommands
        )

    def parse_command_line(self, argv: Any = None) -> None:
        """Read the options, and refuse words that would have no effect."""
        super().parse_command_line(argv)
        if not self.subapp and len(self.extra_args) > self.most_words:
            self.usage_error(f"unexpected {self.extra_args[int(self.most_words)]!r}; see --help")

    def usage_error(self, message: str) -> NoReturn:
        """Exit because the command line can't be meant."""
        print(f"{self.name.replace('-', ' ')}: {message}", file=sys.stderr)
        raise SystemExit(2)


class Dispatcher(Command):
    """A command of which there are only subcommands."""

    def start(self) -> None:
        """Run the command that was found, or say which ones there are."""
        super().start()
        commands = ", ".join(self.subcommands)
        if self.extra_args:
            self.usage_error(f"unknown command {self.extra_args[0]!r}; commands: {commands}")
        self.print_help()
        raise SystemExit(2)


INSTALL_ALIASES: dict[str, Any] = {
    **base_aliases,
    "prefix": "InstallApp.prefix",
    "name": "InstallApp.kernel_name",
    "display-name": "InstallApp.display_name",
    "cache-dir": "InstallApp.cache_dir",
}
INSTALL_FLAGS: dict[str, Any] = {
    **base_flags,
    "user": ({"InstallApp": {"user": True}}, "Install for the current user only."),
    "shared": (
        {"InstallApp": {"shared": True}},
        "Let all notebooks of a Jupyter server share one process (multi).",
    ),
    "sys-prefix": (
        {"InstallApp": {"sys_prefix": True}},
        "Install in this Python environment (default).",
    ),
}


class InstallApp(Command):
    """Write a kernelspec, so that Jupyter offers the kernel in a flavour."""

    name = "akernel-install"
    description = f"""Install the kernelspec of a flavour.

    akernel install [FLAVOUR] [--sys-prefix | --user | --prefix DIRECTORY]

    FLAVOUR is one of {", ".join(modes.KNOWN)} (default: {modes.ORDERINGS[0]}). Each flavour has a
    kernelspec of its own, so that they stand side by side. Options of the kernel itself, such as
    --AsyncKernel.x=y, are written to the kernelspec; akernel launch --help-all lists them.
    """
    examples = cleandoc("""
    akernel install
    akernel install chain --user
    akernel install multi --shared
    akernel install --name lab --display-name "Python (lab)" --InteractiveShell.cache_size=100
    """)

    user = Bool(False, help="Install for the current user only.").tag(config=True)
    prefix = Unicode(help="Install in DIRECTORY/share/jupyter/kernels.").tag(config=True)
    sys_prefix = Bool(False, help="Install in this Python environment (default).").tag(config=True)
    kernel_name = Unicode(help="Name of the kernelspec (default: by flavour).").tag(config=True)
    display_name = Unicode(help="Name shown by front-ends.").tag(config=True)
    cache_dir = Unicode(help="Where the kernel keeps its cache.").tag(config=True)
    shared = Bool(False, help="Let all notebooks share one process (multi).").tag(config=True)

    aliases = INSTALL_ALIASES
    flags = INSTALL_FLAGS

    def start(self) -> None:
        """Install, and say how the kernelspec is called and where it is."""
        super().start()
        if self.user + self.sys_prefix + bool(self.prefix) > 1:
            self.usage_error("--user, --sys-prefix and --prefix exclude each other; give one")
        mode = modes.parse(self.extra_args[0] if self.extra_args else "")
        name = self.kernel_name or kernelspec.default_name(mode, shared=self.shared)
        spec = kernelspec.describe(
            mode,
            display_name=self.display_name or self.default_display_name(mode),
            options=kernel_options(self.cli_config, self._own_sections()),
            cache_dir=Path(self.cache_dir) if self.cache_dir else None,
            shared=self.shared,
        )
        prefix = str(Path(self.prefix).expanduser()) if self.prefix else ""
        directory = kernelspec.install(spec, name, user=self.user, prefix=prefix)
        print(f"Installed kernelspec {directory.name} ({spec['display_name']}) in {directory}")

    def default_display_name(self, mode: modes.Mode) -> str:
        """Tell two kernelspecs of one flavour apart by the name that the user gave."""
        name = self.kernel_name or kernelspec.default_name(mode, shared=self.shared)
        return kernelspec.default_display_name(name)

    def _own_sections(self) -> frozenset[str]:
        return frozenset(cls.__name__ for cls in type(self).mro())


def kernel_options(config: Mapping[str, Any], own: frozenset[str]) -> list[str]:
    """Give the options on the command line that aren't ours as arguments of the kernel.

    Raises:
        KernelSpecError: on an option that the kernel would ignore, or that contradicts the name.
    """
    from .kernel import AsyncKernel  # what no other command here needs
    from .store import CacheStore

    if "flavour" in config.get("AsyncKernel", ()):
        raise KernelSpecError("name the flavour without option: akernel install FLAVOUR")
    for cls in (AsyncKernel, CacheStore):
        known = cls.class_trait_names(config=True)
        for trait in config.get(cls.__name__, ()):
            if trait not in known:
                raise KernelSpecError(
                    f"the kernel has no option --{cls.__name__}.{trait}; "
                    "akernel launch --help-all lists those it has"
                )
    return [
        f"--{section}.{trait}={value}"
        for section, traits in config.items()
        if section not in own
        for trait, value in traits.items()
    ]


LIST_FLAGS: dict[str, Any] = {
    **base_flags,
    "json": ({"ListApp": {"json_output": True}}, "Print JSON."),
}


class ListApp(Command):
    """Show which kernelspecs launch this kernel."""

    name = "akernel-list"
    description = "List the installed kernelspecs that launch this kernel."
    most_words: ClassVar[float] = 0

    json_output = Bool(False, help="Print JSON.").tag(config=True)
    flags = LIST_FLAGS

    def start(self) -> None:
        """Print name, flavour and directory of each."""
        super().start()
        specs = list(kernelspec.installed())
        if self.json_output:
            print(json.dumps([dataclasses.asdict(spec) for spec in specs], indent=2))
        elif not specs:
            print("No kernelspec launches this kernel; install one with: akernel install")
        else:
            rows = [("NAME", "FLAVOUR", "DIRECTORY")]
            rows += [(spec.name, spec.flavour, spec.directory) for spec in specs]
            widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
            for name, flavour, directory in rows:
                print(f"{name:{widths[0]}}  {flavour:{widths[1]}}  {directory}")


class RemoveApp(Command):
    """Delete a kernelspec of this kernel, and no other's."""

    name = "akernel-remove"
    description = "Remove a kernelspec: akernel remove NAME [-y]"
    examples = "akernel remove akernel-chain"

    def start(self) -> None:
        """Ask, unless told ``-y``, and remove."""
        super().start()
        if not self.extra_args:
            self.usage_error("which kernelspec? akernel list shows them")
        spec = kernelspec.find(self.extra_args[0])
        if not self.answer_yes and not self.confirmed(spec):
            print(f"Kept {spec.name}")
            return
        kernelspec.remove(spec)
        print(f"Removed kernelspec {spec.name} from {spec.directory}")

    def confirmed(self, spec: kernelspec.Installed) -> bool:
        """Ask on the terminal; without one there is nobody to ask."""
        try:
            answer = input(f"Remove kernelspec {spec.name} from {spec.directory}? [y/N] ")
        except EOFError:
            print()
            raise KernelSpecError(
                f"{spec.name} stays, as nobody can be asked; confirm with: "
                f"akernel remove {spec.name} -y"
            ) from None
        return answer.strip().lower() in ("y", "yes")


SUBCOMMANDS: dict[str, Any] = {
    "install": (InstallApp, "Install the kernelspec of a flavour."),
    "list": (ListApp, "List the kernelspecs of this kernel."),
    "remove": (RemoveApp, "Remove a kernelspec of this kernel."),
    "cache": ("akernel_ipy.cacheapp.CacheApp", "Look after the results that the cache keeps."),
    "run": ("akernel_ipy.runner.app.RunApp", "Run notebooks, their cells concurrently."),
    "launch": ("akernel_ipy.kernelapp.AsyncKernelApp", "Start a kernel (front-ends do)."),
}


class AkernelApp(Dispatcher):
    """The command ``akernel``: it only dispatches."""

    name = "akernel"
    description = "An asynchronous Python Jupyter kernel: each cell is a task."
    examples = cleandoc("""
    akernel install chain            # offer the flavour in JupyterLab
    akernel run notebook.ipynb       # run a notebook, its cells concurrently
    """)
    subcommands = SUBCOMMANDS
