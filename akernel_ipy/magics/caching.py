"""The commands that look at the cache, and what ``%%cache`` says where it can't work."""

from __future__ import annotations

from html import escape
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.display import display

from ..middleware.cache.verdicts import Log, Verdict, show_bytes, show_seconds
from .command import Command, cell_number


def _log(session: Any) -> Log:
    cache = session.caching.used
    return Log() if cache is None else cache.log


def _show(session: Any, arguments: list[str]) -> None:
    log = _log(session)
    store = session.caching.cache.store
    stats = store.stats()
    lines = [
        f"hits {log.hits}, misses {log.misses}, stored {log.stored}; "
        f"saved {show_seconds(log.saved)}, brought back {show_bytes(log.bytes)}",
        f"{stats.entries} entries, {show_bytes(stats.bytes)} of {show_bytes(stats.max_bytes)} "
        f"in {stats.directory}",
        *(f"trouble: {trouble}" for trouble in store.troubles[-3:]),
    ]
    rows = [(verdict, _state(verdict)) for _, verdict in log]
    text = "\n".join([*lines, *(f"{v.label}  {state}" for v, state in rows)])
    data = {"text/plain": text, "text/html": _table(lines, rows)}
    display(data, raw=True)  # type: ignore[no-untyped-call]


def _state(verdict: Verdict) -> str:
    if verdict.hit:
        return f"hit: {show_seconds(verdict.spent)} instead of {show_seconds(verdict.seconds)}"
    if verdict.stored:
        return f"stored: {show_bytes(verdict.bytes)}, ran {show_seconds(verdict.seconds)}"
    return f"not cached: {verdict.uncached}"


def _table(lines: list[str], rows: list[tuple[Verdict, str]]) -> str:
    head = "<br>".join(escape(line) for line in lines)
    body = "".join(
        f"<tr><td style='text-align:left'><code>{escape(verdict.label)}</code></td>"
        f"<td style='text-align:left'>{escape(state)}</td></tr>"
        for verdict, state in rows
    )
    return f"<p>{head}</p><table>{body}</table>" if rows else f"<p>{head}</p>"


def _why(session: Any, arguments: list[str]) -> None:
    log = _log(session)
    number = cell_number(arguments[0], "cache why") if arguments else None
    verdict = log.find(number)
    if verdict is None:
        which = "no cell" if number is None else f"In [{number}] was not one that"
        raise UsageError(
            f"%akernel cache why: {which} the cache has looked at; it looks at cells under "
            "%akernel_mode cache, and at those that begin with %%cache"
        )
    print("\n".join(verdict.lines()))


def _clear(session: Any, arguments: list[str]) -> None:
    removed = session.caching.cache.store.clear()
    print(f"removed {removed.entries} entries, {show_bytes(removed.bytes)}")


COMMANDS = (
    Command("cache", "what the cache did in this session, and what it holds", _show),
    Command("cache why [N]", "why In [N], or the last cell, was a hit, stored, or neither", _why),
    Command("cache clear", "remove all entries", _clear),
)


@magics_class
class CacheMagics(Magics):
    """``%%cache`` and ``%%nocache``, for ``?`` and for where they can't work.

    Where they work they are directives: the kernel reads them before IPython sees the cell.
    """

    @cell_magic
    def cache(self, line: str, cell: str) -> None:
        """Bring this cell's results back if its inputs are what they were; else run and store it.

        ::

            %%cache              whatever the flavour, and however fast the cell is
            %%cache force        also if it writes files, starts processes, uses the network
            %%cache key=EXPR     the value of EXPR counts as an input

        It has to be the first line of its cell; other directives may stand above it.
        """
        raise UsageError("%%cache must be the first line of its cell")

    @cell_magic
    def nocache(self, line: str, cell: str) -> None:
        """Run this cell, and don't store it. It has to be the first line of its cell."""
        raise UsageError("%%nocache must be the first line of its cell")
