"""The commands ``akernel cache info``, ``clear`` and ``prune``."""

from __future__ import annotations

import dataclasses
import json
from inspect import cleandoc
from typing import Any, ClassVar

from jupyter_core.application import base_aliases, base_flags
from traitlets import Bool, Unicode

from .app import Command, Dispatcher
from .core.errors import StoreError
from .core.units import parse_bytes, parse_seconds, show_bytes, show_seconds
from .store import CacheStore, Record, Removed, Store
from .store.places import FORMAT

ALIASES: dict[str, Any] = {**base_aliases, "cache-dir": "StoreCommand.cache_dir"}
FLAGS: dict[str, Any] = {
    **base_flags,
    "json": ({"StoreCommand": {"json_output": True}}, "Print JSON."),
}


class StoreCommand(Command):
    """What the commands share: which cache, and what to do if there is none."""

    most_words: ClassVar[float] = 0

    cache_dir = Unicode(
        help="The cache directory (default: AKERNEL_CACHE_DIR, else below Jupyter's data)."
    ).tag(config=True)
    json_output = Bool(False, help="Print JSON.").tag(config=True)

    aliases = ALIASES
    flags = FLAGS
    classes = [CacheStore]  # noqa: RUF012 (a list in traitlets)

    def store(self) -> Store:
        """Open the cache.

        Raises:
            StoreError: if there is none, or it can't be used.
        """
        options = {"directory": self.cache_dir} if self.cache_dir else {}
        store = CacheStore(parent=self, **options).open()
        if not (store.directory / FORMAT).is_dir():
            raise StoreError(f"there is no cache in {store.directory}")
        if reason := store.check():
            raise StoreError(reason)
        return store

    def report(self, store: Store, removed: Removed) -> None:
        """Say what was deleted, and what is left."""
        left = store.stats().bytes
        store.close()
        if self.json_output:
            print(json.dumps({**dataclasses.asdict(removed), "left": left}))
            return
        entries = count(removed.entries)
        sizes = f"{show_bytes(removed.bytes)}; {show_bytes(left)} left"
        print(f"Removed {entries}, {sizes} in {store.directory}")


def count(entries: int) -> str:
    """Say how many entries."""
    return "1 entry" if entries == 1 else f"{entries:,} entries"


class InfoApp(StoreCommand):
    """Say what the cache holds, and what it saved."""

    name = "akernel-cache-info"
    description = "Show where the cache is, what it holds, and the time that it saved."

    def start(self) -> None:
        """Print the totals."""
        super().start()
        store = self.store()
        stats, records = store.stats(), store.entries()
        store.close()
        values = {
            **dataclasses.asdict(stats),
            "readable": len(records),
            "seconds_saved": sum(map(saved, records)),
        }
        if self.json_output:
            print(json.dumps(values))
            return
        foreign = stats.entries - len(records)
        other = f", {foreign:,} of them signed with another key" if foreign else ""
        rows = [
            ("Directory", stats.directory),
            ("Entries", f"{stats.entries:,}{other}"),
            ("Size", f"{show_bytes(stats.bytes)} of at most {show_bytes(stats.max_bytes)}"),
            ("Hits", f"{stats.hits:,}, which saved {show_seconds(values['seconds_saved'])}"),
        ]
        for label, text in rows:
            print(f"{label:9}  {text}")


def saved(record: Record) -> float:
    """Give the seconds that an entry saved so far."""
    meta = record.meta
    seconds = meta.get("seconds") if isinstance(meta, dict) else None
    return record.hits * seconds if isinstance(seconds, (int, float)) else 0.0


class ClearApp(StoreCommand):
    """Delete every entry."""

    name = "akernel-cache-clear"
    description = "Delete all entries of the cache: akernel cache clear [-y]"

    def start(self) -> None:
        """Ask, unless told ``-y``, and delete."""
        super().start()
        store = self.store()
        if not self.answer_yes and not self.confirmed(store):
            print("Kept them")
            return
        self.report(store, store.clear())

    def confirmed(self, store: Store) -> bool:
        """Ask on the terminal; without one there is nobody to ask."""
        stats = store.stats()
        try:
            answer = input(
                f"Delete {count(stats.entries)} ({show_bytes(stats.bytes)}) "
                f"in {stats.directory}? [y/N] "
            )
        except EOFError:
            print()
            raise StoreError(
                "the entries stay, as nobody can be asked; confirm with: akernel cache clear -y"
            ) from None
        return answer.strip().lower() in ("y", "yes")


PRUNE_ALIASES: dict[str, Any] = {
    **ALIASES,
    "older-than": "PruneApp.older_than",
    "max-bytes": "PruneApp.max_bytes",
}


class PruneApp(StoreCommand):
    """Delete what is old, what is too much, and what killed kernels left behind."""

    name = "akernel-cache-prune"
    description = """Delete the entries that were not used for a while, then the least recently used
    ones until the rest fits.

    akernel cache prune [--older-than DURATION] [--max-bytes SIZE]
    """
    examples = cleandoc("""
    akernel cache prune --older-than 30d
    akernel cache prune --max-bytes 2GiB
    """)

    older_than = Unicode(help="Not used for so long: 90 (seconds), 12h, 30d, 2w.").tag(config=True)
    max_bytes = Unicode(
        help="What may stay: 1000000 (bytes), 500MB, 2GiB (default: the size the cache may have)."
    ).tag(config=True)

    aliases = PRUNE_ALIASES

    def start(self) -> None:
        """Delete, and say how much."""
        super().start()
        try:
            age = parse_seconds(self.older_than) if self.older_than else None
            size = parse_bytes(self.max_bytes) if self.max_bytes else None
        except ValueError as error:
            self.usage_error(str(error))
        store = self.store()
        limit = store.max_bytes if size is None else size
        self.report(store, store.prune(age, limit))


SUBCOMMANDS: dict[str, Any] = {
    "info": (InfoApp, "Show what the cache holds."),
    "clear": (ClearApp, "Delete all entries."),
    "prune": (PruneApp, "Delete old entries, or the oldest beyond a size."),
}


class CacheApp(Dispatcher):
    """The command ``akernel cache``: it only dispatches."""

    name = "akernel-cache"
    description = "Look after the results that the cache keeps."
    examples = cleandoc("""
    akernel cache info
    akernel cache prune --older-than 30d
    """)
    subcommands = SUBCOMMANDS
