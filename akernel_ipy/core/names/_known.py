"""Tables: names that IPython owns, methods that change in place, what each magic does."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NONE: frozenset[str] = frozenset()

#: Names of IPython and of this kernel which are never part of the dataflow (use ``fullmatch``).
_OWN = re.compile(
    r"_{1,3}|_\d+|_i{1,3}|_i\d+|_ih|_oh|_dh|In|Out|exit|quit|get_ipython|__task__|ainput"
)

#: Attributes of every module, and of every class body.
_MODULE = _split(
    "__name__ __file__ __doc__ __spec__ __loader__ __package__ __path__ __cached__ __builtins__ "
    "__builtin__ __debug__ __annotations__ __annotate__ __conditional_annotations__ __module__ "
    "__qualname__ __class__ __classdict__ __firstlineno__ __static_attributes__ "
    "__type_params__ __session__ __warningregistry__"
)

#: Names that are never undefined.
BUILTINS: frozenset[str] = frozenset(dir(builtins)) | {"display", "get_ipython"}


def ordinary(name: str) -> bool:
    """Tell whether a name can be part of the dataflow: ``_x`` is, ``_`` and ``_i1`` are not."""
    if name in _MODULE:
        return False
    if name[0] == "_" or name in ("In", "Out", "exit", "quit", "get_ipython", "ainput"):
        return _OWN.fullmatch(name) is None
    return True


def ordinary_names(names: Iterable[str]) -> list[str]:
    """List the ordinary names of a namespace, which holds an ``_i1`` for each cell that was run.

    >>> ordinary_names(["_i", "_i1", "_i2", "x", "_x", "In"])
    ['x', '_x']
    """
    few = [name for name in names if name[:2] != "_i" or not name[2:].isdecimal()]
    return [name for name in few if ordinary(name)]


def only_ordinary(names: Iterable[str]) -> frozenset[str]:
    """Drop the names that are not part of the dataflow."""
    return frozenset([name for name in names if ordinary(name)]) or _NONE  # one for all cells


def only_own(names: Iterable[str]) -> frozenset[str]:
    """Keep the names that are IPython's and the kernel's own."""
    return frozenset([n for n in names if n not in _MODULE and not ordinary(n)]) or _NONE


#: Methods that change their receiver, with the numbers of positional arguments they take:
#: ``lst.append(v)`` is one, ``np.append(a, b)`` is not.
IN_PLACE: dict[str, tuple[int, int]] = {
    "append": (1, 1), "appendleft": (1, 1), "extend": (1, 1), "extendleft": (1, 1),
    "insert": (2, 2), "remove": (1, 1), "pop": (0, 2), "popleft": (0, 0), "popitem": (0, 1),
    "clear": (0, 0), "sort": (0, 0), "reverse": (0, 0), "rotate": (0, 1), "update": (0, 9),
    "setdefault": (1, 2), "add": (1, 1), "discard": (1, 1), "difference_update": (0, 9),
    "intersection_update": (0, 9), "symmetric_difference_update": (1, 1), "fill": (1, 1),
    "put": (2, 2), "itemset": (1, 9), "partition": (1, 1), "byteswap": (1, 1),
    "__setitem__": (2, 2), "__delitem__": (1, 1), "__setattr__": (2, 2), "__delattr__": (1, 1),
    "__iadd__": (1, 1), "move_to_end": (1, 2), "subtract": (1, 1), "fill_": (1, 1), "copy_": (1, 1),
    "zero_": (0, 0), "add_": (1, 1), "mul_": (1, 1), "fit": (1, 9), "partial_fit": (1, 9),
    "fit_transform": (1, 9), "fit_predict": (1, 9),
}  # fmt: skip

#: Functions that change their first argument.
FIRST_ARGUMENT = _split(
    "setattr delattr next anext heappush heappop heapify heapreplace heappushpop shuffle insort "
    "insort_left insort_right copyto putmask place fill_diagonal setitem delitem"
)

#: Builtins that leave their arguments alone.
HARMLESS = _split(
    "abs all any ascii bin bool bytes callable chr complex dict dir display divmod enumerate "
    "float format frozenset getattr hasattr hash hex id int isinstance issubclass len list max "
    "min oct ord pow print range repr reversed round set slice sorted str sum super tuple type "
    "vars zip"
)

#: Decorators that only wrap the function; any other may call it at once.
INERT_DECORATORS = _split(
    "abstractmethod asynccontextmanager cache cached_property classmethod contextmanager "
    "coroutine cuda dataclass final jit lru_cache njit no_type_check overload override property "
    "runtime_checkable setter getter deleter singledispatch staticmethod total_ordering "
    "unique vectorize wraps"
)

#: Context managers that may swallow an exception of their body.
SUPPRESSING = _split("suppress raises assertRaises ExitStack AsyncExitStack")

#: Line magics that bind no names of the user, and whose arguments are not names.
_QUIET = (
    "matplotlib load_ext reload_ext unload_ext autoreload aimport config who whos who_ls pwd cd "
    "ls ll lf lk lx ldir cat cp mv rm rmdir mkdir man less more env set_env pip conda mamba "
    "micromamba uv history hist precision pprint colors xmode alias unalias alias_magic bookmark "
    "dhist dirs pushd popd lsmagic magic quickref logstart logstop logon logoff logstate rehashx "
    "doctest_mode automagic autocall autoawait notebook gui tb debug pdb subshell writefile "
    "system sx page pycat save profile logit connect_info qtconsole clear_output "
    "akernel akernel_mode cache"
)
QUIET = _split(_QUIET)

#: Line magics whose arguments are names that they only look at.
LOOKING = _split("pinfo pinfo2 pdoc pdef psource pfile psearch page pycat lprun mprun")

#: Line and cell magics that run Python: whether the code binds names of the user.
RUNNING: dict[str, bool] = {
    "time": True, "timeit": False, "prun": True, "memit": True, "capture": True,
    "cache": True, "nocache": True, "thread": True, "offload": True, "code_wrap": True,
}  # fmt: skip

#: Cell magics whose body is not Python of this namespace.
FOREIGN = _split(
    "bash sh script html HTML javascript js latex svg SVG markdown writefile file perl ruby "
    "python python2 python3 pypy cmd system sx ! mermaid"
)
