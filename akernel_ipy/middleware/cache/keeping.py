"""Storing a run: is it worth it, what is in the entry, what is noted for ``why``."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from jupyter_core.paths import jupyter_config_dir, jupyter_data_dir, jupyter_runtime_dir

from ...core.fingerprint import Fingerprints
from ...core.model import Outcome
from ...store import Publication, Store
from . import entry, files, validation
from .inputs import Refused
from .looking import file_name
from .options import Options
from .recording import Recording
from .verdicts import NEW, Verdict

#: What bringing an entry back takes at least, and per byte, in seconds: measured, and rounded up.
RESTORE_BASE, RESTORE_PER_BYTE = 0.002, 1 / 2.5e9


class Cheap(Refused):
    """Storing the run wouldn't save time."""


class Keeper:
    """Stores runs.

    Args:
        store: holds the entries.
        fingerprints: of the namespace.
        min_seconds: what a run must have taken at least; if it is negative, all are stored.
        ipython_dir: IPython's own files are nobody's input.
    """

    def __init__(
        self, store: Store, fingerprints: Fingerprints, min_seconds: float, ipython_dir: str
    ) -> None:
        self._store, self._fingerprints = store, fingerprints
        self._min_seconds, self._ipython_dir = min_seconds, ipython_dir

    def compare(self, recording: Recording) -> list[str]:
        """Name what differs from the run of this code that was stored last."""
        earlier = self._store.lookup(recording.inputs.family)
        if not earlier:
            return [NEW]
        found = list(validation.inputs_differ(recording.describe(), earlier[0].meta))
        return found or ["its entry is gone"]

    def keep(
        self,
        recording: Recording,
        outcome: Outcome,
        options: Options,
        verdict: Verdict,
    ) -> None:
        """Store a run.

        Raises:
            Refused, Unstorable: it can't be, or isn't worth it.
        """
        if outcome.status != "ok":
            raise Refused("it failed")
        self._require_worth(recording, options, 0)
        made = recording.conclude(outcome, options.force)
        dependencies = recording.dependencies(options.force)
        packed = entry.pack(
            made,
            recording.inside,
            recording.known(),
            [*dependencies["modules"], *recording.inputs.modules],
            file_name(recording.run),
            self._fingerprints,
        )
        recording.depend_on_names(packed.used)
        self._require_worth(recording, options, packed.bytes)
        verdict.published = self._write(recording, dependencies, packed)
        verdict.bytes = packed.bytes
        verdict.files = files_read(dependencies)

    def _write(
        self, recording: Recording, dependencies: Mapping[str, Any], packed: entry.Packed
    ) -> Publication:
        meta = {"seconds": recording.seconds, "code": recording.run.label, "made": time.time()}
        write = self._store.write
        publication = write(
            recording.inputs.key, dependencies, meta, packed.payload, packed.buffers
        )
        if publication.done and publication.reason:
            raise Refused(publication.reason)
        write(recording.inputs.family, {}, recording.describe(), b"")
        return publication

    def _require_worth(self, recording: Recording, options: Options, size: int) -> None:
        """See that an entry would save time.

        Raises:
            Refused: it wouldn't.
        """
        at_least = self._min_seconds
        if options.asked or at_least < 0:
            return
        if recording.plan.names.functions_only:
            raise Cheap("it only imports and defines, which a hit would do again")
        if recording.seconds < at_least:
            raise Cheap(f"it takes less than min_seconds ({at_least:g} s)")
        if recording.seconds < RESTORE_BASE + size * RESTORE_PER_BYTE:
            raise Cheap("running it is cheaper than bringing it back")

    def ignored(self) -> list[str]:
        """Directories whose files are nobody's input: the cache's, and those of the programs."""
        found = [
            str(self._store.directory),
            self._ipython_dir,
            jupyter_config_dir(),
            jupyter_data_dir(),
            jupyter_runtime_dir(),
        ]
        matplotlib = sys.modules.get("matplotlib")
        if hasattr(matplotlib, "get_cachedir"):
            assert matplotlib is not None
            found += [matplotlib.get_cachedir(), matplotlib.get_configdir()]
        return [path for path in found if path]

    def is_dear(self, seconds: float) -> bool:
        """Tell whether a run took long enough to look at its inputs the next time."""
        return seconds > 10 * RESTORE_BASE and seconds >= self._min_seconds


def files_read(dependencies: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the files and directories whose content counts."""
    told = {files.CONTENT, files.LISTING, files.SCAN, files.PATTERN}
    return tuple(path for path, how, _ in dependencies["files"] if how in told)
