"""What no fingerprint sees: results that functions remember, files that objects read later."""

from __future__ import annotations

import re
import sys
import types
from typing import Any

from .observation import installed
from .parts import REMEMBERING, Parts

#: Classes whose objects read files when they are used, with no event: by module and name.
_LAZY = (
    re.compile(r"polars\.lazyframe\..*|polars\..*\.LazyFrame"),
    re.compile(r"dask\..*|distributed\..*"),
    re.compile(r"h5py\..*|tables\..*|netCDF4\..*|zarr\..*"),
    re.compile(r"pyarrow\.(_dataset|dataset|_parquet|parquet|_fs|fs)\..*"),
    re.compile(r"_?duckdb\..*|duckdb\..*"),
    re.compile(r"xarray\..*"),
)

#: What leads to frames, to objects that no name leads to, and to where code stands.
FINDS_ANYTHING = frozenset(
    {
        "_getframe", "currentframe", "f_globals", "f_locals", "__subclasses__", "get_objects",
        "get_referrers", "getrefcount", "getsource", "getsourcelines", "findsource",
        "co_firstlineno", "f_lineno", "tb_lineno", "get_type_hints",
    }
)  # fmt: skip
#: What looks for names of variables in strings, as pandas does, and of classes in pickles.
QUERIES = frozenset({"query", "eval"})
LOADERS = frozenset({"load", "loads", "read_pickle", "Unpickler"})


def lazy(parts: Parts) -> str:
    """Name a part that reads its data when it is used; empty if there is none."""
    for number, part in parts.objects.items():
        kind = type(part)
        name = f"{kind.__module__}.{kind.__qualname__}"
        if any(pattern.fullmatch(name) for pattern in _LAZY):
            return f"{parts.paths[number][0]} ({kind.__name__})"
    return ""


class Remembered:
    """Functions that remember results: what a run takes from there, nobody sees it read.

    Args:
        parts: what the run can reach.
    """

    def __init__(self, parts: Parts) -> None:
        found = [p for p in parts.objects.values() if isinstance(p, REMEMBERING)]
        found += _of_local_modules()
        self._before = [(p, p.cache_info().hits) for p in found if p.cache_info().currsize]

    def used(self) -> str:
        """Name a function that gave results of earlier runs; empty if none did."""
        for function, hits in self._before:
            if function.cache_info().hits > hits:
                return str(getattr(function, "__name__", "a function"))
        return ""


#: Modules that were looked at, and those among them that are the user's.
_seen: set[str] = set()
_local: set[str] = set()


def _of_local_modules() -> list[Any]:
    packages = installed()
    for name in sys.modules.keys() - _seen:
        _seen.add(name)
        file = getattr(sys.modules.get(name), "__file__", None)
        if isinstance(file, str) and not file.startswith(packages):
            _local.add(name)
    modules = [sys.modules.get(name) for name in sorted(_local)]
    held = [v for m in modules if isinstance(m, types.ModuleType) for v in vars(m).values()]
    return [value for value in held if isinstance(value, REMEMBERING)]
