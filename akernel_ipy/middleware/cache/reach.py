"""What a run has within its reach: names, strings and libraries, in its code and in functions."""

from __future__ import annotations

import os
import re
import sys
import types
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ...core import bytecode
from . import environment
from .observation import installed
from .parts import Parts
from .plan import Plan

_WORD = re.compile(r"[^\W\d]\w*")

#: Longer strings are not searched for names to their end.
_LONGEST = 100_000


class Reach:
    """The code of a cell and of the notebook's functions that it may call.

    Args:
        plan: of the cell's code.
        modules: that its inputs use.
        parts: of its inputs.
        values: its inputs.
    """

    def __init__(
        self, plan: Plan, modules: Collection[str], parts: Parts, values: list[Any]
    ) -> None:
        self._plan, self._modules, self._parts, self._values = plan, modules, parts, values

    def variables(self) -> dict[str, str]:
        """Digest the environment variables that it names, if it reads any."""
        if not {"environ", "getenv"} & {*self.mentions()}:
            return {}
        return environment.named(self.strings())

    def libraries(self) -> set[str]:
        """Name the roots of the modules that it uses, through local ones too."""
        modules = {*self._plan.imports, *self._modules}
        for module in self._local_modules():
            held = (v for v in vars(module).values() if isinstance(v, types.ModuleType))
            modules.update(v.__name__ for v in held)
            given = (getattr(v, "__module__", None) for v in vars(module).values())
            modules.update(name for name in given if isinstance(name, str))
        return {name.partition(".")[0] for name in modules}

    def _local_modules(self) -> list[types.ModuleType]:
        waiting = [sys.modules.get(name) for name in (*self._plan.imports, *self._modules)]
        found: dict[int, types.ModuleType] = {}
        while waiting:
            module = waiting.pop()
            if not isinstance(module, types.ModuleType) or id(module) in found:
                continue
            if is_local(module):
                found[id(module)] = module
                waiting.extend(v for v in vars(module).values() if isinstance(v, types.ModuleType))
                names = {getattr(v, "__module__", "") for v in vars(module).values()}
                waiting.extend(sys.modules.get(n) for n in names if isinstance(n, str))
        return list(found.values())

    def _functions(self) -> Iterator[types.FunctionType]:
        yield from (p for p in self._parts.objects.values() if isinstance(p, types.FunctionType))
        for module in self._local_modules():
            for value in list(vars(module).values()):
                if isinstance(value, types.FunctionType):
                    yield value
                elif isinstance(value, type) and value.__module__ == module.__name__:
                    held = vars(value).values()
                    yield from (v for v in held if isinstance(v, types.FunctionType))

    def mentions(self) -> Iterator[str]:
        """Give the names and attributes in its code and in the notebook's functions."""
        yield from self._plan.mentions
        for function in self._functions():
            for code in bytecode.parts(function.__code__):
                yield from code.co_names

    def words(self) -> Iterator[str]:
        """Give the identifiers in the strings that it has at hand."""
        for text in self.strings():
            yield from _WORD.findall(text[:_LONGEST])

    def strings(self) -> Iterator[str]:
        """Give the strings that it has at hand."""
        yield from self._plan.strings
        yield from _strings_in(self._values)
        yield from _strings_in(self._functions())


def _strings_in(values: Iterable[Any]) -> Iterator[str]:
    """Give the strings and paths among values, in their lists and dictionaries, and in code."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, os.PathLike):
            yield os.fsdecode(value)
        elif isinstance(value, list | tuple | set | frozenset):
            yield from (os.fspath(v) for v in value if isinstance(v, str | os.PathLike))
        elif isinstance(value, Mapping):
            yield from (os.fspath(v) for v in value.values() if isinstance(v, str | os.PathLike))
        elif isinstance(value, types.FunctionType):
            for code in bytecode.parts(value.__code__):
                yield from (c for c in code.co_consts if isinstance(c, str))


def is_local(module: Any) -> bool:
    """Tell whether a module is the user's, not an installed one."""
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and not file.startswith(installed())
