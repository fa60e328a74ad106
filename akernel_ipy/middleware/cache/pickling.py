"""One pickle for all that a cell made: sharing survives, and what was there before is named."""

from __future__ import annotations

import enum
import io
import pickle
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from . import arrays, classes, functions
from .faithful import NEVER, TRUSTED
from .functions import OWN_FILE, Functions
from .parts import ATOMS, Inside, Path, find, is_atom, is_plain, walk

_cloudpickle: Any = None
with suppress(ImportError):
    _cloudpickle = import_module("cloudpickle")

_Base: Any = pickle.Pickler if _cloudpickle is None else _cloudpickle.Pickler

#: Buffers smaller than this, in bytes, stay inside the pickle.
SMALL = 1024


class Unstorable(Exception):
    """A value, or a part of it, can't be stored; the text says what and why."""


class Pickler(_Base):  # type: ignore[misc]
    """Pickles what a cell made.

    Args:
        file: where to.
        inside: knows the namespace.
        known: what was there before, by ``id``, with the path that leads to it.
        attributes: mutable attributes of modules, by ``id``, with module and name.
        shared: arrays that several outputs are views of, by ``id``.
        filename: of the cell's code.
        buffers: takes the buffers that are not part of the pickle.
    """

    def __init__(
        self,
        file: io.BytesIO,
        inside: Inside,
        known: Mapping[int, Path],
        attributes: Mapping[int, tuple[str, str]],
        shared: Iterable[int],
        filename: str,
        buffers: list[pickle.PickleBuffer],
    ) -> None:
        # Not a method: the pickler would keep itself alive, and with it all that it has met.
        super().__init__(file, protocol=5, buffer_callback=partial(_take, buffers))
        self._inside = inside
        self._known = known
        self._attributes = attributes
        self._shared = frozenset(shared)
        self._functions = Functions(inside, filename)
        #: What was there before and is named in the pickle, by its path.
        self.parts: dict[Path, Any] = {}
        #: Some object is of a type whose pickles are not known to be faithful.
        self.doubtful = False

    def persistent_id(self, obj: Any) -> Any:
        """Name what was there before, so that it is not stored again, and stays itself."""
        kind = type(obj)
        if kind in ATOMS:
            if kind is types.ModuleType:
                return "module", _module_name(obj)
            return None
        path = self._known.get(id(obj))
        if path is not None:
            self.parts[path] = obj
            return "part", path
        if obj is self._inside.namespace:
            return "namespace", ()
        if obj is OWN_FILE:
            return "file", ()
        attribute = self._attributes.get(id(obj))
        return None if attribute is None else ("attribute", attribute)

    def reducer_override(self, obj: Any) -> Any:
        """Take apart what belongs to the notebook, and refuse what would come back wrong."""
        kind = type(obj)
        if kind is types.FunctionType:
            found = None
            if self._functions.is_ours(obj):
                found = self._functions.reduce(obj, self._known)
            return self._leave(obj) if found is None else found
        if kind is types.CellType:
            return functions.make_cell, ()
        if isinstance(obj, type):
            return self._reduce_class(obj)
        return self._reduce_instance(obj, kind)

    def _reduce_instance(self, obj: Any, kind: type) -> Any:
        for base in kind.__mro__:
            reason = NEVER.get((base.__module__, base.__name__))
            if reason is not None:
                raise Unstorable(f"{kind.__name__} is {reason}")
        name = f"{kind.__module__}.{kind.__qualname__}"
        if name == "functools._lru_cache_wrapper":
            if not self._functions.is_ours(obj.__wrapped__):
                return NotImplemented
            parameters = obj.cache_parameters()
            state = dict(vars(obj))
            return (
                functions.make_cached,
                (obj.__wrapped__, parameters["maxsize"], parameters["typed"]),
                state, None, None, functions.fill,
            )  # fmt: skip
        if name == "functools.cached_property":
            state = {k: v for k, v in vars(obj).items() if k != "lock"}
            arguments = (obj.func,)
            return functions.make_cached_property, arguments, state, None, None, functions.fill
        if name == "numpy.ndarray" and not obj.dtype.hasobject:
            return self._reduce_view(obj) or arrays.reduce_array(obj)
        if kind is property:
            return property, (obj.fget, obj.fset, obj.fdel, obj.__doc__)
        if kind is staticmethod or kind is classmethod:
            return self._name_of(obj) or (kind, (obj.__func__,))
        if kind is types.MappingProxyType:
            return functions.make_proxy, (dict(obj),)
        trusted = kind.__module__.partition(".")[0] in TRUSTED
        if not trusted and not (self._inside(kind) and is_plain(obj)):
            self.doubtful = True
        return self._leave(obj)

    def _name_of(self, method: Any) -> str | None:
        """Give the name under which a module has this very static or class method, if one has."""
        module, name = getattr(method, "__module__", None), getattr(method, "__name__", None)
        if module not in sys.modules or module == self._inside.name:
            return None
        return name if name and vars(sys.modules[module]).get(name) is method else None

    def _leave(self, obj: Any) -> Any:
        """Leave it to cloudpickle, or to pickle."""
        return super().reducer_override(obj) if _cloudpickle is not None else NotImplemented

    def _reduce_class(self, obj: type) -> Any:
        if not self._is_made_here(obj):
            return self._leave(obj)
        if reason := classes.reason_against(obj, self._inside):
            raise Unstorable(f"class {obj.__name__} can't be built again: {reason}")
        if not issubclass(type(obj), enum.EnumMeta):
            return classes.reduce_class(obj)
        if _cloudpickle is None:
            raise Unstorable(
                f"the enumeration {obj.__name__} can only be stored with cloudpickle: "
                "pip install 'akernel-ipy[cache]'"
            )
        # cloudpickle 3.1 keeps a registry of classes by an id in the pickle, and would give the
        # class of an earlier run instead of a new one.
        build, arguments, *rest = super().reducer_override(obj)
        return (build, (*arguments[:-2], None, arguments[-1]), *rest)

    def _is_made_here(self, obj: type) -> bool:
        if obj.__module__ in {"builtins", "types"}:
            return False
        found: Any = None if self._inside(obj) else sys.modules.get(obj.__module__)
        for part in obj.__qualname__.split("."):
            found = getattr(found, part, None)
        return found is not obj

    def _reduce_view(self, array: Any) -> Any:
        root = array.base
        numpy = sys.modules["numpy"]
        if type(root) is not numpy.ndarray:
            return None
        if id(root) not in self._known and id(root) not in self._shared:
            return None
        if not root.flags.forc:
            raise Unstorable("an array is a view of another one that can't be rebuilt")
        return arrays.reduce_view(array, root)


