"""Modules: installed ones by version, local ones by what they hold now that they are loaded."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.machinery import PathFinder
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from ._atoms import ATOMS
from ._classes import added
from ._names import type_name
from ._origin import contents
from ._refusal import Unhashable

if TYPE_CHECKING:
    from ..bytecode import Use
    from ._walk import Walk

#: What the import system writes into a module.
_WRITTEN = frozenset(
    {
        "__name__",
        "__file__",
        "__cached__",
        "__spec__",
        "__loader__",
        "__package__",
        "__path__",
        "__builtins__",
        "__doc__",
        "__warningregistry__",
    }
)


def module(walk: Walk, value: ModuleType) -> None:
    """Encode a module: by name and version, or, if it is local, by all that it holds."""
    name = _enter(walk, value)
    if name is None:
        walk.named(_replaced(walk, value))
        return
    if not walk.meet(value):
        return
    held = contents(value)
    for key in sorted(key for key in held if type(key) is str and key not in _WRITTEN):
        walk.text(key)
        walk.edge(held[key], f".{key}")
    walk.out += b";"


#: What `sys` holds that is not of the interpreter.
_OF_THE_PROCESS = frozenset({"argv", "path", "modules", "orig_argv"})


def _replaced(walk: Walk, value: ModuleType) -> list[tuple[str, Any]]:
    """Functions of the user's that were put into an installed module."""
    held = list(contents(value).items())
    functions = [pair for pair in held if type(pair[1]) is FunctionType]
    homes = {pair[1].__globals__.get("__name__") for pair in functions}
    local = {home for home in homes if type(home) is str and _is_users(walk, home)}
    if not local:
        return []
    return sorted(pair for pair in functions if pair[1].__globals__.get("__name__") in local)


def _is_users(walk: Walk, home: str) -> bool:
    known = walk.origins.is_notebook(home) or home in sys.modules
    return known and walk.origins.installed(home) is None


@dataclass(frozen=True, slots=True)
class Asked:
    """Stands for a module of which some code asks no more than these attributes.

    The fingerprint of it, instead of the module, does not change if the rest of a local module
    does. ``paths`` come from `attributes_read`; an empty path is all of the module.
    """

    module: ModuleType
    paths: tuple[tuple[str, ...], ...]


def asked(walk: Walk, value: Asked) -> None:
    """Encode what is asked of a module."""
    walk.out += b"asked"
    for path in sorted(set(value.paths)):
        walk.walk(path)
        attribute(walk, value.module, path, "")
    walk.out += b";"


def _enter(walk: Walk, value: ModuleType) -> str | None:
    """Encode the name; of an installed module that is all."""
    found = contents(value).get("__name__")
    name = found if type(found) is str else ""
    version = walk.origins.installed(name)
    walk.uses.modules.add(name)
    walk.out += b"module"
    walk.text(name)
    walk.text(version or "")
    if walk.origins.is_notebook(name):
        raise Unhashable("the notebook itself, as a module")
    return name if version is None else None


def attribute(walk: Walk, value: Any, path: Iterable[str], step: str) -> None:
    """Encode what code reads when it reads ``value.path``: of a module only what it asks for."""
    rest = list(path)
    if not issubclass(type(value), ModuleType) or not rest:
        walk.edge(value, step)
        return
    name = _enter(walk, value)
    if name is None:
        _of_installed(walk, value, rest, step)
        return
    held, key = contents(value), rest.pop(0)
    walk.text(key)
    if key in held:
        attribute(walk, held[key], rest, f"{step}.{key}")
    else:
        walk.out += b"?"
        walk.part(held.get("__getattr__"), f"{step}.{key}")


def _of_installed(walk: Walk, value: Any, path: list[str], step: str) -> None:
    """Encode what isn't as it was installed.

    Whether a part of a package is loaded yet must not count: after a hit it isn't.
    """
    for depth, key in enumerate(path):
        if (value is sys and key in _OF_THE_PROCESS) or value is builtins:
            _of_process(walk, value, key, f"{step}.{key}")
            return
        value = contents(value).get(key)
        step = f"{step}.{key}"
        if not issubclass(type(value), ModuleType):
            if _changed(walk, value, depth):
                walk.edge(value, step)
            return


def _of_process(walk: Walk, value: Any, key: str, step: str) -> None:
    """Encode what `sys` says of this process, and what somebody put among the builtins."""
    found = contents(value).get(key)
    if (value is sys and key == "modules") or any(found is each for each in _REACHING):
        error = Unhashable("what it finds there can't be known")
        error.within(step)
        raise error
    if value is sys or type(found) in (list, dict, set) or _changed(walk, found, 0):
        walk.part(found, step)


#: What these read is decided while they run.
_REACHING = (eval, exec, globals, locals, vars)


def _changed(walk: Walk, value: Any, depth: int) -> bool:
    """Whether what an installed module holds may come from elsewhere: a patch, or a setting."""
    kind = type(value)
    if kind in ATOMS:
        return depth == 0 and value is not None
    if kind is FunctionType:
        home = value.__globals__.get("__name__")
    elif issubclass(kind, type):
        home = type_name(value)[0]
        if added(walk, value):
            return True
    else:
        return False
    return type(home) is str and walk.origins.installed(home) is None


def module_by_name(walk: Walk, use: Use, namespace: dict[str, Any]) -> None:
    """Encode what an import inside of a function would give."""
    name = _absolute(use.name, namespace)
    loaded = sys.modules.get(name)
    walk.text(name)
    if loaded is not None:
        attribute(walk, loaded, use.attributes, f" -> {name}")
    else:
        walk.out += _unloaded(walk, name)
    part = use.attributes[0] if use.attributes else ""
    if part and part not in contents(loaded) and not walk.origins.installed(name):
        # ``from package import module``, which loads the module.
        walk.out += _unloaded(walk, f"{name}.{part}")


def _absolute(name: str, namespace: dict[str, Any]) -> str:
    dots = len(name) - len(name.lstrip("."))
    if not dots:
        return name
    package = str(namespace.get("__package__") or "").split(".")
    return ".".join([*package[: len(package) - dots + 1], *filter(None, [name[dots:]])])


def _unloaded(walk: Walk, name: str) -> bytes:
    """A module that will be loaded from its file, as that is now."""
    version = walk.origins.installed(name)
    if version is not None:
        return version.encode()
    try:
        with open(_file_of(name), "rb") as file:
            return walk.algorithm.digest(file.read())
    except OSError:
        return b"?"


def _file_of(name: str) -> str:
    """The file from which a module would be loaded; empty if there is none."""
    path, spec = None, None
    for end in range(1, name.count(".") + 2):
        spec = PathFinder.find_spec(".".join(name.split(".")[:end]), path)
        if spec is None:
            return ""
        path = spec.submodule_search_locations
    return (spec and spec.origin) or ""
