"""The parts of values: what can be reached from a name, and how to find it again."""

from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
import re
import sys
import types
import uuid
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

from ...core.slots import slots

#: A name of the notebook, then the step to a child, to a child of that, and so on.
Path = tuple[Any, ...]

#: Types whose objects nobody can tell from their copies, or that are one each.
ATOMS: frozenset[type] = frozenset(
    {
        int, float, complex, bool, str, bytes, type(None), type(...), type(NotImplemented),
        range, slice, types.BuiltinFunctionType, types.CodeType, types.ModuleType,
        datetime.date, datetime.time, datetime.datetime, datetime.timedelta, datetime.timezone,
        decimal.Decimal, fractions.Fraction, uuid.UUID, re.Pattern,
        pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath,
        weakref.ProxyType, weakref.CallableProxyType,  # answer for another, or fail when it is gone
    }
)  # fmt: skip


#: What `functools.lru_cache` makes of a function.
REMEMBERING: Any = type(lru_cache(int))


class Inside:
    """Tells what is part of the notebook: its classes are walked, those of libraries are not."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.namespace = namespace

    @property
    def name(self) -> str:
        """The notebook's name as a module: ``__main__``."""
        return str(self.namespace.get("__name__", "__main__"))

    def __call__(self, value: type) -> bool:
        """Tell whether a class is the notebook's."""
        return value.__module__ == self.name


def is_atom(value: Any, inside: Inside) -> bool:
    """Tell whether identity means nothing for a value, or a name outside the notebook gives it."""
    kind = type(value)
    if kind in ATOMS:
        return True
    if isinstance(value, type):
        return not inside(value)
    if kind is types.FunctionType:
        return value.__globals__ is not inside.namespace and value.__closure__ is None
    return kind.__module__ == "numpy" and not isinstance(value, sys.modules["numpy"].ndarray)


def steps(value: Any, inside: Inside) -> list[tuple[Any, Any]]:
    """Give what a value consists of, each part with a step that leads to it in equal values too.

    The attributes of a class are named, since one that was brought back may have them in another
    order; so is the array that another one is a view of: an equal one may be no view.
    """
    if isinstance(value, type):
        return sorted(attributes_of_class(value).items()) if inside(value) else []
    base = _base_of(value)
    found: list[tuple[Any, Any]] = [] if base is None else [("base", base)]
    found.extend(enumerate(_numbered(value)))
    return found


def children(value: Any, inside: Inside) -> list[Any]:
    """Give what a value consists of."""
    return [child for _, child in steps(value, inside)]


def _numbered(value: Any) -> list[Any]:
    """Give what a value consists of, in an order that equal values share."""
    if isinstance(value, list | tuple | deque):
        return [*value, *_attributes(value)]
    if isinstance(value, dict):
        return [*dict.keys(value), *dict.values(value), *_attributes(value)]
    if isinstance(value, types.FunctionType):
        return _of_function(value)
    if isinstance(value, types.CellType):
        return [] if is_empty(value) else [value.cell_contents]
    if isinstance(value, partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, types.MethodType):
        return [value.__self__, value.__func__]
    if isinstance(value, REMEMBERING):
        return [value.__wrapped__, *value.__dict__.values()]
    if isinstance(value, property):
        return [value.fget, value.fset, value.fdel]
    if isinstance(value, staticmethod | classmethod):
        return [value.__func__]
    library = type(value).__module__.partition(".")[0]
    if library == "numpy":
        return _of_array(value)
    if library == "pandas" and type(value).__name__ in {"DataFrame", "Series"}:
        return _of_frame(value)
    return _attributes(value) if is_plain(value) else []


_PLAIN: Any = object


def is_plain(value: Any) -> bool:
    """Tell whether a value is its attributes and nothing else."""
    kind: Any = type(value)
    if kind.__reduce_ex__ is not _PLAIN.__reduce_ex__ or kind.__reduce__ is not _PLAIN.__reduce__:
        return False
    if isinstance(value, set | frozenset | bytearray):
        return False
    return all(base is object or base.__flags__ & (1 << 9) for base in kind.__mro__) and (
        hasattr(value, "__dict__") or bool(slots(kind))
    )


#: What a class has by itself, or gets when somebody pickles an instance.
_HIDDEN = frozenset(
    {
        "__dict__", "__weakref__", "__module__", "__doc__", "__qualname__", "_abc_impl",
        "__slotnames__", "__annotations_cache__", "__firstlineno__", "__static_attributes__",
    }
)  # fmt: skip


def attributes_of_class(value: type) -> dict[str, Any]:
    """Give what the body of a class, or later code, put into it."""
    kinds = (types.GetSetDescriptorType, types.MemberDescriptorType)
    return {
        name: part
        for name, part in vars(value).items()
        if name not in _HIDDEN
        and not isinstance(part, kinds)
        # Python 3.11 makes an empty one when somebody looks for it.
        and not (name == "__annotations__" and not part)
    }


def _attributes(value: Any) -> list[Any]:
    found = list(getattr(value, "__dict__", {}).values()) if has_attributes(value) else []
    return found + [getattr(value, name) for name in slots(type(value)) if hasattr(value, name)]


