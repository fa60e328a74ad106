"""What a cell turns out to bind and to change in place, was foreseen: random programs."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import gc
import os
import sys
import types
import warnings
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from akernel_ipy.core.hazards import Access, Notes, access_of, text_of
from akernel_ipy.core.names import CellSyntaxError, analyze

from .programs import OWN, PRELUDE, Cell, Writer, smallest

#: How many programs; AKERNEL_FLOW_PROGRAMS=3000 takes a minute.
PROGRAMS = int(os.environ.get("AKERNEL_FLOW_PROGRAMS", "100"))
#: The first one's seed.
SEED = int(os.environ.get("AKERNEL_FLOW_SEED", "0"))

pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")

#: Names that Python binds.
_OURS = frozenset({"__builtins__", "__warningregistry__"})
_MACHINERY = frozenset({"__dict__", "__weakref__", "__slotnames__"})


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Collect the coroutines here, and not in a test that minds them."""
    yield
    gc.collect()


class Session:
    """Cells that run one after another, each looked at before."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = dict(OWN)
        exec(PRELUDE, self.namespace)
        self._notes = Notes()

    async def run(self, source: str) -> str:
        """Run a cell; say what was not foreseen."""
        access = self._look(source)
        objects, names = self._objects(), dict(self.namespace)
        with contextlib.suppress(Exception, asyncio.CancelledError):
            await self._execute(source)
        if access.barrier:
            return ""
        return self._unforeseen(access, objects, names)

    def _look(self, source: str) -> Access:
        try:
            names = analyze(source)
        except CellSyntaxError:
            return Access()
        self._notes.take(source, names, text_of(source, names))
        return access_of(source, names, self.namespace, self._notes)

    async def _execute(self, source: str) -> None:
        code = compile(source, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
        waiting = types.FunctionType(code, self.namespace)()
        if waiting is not None:
            await waiting

    def _unforeseen(
        self, access: Access, objects: dict[int, tuple[Any, Any]], names: dict[str, Any]
    ) -> str:
        for number, (found, before) in objects.items():
            if number not in access.changes and contents(found) != before:
                return f"{type(found).__name__} {name_of(found, names)}"
        missing = object()
        for name in names.keys() | self.namespace.keys():
            same = names.get(name, missing) is self.namespace.get(name, missing)
            if not same and name not in access.writes | access.imports.keys() | _OURS:
                return f"the name {name}"
        return ""

    def _objects(self) -> dict[int, tuple[Any, Any]]:
        """All that can be changed in place, with what it holds."""
        found: dict[int, tuple[Any, Any]] = {}
        seen: set[int] = {id(self.namespace)}
        todo = [value for name, value in self.namespace.items() if name not in OWN]
        while todo:
            value = todo.pop()
            if id(value) in seen or isinstance(value, types.ModuleType) or is_foreign(value):
                continue
            seen.add(id(value))
            holds = contents(value)
            if holds is not None:
                found[id(value)] = value, holds
            todo += gc.get_referents(value)
        return found


def is_foreign(value: Any) -> bool:
    """Whether something belongs to a library."""
    if isinstance(value, type):
        return value.__module__ != "__main__"
    if isinstance(value, types.FunctionType):
        return value.__globals__.get("__name__") != "__main__"
    return isinstance(value, types.FrameType | types.CodeType)


def contents(value: Any) -> Any:
    """What an object holds, if that can change."""
    kind = type(value)
    if kind is list:
        return [*map(id, value)]
    if kind is set:
        return {*map(id, value)}
    if kind is types.CellType:
        return [*map(id, gc.get_referents(value))]
    if kind.__name__ == "ndarray":
        return value.tobytes() if value.base is None else None
    if kind.__name__ in ("list_iterator", "range_iterator"):
        return repr(value.__reduce__()[2:])
    if kind.__module__ == "__main__" or isinstance(value, types.FunctionType | type):
        held = object.__getattribute__(value, "__dict__") if kind is not type else vars(value)
        own = {k: id(v) for k, v in held.items() if k not in _MACHINERY}
        return own, [*map(id, value)] if isinstance(value, list) else None
    return None


def name_of(found: Any, names: dict[str, Any]) -> str:
    """Say by which name an object can be had."""
    own = [name for name, value in names.items() if value is found]
    return own[0] if own else f"of {gc.get_referrers(found)[:3]!r:.300}"


def surprise(program: list[Cell]) -> str:
    """Run a program; say what a cell did that was not foreseen."""

    async def run() -> str:
        session = Session()
        for number, cell in enumerate(program, 1):
            found = await session.run(cell.code)
            if found:
                text = "\n# ---\n".join(cell.code for cell in program[:number])
                return f"{text}\nchanged, which was not foreseen: {found}"
        return ""

    return asyncio.run(run())


def test_a_cell_binds_and_changes_what_was_foreseen() -> None:
    main = types.ModuleType("__main__")
    with warnings.catch_warnings(), patch.dict(sys.modules, {"__main__": main}):
        warnings.simplefilter("ignore")  # "coroutine was never awaited"
        with patch("builtins.print", lambda *values: [str(value) for value in values]):
            for seed in range(SEED, SEED + PROGRAMS):
                program = Writer(seed).program()
                if surprise(program):
                    least = smallest(program, lambda shorter: bool(surprise(shorter)))
                    pytest.fail(f"AKERNEL_FLOW_SEED={seed}\n{surprise(least)}")
