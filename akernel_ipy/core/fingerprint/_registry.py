"""Which handler encodes which type."""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import functools
import importlib
import pathlib
import pickle
import re
import struct
import types
import uuid
from array import array
from collections.abc import Callable
from typing import Any

from . import _classes, _code, _containers, _functions, _instances, _modules, _sets
from ._names import among, kernels_own, mro, type_name
from ._refusal import Unhashable
from ._refused import refusal
from ._walk import Handler, Walk

#: Libraries whose types are encoded by a part of their own, loaded when one is met.
_LIBRARIES = {"numpy": "_numpy", "pandas": "_pandas", "pyarrow": "_arrow", "polars": "_polars"}


def _by(tag: bytes, content: Callable[[Any], Any]) -> Handler:
    """A value without identity that is known by plain values."""

    def encode(walk: Walk, value: Any) -> None:
        walk.out += tag
        walk.walk(content(value))

    return encode


def _zoned(walk: Walk, value: Any) -> None:
    """A date or time: fields, fold and zone."""
    walk.out += b"time"
    walk.text(type(value).__name__)
    walk.walk(value.replace(tzinfo=None).isoformat())
    walk.walk(value.fold)
    walk.part(value.tzinfo, ".tzinfo")


_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_EXACT: dict[type, Handler] = {
    list: _containers.list_,
    tuple: _containers.tuple_,
    dict: _containers.dict_,
    set: _sets.set_,
    frozenset: _sets.frozenset_,
    bytearray: _containers.bytearray_,
    memoryview: _containers.memory,
    range: _containers.range_,
    slice: _containers.slice_,
    array: _containers.array_,
    pickle.PickleBuffer: _containers.pickle_buffer,
    collections.OrderedDict: _containers.ordered_dict,
    collections.defaultdict: _containers.default_dict,
    collections.deque: _containers.deque_,
    types.SimpleNamespace: _containers.namespace,
    types.MappingProxyType: _containers.mapping_proxy,
    _modules.Asked: _modules.asked,
    types.CodeType: _code.code_object,
    types.FunctionType: _functions.function,
    types.CellType: _functions.cell,
    types.MethodType: _functions.method,
    types.BuiltinFunctionType: _functions.builtin,
    types.MethodWrapperType: _functions.method_wrapper,
    types.MethodDescriptorType: _functions.descriptor,
    types.WrapperDescriptorType: _functions.descriptor,
    types.ClassMethodDescriptorType: _functions.descriptor,
    types.GetSetDescriptorType: _functions.descriptor,
    types.MemberDescriptorType: _functions.descriptor,
    staticmethod: _functions.wrapper,
    classmethod: _functions.wrapper,
    property: _functions.property_,
    functools.partial: _functions.partial,
    functools.cached_property: _functions.cached_property,
    type(functools.lru_cache(len)): _functions.lru_cache,
    types.GenericAlias: _classes.generic_alias,
    types.UnionType: _classes.union,
    decimal.Decimal: _by(b"decimal", str),
    fractions.Fraction: _by(b"fraction", lambda v: (v.numerator, v.denominator)),
    datetime.date: _by(b"date", datetime.date.isoformat),
    datetime.timedelta: _by(b"delta", lambda v: (v.days, v.seconds, v.microseconds)),
    datetime.timezone: _by(b"zone", datetime.timezone.__getinitargs__),  # type: ignore[attr-defined]
    datetime.datetime: _zoned,
    datetime.time: _zoned,
    re.Pattern: _by(b"pattern", lambda v: (v.pattern, v.flags)),
    re.Match: _by(b"match", lambda v: (v.re, v.string, v.pos, v.endpos, v.regs)),
    struct.Struct: _by(b"struct", lambda v: v.format),
    **{kind: _by(kind.__name__.encode(), lambda v: v.mapping) for kind in _VIEWS},
    uuid.UUID: _by(b"uuid", lambda v: v.int),
    **{
        kind: _by(b"path " + kind.__name__.encode(), str)
        for kind in (
            pathlib.PurePosixPath,
            pathlib.PureWindowsPath,
            pathlib.PosixPath,
            pathlib.WindowsPath,
        )
    },
}


def find(kind: type) -> Handler:
    """The handler of a type that is no atom; one that refuses if there can be none."""
    handler = _EXACT.get(kind)
    if handler is not None:
        return handler
    reason = refusal(kind)
    if reason is not None:
        return _refuse(reason)
    bases = mro(kind)
    if among(type, bases):
        return _classes.class_
    if among(types.ModuleType, bases):
        return _modules.module
    if kernels_own(kind):
        return _kernels_own
    if _classes.is_enum(kind):
        return _classes.member
    return _from_library(bases) or _instances.handler(kind)


def _from_library(bases: tuple[type, ...]) -> Handler | None:
    for base in bases:
        part = _LIBRARIES.get(type_name(base)[0].partition(".")[0])
        if part is not None:
            module = importlib.import_module(f"{__package__}.{part}")
            handler: Handler | None = module.find(bases)
            return handler
    return None


def _refuse(reason: str) -> Handler:
    def refuse(walk: Walk, value: Any) -> None:
        raise Unhashable(reason)

    return refuse


def _kernels_own(walk: Walk, value: Any) -> None:
    walk.out += b"kernel"
    walk.text(type(value).__name__)
