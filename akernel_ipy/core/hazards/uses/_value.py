"""How a name's object is used where it is only read."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

_NONE: frozenset[str] = frozenset()


class Hold(Enum):
    """How a value hangs together with a name's object."""

    SAME = "it is the object"
    PART = "it is a part of it, or a view"
    HELD = "it is a new object that holds it, or parts of it"


#: Stands for what calls of the notebook's functions give.
RESULTS = "()"

#: What a value may hang together with.
Taint = frozenset[tuple[str, Hold]]
CLEAN: Taint = frozenset()


def part_of(taint: Taint) -> Taint:
    """Parts of a value: its elements, attributes, slices."""
    return frozenset((name, Hold.PART) for name, _ in taint)


def held_by_new(taint: Taint) -> Taint:
    """A new object that holds a value or its parts."""
    return frozenset((name, Hold.HELD) for name, _ in taint)


@dataclass(frozen=True, slots=True)
class Pass:
    """An argument of a call: ``path`` is what is called, ``key`` a position or a keyword.

    The path of a method of an unknown object begins with ``?``. Where a method of a name is known
    to put the argument into its object, it begins with ``!``.
    """

    path: str
    key: int | str

    @property
    def names(self) -> tuple[str, ...]:
        """The name in the namespace that decides what is called, if any."""
        path = self.path.removeprefix("builtins.").removeprefix("!")
        return () if path.startswith("?") or ":" in path else (path.partition(".")[0],)


@dataclass(slots=True, eq=False)
class Use:
    """What a name's object undergoes, itself and in its parts.

    Attributes:
        methods: methods that are called.
        attributes: attributes that are read.
        passes: calls that it is handed to.
        calls: it is called itself.
        iterates: it is iterated over.
    """

    methods: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    passes: set[Pass] = field(default_factory=set)
    calls: bool = False
    iterates: bool = False

    @classmethod
    def merged(cls, *uses: Use | None) -> Use | None:
        """All that several uses do; None if one of them changes the object."""
        whole = cls()
        for use in uses:
            if use is None:
                return None
            whole.merge(use)
        return whole

    @property
    def does_anything(self) -> bool:
        """Whether there is anything but builtins that could change it."""
        passed = any(not how.path.startswith(("builtins.", "!")) for how in self.passes)
        return bool(self.methods or self.attributes or self.calls or self.iterates or passed)

    def merge(self, other: Use) -> bool:
        """Add what another name for it undergoes; tell whether that was anything new."""
        before = len(self.methods), len(self.attributes), len(self.passes), self.calls
        iterated = self.iterates
        self.methods |= other.methods
        self.attributes |= other.attributes
        self.passes |= other.passes
        self.calls = self.calls or other.calls
        self.iterates = self.iterates or other.iterates
        after = len(self.methods), len(self.attributes), len(self.passes), self.calls
        return before != after or iterated != self.iterates


@dataclass(frozen=True, slots=True)
class Uses:
    """How code uses names: those that are missing may have their objects changed.

    Attributes:
        read: names whose objects are only read, under conditions.
        parameters: the parameters, if the code is a function's, in order.
        positional: how many of them take an argument by its position.
        variadic: the name of ``*args``, and of ``**kwargs``.
        returned: globals whose objects, or parts of them, a call gives.
        handed_back: the same of parameters.
    """

    read: dict[str, Use] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()
    positional: int = 0
    variadic: tuple[str | None, str | None] = (None, None)
    returned: frozenset[str] = _NONE
    handed_back: frozenset[str] = _NONE

    def of_first(self) -> Use | None:
        """Say how the first parameter is used; None if it is changed, or there is none."""
        return self.read.get(self.parameters[0]) if self.parameters else None

    def taking(self, key: int | str) -> tuple[str, ...]:
        """Name the parameters that may take an argument; nothing if none does."""
        args, kwargs = self.variadic
        if key in ("*", "**"):
            return tuple(name for name in (*self.parameters, args, kwargs) if name)
        if isinstance(key, int):
            found = self.parameters[key] if key < self.positional else args
        else:
            found = key if key in self.parameters else kwargs
        return () if found is None else (found,)
