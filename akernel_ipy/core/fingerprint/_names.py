"""What a type is called, asking neither it nor its metaclass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_MRO = type.__dict__["__mro__"].__get__
_MODULE = type.__dict__["__module__"].__get__
_QUALNAME = type.__dict__["__qualname__"].__get__

#: Bases of what the kernel is made of: the same in every kernel, and not a value of the user's.
_KERNEL = frozenset(
    {
        ("IPython.core.interactiveshell", "InteractiveShell"),
        ("ipykernel.kernelbase", "Kernel"),
        ("IPython.core.autocall", "IPyAutocall"),
    }
)


def mro(kind: type) -> tuple[type, ...]:
    """The bases of a type, itself first."""
    return _MRO(kind)  # type: ignore[no-any-return]


def among(kind: object, bases: Iterable[type]) -> bool:
    """Whether a type is one of some; a metaclass may have its own idea of ``==``."""
    return any(base is kind for base in bases)


def type_name(kind: Any) -> tuple[str, str]:
    """Module and qualified name of a type, or of anything that has them as plain attributes."""
    if issubclass(type(kind), type):
        module, name = _MODULE(kind), _QUALNAME(kind)
    else:
        module, name = getattr(kind, "__module__", ""), getattr(kind, "__qualname__", "")
    return module if type(module) is str else "", name if type(name) is str else ""


def title(kind: type) -> str:
    """A type as a message calls it."""
    module, name = type_name(kind)
    return name if module in ("builtins", "__main__", "") else f"{module}.{name}"


def names_of(kind: type) -> list[tuple[str, str]]:
    """The names of a type and of its bases."""
    return [type_name(base) for base in mro(kind)]


def kernels_own(kind: type) -> bool:
    """Whether a type is one of the shell's or the kernel's own."""
    return not _KERNEL.isdisjoint(names_of(kind))
