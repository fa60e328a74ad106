"""Notes about names while code is read, and what follows from them in the end."""

from __future__ import annotations

from collections import defaultdict

from ._value import Hold, Pass, Taint, Use


class Record:
    """What happens to names' objects.

    The order of events doesn't count: a name means all that it is ever bound to.
    """

    def __init__(self) -> None:
        self._uses: defaultdict[str, Use] = defaultdict(Use)
        #: Names whose objects are changed themselves, and those changed anywhere inside.
        self._shallow: set[str] = set()
        self._deep: set[str] = set()
        #: Names whose objects are returned.
        self._returned: set[str] = set()
        #: For each name that the code binds, what its values hang together with.
        self._bound: defaultdict[str, set[tuple[str, Hold]]] = defaultdict(set)

    # -- events ----------------------------------------------------------------------------

    def use(self, name: str) -> Use:
        """A name is loaded."""
        return self._uses[name]

    def load(self, name: str) -> Taint:
        """Give the object of a name."""
        self.use(name)
        return frozenset({(name, Hold.SAME)})

    def bind_name(self, name: str, taint: Taint) -> None:
        """Bind a name to a value."""
        self._bound[name] |= taint

    def change(self, taint: Taint) -> None:
        """Change an object in place, but not what it holds."""
        for name, hold in taint:
            if hold is Hold.SAME:
                self._shallow.add(name)
            elif hold is Hold.PART:
                self._deep.add(name)

    def deep(self, taint: Taint) -> None:
        """Do anything with an object and all that it holds."""
        self._deep.update(name for name, _ in taint)

    def store(self, into: Taint, taint: Taint) -> None:
        """Put a value into objects."""
        for name, _ in into:
            self._bound[name] |= {(source, Hold.HELD) for source, _ in taint if source != name}

    def returned(self, taint: Taint) -> None:
        """Give a value to whoever called."""
        self._returned.update(name for name, _ in taint)

    def passed(self, taint: Taint, how: Pass) -> None:
        for use in self._of(taint):
            use.passes.add(how)

    def method(self, taint: Taint, name: str) -> None:
        for use in self._of(taint):
            use.methods.add(name)

    def attribute(self, taint: Taint, name: str) -> None:
        for use in self._of(taint):
            use.attributes.add(name)

    def called(self, taint: Taint) -> None:
        for use in self._of(taint):
            use.calls = True

    def iterated(self, taint: Taint) -> None:
        for use in self._of(taint):
            use.iterates = True

    def _of(self, taint: Taint) -> list[Use]:
        return [self._uses[name] for name, _ in taint]

    # -- conclusion ------------------------------------------------------------------------

    def conclude(self) -> tuple[dict[str, Use], frozenset[str]]:
        """Give the names whose objects are only read, with what they undergo.

        And those which are returned, or parts of which are.
        """
        changing = True
        while changing:
            changing = False
            for name, sources in self._bound.items():
                for source, hold in sources:
                    changing = self._hand_up(name, source, hold) or changing
        changed = self._shallow | self._deep
        read = {name: use for name, use in self._uses.items() if name not in changed}
        return read, frozenset(self._returned)

    def _hand_up(self, name: str, source: str, hold: Hold) -> bool:
        """What a name undergoes, its value's source undergoes; tell whether that was news."""
        new = False
        for marked, mark in (
            (name in self._deep or (name in self._shallow and hold is Hold.PART), self._deep),
            (name in self._shallow and hold is Hold.SAME, self._shallow),
            (name in self._returned, self._returned),
        ):
            if marked and source not in mark:
                mark.add(source)
                new = True
        if name in self._uses:
            new = self._uses[source].merge(self._uses[name]) or new
        return new
