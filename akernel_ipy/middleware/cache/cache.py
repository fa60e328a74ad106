"""The caching middleware itself: look, bring back or run, record, store."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from ...core.directives import find
from ...core.fingerprint import Fingerprints
from ...core.model import Outcome, Run
from ...core.pipeline import Runner
from ...store import CacheStore, Store
from .audit import quiet
from .inputs import Refused
from .keeping import Cheap, Keeper, files_read
from .looking import Finder, Look
from .observation import Observation
from .options import Options
from .ownnames import OwnNames
from .pickling import Unstorable
from .plan import Plan, plan
from .recording import Recording
from .rewrite import CacheRewrite
from .verdicts import CheapCells, Log, Verdict


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
        self._finder = Finder(self._shell, self.store, self.fingerprints)
        self._keeper = Keeper(
            self.store,
            self.fingerprints,
            self.settings.min_seconds,
            self._shell.ipython_dir,
        )
        self._cheap = CheapCells()
        self._own = OwnNames()
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
            verdict.uncached = self._cheap.reason(run.state.source)
        if verdict.uncached:
            return None
        try:
            extra = self._finder.extra(options)
        except Exception as error:
            return self._host.outputs.error(error)  # type: ignore[no-any-return]
        try:
            with quiet():
                return self._finder.find(run, plan_, extra)
        except Refused as refusal:
            verdict.uncached = str(refusal)
        except KeyboardInterrupt as interrupt:
            # While a large input was hashed: the cell has not begun.
            return self._host.outputs.error(interrupt)  # type: ignore[no-any-return]
        except Exception as error:
            self._failed(verdict, error)
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
        verdict.files = files_read(record.dependencies)
        self._note(run, verdict)
        return outcome

    # -- a miss ----------------------------------------------------------------------------------

    async def _run(self, run: Run, inner: Runner, verdict: Verdict) -> Outcome:
        begun = time.perf_counter()
        try:
            return await inner(run)
        finally:
            verdict.seconds = time.perf_counter() - begun
            if self._keeper.is_dear(verdict.seconds):
                self._cheap.discard(run.state.source)

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
                if self._other_steps(run) != steps:
                    raise Refused("other cells ran while it waited")
                self._keeper.keep(recording, outcome, options, verdict)
        except (Refused, Unstorable) as refusal:
            verdict.uncached = str(refusal)
            if isinstance(refusal, Cheap):
                self._cheap.add(run.state.source, verdict.uncached)
        except KeyboardInterrupt:
            verdict.uncached = "it was interrupted while it was being stored"
        except Exception as error:
            self._failed(verdict, error)
        return outcome

    def _begin(self, run: Run, plan_: Plan, look: Look, verdict: Verdict) -> Recording | None:
        try:
            with quiet():
                observation = Observation(self._keeper.ignored())
                recording = Recording(
                    run,
                    plan_,
                    look.inputs,
                    self._shell,
                    self.fingerprints,
                    self._own,
                    observation,
                )
                verdict.reason = list(look.differences or self._keeper.compare(recording))
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

    def _other_steps(self, run: Run) -> int:
        """How many steps other cells have made so far."""
        steps = self._shell.steps
        return 0 if steps is None else steps.count - run.state.steps

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
            if self.settings.note:
                told["note"] = verdict.note
        else:
            told["stored"] = verdict.stored
            if verdict.refusal:
                told["uncached"] = verdict.refusal
            if verdict.reason:
                told["differs"] = verdict.reason
        run.state.metadata.setdefault("akernel", {})["cache"] = told
