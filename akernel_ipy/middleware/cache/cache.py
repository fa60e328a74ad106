"""The caching middleware itself: look, bring back or run, record, store."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ipykernel import compiler
from jupyter_core.paths import jupyter_config_dir, jupyter_data_dir, jupyter_runtime_dir

from ...core.directives import find
from ...core.fingerprint import Fingerprints, Unhashable
from ...core.model import Outcome, Run
from ...core.pipeline import Runner
from ...store import CacheStore, Record, Store
from . import entry, files, surroundings, validation
from .audit import quiet
from .entry import Restored
from .inputs import Inputs, Refused, take
from .observation import Observation
from .options import Options
from .parts import Inside
from .pickling import Unstorable
from .plan import Plan, plan
from .recording import Recording
from .rewrite import CacheRewrite
from .verdicts import Log, Verdict

#: What bringing an entry back takes at least, and per byte, in seconds: measured, and rounded up.
RESTORE_BASE, RESTORE_PER_BYTE = 0.002, 1 / 2.5e9


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


class Cheap(Refused):
    """Storing the run wouldn't save time."""


class Cache:
    """Brings back what a cell made when its inputs are what they were.

    Args:
        host: the session.
    """

    def __init__(self, host: Any) -> None:
        self.log = Log()
        self._host = host
        self._shell = host.shell
        self.settings = CacheStore(parent=self._shell.kernel)
        self.store: Store = self.settings.open()
        self.fingerprints = Fingerprints(
            lambda: self._shell.user_ns, lambda name: name == self._name
        )
        #: Cells that were not worth storing, with the reason: their inputs aren't looked at again.
        self._cheap: dict[str, str] = {}
        self._shell.ast_transformers.insert(0, CacheRewrite())

    @property
    def _name(self) -> str:
        return str(self._shell.user_ns.get("__name__", "__main__"))

    async def __call__(self, run: Run, inner: Runner, options: Options) -> Outcome:
        """Bring a cell back, or run it."""
        verdict = Verdict(run.label)
        begun = time.perf_counter()
        plan_ = plan(run.state.source)
        look = await self._look(run, plan_, options, verdict)
        if isinstance(look, Outcome):
            return look
        if look is not None and look.restored is not None:
            return await self._bring_back(run, inner, look, verdict, begun)
        if look is None:
            outcome = await self._run(run, inner, verdict)
        else:
            outcome = await self._record(run, inner, plan_, look, options, verdict)
        self._note(run, verdict)
        return outcome

    # -- looking ---------------------------------------------------------------------------------

    async def _look(
        self, run: Run, plan_: Plan, options: Options, verdict: Verdict
    ) -> Look | Outcome | None:
        verdict.notes = plan_.notes
        if options.refused:
            verdict.uncached = "it says %%nocache"
        elif run.state.problem is not None:
            verdict.uncached = "it is no Python"
        elif plan_.refusal:
            verdict.uncached = plan_.refusal
        elif find(run.state.directives, "offload") is not None:
            verdict.uncached = "it runs in another process, where nobody sees what it reads"
        elif not options.asked:
            verdict.uncached = self._cheap.get(run.state.source, "")
        if verdict.uncached:
            return None
        try:
            extra = self._extra(options)
        except Exception as error:
            return self._host.outputs.error(error)  # type: ignore[no-any-return]
        try:
            with quiet():
                return self._find(run, plan_, extra, verdict)
        except Refused as refusal:
            verdict.uncached = str(refusal)
        except KeyboardInterrupt as interrupt:
            # While a large input was hashed: the cell has not begun.
            return self._host.outputs.error(interrupt)  # type: ignore[no-any-return]
        except Exception as error:
            self._failed(verdict, error)
        return None

    def _extra(self, options: Options) -> str:
        """Fingerprint what ``key=EXPR`` gives."""
        if not options.key:
            return ""
        value = eval(options.key, self._shell.user_ns)
        try:
            return self.fingerprints.of(value).hex()
        except Unhashable as error:
            raise ValueError(f"%%cache key={options.key}: {error}") from None

    def _find(self, run: Run, plan_: Plan, extra: str, verdict: Verdict) -> Look:
        namespace = self._shell.user_ns
        settings = surroundings.of_shell(self._shell)
        inputs = take(run.state.source, plan_, namespace, self.fingerprints, settings, extra)
        look = Look(inputs)
        tried: set[int] = set()
        for tier in (self.store.lookup, self.store.more):
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
        differing = list(validation.differences(record.dependencies, namespace, self.fingerprints))
        if not differing:
            differing = self._import_for(record, look)
        if not differing:
            look.restored = self._load(run, record)
            if look.restored is not None:
                look.record = record
                return
            differing = ["the entry can't be used"]
        look.differences = look.differences or tuple(differing)

    def _import_for(self, record: Record, look: Look) -> list[str]:
        modules = record.dependencies["modules"]
        try:
            look.printed += entry.import_again(modules)
        except Exception as error:
            return [f"a module can't be imported: {error}"]
        return list(validation.module_differences(modules, self.fingerprints))

    def _load(self, run: Run, record: Record) -> Restored | None:
        stored = self.store.read(record)
        if stored is None:
            return None
        try:
            return entry.load(stored, Inside(self._shell.user_ns), lambda: _file_name(run))
        except Exception:
            self._shell.kernel.log.warning("An entry of the cache can't be loaded", exc_info=True)
            return None

    # -- a hit -----------------------------------------------------------------------------------

    async def _bring_back(
        self, run: Run, inner: Runner, look: Look, verdict: Verdict, begun: float
    ) -> Outcome:
        restored, record = look.restored, look.record
        assert restored is not None
        assert record is not None
        run.state.replay = lambda: restored.apply(self._shell)
        try:
            outcome = await inner(run)
        finally:
            run.state.replay = None
        self.store.touch(record)
        verdict.hit = True
        verdict.seconds = float(record.meta["seconds"])
        verdict.bytes = record.bytes
        verdict.spent = time.perf_counter() - begun
        verdict.files = _files_read(record.dependencies)
        self._note(run, verdict)
        return outcome

    # -- a miss ----------------------------------------------------------------------------------

    async def _run(self, run: Run, inner: Runner, verdict: Verdict) -> Outcome:
        begun = time.perf_counter()
        try:
            return await inner(run)
        finally:
            verdict.seconds = time.perf_counter() - begun
            if verdict.seconds > 10 * RESTORE_BASE and verdict.seconds >= self.settings.min_seconds:
                self._cheap.pop(run.state.source, None)

    async def _record(
        self,
        run: Run,
        inner: Runner,
        plan_: Plan,
        look: Look,
        options: Options,
        verdict: Verdict,
    ) -> Outcome:
        recording = self._begin(run, plan_, look, verdict)
        if recording is None:
            return await self._run(run, inner, verdict)
        steps = self._other_steps(run)
        recording.begin()
        if look.printed:
            print(look.printed, end="")
        try:
            outcome = await inner(run)
        finally:
            recording.end()
        verdict.seconds = recording.seconds
        try:
            with quiet():
                self._keep(recording, outcome, options, verdict, self._other_steps(run) != steps)
        except (Refused, Unstorable) as refusal:
            verdict.uncached = str(refusal)
            if isinstance(refusal, Cheap):
                self._cheap[run.state.source] = verdict.uncached
        except KeyboardInterrupt:
            verdict.uncached = "it was interrupted while it was being stored"
        except Exception as error:
            self._failed(verdict, error)
        return outcome

    def _begin(self, run: Run, plan_: Plan, look: Look, verdict: Verdict) -> Recording | None:
        try:
            with quiet():
                observation = Observation(self._ignored())
                recording = Recording(
                    run, plan_, look.inputs, self._shell, self.fingerprints, observation
                )
                verdict.reason = list(look.differences or self._compare(look.inputs, recording))
                return recording
        except KeyboardInterrupt:
            # As if it had come a moment earlier: the cell, which begins now, is cancelled.
            run.state.interrupted = True
            task = asyncio.current_task()
            if task is not None:
                task.cancel()
            return None
        except Exception as error:
            self._failed(verdict, error)
            return None

    def _compare(self, inputs: Inputs, recording: Recording) -> list[str]:
        """Name what differs from the latest run of this code."""
        earlier = self.store.lookup(inputs.family)
        if not earlier:
            return ["this code has not been stored before"]
        found = list(validation.inputs_differ(recording.describe(), earlier[0].meta))
        return found or ["its entry is gone"]

    def _keep(
        self,
        recording: Recording,
        outcome: Outcome,
        options: Options,
        verdict: Verdict,
        overlapped: bool,
    ) -> None:
        """Store a run.

        Raises:
            Refused, Unstorable: it can't be, or isn't worth it.
        """
        if outcome.status != "ok":
            raise Refused("it failed")
        if overlapped:
            raise Refused("other cells ran while it waited")
        self._require_worth(recording, options, 0)
        made = recording.conclude(outcome, options.force)
        dependencies = recording.dependencies(options.force)
        filename = _file_name(recording.run)
        packed = entry.pack(
            made,
            recording.inside,
            recording.known(),
            [*dependencies["modules"], *recording.inputs.modules],
            filename,
            self.fingerprints,
        )
        recording.depend_on_names(packed.used)
        self._require_worth(recording, options, packed.bytes)
        meta = {"seconds": recording.seconds, "code": recording.run.label, "made": time.time()}
        write = self.store.write
        publication = write(
            recording.inputs.key, dependencies, meta, packed.payload, packed.buffers
        )
        if publication.done and publication.reason:
            raise Refused(publication.reason)
        write(recording.inputs.family, {}, recording.describe(), b"")
        verdict.stored, verdict.bytes = True, packed.bytes
        verdict.files = _files_read(dependencies)

    def _require_worth(self, recording: Recording, options: Options, size: int) -> None:
        """See that an entry would save time.

        Raises:
            Refused: it wouldn't.
        """
        at_least = self.settings.min_seconds
        if options.asked or at_least < 0:
            return
        if recording.plan.names.functions_only:
            raise Cheap("it only imports and defines, which a hit would do again")
        if recording.seconds < at_least:
            raise Cheap(f"it takes less than min_seconds ({at_least:g} s)")
        if recording.seconds < RESTORE_BASE + size * RESTORE_PER_BYTE:
            raise Cheap("running it is cheaper than bringing it back")

    def _other_steps(self, run: Run) -> int:
        """How many steps other cells have made so far."""
        steps = self._shell.steps
        return 0 if steps is None else steps.count - run.state.steps

    def _ignored(self) -> list[str]:
        found = [
            str(self.store.directory),
            self._shell.ipython_dir,
            jupyter_config_dir(),
            jupyter_data_dir(),
            jupyter_runtime_dir(),
        ]
        matplotlib = sys.modules.get("matplotlib")
        if hasattr(matplotlib, "get_cachedir"):
            assert matplotlib is not None
            found += [matplotlib.get_cachedir(), matplotlib.get_configdir()]
        return [path for path in found if path]

    def _failed(self, verdict: Verdict, error: Exception) -> None:
        """Our own fault: the cell is unharmed, and the log says more."""
        self._shell.kernel.log.error("The cache failed on %s", verdict.label, exc_info=error)
        verdict.uncached = f"the cache failed: {type(error).__name__}: {error}"

    def _note(self, run: Run, verdict: Verdict) -> None:
        if verdict.uncached.startswith("%akernel"):
            return  # it looks at the cells, and is none of them
        self.log.add(run.count, verdict)
        told: dict[str, Any] = {"hit": verdict.hit, "seconds": verdict.seconds}
        if verdict.hit:
            told["restored_in"] = verdict.spent
        else:
            told["stored"] = verdict.stored
            if verdict.uncached:
                told["uncached"] = verdict.uncached
            if verdict.reason:
                told["differs"] = verdict.reason
        run.state.metadata.setdefault("akernel", {})["cache"] = told

    def close(self) -> None:
        """Finish what is being stored."""
        self.store.close(timeout=None)


def _file_name(run: Run) -> str:
    """What the compiler calls a cell."""
    find: Any = compiler.get_file_name
    return str(find(run.request.code))


def _files_read(dependencies: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the files and directories whose content counts."""
    told = {files.CONTENT, files.LISTING, files.PATTERN}
    return tuple(path for path, how, _ in dependencies["files"] if how in told)
