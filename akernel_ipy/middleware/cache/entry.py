"""An entry: what a run made, packed to be stored, and brought back."""

from __future__ import annotations

import importlib
import io
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

from ...core.fingerprint import Fingerprints, Unhashable
from . import outputs, pickling, restoring, surroundings
from .parts import Inside, Path
from .pickling import Unstorable


@dataclass
class Made:
    """What a run made.

    Attributes:
        bound: the names it bound, with their values.
        deleted: the names it took away.
        changed: objects that were there before, with their new states.
        result: the value of its last expression.
        random: states of random numbers that it moved.
        shown: its outputs.
    """

    bound: dict[str, Any] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    changed: list[tuple[Any, restoring.State]] = field(default_factory=list)
    result: Any = None
    random: dict[str, Any] = field(default_factory=dict)
    shown: list[outputs.Shown] = field(default_factory=list)


@dataclass(frozen=True)
class Packed:
    """A run, serialised: its buffers are still the live memory of the user's objects.

    Attributes:
        used: names that the pickle refers to instead of holding their values.
    """

    payload: bytes
    buffers: list[Any]
    used: frozenset[str]

    @property
    def bytes(self) -> int:
        """Its size."""
        return len(self.payload) + sum(int(b.raw().nbytes) for b in self.buffers)


def pack(
    made: Made,
    inside: Inside,
    known: Mapping[int, Path],
    modules: Iterable[str],
    filename: str,
    fingerprints: Fingerprints,
) -> Packed:
    """Serialise what a run made, and see that it can be brought back.

    Raises:
        Unstorable: it can't.
    """
    for name, value in made.bound.items():
        if type(value) in _CANT:
            raise Unstorable(f"{name} is {_CANT[type(value)]}")
    values = (made.bound, made.deleted, made.changed, made.result, made.random)
    attributes = pickling.module_attributes(modules, inside)
    outputs_of_run = [*made.bound.values(), made.result]
    packed_outputs = outputs.pack(made.shown)
    try:
        payload, buffers, pickler = pickling.dump(
            (*values, packed_outputs), inside, known, attributes, outputs_of_run, filename
        )
    except Unstorable as error:
        raise Unstorable(_blame(made, inside, known, attributes, filename, error)) from None
    if pickler.doubtful:

        def is_doubtful(value: Any) -> bool:
            return pickling.dump(value, inside, known, attributes, [value], filename)[2].doubtful

        loaded = _load_back(payload, buffers, pickler.parts, inside, filename)
        _compare(made, loaded, is_doubtful, fingerprints)
    return Packed(payload, buffers, frozenset(path[0] for path in pickler.parts))


def _blame(
    made: Made,
    inside: Inside,
    known: Mapping[int, Path],
    attributes: Mapping[int, tuple[str, str]],
    filename: str,
    error: Unstorable,
) -> str:
    """Name what can't be stored."""
    for name, value in [*made.bound.items(), ("its result", made.result)]:
        try:
            pickling.dump(value, inside, known, attributes, [value], filename)
        except Unstorable as found:
            return f"{name} can't be stored: {found}"
    return str(error)


async def _agen() -> Any:
    yield None


async def _coroutine() -> None:
    pass


def _types_that_cant() -> dict[type, str]:
    coroutine = _coroutine()
    coroutine.close()
    return {
        type(_ for _ in ()): "a generator",
        type(_agen()): "an asynchronous generator",
        type(coroutine): "a coroutine",
        type(sys.stdout): "a stream",
    }


_CANT = _types_that_cant()


def _load_back(
    payload: bytes, buffers: list[Any], parts: Mapping[Path, Any], inside: Inside, filename: str
) -> tuple[Any, ...]:
    """Load what was pickled: some types pickle, and can't be loaded."""
    try:
        loaded: tuple[Any, ...] = pickling.load(payload, buffers, inside, lambda: filename, parts)
    except Exception as error:
        raise Unstorable(f"it pickles, and can't be loaded: {error}") from error
    return loaded


def _compare(
    made: Made,
    loaded: tuple[Any, ...],
    is_doubtful: Callable[[Any], bool],
    fingerprints: Fingerprints,
) -> None:
    """Compare what was loaded back: some types come back as something else."""
    pairs = [(name, value, loaded[0][name]) for name, value in made.bound.items()]
    for name, value, back in [*pairs, ("its result", made.result, loaded[3])]:
        if isinstance(value, type | types.FunctionType):
            continue  # what they read is still bound to what the cell made
        if type(value).__name__ != type(back).__name__:
            raise Unstorable(f"{name} comes back as {type(back).__name__}")
        if not is_doubtful(value):
            continue
        try:
            same = fingerprints.of(value, name) == fingerprints.of(back, name)
        except Unhashable:
            continue  # nothing to compare: who reads it will not be cached
        if not same:
            raise Unstorable(f"{name} ({type(value).__name__}) comes back different")


class Restored:
    """An entry that was loaded: `apply` leaves what running the cell would have left."""

    def __init__(self, loaded: tuple[Any, ...]) -> None:
        bound, deleted, changed, result, random, packed = loaded
        self.made = Made(bound, deleted, changed, result, random, outputs.unpack(packed))

    def apply(self, shell: Any) -> None:
        """Bind the names, change the objects in place, show the outputs."""
        made = self.made
        for value, state in made.changed:
            restoring.apply(value, state)
        for name in made.deleted:
            shell.user_ns.pop(name, None)
        shell.user_ns.update(made.bound)
        surroundings.put_random(made.random)
        outputs.show(shell, made.shown, made.result, keep=made.result is not None)


def load(stored: Any, inside: Inside, filename: Callable[[], str]) -> Restored:
    """Load an entry whose data was verified.

    Raises:
        Exception: whatever pickle raises.
    """
    return Restored(pickling.load(stored.payload, stored.buffers, inside, filename))


def import_again(names: Iterable[str]) -> str:
    """Import what a cell had imported, and keep what that prints from being shown.

    Returns:
        What was printed.

    Raises:
        Exception: whatever an import raises.
    """
    missing = [name for name in names if name not in sys.modules]
    if not missing:
        return ""
    text = io.StringIO()
    with redirect_stdout(text), redirect_stderr(text):
        for name in missing:
            importlib.import_module(name)
    return text.getvalue()
