"""Looking a cell up: its inputs, the entries of that key, and whether one of them holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipykernel import compiler

from ...core.fingerprint import Fingerprints, Unhashable
from ...core.model import Run
from ...store import Record, Store
from . import entry, settings, validation
from .entry import Restored
from .inputs import Inputs, take
from .options import Options
from .parts import Inside
from .plan import Plan


@dataclass
class Look:
    """What looking for an entry came to."""

    inputs: Inputs
    record: Record | None = None
    restored: Restored | None = None
    #: What differs from the entries that there are.
    differences: tuple[str, ...] = ()
    #: What imports printed that were done only to look.
    printed: str = ""


class Finder:
    """Finds the entry that a run would make again.

    Args:
        shell: holds the namespace.
        store: holds the entries.
        fingerprints: of the namespace.
    """

    def __init__(self, shell: Any, store: Store, fingerprints: Fingerprints) -> None:
        self._shell, self._store, self._fingerprints = shell, store, fingerprints

    def extra(self, options: Options) -> str:
        """Fingerprint what ``key=EXPR`` gives; what it raises is the user's."""
        if not options.key:
            return ""
        value = eval(options.key, self._shell.user_ns)
        try:
            return self._fingerprints.of(value).hex()
        except Unhashable as error:
            raise ValueError(f"%%cache key={options.key}: {error}") from None

    def find(self, run: Run, plan: Plan, extra: str) -> Look:
        """Look for an entry that holds.

        Raises:
            Refused: an input has no fingerprint.
        """
        namespace = self._shell.user_ns
        shown = settings.of_shell(self._shell)
        inputs = take(run.state.source, plan, namespace, self._fingerprints, shown, extra)
        look = Look(inputs)
        tried: set[int] = set()
        for tier in (self._store.lookup, self._store.more):
            for record in tier(inputs.key):
                if record.id not in tried:
                    tried.add(record.id)
                    self._try(run, record, look)
                if look.restored is not None:
                    return look
        return look

    def _try(self, run: Run, record: Record, look: Look) -> None:
        """Load an entry, if what it depends on is what it was."""
        namespace = self._shell.user_ns
        differing = list(validation.differences(record.dependencies, namespace, self._fingerprints))
        if not differing:
            differing = self._import_for(record, look)
        if not differing:
            look.restored = self._load(run, record)
            if look.restored is not None:
                look.record = record
                return
            differing = ["the entry can't be used"]
        look.differences = look.differences or tuple(dict.fromkeys(differing))

    def _import_for(self, record: Record, look: Look) -> list[str]:
        modules = record.dependencies["modules"]
        try:
            look.printed += entry.import_again(modules)
        except Exception as error:
            return [f"a module can't be imported: {error}"]
        return list(validation.module_differences(record.dependencies, self._fingerprints))

    def _load(self, run: Run, record: Record) -> Restored | None:
        stored = self._store.read(record)
        if stored is None:
            return None
        try:
            return entry.load(stored, Inside(self._shell.user_ns), lambda: file_name(run))
        except Exception:
            self._shell.kernel.log.warning("An entry of the cache can't be loaded", exc_info=True)
            return None


def file_name(run: Run) -> str:
    """What the compiler calls a cell."""
    find: Any = compiler.get_file_name
    return str(find(run.request.code))
