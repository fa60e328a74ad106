"""Which handler encodes which type."""

from __future__ import annotations

import collections
import functools
import importlib
import pickle
import types
from array import array
from typing import Any

from . import _classes, _code, _containers, _functions, _instances, _modules, _sets, _stdlib
from ._names import among, kernels_own, mro, names_of, type_name
from ._refusal import Unhashable
from ._refused import refusal
from ._walk import Handler, Walk

#: Libraries whose types are encoded by a part of their own, loaded when one is met.
_LIBRARIES = {"numpy": "_numpy", "pandas": "_pandas", "pyarrow": "_arrow", "polars": "_polars"}


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
    **_stdlib.TYPES,
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
    if ("logging", "Logger") in names_of(kind):
        return _stdlib.logger
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
