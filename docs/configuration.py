"""Writes `configuration.md` from the settings in the code: `python docs/configuration.py`."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from traitlets import Enum, Float, Integer, TraitType

from akernel_ipy.kernel import AsyncKernel
from akernel_ipy.plugin.plugin import AkernelPlugin
from akernel_ipy.runner.app import RunApp
from akernel_ipy.shared.provisioner import SharedProvisioner
from akernel_ipy.store import CacheStore

PAGE = Path(__file__).with_suffix(".md")

#: The classes that have settings, with the files in which they can be set.
CLASSES: tuple[tuple[type[Any], str], ...] = (
    (AsyncKernel, "The kernel. In `akernel_config.py`, or on the command line of a kernelspec."),
    (
        CacheStore,
        "The cache, under any flavour. In `akernel_config.py`; in\n"
        "`ipython_kernel_config.py` for stock kernels with the [extension](plugin.md), too.",
    ),
    (AkernelPlugin, "The [extension](plugin.md) for stock kernels. In `ipython_kernel_config.py`."),
    (
        RunApp,
        "The command [`akernel run`](running-notebooks.md), which has an option for each. In\n"
        "`akernel_run_config.py`.",
    ),
    (
        SharedProvisioner,
        "One process for [all notebooks of a server](multi.md). In\n`jupyter_server_config.py`.",
    ),
)

HEAD = """# Configuration

This page is generated from the code: `python docs/configuration.py`.

Settings are traits. In a file a line such as `c.AsyncKernel.flavour = "react"` sets one; a
kernelspec's `argv` may name them, too: `--AsyncKernel.flavour=react`, which goes before the files.

- `ipython_config.py`, `ipython_kernel_config.py` and `akernel_config.py` lie in IPython's profile,
  mostly `~/.ipython/profile_default/`. The kernel reads them in this order, and the last one to set
  something wins. ipykernel reads the first two: a profile that was written for it holds here too.
- `akernel_run_config.py` and `jupyter_server_config.py` lie in a configuration directory of
  Jupyter; `jupyter --paths` lists them.

What the kernel inherits from ipykernel keeps its name, too: `c.AsyncKernel.stop_on_error_timeout`,
`c.InteractiveShell.ast_node_interactivity`.
"""

ENVIRONMENT = """
## Environment

| variable | what it does |
|---|---|
| `AKERNEL_CACHE_DIR` | where the cache is, if `CacheStore.directory` doesn't say |
| `AKERNEL_CACHE_SIZE` | its size (`500M`, `20G`), if `CacheStore.max_bytes` doesn't say |
| `XDG_STATE_HOME` | the key that signs the cache's entries lies below it |
| `JUPYTER_DATA_DIR` | kernelspecs, and the cache if nothing else is said, lie below it |
| `IPYTHONDIR` | where IPython's profiles are |
"""


def page() -> str:
    """Give the page's text."""
    parts = [HEAD]
    for owner, where in CLASSES:
        parts.append(f"\n## {owner.__name__}\n\n{where}\n\n{table(owner)}")
    return "".join([*parts, ENVIRONMENT])


def table(owner: type[Any]) -> str:
    """Give the settings that this package declares for a class, by name."""
    lines = ["| setting | value | default | what it does |", "|---|---|---|---|"]
    for name, trait in sorted(owner.class_traits(config=True).items()):
        if trait.this_class.__module__.startswith("akernel_ipy"):
            cells = (f"`{name}`", values(trait), default(trait), inspect.cleandoc(trait.help))
            lines.append("| " + " | ".join(" ".join(cell.split()) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def values(trait: TraitType[Any, Any]) -> str:
    """Say what a setting may be."""
    if isinstance(trait, Enum):
        return ", ".join(f"`{value}`" for value in trait.values)
    kind = trait.__class__.__name__.lower()
    words = {
        "unicode": "text",
        "bool": "yes or no",
        "int": "whole number",
        "integer": "whole number",
    }
    least = getattr(trait, "min", None) if isinstance(trait, Float | Integer) else None
    known = words.get(kind, {"float": "number", "dict": "names with values"}.get(kind, kind))
    return known if least is None or least == float("-inf") else f"{known}, at least {least}"


def default(trait: TraitType[Any, Any]) -> str:
    """Give what a setting is if nobody sets it."""
    value = trait.default_value
    plain = isinstance(value, bool | int | float | str) and value != ""
    return f"`{value}`" if plain and "default:" not in trait.help else "-"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
