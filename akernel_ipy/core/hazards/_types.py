"""Types of objects: which can be shared freely, and which are looked into."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
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
    #: May change in place.
    OBJECT = 6
    ARRAY = 7
    #: May change in place, and shares state with its kind that Python doesn't see.
    HIDDEN = 8
    #: Leads to everything.
    KERNEL = 9


_LEAVES: tuple[type, ...] = (
    *(int, float, complex, bool, str, bytes, range),
    *(type(None), type(...), type(NotImplemented)),
)
_EXACT: dict[type, Policy] = {
    **dict.fromkeys(_LEAVES, Policy.LEAF),
    types.CodeType: Policy.LEAF,
    types.TracebackType: Policy.LEAF,
    types.FrameType: Policy.LEAF,
    types.MappingProxyType: Policy.CONTENTS,
    types.GetSetDescriptorType: Policy.LEAF,
    types.MemberDescriptorType: Policy.LEAF,
    types.WrapperDescriptorType: Policy.LEAF,
    types.MethodDescriptorType: Policy.LEAF,
    types.ClassMethodDescriptorType: Policy.LEAF,
    types.GenericAlias: Policy.CONTENTS,
    types.UnionType: Policy.CONTENTS,
    tuple: Policy.CONTENTS,
    frozenset: Policy.CONTENTS,
    slice: Policy.CONTENTS,
    property: Policy.CONTENTS,
    classmethod: Policy.CONTENTS,
    staticmethod: Policy.CONTENTS,
    types.MethodType: Policy.CONTENTS,
    types.MethodWrapperType: Policy.CONTENTS,
    types.BuiltinFunctionType: Policy.CONTENTS,
    ref: Policy.CONTENTS,
    types.FunctionType: Policy.FUNCTION,
    types.ModuleType: Policy.MODULE,
    types.CellType: Policy.CELL,
    list: Policy.OBJECT,
    dict: Policy.OBJECT,
    set: Policy.OBJECT,
    bytearray: Policy.OBJECT,
}

#: Base classes by ``module.name``: nothing has to be imported to know them.
_BASES: dict[str, Policy] = {
    **dict.fromkeys(
        (
            "datetime.date", "datetime.time", "datetime.timedelta", "datetime.tzinfo",
            "decimal.Decimal", "fractions.Fraction", "uuid.UUID", "re.Pattern", "re.Match",
            "pathlib.PurePath", "pathlib._local.PurePath", "ipaddress._IPAddressBase",
            "enum.Enum", "numpy.generic", "numpy.dtype", "numpy.ufunc",
            "pandas.core.indexes.base.Index", "pandas._libs.tslibs.nattype._NaT",
            "pandas._libs.tslibs.nattype.NaTType", "pandas._libs.missing.NAType",
            "pandas._libs.interval.Interval", "pandas._libs.tslibs.offsets.BaseOffset",
            "pandas.core.dtypes.base.ExtensionDtype", "polars.datatypes.classes.DataType",
            "pyarrow.lib.DataType", "pyarrow.lib.Schema", "pyarrow.lib.Array",
            "pyarrow.lib.ChunkedArray", "pyarrow.lib.Table", "pyarrow.lib.RecordBatch",
            # Made to be shared: what they guard or do for one cell is no data of another's.
            "asyncio.locks.Lock", "asyncio.locks.Semaphore", "asyncio.events.AbstractEventLoop",
            "_contextvars.Context", "contextvars.Context", "_thread.lock", "_thread.RLock",
            "threading.Semaphore", "concurrent.futures._base.Executor", "logging.Logger",
            "logging.Handler", "aiohttp.client.ClientSession", "httpx._client.BaseClient",
            "distributed.client.Client",
        ),
        Policy.LEAF,
    ),
    "numpy.ndarray": Policy.ARRAY,
    "functools.partial": Policy.CONTENTS,
    "functools.cached_property": Policy.CONTENTS,
    "functools.partialmethod": Policy.CONTENTS,
    "numpy.void": Policy.ARRAY,
    "IPython.core.interactiveshell.InteractiveShell": Policy.KERNEL,
    "ipykernel.kernelbase.Kernel": Policy.KERNEL,
    "akernel_ipy.session.Session": Policy.KERNEL,
}  # fmt: skip

#: Packages whose objects share memory or files behind Python's back.
_SHARING = frozenset({"torch", "tensorflow", "cupy", "h5py", "netCDF4", "duckdb", "pyspark"})


class Policies:
    """The policies of types, for one namespace: its own classes are looked into."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._own = namespace.get("__name__", "__main__")
        self._known: dict[type, Policy] = dict(_EXACT)

    def of(self, kind: type) -> Policy:
        """The policy of objects of exactly this type."""
        policy = self._known.get(kind)
        if policy is None:
            policy = self._known[kind] = self._classify(kind)
        return policy

    def is_own(self, kind: type) -> bool:
        """Whether a class was defined in the notebook."""
        return bool(getattr(kind, "__module__", None) == self._own)

    def _classify(self, kind: type) -> Policy:
        if issubclass(kind, type):
            return Policy.CLASS
        if issubclass(kind, types.ModuleType):
            return Policy.MODULE
        for base in kind.__mro__:
            if self.is_own(base):
                return Policy.OBJECT
            policy = _BASES.get(f"{base.__module__}.{base.__qualname__}", _EXACT.get(base))
            if policy is not None:
                return policy
        if str(kind.__module__).partition(".")[0] in _SHARING:
            return Policy.HIDDEN
        return Policy.OBJECT


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
