"""Functions: code, defaults, closure, attributes, and the globals they read, recursively."""

from __future__ import annotations

import builtins
import sys
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from ._modules import attribute, module_by_name
from ._names import kernels_own, type_name
from ._origin import contents
from ._refusal import Unhashable

if TYPE_CHECKING:
    from ..bytecode import Use
    from ._walk import Walk

#: What these read is decided while they run.
_DYNAMIC = (eval, exec, globals, __import__)

#: Variables in the closures of `functools.singledispatch` which follow from the others.
_DISPATCH = "singledispatch.<locals>."
_CACHES = ("dispatch_cache", "cache_token", "_clear_cache")
#: The dictionary of a class, in the closure of its annotations (Python 3.14). It is walked with the
#: class, without what the interpreter writes into it.
_CLASS_BODY = "__classdict__"


def function(walk: Walk, value: FunctionType) -> None:
    """Encode a function: by name if it is installed, else by all that it does."""
    if not by_name(walk, value, _home(value), value.__qualname__):
        walk.once(value, _body)


def by_name(walk: Walk, value: object, home: str, qualname: str) -> bool:
    """Encode name and version of what an installed module has under that name."""
    version = walk.origins.installed(home)
    if version is None or not walk.origins.resolves(home, qualname, value):
        return False
    walk.uses.modules.add(home)
    walk.out += b"def"
    for name in (version, home, qualname):
        walk.text(name)
    return True


def _body(walk: Walk, value: FunctionType) -> None:
    home = _home(value)
    version = walk.origins.installed(home)
    walk.out += b"function"
    walk.text(version or ("" if walk.origins.is_notebook(home) else home))
    _own(walk, value)
    if version is None:
        _globals(walk, value)
    walk.out += b";"


def _home(value: FunctionType) -> str:
    # Where the code was compiled: `functools.wraps` changes __module__.
    name = value.__globals__.get("__name__")
    return name if type(name) is str else ""


def _own(walk: Walk, value: FunctionType) -> None:
    walk.text(value.__name__)
    walk.text(value.__qualname__)
    walk.out += walk.facts(value.__code__).digest
    walk.walk(value.__doc__)
    walk.part(value.__defaults__, " defaults")
    walk.part(value.__kwdefaults__, " defaults")
    _annotations(walk, value)
    names, cells = value.__code__.co_freevars, value.__closure__ or ()
    caches = _CACHES if value.__code__.co_qualname.startswith(_DISPATCH) else ()
    walk.named((pair for pair in list(value.__dict__.items()) if pair[0] not in caches), ".{}")
    for name, inner in zip(names, cells, strict=True):
        if name not in caches and name != _CLASS_BODY:
            walk.part(inner, f" -> {name}")


def _annotations(walk: Walk, value: FunctionType) -> None:
    if sys.version_info >= (3, 14):
        # Not evaluated: that would run code, and might fail.
        annotate = value.__annotate__
        walk.part(annotate if annotate is not None else value.__annotations__, " annotations")
    else:
        walk.part(value.__annotations__, " annotations")


def _globals(walk: Walk, value: FunctionType) -> None:
    for use in walk.facts(value.__code__).uses:
        if use.imported:
            module_by_name(walk, use, value.__globals__)
        else:
            _global(walk, value, use)


def _global(walk: Walk, value: FunctionType, use: Use) -> None:
    walk.text(use.name)
    found = value.__globals__.get(use.name, walk)
    if found is not walk:
        _note(walk, value.__globals__, use.name, found)
        attribute(walk, found, use.attributes, f" -> {use.name}")
        return
    own: Any = getattr(value, "__builtins__", None)  # type checkers differ on whether it is there
    found = (own if type(own) is dict else vars(builtins)).get(use.name, walk)
    if found is walk:
        walk.out += b"?"
    elif any(found is each for each in _DYNAMIC):
        _everything(walk, value, use.name)
    elif type(found) in (type, BuiltinFunctionType) and found is vars(builtins).get(use.name):
        walk.out += b"^"
    else:
        walk.edge(found, f" -> {use.name}")


