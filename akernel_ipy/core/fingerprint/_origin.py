"""Where code comes from: the notebook, a local module, an installed package.

Installed code is known by name and version. Everything else is known by what it is in memory: what
was loaded counts, not what lies on the disk by now.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
import sysconfig
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any

_INSTALLED = ("site-packages", "dist-packages")
_MODULE_DICT = vars(ModuleType)["__dict__"]

#: The kernel's own objects are the same in every kernel, wherever its code lies.
KERNEL = frozenset({"IPython", "ipykernel", "akernel_ipy"})


class Origins:
    """Tells notebook, local and installed modules apart."""

    def __init__(
        self,
        namespace: Callable[[], Mapping[str, Any]],
        is_notebook: Callable[[str], bool],
    ) -> None:
        self.namespace = namespace
        self.is_notebook = is_notebook

    def installed(self, module: str) -> str | None:
        """Name and version of the distribution that a module belongs to; None if it is local."""
        if not module or self.is_notebook(module):
            return None
        root = module.partition(".")[0]
        if root in KERNEL:
            return _version(root)
        # Stand-ins for modules, and parts of extensions, have no file: their root has.
        file = _file(sys.modules.get(module)) or _file(sys.modules.get(root))
        return _version(root) if _is_installed(file, root) else None

    def resolves(self, module: str, qualname: str, value: object) -> bool:
        """Whether a module has this very object under this name."""
        found: Any = sys.modules.get(module)
        if found is None:
            return False
        for name in qualname.split("."):
            found = contents(found).get(name)
        if type(found) in (staticmethod, classmethod):
            found = found.__func__
        return found is value


def contents(holder: Any) -> Mapping[str, Any]:
    """The dict of a module or class, without asking its ``__getattr__``."""
    if issubclass(type(holder), ModuleType):
        return _MODULE_DICT.__get__(holder)  # type: ignore[no-any-return]
    if issubclass(type(holder), type):
        return type.__dict__["__dict__"].__get__(holder)  # type: ignore[no-any-return]
    return {}


def _file(module: Any) -> str | None:
    names = contents(module)
    found = names.get("__file__")
    if type(found) is str:
        return found
    spec = names.get("__spec__")
    locations = getattr(spec, "submodule_search_locations", None)
    return next(iter(locations), None) if locations else None


@lru_cache(4096)
def _is_installed(file: str | None, root: str) -> bool:
    if file is None:
        # Built in or frozen; what was made by hand (`ModuleType("m")`) has no such name.
        return root in sys.builtin_module_names or root in sys.stdlib_module_names
    path = os.path.abspath(file)
    if any(part in _INSTALLED for part in path.split(os.sep)):
        return True
    return any(path.startswith(home + os.sep) for home in _standard())


@lru_cache(1)
def _standard() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = {paths[name] for name in ("stdlib", "platstdlib") if name in paths}
    return tuple(sorted(found | {os.path.realpath(path) for path in found}))


@lru_cache(1024)
def _version(root: str) -> str:
    """A distribution's name and version, as installed and as loaded: they can differ."""
    if root in sys.stdlib_module_names:
        return f"{sys.implementation.name} {sys.version_info}"
    loaded = contents(sys.modules.get(root)).get("__version__")
    own = loaded if type(loaded) is str else ""
    try:
        return f"{root} {importlib.metadata.version(root)} {own}"
    except importlib.metadata.PackageNotFoundError:
        if own:
            return f"{root} {own}"
        return " ".join([root, *_owners(root), own])


def _owners(root: str) -> list[str]:
    """Distributions that brought a package of another name, with their versions."""
    line = re.compile(rf"^{re.escape(root)}[/.]", re.MULTILINE)
    found = []
    for distribution in importlib.metadata.distributions():
        if line.search(distribution.read_text("RECORD") or ""):
            found.append(f"{distribution.metadata['Name']} {distribution.version}")
    return sorted(found)
