"""A walk through one value, which turns it into bytes and those into a digest.

What has an identity of its own (lists, dicts, instances, functions, arrays) is numbered when it is
met, and a second look gives its number: cycles end, and ``[a, a]`` differs from ``[a, copy(a)]``.
What hasn't (numbers, strings, and tuples and frozensets of such) counts by content alone, since
two equal strings may or may not be one object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import CodeType
from typing import Any

from . import _atoms
from ._code import CodeFacts
from ._hashing import Algorithm, Hasher
from ._memo import Memo
from ._origin import Origins
from ._refusal import Unhashable

#: Bytes of encoding that are kept before they go to the hash.
_SPILL = 1 << 16

#: How the digest of a long tuple begins.
_DIGEST = b"#"

#: A tuple whose encoding is longer takes part as its digest, and is encoded once.
_INLINE = 64

#: Larger buffers take part as their digest.
_SMALL = 1 << 12

#: Objects looked at for the order of sets, beyond which their elements are too entangled.
_MOST_REPEATS = 200_000

Handler = Callable[["Walk", Any], None]


class Uses:
    """What a walk took in beside the value itself: globals of the notebook, and modules."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.globals: set[tuple[str, str]] = set()
        self.modules: set[str] = set()
        self.missing: set[str] = set()


class Sink:
    """Encodings on their way into one digest."""

    __slots__ = ("_hash", "_new", "out")

    def __init__(self, new: Callable[[], Hasher]) -> None:
        self._new = new
        self._hash: Hasher | None = None
        self.out = bytearray()

    def spill(self) -> None:
        """Hand over what has gathered, if it is much."""
        if len(self.out) > _SPILL:
            if self._hash is None:
                self._hash = self._new()
            self._hash.update(bytes(self.out))
            self.out.clear()

    def digest(self) -> bytes:
        """The digest of everything."""
        hasher = self._hash or self._new()
        hasher.update(bytes(self.out))
        return hasher.digest()

    def inline(self) -> bytes | None:
        """The encoding itself, if it is short."""
        return bytes(self.out) if self._hash is None and len(self.out) <= _INLINE else None


