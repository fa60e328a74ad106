"""cache: a cell's results come back when its inputs did not change.

`Caching` is in every pipeline and does nothing until somebody asks for it: the flavour, or a cell
that says ``%%cache``. Only then the rest of this package is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...core.model import Outcome, Run
from ...core.pipeline import Runner

if TYPE_CHECKING:
    from .cache import Cache


class Caching:
    """Decides which runs the cache looks at.

    Args:
        host: the session.
    """

    def __init__(self, host: Any) -> None:
        #: Every cell is to be cached, not only those that say so.
        self.on = False
        self._host = host
        self._cache: Cache | None = None
        #: Why there is none, if it can't be made.
        self._broken = ""

    @property
    def used(self) -> Cache | None:
        """The cache, if it has been asked for."""
        return self._cache

    @property
    def cache(self) -> Cache:
        """The cache."""
        if self._cache is None:
            from .cache import Cache

            self._cache = Cache(self._host)
        return self._cache

    async def __call__(self, run: Run, inner: Runner) -> Outcome:
        """Let the cache handle a run, if it is to."""
        request = run.request
        if self._broken:
            return await inner(run)
        if not self.on and "cache" not in request.code and not request.tags:
            return await inner(run)
        if request.silent or not request.code.strip():
            return await inner(run)
        if not (request.store_history or run.state.rerun):
            return await inner(run)
        self._host.shell.prepare(run)
        if not self.on and not any(d.name == "cache" for d in run.state.directives):
            return await inner(run)
        from .options import OptionError, read

        try:
            options = read(run.state.directives)
        except OptionError as error:
            outcome: Outcome = self._host.outputs.error(error)
            return outcome
        try:
            cache = self.cache
        except Exception as error:
            # A setting is wrong, say: cells run all the same.
            self._broken = f"{type(error).__name__}: {error}"
            self._host.shell.kernel.log.error("There is no cache: %s", self._broken)
        else:
            return await cache(run, inner, options)
        return await inner(run)
