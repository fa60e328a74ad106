"""The commands that look at the cache, and what ``%%cache`` says where it can't work."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.display import display

from ..core.units import show_bytes
from .command import Command, cell_number


def _show(session: Any, arguments: list[str]) -> None:
    # Imported here: a kernel without cache starts sooner.
    from ..middleware.cache.report import overview

    cache = session.caching.cache
    display(overview(cache.log, cache.store), raw=True)  # type: ignore[no-untyped-call]


def _why(session: Any, arguments: list[str]) -> None:
    number = cell_number(arguments[0], "cache why") if arguments else None
    cache = session.caching.used
    verdict = None if cache is None else cache.log.find(number)
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