def has_attributes(value: Any) -> bool:
    """Tell whether a value has a dictionary of attributes of its own."""
    return type(getattr(value, "__dict__", None)) is dict and not isinstance(value, type)


def cells_of(value: types.FunctionType) -> list[tuple[str, types.CellType]]:
    """Give the variables of a function's closure."""
    return list(zip(value.__code__.co_freevars, value.__closure__ or (), strict=True))


def is_class_body(name: str, cell: types.CellType) -> bool:
    """Tell whether a variable is the dictionary of a class.

    What a class body defers has it in its closure: annotations since Python 3.14. The name also
    stands for the namespace of a body from which no class was made (of a `NamedTuple`), which
    still has the qualified name in it.
    """
    if name != "__classdict__" or is_empty(cell):
        return False
    return "__qualname__" not in cell.cell_contents


def _of_function(value: types.FunctionType) -> list[Any]:
    return [
        *(cell for name, cell in cells_of(value) if not is_class_body(name, cell)),
        *(value.__defaults__ or ()),
        *(value.__kwdefaults__ or {}).values(),
        *value.__dict__.values(),
    ]


def is_empty(cell: types.CellType) -> bool:
    """Tell whether a variable of a closure has no value."""
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return True
    return False


def _base_of(value: Any) -> Any:
    """Give the array that an array is a view of; None if there is none."""
    if type(value).__module__.partition(".")[0] != "numpy":
        return None
    array: Any = sys.modules["numpy"].ndarray
    base = value.base if isinstance(value, array) else None
    return base if isinstance(base, array) else None


def _of_array(value: Any) -> list[Any]:
    if not isinstance(value, sys.modules["numpy"].ndarray) or not value.dtype.hasobject:
        return []
    return list(value.ravel(order="C").tolist())


def _of_frame(value: Any) -> list[Any]:
    if value.ndim == 1:
        return [value.index, *(value.tolist() if str(value.dtype) == "object" else [])]
    found = [value.index, value.columns]
    for number, dtype in enumerate(value.dtypes):
        if str(dtype) == "object":
            found.extend(value.iloc[:, number].tolist())
    return found


class Parts:
    """Every object that can be reached from some names, with one path to each.

    They are kept alive, so that an ``id`` stays what it was while a cell runs.

    Args:
        roots: the names with their values.
        inside: tells which classes are the notebook's.
    """

    def __init__(self, roots: Mapping[str, Any], inside: Inside) -> None:
        self.paths: dict[int, Path] = {}
        self.objects: dict[int, Any] = {}
        self._shapes: dict[int, tuple[int, ...]] = {}
        self._inside = inside
        for name, value in roots.items():
            self._walk(name, value)

    def _walk(self, name: str, value: Any) -> None:
        waiting: list[tuple[Path, Any]] = [((name,), value)]
        while waiting:
            path, part = waiting.pop()
            if is_atom(part, self._inside) or id(part) in self.paths:
                continue
            self.paths[id(part)], self.objects[id(part)] = path, part
            found = steps(part, self._inside)
            self._shapes[id(part)] = _shape(part, [child for _, child in found])
            waiting.extend(
                ((*path, step), child) for step, child in found if type(child) not in ATOMS
            )

    def reshaped(self) -> list[Any]:
        """Give those parts that consist of other objects by now, even if these are equal ones."""
        return [
            part
            for known, part in self.objects.items()
            if self._shapes[known] != _shape(part, children(part, self._inside))
        ]

    def of(self, name: str, value: Any) -> list[Any]:
        """Give those parts that a name's value still consists of, or did before."""
        found: dict[int, Any] = {}
        waiting = [value]
        while waiting:
            part = waiting.pop()
            if id(part) in found or is_atom(part, self._inside):
                continue
            found[id(part)] = part
            waiting.extend(c for c in children(part, self._inside) if type(c) not in ATOMS)
        mine = [self.objects[i] for i, path in self.paths.items() if path[0] == name]
        known = [part for i, part in found.items() if i in self.paths]
        return list({id(part): part for part in (*mine, *known)}.values())


def _shape(part: Any, found: list[Any]) -> tuple[int, ...]:
    if type(part).__module__.partition(".")[0] == "pandas":
        return ()  # gives new objects whenever it is asked for its index
    return tuple(id(child) for child in found if type(child) not in ATOMS)


def find(path: Path, namespace: Mapping[str, Any], inside: Inside) -> Any:
    """Find a part again.

    Raises:
        LookupError: there is none at this path.
    """
    value = namespace[path[0]]
    for step in path[1:]:
        found = dict(steps(value, inside))
        if step not in found:
            raise LookupError(f"{path} leads nowhere: {type(value).__name__} has no part {step}")
        value = found[step]
    return value


def walk(roots: Iterable[Any], inside: Inside) -> Iterator[Any]:
    """Give each object that can be reached, once."""
    seen: dict[int, Any] = {}
    waiting = list(roots)
    while waiting:
        part = waiting.pop()
        if id(part) in seen or is_atom(part, inside):
            continue
        seen[id(part)] = part
        yield part
        waiting.extend(c for c in children(part, inside) if type(c) not in ATOMS)
