"""Types of objects: which can be shared freely, and which are looked into."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable
from enum import IntEnum
from typing import Any
from weakref import ref


class Policy(IntEnum):
    """What an object means to two cells that both reach it."""

    #: Never changes, and leads to nothing that does.
    LEAF = 0
    #: Never changes by itself, but holds others: a tuple, a bound method.
    CONTENTS = 1
    #: Changes only where a cell writes it explicitly (``K.n = 1``).
    FUNCTION = 2
    CLASS = 3
    MODULE = 4
    CELL = 5
    MEMBER = 6
    #: May change in place.
    OBJECT = 7
    ARRAY = 8
    FRAME = 9
    #: May change in place, and shares state with its kind that Python doesn't see.
    HIDDEN = 10
    #: Leads to everything.
    KERNEL = 11


_LEAVES: tuple[type, ...] = (
    *(int, float, complex, bool, str, bytes, range, object),
    *(type(None), type(...), type(NotImplemented)),
    *(types.CodeType, types.TracebackType, types.FrameType, types.GetSetDescriptorType),
    *(types.MemberDescriptorType, types.WrapperDescriptorType, types.MethodDescriptorType),
    types.ClassMethodDescriptorType,
)
_CONTENTS: tuple[type, ...] = (
    *(tuple, frozenset, slice, property, classmethod, staticmethod, ref),
    *(types.MappingProxyType, types.GenericAlias, types.UnionType),
    *(types.MethodType, types.MethodWrapperType, types.BuiltinFunctionType),
)
_EXACT: dict[type, Policy] = {
    **dict.fromkeys(_LEAVES, Policy.LEAF),
    **dict.fromkeys(_CONTENTS, Policy.CONTENTS),
    types.FunctionType: Policy.FUNCTION,
    types.ModuleType: Policy.MODULE,
    types.CellType: Policy.CELL,
    **dict.fromkeys((list, dict, set, bytearray), Policy.OBJECT),
}

#: Base classes by ``module.name``: nothing has to be imported to know them.
_BASES: dict[str, Policy] = {
    **dict.fromkeys(
        (
            "datetime.date", "datetime.time", "datetime.timedelta", "datetime.tzinfo",
            "decimal.Decimal", "fractions.Fraction", "uuid.UUID", "re.Pattern", "re.Match",
            "pathlib.PurePath", "pathlib._local.PurePath", "ipaddress._IPAddressBase",
            "_collections._tuplegetter", "dataclasses._MISSING_TYPE",
            "dataclasses._HAS_DEFAULT_FACTORY_CLASS",
            "numpy.generic", "numpy.dtype", "numpy.ufunc",
            "pandas.core.indexes.base.Index", "pandas.Index",
            "pandas.api.extensions.ExtensionDtype", "pandas.core.dtypes.base.ExtensionDtype",
            "pandas._libs.tslibs.nattype._NaT", "pandas._libs.missing.NAType",
            "pandas._libs.interval.IntervalMixin",
            "pandas._libs.tslibs.offsets.BaseOffset", "polars.datatypes.classes.DataType",
            "polars.expr.expr.Expr", "pyarrow.lib._Weakrefable",
            # Made to be shared: what they guard or do for one cell is no data of another's.
            "asyncio.locks.Lock", "asyncio.locks.Semaphore", "asyncio.events.AbstractEventLoop",
            "_contextvars.Context", "contextvars.Context", "_thread.lock", "_thread.RLock",
            "threading.Semaphore", "concurrent.futures._base.Executor", "logging.Logger",
            "logging.Handler", "aiohttp.client.ClientSession", "httpx._client.BaseClient",
            "httpx.Client", "httpx.AsyncClient", "distributed.client.Client",
        ),
        Policy.LEAF,
    ),
    **dict.fromkeys(
        ("functools.partial", "functools.cached_property", "functools.partialmethod"),
        Policy.CONTENTS,
    ),
    "enum.Enum": Policy.MEMBER,
    "numpy.void": Policy.ARRAY,
    "numpy.ndarray": Policy.ARRAY,
    **dict.fromkeys(
        (
            "pandas.core.frame.DataFrame", "pandas.core.series.Series", "pandas.DataFrame",
            "pandas.Series", "polars.dataframe.frame.DataFrame", "polars.series.series.Series",
            "polars.lazyframe.frame.LazyFrame",
        ),
        Policy.FRAME,
    ),
    "IPython.core.interactiveshell.InteractiveShell": Policy.KERNEL,
    "ipykernel.kernelbase.Kernel": Policy.KERNEL,
    "akernel_ipy.session.Session": Policy.KERNEL,
}  # fmt: skip

#: Packages whose objects share memory or files behind Python's back.
_SHARING = frozenset({"torch", "tensorflow", "cupy", "h5py", "netCDF4", "duckdb", "pyspark"})


class Policies:
    """The policies of types; classes that are not a library's are looked into."""

    def __init__(self) -> None:
        self._known: dict[type, Policy] = dict(_EXACT)
        self._leaves = {kind for kind, policy in _EXACT.items() if policy is Policy.LEAF}

    def of(self, kind: type) -> Policy:
        """The policy of objects of exactly this type."""
        policy = self._known.get(kind)
        if policy is None:
            policy = self._known[kind] = _classify(kind)
            if policy is Policy.LEAF:
                self._leaves.add(kind)
        return policy

    def are_leaves(self, objects: Iterable[object]) -> bool:
        """Whether none of these objects changes or leads to anything."""
        kinds = set(map(type, objects))
        return kinds <= self._leaves or all(self.of(kind) is Policy.LEAF for kind in kinds)


def _classify(kind: type) -> Policy:
    if issubclass(kind, type):
        return Policy.CLASS
    if issubclass(kind, types.ModuleType):
        return Policy.MODULE
    own = False
    for base in kind.__mro__:
        policy = _BASES.get(f"{base.__module__}.{base.__qualname__}", _EXACT.get(base))
        if policy is not None and base is not object:
            return policy if policy > Policy.CONTENTS or not own else Policy.OBJECT
        own = own or is_own(base)
    if str(kind.__module__).partition(".")[0] in _SHARING:
        return Policy.HIDDEN
    return Policy.OBJECT


def is_own(kind: type) -> bool:
    """Whether a class was defined in the notebook, or made by a function for it."""
    module = sys.modules.get(kind.__module__) if isinstance(kind.__module__, str) else None
    if module is None or kind.__module__ == "__main__" or "<locals>" in kind.__qualname__:
        return True
    if is_global_of_a_library(kind):
        return False
    return any(isinstance(member, types.FunctionType) for member in vars(kind).values())


def is_global_of_a_library(value: Any) -> bool:
    """Whether a callable is what its module says it is: the state of modules is no data."""
    name = getattr(value, "__module__", None)
    module = sys.modules.get(name) if isinstance(name, str) and name != "__main__" else None
    if module is None:
        return False
    first, *rest = str(getattr(value, "__qualname__", "")).split(".")
    found: object = vars(module).get(first)
    for word in rest:
        found = getattr(found, word, None)
    return found is value


def is_of_stdlib(value: Any) -> bool:
    """Whether a function or class belongs to Python's own library."""
    return str(getattr(value, "__module__", "")).partition(".")[0] in sys.stdlib_module_names