class Unpickler(pickle.Unpickler):
    """Loads what `Pickler` wrote, on the live namespace.

    Args:
        payload: the pickle, verified.
        buffers: those of the entry.
        inside: knows the namespace.
        filename: gives what IPython calls the cell that asks.
        parts: what paths lead to. Else they are followed, which is right before the cell runs: it
            may change in place what is on the way.
    """

    def __init__(
        self,
        payload: Any,
        buffers: Iterable[Any],
        inside: Inside,
        filename: Callable[[], str],
        parts: Mapping[Path, Any] | None = None,
    ) -> None:
        super().__init__(io.BytesIO(payload), buffers=buffers)
        self._inside, self._filename, self._parts = inside, filename, parts

    def persistent_load(self, pid: Any) -> Any:
        """Find what a pickle names.

        Raises:
            LookupError: there is no such thing.
        """
        kind, what = pid
        if kind == "part":
            if self._parts is not None:
                return self._parts[what]
            return find(what, self._inside.namespace, self._inside)
        if kind == "module":
            __import__(what)
            return sys.modules[what]
        if kind == "attribute":
            return vars(sys.modules[what[0]])[what[1]]
        return self._inside.namespace if kind == "namespace" else self._filename()


def _take(buffers: list[pickle.PickleBuffer], buffer: pickle.PickleBuffer) -> bool:
    """Take a buffer, or have it in the pickle, if it is small or in neither C nor Fortran order."""
    try:
        if buffer.raw().nbytes < SMALL:
            return True
    except BufferError:
        return True
    buffers.append(buffer)
    return False


def _module_name(module: types.ModuleType) -> str:
    name = module.__name__
    if sys.modules.get(name) is not module:
        raise Unstorable(f"module {name} can't be imported by its name")
    return name


def shared_roots(outputs: Iterable[Any], inside: Inside) -> set[int]:
    """Find the arrays that several outputs are views of."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return set()
    seen: set[int] = set()
    shared: set[int] = set()
    for part in walk(outputs, inside):
        if type(part) is not numpy.ndarray:
            continue
        root = id(part) if part.base is None else id(part.base)
        (shared if root in seen else seen).add(root)
    return shared


def module_attributes(modules: Iterable[str], inside: Inside) -> dict[int, tuple[str, str]]:
    """Find the mutable objects that modules hold: a name bound to one is bound to that very one."""
    found: dict[int, tuple[str, str]] = {}
    for name in {*modules, "dataclasses"} & sys.modules.keys():
        for attribute, value in list(vars(sys.modules[name]).items()):
            if not is_atom(value, inside) and not callable(value):
                found.setdefault(id(value), (name, attribute))
    return found


def dump(
    value: Any,
    inside: Inside,
    known: Mapping[int, Path],
    attributes: Mapping[int, tuple[str, str]],
    outputs: Iterable[Any],
    filename: str,
) -> tuple[bytes, list[pickle.PickleBuffer], Pickler]:
    """Pickle a value.

    Raises:
        Unstorable: it can't be; whatever pickling raises is its cause.
    """
    file, buffers = io.BytesIO(), list[pickle.PickleBuffer]()
    shared = shared_roots(outputs, inside)
    pickler = Pickler(file, inside, known, attributes, shared, filename, buffers)
    try:
        pickler.dump(value)
    except Unstorable:
        raise
    except Exception as error:
        raise Unstorable(str(error) or type(error).__name__) from error
    return file.getvalue(), buffers, pickler


def load(
    payload: Any,
    buffers: Iterable[Any],
    inside: Inside,
    filename: Callable[[], str],
    parts: Mapping[Path, Any] | None = None,
) -> Any:
    """Load what `dump` wrote; see `Unpickler`."""
    return Unpickler(payload, buffers, inside, filename, parts).load()
