"""What the objects of some types lead to, where the garbage collector would tell too much."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Sequence
from types import CellType, FunctionType
from typing import Any
from weakref import ref

from ._types import is_of_stdlib

#: Members of classes that dataclasses, enums and the like keep for themselves.
_MACHINERY = re.compile(
    r"__(annotations|dataclass_\w+|match_args|abstractmethods|parameters|orig_bases|attrs_\w+"
    r"|pydantic_\w+|static_attributes|annotations_cache|annotate_func|doc|module|dict|weakref)__"
    r"|_abc_impl|_field_defaults"
)
_ENUM_MACHINERY = re.compile(r"_[a-z]\w*_")
_CONTAINERS: tuple[type, ...] = (list, dict, set)


def contents(found: Any) -> Sequence[Any]:
    """What an object holds that never changes by itself."""
    if isinstance(found, ref):
        return [found()]
    if isinstance(found, classmethod | staticmethod):
        return [found.__func__]
    if isinstance(found, property):
        return [found.fget, found.fset, found.fdel]
    return gc.get_referents(found)


def class_members(found: type) -> list[Any]:
    """What a class of the notebook's leads to."""
    meta: Any = type(found)
    is_enum = any(base.__name__ in ("EnumType", "EnumMeta") for base in meta.__mro__)
    members = [
        value
        for key, value in vars(found).items()
        if not _MACHINERY.fullmatch(key) and not (is_enum and _ENUM_MACHINERY.fullmatch(key))
    ]
    return [*members, *found.__bases__, meta]


def attributes(function: FunctionType) -> list[Any]:
    """Give defaults, attributes and closure of a function.

    Containers in closures of the standard library's decorators are the library's own; what is in
    them may be the notebook's.
    """
    cells: list[Any] = list(function.__closure__ or ())
    if is_of_stdlib(function) or function.__globals__.get("__name__") in sys.stdlib_module_names:
        cells = [kid for cell in cells for kid in _cell(cell)]
    return [
        *cells,
        *(function.__defaults__ or ()),
        *(function.__kwdefaults__ or {}).values(),
        *function.__dict__.values(),
    ]


def _cell(cell: CellType) -> list[Any]:
    found = gc.get_referents(cell)
    if found and type(found[0]) in _CONTAINERS:
        return gc.get_referents(found[0])
    return found


def elements(array: Any) -> list[Any]:
    """Give the Python objects in a numpy array."""
    if not array.dtype.hasobject:
        return []
    kids = array.ravel().tolist() if array.ndim else [array.item()]
    return kids if isinstance(kids, list) else [kids]


def frame_values(frame: Any) -> list[Any]:
    """Give what a data frame shares with others: mutable values, arrays before pandas 3.

    From pandas 3 on, and in polars, frames that come from one another never share a change.
    """
    if not type(frame).__module__.startswith("pandas"):
        return []
    found: list[Any] = [*vars(frame).get("_attrs", {}).values()]
    seen, todo = {id(frame)}, gc.get_referents(frame)
    shares = int(str(sys.modules["pandas"].__version__).partition(".")[0]) < 3
    while todo:
        part = todo.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        kind = type(part)
        if kind.__module__ == "numpy" and hasattr(part, "dtype") and hasattr(part, "ravel"):
            found += [part] if shares else elements(part)
        elif kind in (tuple, *_CONTAINERS) or (
            kind.__module__.startswith("pandas") and "Index" not in kind.__name__
        ):
            todo += gc.get_referents(part)
    return found
