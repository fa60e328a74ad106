"""Functions and classes of the notebook, taken apart and built again on the live namespace.

What a pickle refers to here is part of the format of an entry: a change needs a new `FORMAT`.
"""

from __future__ import annotations

import functools
import marshal
import sys
import types
from collections.abc import Mapping
from typing import Any

from .parts import Inside, cells_of, is_class_body


class OwnFile:
    """Stands for the file name under which IPython compiled the cell at hand."""


OWN_FILE = OwnFile()


def make_function(
    code: types.CodeType, scope: dict[str, Any], name: str, cells: tuple[Any, ...] | None
) -> types.FunctionType:
    """Build a function; `set_function` gives it the rest."""
    return types.FunctionType(code, scope, name, None, cells)


def set_function(function: types.FunctionType, state: dict[str, Any]) -> None:
    """Fill a function: what may refer to the function itself."""
    for cell, content in state.pop("cells"):
        cell.cell_contents = content
    function.__dict__.update(state.pop("attributes"))
    for name, value in state.items():
        setattr(function, name, value)


def make_code(packed: bytes, filename: str | None) -> types.CodeType:
    """Build a code object; ``filename`` replaces the one it was compiled under."""
    code: types.CodeType = marshal.loads(packed)
    return code if filename is None else _moved(code, filename)


def _moved(code: types.CodeType, filename: str) -> types.CodeType:
    constants = tuple(
        _moved(part, filename) if isinstance(part, types.CodeType) else part
        for part in code.co_consts
    )
    return code.replace(co_filename=filename, co_consts=constants)


def make_cell() -> types.CellType:
    """Build an empty cell of a closure."""
    return types.CellType()


def make_module_scope(name: str) -> dict[str, Any]:
    """Find the globals of a loaded module."""
    scope: dict[str, Any] = sys.modules[name].__dict__
    return scope


def make_cached(function: Any, maxsize: int | None, typed: bool) -> Any:
    """Build what `functools.lru_cache` makes of a function; what it remembered is gone."""
    return functools.lru_cache(maxsize, typed)(function)


def make_cached_property(function: Any) -> Any:
    """Build a `functools.cached_property`, whose lock can't be stored before Python 3.12."""
    return functools.cached_property(function)


def make_proxy(content: dict[Any, Any]) -> types.MappingProxyType[Any, Any]:
    """Build a read-only view of a dictionary; no name leads to its type."""
    return types.MappingProxyType(content)


def fill(value: Any, state: Mapping[str, Any]) -> None:
    """Give an object its attributes."""
    value.__dict__.update(state)


class Code:
    """A code object on its way into a pickle."""

    def __init__(self, code: types.CodeType, own: bool) -> None:
        self.code, self.own = code, own

    def __reduce__(self) -> tuple[Any, ...]:
        return make_code, (marshal.dumps(self.code), OWN_FILE if self.own else None)


class Scope:
    """The globals of a module on their way into a pickle."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return make_module_scope, (self.name,)


#: Globals of a function that belong to no module, such as a named tuple's, are stored if so few.
_FEW = 20


class Functions:
    """Takes functions apart, for one pickle.

    Args:
        inside: knows the namespace.
        filename: what IPython calls the cell that runs, in its code objects.
    """

    def __init__(self, inside: Inside, filename: str) -> None:
        self._inside = inside
        self._filename = filename
        self._cells: dict[int, types.CellType] = {}

    def is_ours(self, function: types.FunctionType) -> bool:
        """Tell whether no name outside the notebook leads to a function."""
        scope = function.__globals__
        if scope is self._inside.namespace or function.__module__ == self._inside.name:
            return True
        module = sys.modules.get(function.__module__ or "")
        found: Any = module
        for part in function.__qualname__.split("."):
            found = getattr(found, part, None)
        return found is not function

    def reduce(self, function: types.FunctionType, known: Mapping[int, Any]) -> Any:
        """Give the pickle's recipe for a function; None if its globals belong to no module."""
        scope = function.__globals__
        shared: Any = scope
        if scope is not self._inside.namespace:
            name = scope.get("__name__")
            module = sys.modules.get(name) if isinstance(name, str) else None
            if getattr(module, "__dict__", None) is scope:
                shared = Scope(str(name))
            elif len(scope) > _FEW:
                return None
        cells = function.__closure__
        code = Code(function.__code__, function.__code__.co_filename == self._filename)
        arguments = (code, shared, function.__name__, cells)
        return (
            make_function,
            arguments,
            self._state(function, known),
            None,
            None,
            set_function,
        )

    def _state(self, function: types.FunctionType, known: Mapping[int, Any]) -> dict[str, Any]:
        contents = []
        for name, cell in cells_of(function):
            if is_class_body(name, cell):  # `set_class` fills it
                continue
            if id(cell) in self._cells or id(cell) in known:
                continue
            self._cells[id(cell)] = cell
            try:
                contents.append((cell, cell.cell_contents))
            except ValueError:
                continue
        state = {
            "cells": contents,
            "attributes": dict(function.__dict__),
            "__qualname__": function.__qualname__,
            "__module__": function.__module__,
            "__defaults__": function.__defaults__,
            "__kwdefaults__": function.__kwdefaults__,
            "__doc__": function.__doc__,
        }
        attribute, value = annotations_of(function)
        state[attribute] = value
        if parameters := getattr(function, "__type_params__", ()):
            state["__type_params__"] = parameters
        return state


def annotations_of(function: types.FunctionType) -> tuple[str, Any]:
    """Give the attribute that holds the annotations, and what is in it."""
    # Since Python 3.14 a function computes them when asked for, perhaps from names not bound yet.
    annotate = getattr(function, "__annotate__", None)
    if annotate is not None:
        return "__annotate__", annotate
    # The very dictionary: `functools.wraps` lets two functions share it.
    return "__annotations__", function.__annotations__
