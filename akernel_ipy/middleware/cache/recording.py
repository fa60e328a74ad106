"""One run that is not a hit: what is noted before it, and what it came to."""

from __future__ import annotations

import sys
import time
import types
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from ...core.bytecode import globals_of
from ...core.fingerprint import Fingerprints
from ...core.model import Outcome, Run
from . import audit, files, hidden, natives, outputs, restoring
from .entry import Made
from .inputs import UNBOUND, Inputs, Refused, digest_of, digest_of_asked
from .leftovers import Leftovers
from .observation import Observation
from .ownnames import OwnNames
from .parts import Inside, Parts, is_atom
from .plan import Plan
from .reach import Reach, is_local
from .surroundings import Surroundings


class Recording:
    """Everything about one run that decides whether it can be stored, and as what.

    Args:
        run: the run.
        plan: of its code.
        inputs: taken just now.
        shell: its namespace and surroundings.
        fingerprints: of that namespace.
        own: knows the ordinary names in it.
        observation: takes the audit events.
    """

    def __init__(
        self,
        run: Run,
        plan: Plan,
        inputs: Inputs,
        shell: Any,
        fingerprints: Fingerprints,
        own: OwnNames,
        observation: Observation,
    ) -> None:
        self.run, self.plan, self.inputs = run, plan, inputs
        self.observation = observation
        self.seconds = 0.0
        #: Dependencies on names: what they were before.
        self.names: dict[str, str] = {}
        self._shell = shell
        self._namespace: dict[str, Any] = shell.user_ns
        self._fingerprints = fingerprints
        self.inside = Inside(self._namespace)
        self._own, self._names_before = own, own.of(self._namespace)
        self._before = self._taken([*self._names_before, *inputs.names, *inputs.reached, "_"])
        roots = {
            name: self._namespace[name]
            for name in sorted({*inputs.names, *inputs.reached})
            if name in self._namespace
        }
        self.parts = Parts(roots, self.inside)
        self.digests = {n: digest_of(fingerprints, n, self._namespace) for n in roots}
        self._reach = Reach(plan, inputs.modules, self.parts, list(roots.values()))
        self._written = frozenset(_globals_written(self.parts))
        self._remembered = hidden.Remembered(self.parts)
        self._surroundings = Surroundings(shell)
        self._modules = frozenset(sys.modules)
        self._leftovers = Leftovers()
        self._recorder = outputs.Recorder(run)
        self._shown: list[outputs.Shown] = []
        self._begun = time.perf_counter()

    def _taken(self, names: list[str]) -> dict[str, Any]:
        """Note what names are bound to; not IPython's for each cell, if those are most of all."""
        namespace = self._namespace
        if 2 * len(names) > len(namespace):
            return dict(namespace)
        return {name: namespace[name] for name in names if name in namespace}

    def describe(self) -> dict[str, Any]:
        """Give what a later miss is compared with: a JSON value."""
        names = {name: self.digests[name] for name in self.inputs.names}
        return {
            "names": {**names, **dict.fromkeys(self.inputs.unbound, UNBOUND)},
            "settings": dict(self.inputs.settings),
            "extra": self.inputs.extra,
        }

    def begin(self) -> None:
        """The run starts."""
        audit.listen(self.run, self.observation)
        self._begun = time.perf_counter()

    def end(self) -> None:
        """The run has ended, however it did."""
        self.seconds = time.perf_counter() - self._begun
        audit.forget(self.run)
        self._shell.flush()
        self._shown = outputs.condense(self._recorder.stop())

    def conclude(self, outcome: Outcome, force: bool) -> Made:
        """Say what the run made.

        Raises:
            Refused: it can't be stored.
        """
        self._require_plain_end(outcome, force)
        made = Made(result=outcome.result, shown=self._shown)
        made.bound = dict(self._bound())
        made.deleted = sorted(name for name in self._own_before if name not in self._namespace)
        for name in made.deleted:
            self.names[name] = self._old_digest(name)
        made.changed = list(self._changed())
        made.random = self._random()
        return made

    @cached_property
    def _own_before(self) -> dict[str, Any]:
        """What the notebook's own names were bound to before the run."""
        return {name: self._before[name] for name in self._names_before if name in self._before}

    def _require_plain_end(self, outcome: Outcome, force: bool) -> None:
        if outcome.payload:
            raise Refused("it opens the pager, or changes the front-end's cells")
        effects = [*self.run.state.effects, *self.observation.effects]
        if effects and not force:
            raise Refused(effects[0])
        if reason := outputs.unstorable(self._shown):
            raise Refused(reason)
        if not force and (name := self._remembered.used()):
            raise Refused(f"{name} remembers results of earlier cells, and what it read for them")
        if not force and (name := hidden.lazy(self.parts)):
            raise Refused(f"{name} reads its data when it is used, which can't be seen")
        if sum(kind == "execute_result" for kind, _ in self._shown) > 1:
            raise Refused("it shows more than one result")
        if changed := self._surroundings.changed(frozenset(self._reach.mentions())):
            raise Refused(f"it changes {changed}")
        if left := self._leftovers.running():
            raise Refused(f"it leaves {left} running")

    def _bound(self) -> Iterator[tuple[str, Any]]:
        definite = self.plan.definite
        maybe = (self.plan.names.defs | self._written) - definite
        own = {"_"} if self.plan.binds_underscore else set()
        names = [*own, *self._own.of(self._namespace)]
        namespace = self._taken(names)
        for name in names:
            if name not in namespace:
                continue
            value = namespace[name]
            same = name in self._before and self._before[name] is value
            if not same or name in definite:
                if self.run.state.waited and name not in definite and name not in maybe | own:
                    raise Refused(f"{name} was bound while it waited, perhaps by others")
                yield name, value
            elif name in maybe and name not in self.digests:
                # Bound to what it was, or not bound at all: nobody knows, and both are right if
                # it is the same next time.
                self.names[name] = digest_of(self._fingerprints, name, self._namespace)

    def _changed(self) -> Iterator[tuple[Any, restoring.State]]:
        for name in self.plan.names.mutates:
            if isinstance(self._before.get(name), types.ModuleType):
                raise Refused(f"it changes something in module {name}")
        if self.plan.patches:
            raise Refused(f"it changes something in {self.plan.patches[0]}, which it imports")
        changed: dict[int, tuple[str, Any]] = {
            id(part): (self.parts.paths[id(part)][0], part) for part in self.parts.reshaped()
        }
        for name, before in self.digests.items():
            value = self._before[name]
            if digest_of(self._fingerprints, name, {name: value}) == before:
                continue
            parts = self.parts.of(name, value)
            if not parts:
                # A module, or a function of one: what it reads was changed by the run.
                raise Refused(f"it changes something that {name} holds or reads")
            changed.update((id(part), (name, part)) for part in parts)
        for name, part in changed.values():
            yield from self._state_of(name, part)

    def _state_of(self, name: str, part: Any) -> Iterator[tuple[Any, restoring.State]]:
        try:
            state = restoring.state_of(part)
        except restoring.CantRestore as error:
            raise Refused(f"{name} was changed in place: {error}") from None
        if state is not None:
            yield part, state

    def _old_digest(self, name: str) -> str:
        return digest_of(self._fingerprints, name, self._before)

    def _random(self) -> dict[str, Any]:
        before, now = self._surroundings.random_changes(seeds=self.plan.seeds)
        if not self.plan.seeds:
            self.random = before
        return now

    #: Digests of the random states that the run began with and moved.
    random: Mapping[str, str] = types.MappingProxyType({})

    def modules(self) -> dict[str, str]:
        """Modules that a hit imports, with their digests: named ones, and local ones.

        Raises:
            Refused: one has no digest.
        """
        named = [name for name in self.plan.imports if name in sys.modules]
        new = sorted(set(sys.modules) - self._modules)
        local = [name for name in new if is_local(sys.modules[name])]
        found = {}
        for name in dict.fromkeys([*named, *local]):
            digest = digest_of(self._fingerprints, name, {name: sys.modules[name]})
            if not digest:
                raise Refused(f"module {name} has no fingerprint")
            found[name] = digest
        return found

    def _named_in_strings(self, mentions: frozenset[str]) -> Iterator[str]:
        """Give the names that strings may lead to: those of queries and of pickles."""
        if mentions & hidden.QUERIES:
            yield from self._own_before.keys() & self._reach.words()
        if mentions & hidden.LOADERS:
            classes = ((n, v) for n, v in self._before.items() if isinstance(v, type))
            yield from (name for name, value in classes if self.inside(value))

    def _asked(self) -> list[list[Any]]:
        """Digest what it asks of modules that it imports: somebody may have put it there."""
        found = []
        for name, paths in self.plan.asks.items():
            digest = digest_of_asked(self._fingerprints, name, paths)
            if not digest:
                raise Refused(f"what it asks of module {name} has no fingerprint")
            if digest != UNBOUND:
                found.append([name, paths, digest])
        return found

    def dependencies(self, force: bool) -> dict[str, Any]:
        """Give what a hit depends on beside the key: a JSON value.

        Raises:
            Refused: a file changed while it was read, or nobody knows which one was.
        """
        if not force:
            natives.depend(
                self.observation,
                self._reach.libraries(),
                self._reach.mentions(),
                self._reach.strings(),
            )
        mentions = frozenset(self._reach.mentions())
        if not force and (seen := sorted(mentions & hidden.FINDS_ANYTHING)):
            raise Refused(f"it uses {seen[0]}, which may find anything")
        if "stat" in mentions:
            self.observation.detail_scans()
        self.depend_on_names(frozenset(self._named_in_strings(mentions)))
        found, reason = self.observation.conclude()
        if reason:
            raise Refused(reason)
        return {
            "names": self.names,
            "files": found,
            "random": dict(self.random),
            "modules": self.modules(),
            "asked": self._asked(),
            "variables": {**self._reach.variables(), **self.observation.variables},
            "cwd": files.working_directory() if self._place_matters() else "",
        }

    def _place_matters(self) -> bool:
        return self.observation.relative or bool(self.plan.mentions & _PLACE)

    def depend_on_names(self, used: frozenset[str]) -> None:
        """Note names whose values the entry refers to."""
        for name in used:
            if name not in self.digests and name not in self.names:
                self.names[name] = self._old_digest(name)

    def known(self) -> dict[int, Any]:
        """Everything that was there before the run, with the path to it."""
        found: dict[int, Any] = {
            id(value): (name,)
            for name, value in self._own_before.items()
            if not is_atom(value, self.inside) and type(value) not in _SMALL
        }
        found.update(self.parts.paths)
        return found


_SMALL = frozenset({str, bytes, int, float, complex})
_PLACE = frozenset({"getcwd", "cwd", "abspath", "realpath", "absolute", "resolve"})


def _globals_written(parts: Parts) -> Iterator[str]:
    """Name the globals that functions among the inputs may bind when they are called."""
    for part in parts.objects.values():
        if isinstance(part, types.FunctionType):
            yield from globals_of(part.__code__).writes