def _everything(walk: Walk, value: FunctionType, name: str) -> None:
    """Encode what code may read that looks names up while it runs: all of a local module."""
    home = sys.modules.get(_home(value))
    if walk.origins.is_notebook(_home(value)) or contents(home) is not value.__globals__:
        raise Unhashable(f"it calls {name}(), and what that reads can't be known")
    walk.part(home, f" -> {_home(value)}")


def _note(walk: Walk, namespace: dict[str, Any], name: str, found: object) -> None:
    home, live = namespace.get("__name__"), walk.origins.namespace()
    # Made by a library, it has globals of its own: only some of them are the notebook's.
    copied = type(home) is str and walk.origins.is_notebook(home) and live.get(name, walk) is found
    if namespace is live or copied:
        walk.uses.names.add(name)


def cell(walk: Walk, value: CellType) -> None:
    """Encode the variable of a closure; two functions may share it."""
    if not walk.meet(value):
        return
    walk.out += b"cell"
    try:
        inner = value.cell_contents
    except ValueError:
        walk.out += b"?"
        return
    walk.walk(inner)


def method(walk: Walk, value: MethodType) -> None:
    """Encode a bound method: its function and its object."""
    walk.out += b"method"
    if kernels_own(type(value.__self__)):
        walk.text(value.__name__)
        return
    walk.walk(value.__func__)
    walk.part(value.__self__, ".__self__")


def builtin(walk: Walk, value: Any) -> None:
    """Encode what is written in C: by module and name, with the object it is bound to."""
    bound = value.__self__
    home = value.__module__ if type(value.__module__) is str else ""
    walk.out += b"builtin"
    if bound is None or issubclass(type(bound), ModuleType):
        walk.uses.modules.add(home)
        walk.text(walk.origins.installed(home) or home)
    else:
        walk.part(bound, ".__self__")
    walk.text(home)
    walk.text(value.__qualname__)


def descriptor(walk: Walk, value: Any) -> None:
    """Encode a method or member of a type written in C: ``str.join``, ``C.slot``."""
    walk.out += b"descriptor"
    walk.text(type(value).__name__)
    walk.text(value.__name__)
    walk.walk(value.__objclass__)


def method_wrapper(walk: Walk, value: Any) -> None:
    """Encode a special method bound to an object: ``(1).__add__``."""
    walk.out += b"wrapper"
    walk.text(value.__name__)
    walk.part(value.__self__, ".__self__")


def partial(walk: Walk, value: Any) -> None:
    """Encode a `functools.partial`."""
    if not walk.meet(value):
        return
    walk.out += b"partial"
    walk.walk(type(value))
    walk.part(value.func, ".func")
    walk.part(value.args, ".args")
    walk.part(value.keywords, ".keywords")
    walk.part(value.__dict__, " attributes")


def lru_cache(walk: Walk, value: Any) -> None:
    """Encode a cached function: what it has in its cache by now doesn't count."""
    if by_name(walk, value, *type_name(value)) or not walk.meet(value):
        return
    walk.out += b"cached"
    walk.walk(tuple(value.cache_parameters().items()))
    walk.part(value.__wrapped__, "")
    walk.named(pair for pair in list(value.__dict__.items()) if pair[0] != "__module__")


def wrapper(walk: Walk, value: Any) -> None:
    """Encode a staticmethod or classmethod."""
    walk.out += b"staticmethod" if type(value) is staticmethod else b"classmethod"
    walk.part(value.__func__, "")


def property_(walk: Walk, value: Any) -> None:
    """Encode a property: its functions, never its value."""
    walk.out += b"property"
    for inner in (value.fget, value.fset, value.fdel):
        walk.part(inner, "")
    walk.walk(value.__doc__ if type(value.__doc__) is str else None)


def cached_property(walk: Walk, value: Any) -> None:
    """Encode a `functools.cached_property`; up to Python 3.11 it has a lock."""
    walk.out += b"cached property"
    walk.walk(value.attrname)
    walk.part(value.func, "")
