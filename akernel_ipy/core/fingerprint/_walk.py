"""A walk through one value, which turns it into bytes and those into a digest.

What has an identity of its own (lists, dicts, instances, functions, arrays) is numbered when it is
met, and a second look gives its number: cycles end, and ``[a, a]`` differs from ``[a, copy(a)]``.
What hasn't (numbers, strings, and tuples and frozensets of such) counts by content alone, since
two equal strings may or may not be one object.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from types import CodeType, FunctionType
from typing import Any

from . import _atoms, _plain
from ._code import CodeFacts
from ._context import Context, Place, Range, Uses
from ._encoder import Encoder, Sink
from ._numbers import Numbers, Taken
from ._refusal import Unhashable

#: How the digest of a long tuple begins.
_DIGEST = b"#"

#: Larger strings take part as their digest.
_LONG = 1 << 16

Handler = Callable[["Walk", Any], None]


class Walk(Encoder):
    """One walk, from one value. Handlers append to ``out`` and ask for the parts."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.algorithm, context.memo)
        self.origins = context.origins
        self.uses = Uses()
        #: Looks at what has an identity: what raises this number can't be told by content alone.
        self.identities = 0
        self.numbers = Numbers()
        #: Holds what was made for the walk only.
        self.keep = self.numbers.keep
        #: Address ranges of arrays, by the object that holds their memory.
        self.arrays = 0
        self.memory: dict[int, list[Range]] = {}
        #: Encodings of types that are known by name.
        self.named_types: dict[type, bytes] = {}
        self._context = context
        self._handlers: dict[type, Handler] = {}
        self._contents: dict[int, bytes] = {}
        self._waiting: deque[tuple[Handler, Any, Place]] = deque()
        self._place: Place | None = None
        self._step: str | None = None
        self.out += context.algorithm.domain

    def digest(self, value: Any) -> bytes:
        """Walk a value to its end and give the digest."""
        self.walk(value)
        return self.finish()

    def finish(self) -> bytes:
        """Encode what was put off, and give the digest of everything."""
        self._drain()
        return self._sink.digest()

    def facts(self, code: CodeType) -> CodeFacts:
        """What is known of a code object."""
        return self._context.codes.facts(code, lambda: Walk(self._context))

    # -- parts ---------------------------------------------------------------------------------

    def walk(self, value: Any) -> None:
        """Encode a value, whatever it is."""
        kind = type(value)
        atom = _atoms.ATOMS.get(kind)
        if atom is not None:
            if (kind is str or kind is bytes) and len(value) > _LONG:
                self._long(value, kind)
            else:
                atom(self.out, value)
            return
        handler = self._handlers.get(kind)
        if handler is None:
            handler = self._handlers[kind] = self._context.find(kind)
        handler(self, value)

    def _long(self, value: Any, kind: type) -> None:
        self.out += b"S" if kind is str else b"B"
        if kind is str:
            self.buffer(_atoms.text(value))
        else:
            self.buffer(value, id(value))

    def part(self, value: Any, step: str) -> None:
        """Encode a part; ``step`` leads to it if it turns out to have no fingerprint."""
        try:
            self.walk(value)
        except Unhashable as error:
            error.within(step)
            raise

    def items(self, values: list[Any], step: Callable[[int], str] = "[{}]".format) -> None:
        """Encode a sequence's elements; runs of atoms at once."""
        self.out += b"%d:" % len(values)
        if len(values) >= _atoms.BULK:
            kinds = set(map(type, values))
            if kinds <= _atoms.ATOM_TYPES:
                self.atoms(values, kinds)
                return
            if kinds <= _plain.TYPES and self._columns(values):
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

    def _columns(self, values: list[Any]) -> bool:
        """Encode plain data at once; False, and nothing, if it isn't plain."""
        met = len(self.numbers)
        columns = _plain.Columns(self.buffer, self.numbers.add_all)
        try:
            piece = self._aside(values, lambda walk, plain: columns.encode(plain))
        except (_plain.NotPlain, Taken):
            self.numbers.forget(met)
            return False
        self.identities += len(self.numbers) - met
        self.out += b"=" + piece
        self._sink.spill()
        return True

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
        known = self.numbers.known.get(id(value))
        if known is not None:
            self.out += b"@%d;" % known
            return False
        self.numbers.add(value)
        return True

    def immutable(self, value: Any, encode: Handler) -> None:
        """Encode what can't change itself, but may hold what can: tuples, frozensets.

        Its content alone counts if all of it is known by content; else it has an identity too.
        """
        known = self._contents.get(id(value))
        if known is not None:
            self.out += known
            return
        number = self.numbers.known.get(id(value))
        if number is not None:
            self.identities += 1
            self.out += b"@%d;" % number
            return
        before = self.identities
        piece = self._aside(value, encode)
        self.out += piece
        if self.identities != before:
            self.numbers.add(value)
        elif piece.startswith(_DIGEST):
            self._contents[id(value)] = piece
            self.keep.append(value)

    def _aside(self, value: Any, encode: Handler) -> bytes:
        outer, self._sink = self._sink, Sink(self.algorithm.new)
        self.out = self._sink.out
        try:
            encode(self, value)
            short = self._sink.inline()
            if short is None:
                return _DIGEST + self._sink.digest()
            return b"(%d:%s" % (len(short), short)
        finally:
            self._sink, self.out = outer, outer.out

    # -- what leads elsewhere ------------------------------------------------------------------

    def edge(self, value: Any, step: str) -> None:
        """Encode what a function or instance leads to; functions and classes at the end.

        Else a long chain of functions, each calling the next, would be nested too deeply.
        """
        kind = type(value)
        if kind is FunctionType or issubclass(kind, type):
            self._step = step
        try:
            self.part(value, step)
        finally:
            self._step = None

    def once(self, value: Any, encode: Handler) -> None:
        """Encode what has an identity, if it wasn't met; at the end if it was led to by an edge."""
        step, self._step = self._step, None
        if not self.meet(value):
            return
        if step is None:
            encode(self, value)
        else:
            self.out += b"+"
            self._waiting.append((encode, value, Place(self._place, step)))

    def _drain(self) -> None:
        while self._waiting:
            encode, value, self._place = self._waiting.popleft()
            try:
                encode(self, value)
            except Unhashable as error:
                error.within(self._place.path)
                raise
            self._sink.spill()

    def alone(self, value: Any) -> tuple[bytes, bool, Any]:
        """An element's digest as if it were the next, and whether that says everything of it."""
        outer, met, before = self._sink, len(self.numbers), self.identities
        waiting, place = self._waiting, self._place
        self._sink, self._waiting, self._place = Sink(self.algorithm.new), deque(), None
        self.out = self._sink.out
        self.numbers.repeating += 1
        try:
            self.part(value, "{...}")
            self._drain()
            return self._sink.digest(), self.identities == before, value
        finally:
            self.numbers.repeating -= 1
            self.numbers.forget(met)
            self._sink, self._waiting, self._place, self.out = outer, waiting, place, outer.out


def _key_step(keys: list[Any], index: int) -> str:
    key = keys[index]
    # Nobody's __repr__ is called for a message.
    named = repr(key) if type(key) in (str, int, bool, bytes, float) else f"<{type(key).__name__}>"
    return f"[{named}]"
