"""Values that change by themselves: widgets that the user moves, async generators that yield."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ...core.digest import digest
from ...core.model import find_run
from ...core.rewrite import live
from .cells import cell_id_of


@dataclass(eq=False)
class Feed:
    """An async generator that keeps a name up to date."""

    cell: str
    name: str
    source: AsyncIterator[Any]
    task: asyncio.Task[None] | None = None


class Sources:
    """Watches the widgets and follows the generators that a session's names are bound to.

    Args:
        namespace: where the names are bound.
        changed: called in the loop with names and, for each, the cell that changed it, if any.
        step: awaited when a feed has a new value: it ends when the dependents have run.
        show_error: shows the exception at hand in the cell of the calling context.
    """

    def __init__(
        self,
        namespace: Callable[[], dict[str, Any]],
        changed: Callable[[dict[str, str | None]], None],
        step: Callable[[str], Any],
        show_error: Callable[[], None],
    ) -> None:
        self._namespace = namespace
        self._changed, self._step, self._show_error = changed, step, show_error
        self._widgets: dict[str, Any] = {}
        self._moved_names: dict[str, str | None] = {}
        self._feeds: dict[str, list[Feed]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    # -- widgets ---------------------------------------------------------------------------

    def watch(self, names: Iterable[str]) -> None:
        """Look whether a run bound some of its names to widgets, or no longer does."""
        if "ipywidgets" not in sys.modules and not self._widgets:
            return
        self._loop = asyncio.get_running_loop()
        namespace = self._namespace()
        for name in sorted(names):
            value, known = namespace.get(name), self._widgets.get(name)
            if value is known:
                continue
            if known is not None:
                known.unobserve(self._moved, names="value")
                del self._widgets[name]
            if value is not None and _is_source(value):
                value.observe(self._moved, names="value")
                self._widgets[name] = value

    def lays_out(self, called: str) -> bool:
        """Whether a dotted name, as a cell would call it, is something of ipywidgets."""
        first, *rest = called.split(".")
        value = self._namespace().get(first)
        for attribute in rest:
            if not isinstance(value, ModuleType):
                return False
            value = getattr(value, attribute, None)
        return str(getattr(value, "__module__", "")).partition(".")[0] == "ipywidgets"

    def _moved(self, change: Any) -> None:
        # In the thread of a subshell, if the front-end has one.
        run = find_run()
        by = None if run is None else cell_id_of(run.request, run.number)
        names = [name for name, widget in self._widgets.items() if widget is change["owner"]]
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._collect, names, by)

    def _collect(self, names: list[str], by: str | None) -> None:
        # Moves that come while a cell blocks the loop are one change: the newest value counts.
        if not self._moved_names:
            asyncio.get_running_loop().call_soon(self._tell)
        self._moved_names.update(dict.fromkeys(names, by))

    def _tell(self) -> None:
        moved, self._moved_names = self._moved_names, {}
        self._changed(moved)

    # -- generators ------------------------------------------------------------------------

    async def follow(self, name: str, function: Any, source: AsyncIterator[Any]) -> Any:
        """Wait for the first value, and bind the later ones as they come; see `LiveRewrite`.

        Raises:
            ValueError: the generator ended before its first value.
        """
        if function is not live:
            return function(source)  # the notebook has a `live` of its own
        run = find_run()
        cell = "" if run is None else cell_id_of(run.request, run.number)
        feed = Feed(cell, name, source)
        try:
            first = await anext(source)
        except StopAsyncIteration:
            raise ValueError(
                f"the generator bound to {name!r} ended before its first value"
            ) from None
        feed.task = asyncio.get_running_loop().create_task(self._pump(feed))
        self._feeds.setdefault(cell, []).append(feed)
        return first

    async def _pump(self, feed: Feed) -> None:
        namespace = self._namespace()
        try:
            # The cell itself has to end first: it binds the first value.
            await asyncio.sleep(0)
            async for value in feed.source:
                old, new = digest(namespace.get(feed.name)), digest(value)
                namespace[feed.name] = value
                if new is None or new != old:
                    await self._step(feed.name)
                await asyncio.sleep(0)
        except Exception:
            self._show_error()
        finally:
            await self._clean_up(feed.source)

    async def _clean_up(self, source: Any) -> None:
        if not hasattr(source, "aclose") or getattr(source, "ag_running", False):
            return  # somebody else steps it, or is closing it
        try:
            await source.aclose()
        except Exception:
            self._show_error()

    async def stop(self, cell: str) -> None:
        """Close the generators of a cell: it is about to run again, or it is gone."""
        for feed in self._feeds.pop(cell, []):
            if feed.task is not None:
                feed.task.cancel()
                await asyncio.gather(feed.task, return_exceptions=True)

    def close(self) -> None:
        """Stop watching and following everything."""
        for widget in self._widgets.values():
            widget.unobserve(self._moved, names="value")
        self._widgets.clear()
        for feeds in self._feeds.values():
            for feed in feeds:
                if feed.task is not None:
                    feed.task.cancel()
        self._feeds.clear()


def _is_source(value: Any) -> bool:
    module = sys.modules.get("ipywidgets")
    return module is not None and isinstance(value, module.Widget) and value.has_trait("value")