class Walk:
    """One walk, from one value. Handlers append to ``out`` and ask for the parts."""

    def __init__(
        self,
        algorithm: Algorithm,
        handlers: Callable[[type], Handler],
        origins: Origins,
        memo: Memo,
        facts: Callable[[CodeType], CodeFacts],
    ) -> None:
        self.algorithm = algorithm
        self.origins = origins
        self.memo = memo
        self.facts = facts
        self.uses = Uses()
        #: Looks at what has an identity: what raises this number can't be told by content alone.
        self.identities = 0
        self.keep: list[Any] = []
        #: Address ranges of arrays, by the object that holds their memory.
        self.memory: dict[int, list[tuple[int, int]]] = {}
        self._find = handlers
        self._handlers: dict[type, Handler] = {}
        self._numbers: dict[int, int] = {}
        self._order: list[int] = []
        self._contents: dict[int, bytes] = {}
        self._repeats = 0
        self._apart = 0
        self._sink = Sink(algorithm.new)
        self.out = self._sink.out
        self.out += algorithm.domain

    def digest(self) -> bytes:
        """The digest of all that was walked."""
        return self._sink.digest()

    # -- parts ---------------------------------------------------------------------------------

    def walk(self, value: Any) -> None:
        """Encode a value, whatever it is."""
        kind = type(value)
        atom = _atoms.ATOMS.get(kind)
        if atom is not None:
            atom(self.out, value)
            return
        handler = self._handlers.get(kind)
        if handler is None:
            handler = self._handlers[kind] = self._find(kind)
        handler(self, value)

    def part(self, value: Any, step: str) -> None:
        """Encode a part; ``step`` leads to it if it turns out to have no fingerprint."""
        try:
            self.walk(value)
        except Unhashable as error:
            error.within(step)
            raise

    def text(self, value: str) -> None:
        """Encode a name, a tag, a format."""
        data = _atoms.text(value)
        self.out += b"%d:" % len(data)
        self.out += data

    def buffer(self, data: Any, owner: object = None) -> None:
        """Encode contiguous memory, in place.

        Args:
            data: bytes, or what memoryview takes.
            owner: the object that holds the memory, by which a large buffer is known again.
        """
        view = memoryview(data)
        self.out += b"%d:" % view.nbytes
        if view.nbytes <= _SMALL:
            self.out += view if view.format == "B" and view.ndim == 1 else view.tobytes()
        else:
            self.out += self.memo.digest(view, owner)
        self._sink.spill()

    def stream(self, size: int, chunks: Iterable[Any]) -> None:
        """Encode memory that comes in chunks, ``size`` bytes in all, as `buffer` the whole."""
        self.out += b"%d:" % size
        if size <= _SMALL:
            self.out += b"".join(bytes(chunk) for chunk in chunks)
        else:
            hasher = self.algorithm.new()
            for chunk in chunks:
                hasher.update(chunk)
            self.out += hasher.digest()

    def items(self, values: list[Any], step: Callable[[int], str] = "[{}]".format) -> None:
        """Encode a sequence's elements; runs of atoms at once."""
        self.out += b"%d:" % len(values)
        if len(values) >= _atoms.BULK:
            kinds = set(map(type, values))
            if kinds <= _atoms.ATOM_TYPES:
                self.out += b"*"
                for piece in _atoms.bulk(values, kinds):
                    self.buffer(piece)
                return
        self.out += b"-"
        walk, index = self.walk, 0
        try:
            for index, value in enumerate(values):  # noqa: B007 - told if it fails
                walk(value)
        except Unhashable as error:
            error.within(step(index))
            raise
        self._sink.spill()

    def mapping(self, keys: list[Any], values: list[Any]) -> None:
        """Encode keys and values, in their order."""
        self.items(keys, lambda index: f" key {index}")
        self.items(values, lambda index: _key_step(keys, index))

    def named(self, pairs: Iterable[tuple[str, Any]], step: str = ".{}") -> None:
        """Encode attributes, in the order given."""
        for name, value in pairs:
            self.text(name)
            self.part(value, step.format(name))
        self.out += b";"

    # -- identity ------------------------------------------------------------------------------

    def meet(self, value: Any) -> bool:
        """Number what has an identity; False, and its number, if it was met before."""
        self.identities += 1
        known = self._numbers.get(id(value))
        if known is not None:
            self.out += b"@%d;" % known
            return False
        self._number(value)
        return True

    def _number(self, value: Any) -> None:
        self._numbers[id(value)] = len(self._order)
        self._order.append(id(value))
        self.keep.append(value)
        if self._apart:
            self._repeats += 1
            if self._repeats > _MOST_REPEATS:
                raise Unhashable("a set whose elements lead to each other in too many ways")

    def immutable(self, value: Any, encode: Callable[[], None]) -> None:
        """Encode what can't change itself, but may hold what can: tuples, frozensets.

        Its content alone counts if all of it is known by content; else it has an identity too.
        """
        known = self._contents.get(id(value))
        if known is not None:
            self.out += known
            return
        number = self._numbers.get(id(value))
        if number is not None:
            self.identities += 1
            self.out += b"@%d;" % number
            return
        before = self.identities
        piece = self._aside(encode)
        self.out += piece
        if self.identities != before:
            self._number(value)
        elif piece.startswith(_DIGEST):
            self._contents[id(value)] = piece
            self.keep.append(value)

    def _aside(self, encode: Callable[[], None]) -> bytes:
        outer, self._sink = self._sink, Sink(self.algorithm.new)
        self.out = self._sink.out
        try:
            encode()
            short = self._sink.inline()
            if short is None:
                return _DIGEST + self._sink.digest()
            return b"(%d:%s" % (len(short), short)
        finally:
            self._sink, self.out = outer, outer.out

    # -- sets ----------------------------------------------------------------------------------

    def unordered(self, values: Sequence[Any]) -> None:
        """Encode the elements of a set, in an order that only their content decides."""
        elements = list(values)
        ordered = _atoms.in_order(elements, set(map(type, elements)))
        if ordered is not None:
            self.items(ordered, lambda index: "{...}")
            return
        known = sorted((self._alone(value) for value in elements), key=lambda found: found[0])
        self.out += b"%d:" % len(known)
        for digest, known_by_content, value in known:
            self.out += digest
            if not known_by_content:
                self.part(value, "{...}")
        self._sink.spill()

    def _alone(self, value: Any) -> tuple[bytes, bool, Any]:
        """An element's digest before the others are known, and whether that says everything."""
        outer, met, before = self._sink, len(self._order), self.identities
        self._sink = Sink(self.algorithm.new)
        self.out = self._sink.out
        self._apart += 1
        try:
            self.part(value, "{...}")
            return self._sink.digest(), self.identities == before, value
        finally:
            self._apart -= 1
            self._sink, self.out = outer, outer.out
            for known in self._order[met:]:
                del self._numbers[known]
            del self._order[met:]


def _key_step(keys: list[Any], index: int) -> str:
    key = keys[index]
    # Nobody's __repr__ is called for a message.
    named = repr(key) if type(key) in (str, int, bool, bytes, float) else f"<{type(key).__name__}>"
    return f"[{named}]"
