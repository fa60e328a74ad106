"""Pickles of a notebook's objects: its functions are at home in whichever namespace they arrive."""

from __future__ import annotations

import io
import pickle
import types
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import cloudpickle

from ..core.bytecode import globals_of

#: The namespace that arriving functions have as their globals.
namespace: ContextVar[dict[str, Any]] = ContextVar("akernel_offload_namespace")

_ATTRIBUTES = ("__kwdefaults__", "__doc__", "__module__", "__qualname__")
_PROTOCOL = 5
_CACHED: Any = type(lru_cache(len))


class _Namespace:
    """Stands for the notebook's globals in a pickle."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _current, ()


def _current() -> dict[str, Any]:
    return namespace.get()


class CellPickler(cloudpickle.Pickler):  # type: ignore[misc]
    """A cloudpickle that knows a notebook's namespace.

    cloudpickle gives functions of ``__main__`` globals of their own: a function that says ``global
    n`` would not change the cell's n. Here they get the namespace they arrive in.

    Args:
        own: the namespace.
        keep: called with each buffer (of an array, of a table) to be sent beside the pickle;
            None to have them in it.
        known: objects that the other side has; it is given their positions.
    """

    def __init__(
        self,
        own: dict[str, Any],
        keep: Callable[[pickle.PickleBuffer], object] | None,
        known: Sequence[Any] = (),
    ) -> None:
        self.file = io.BytesIO()
        super().__init__(self.file, protocol=_PROTOCOL, buffer_callback=keep)
        self._own = own
        #: Names that functions met so far read as globals, and the function that does.
        self.reads: dict[str, str] = {}
        if known:
            self.memo = {id(item): (index, item) for index, item in enumerate(known)}

    def reducer_override(self, obj: Any) -> Any:
        """Reduce functions of the notebook, and the cells of closures."""
        if type(obj) is types.FunctionType and obj.__globals__ is self._own:
            found = globals_of(obj.__code__)
            for name in found.reads | found.writes:
                self.reads.setdefault(name, obj.__qualname__)
            return _reduce_function(obj)
        if type(obj) is types.CellType:
            return _reduce_cell(obj)
        if isinstance(obj, _CACHED) and getattr(obj, "__module__", "") == "__main__":
            return _cached, (obj.__wrapped__, obj.cache_parameters())
        reduced = super().reducer_override(obj)
        return _untracked(reduced) if isinstance(obj, type) else reduced


class CellUnpickler(pickle.Unpickler):
    """Reads what `CellPickler` wrote, several pickles one after another."""

    def __init__(self, data: bytes, buffers: Sequence[Any] = (), known: Sequence[Any] = ()) -> None:
        first = _prime(len(known)) if known else b""
        super().__init__(io.BytesIO(first + data), buffers=iter(buffers))
        self._known = known
        if known:
            self.load()

    def persistent_load(self, index: Any) -> Any:
        """Give an object that this side has."""
        return self._known[index]


def _prime(count: int) -> bytes:
    """Make a pickle whose only effect is that the unpickler's memo holds its known objects.

    ``Unpickler.memo`` can't be set: CPython 3.11 to 3.13 lose what is assigned.
    """
    fetch = (b"J" + index.to_bytes(4, "little") + b"Q\x940" for index in range(count))
    return b"\x80\x05" + b"".join(fetch) + b"N."


def _untracked(reduced: Any) -> Any:
    """Let a class arrive as a new one.

    cloudpickle gives classes of ``__main__`` an id, by which a worker would find the class that it
    got for an earlier cell, and change that one.
    """
    if not isinstance(reduced, tuple) or len(reduced[1]) < 2:
        return reduced
    make, made, *rest = reduced
    is_id = isinstance(made[-2], str) and len(made[-2]) == 32
    return (make, (*made[:-2], None, made[-1]), *rest) if is_id else reduced


def _reduce_function(function: types.FunctionType) -> tuple[Any, ...]:
    made = (function.__code__, _Namespace(), function.__name__, None, function.__closure__)
    # Since Python 3.14 annotations are computed when asked for, perhaps from names not bound yet.
    lazy = getattr(function, "__annotate__", None) is not None
    annotations = "__annotate__" if lazy else "__annotations__"
    state = {name: getattr(function, name) for name in (*_ATTRIBUTES, annotations)}
    state["__defaults__"] = function.__defaults__
    return types.FunctionType, made, (state, function.__dict__), None, None, _fill_function


def _fill_function(function: types.FunctionType, state: tuple[dict[str, Any], Any]) -> None:
    for name, value in state[0].items():
        setattr(function, name, value)
    function.__dict__.update(state[1])


def _reduce_cell(cell: types.CellType) -> tuple[Any, ...]:
    # In two steps, for functions that close over themselves.
    try:
        contents = (cell.cell_contents,)
    except ValueError:
        return types.CellType, ()
    return types.CellType, (), contents, None, None, _fill_cell


def _fill_cell(cell: types.CellType, contents: tuple[Any]) -> None:
    cell.cell_contents = contents[0]


def _cached(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    # With an empty cache: what is in it is another process's.
    return lru_cache(**parameters)(function)
