"""The key of a cell: its code, what it reads, and the settings that change what it does."""

from __future__ import annotations

import builtins
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from types import FunctionType, MethodType, ModuleType
from typing import Any

from ...core.fingerprint import Asked, Fingerprints, Unhashable, static_key
from ...store import NOTE
from . import settings
from .plan import Plan

#: Counts up when what an entry holds changes its meaning.
FORMAT = 3

_PLATFORM = f"{FORMAT} {sys.implementation.cache_tag} {importlib.util.MAGIC_NUMBER.hex()}".encode()

#: In the key for a name that is not bound.
UNBOUND = "-"


class Refused(Exception):
    """The cell can't be cached; the text says why, as the end of a sentence about it."""


@dataclass(frozen=True)
class Inputs:
    """What a run starts from.

    Attributes:
        static: digest of the code.
        key: digest of all of this.
        names: what the code reads and is bound.
        unbound: what the code reads and is not bound.
        settings: digests of settings that aren't the default.
        extra: digest of what ``%%cache key=`` gave, or empty.
        reached: names that functions and instances among the inputs read in their turn.
        modules: modules that the inputs use.
    """

    static: bytes
    key: bytes
    names: tuple[str, ...]
    unbound: tuple[str, ...]
    settings: Mapping[str, str]
    extra: str
    reached: frozenset[str]
    modules: frozenset[str]

    @property
    def family(self) -> bytes:
        """The key under which it is noted what the run that was stored last started from."""
        return NOTE + _digest([b"family", _PLATFORM, self.static])


def take(
    source: str,
    plan: Plan,
    namespace: Mapping[str, Any],
    fingerprints: Fingerprints,
    shell_settings: Mapping[str, str],
    extra: str = "",
) -> Inputs:
    """Take the inputs of a cell as they are now.

    All values are fingerprinted together: whether two names share an object counts, since a change
    through one of them shows in the other.

    Raises:
        Refused: one has no fingerprint, or belongs to the kernel.
    """
    names = tuple(name for name in plan.inputs if name in namespace)
    for name in names:
        if _is_ours(namespace[name]):
            raise Refused(f"it uses {name}, which belongs to the kernel")
    values = [_read(plan, name, namespace[name]) for name in names]
    unbound = tuple(name for name in plan.inputs if name not in namespace)
    try:
        found = fingerprints.examine([*values, Asked(builtins, tuple((n,) for n in unbound))])
    except Unhashable as error:
        for name, value in zip(names, values, strict=True):
            fingerprint(fingerprints, name, value)
        raise Refused(f"it reads {error}") from None
    found_settings = {**settings.of_process(), **shell_settings}
    static = static_key(source)
    parts = [b"entry", _PLATFORM, static, extra.encode(), found.digest]
    for group in (names, unbound, [f"{k} {v}" for k, v in sorted(found_settings.items())]):
        parts += [b"%d" % len(group), *(n.encode("utf-8", "surrogatepass") for n in group)]
    return Inputs(
        static, _digest(parts), names, unbound, found_settings, extra,
        frozenset(found.names) - set(names), found.modules,
    )  # fmt: skip


def _read(plan: Plan, name: str, value: Any) -> Any:
    """Give what a cell reads of a name's value: of a module only what it asks for."""
    if type(value) is not ModuleType:
        return value
    return Asked(value, plan.paths.get(name, ((),)))


def _is_ours(value: Any) -> bool:
    """Tell whether a value is one of the functions that every namespace of this kernel has."""
    if isinstance(value, MethodType):
        return type(value.__self__).__module__.startswith("akernel_ipy.kernel")
    return isinstance(value, FunctionType) and value.__module__.startswith("akernel_ipy.middleware")


def fingerprint(fingerprints: Fingerprints, name: str, value: Any) -> bytes:
    """Give the digest of a name's value.

    Raises:
        Refused: there is none.
    """
    try:
        return fingerprints.of(value, name)
    except Unhashable as error:
        raise Refused(f"it reads {error}") from None


def digest_of(fingerprints: Fingerprints, name: str, namespace: Mapping[str, Any]) -> str:
    """Give the digest of a name as it is now: `UNBOUND` or empty if there is none."""
    if name not in namespace:
        return UNBOUND
    try:
        return fingerprints.of(namespace[name], name).hex()
    except Unhashable:
        return ""


def digest_of_asked(fingerprints: Fingerprints, name: str, paths: Any) -> str:
    """Give the digest of what is asked of a loaded module; see `digest_of`."""
    module = sys.modules.get(name)
    asked = None if module is None else Asked(module, tuple(map(tuple, paths)))
    return UNBOUND if asked is None else digest_of(fingerprints, name, {name: asked})


def _digest(parts: Iterable[bytes]) -> bytes:
    hasher = blake2b(digest_size=32)
    for part in parts:
        hasher.update(b"%d:" % len(part))
        hasher.update(part)
    return hasher.digest()
