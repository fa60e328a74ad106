"""Look after a store: what it holds, what is to go, what killed processes left behind."""

from __future__ import annotations

import time
from collections.abc import Iterable

from ..core.errors import StoreError
from .entries import ALL, IDLE, TOTALS, evict, forget, release, verified
from .entries import count as entries_and_bytes
from .model import NOTE, Record, Removed
from .opened import Opened

#: Seconds between two sweeps of one store, by whatever process.
SWEEP_INTERVAL = 86_400.0

#: Seconds that a file which no entry knows is left alone: somebody may be about to publish it.
STRAY_AGE = 3_600.0


def records(opened: Opened) -> list[Record]:
    """Give all entries with a right signature, notes aside, the most recently used first."""
    found = []
    for row in opened.reader.rows(ALL):
        try:
            record = verified(row, opened.digests)
        except StoreError:  # a lookup says so
            continue
        if not record.key.startswith(NOTE):
            found.append(record)
    return found


def note_uses(opened: Opened, uses: Iterable[tuple[int, int, float]]) -> None:
    """Note uses: rows of an entry's id, how many, and when the last one was."""
    if opened.read_only:
        return
    with opened.writer.transaction():
        opened.writer.many(
            "UPDATE entries SET hits = hits + ?2, used = max(used, ?3) WHERE id = ?1",
            list(uses),
        )


def count(opened: Opened) -> tuple[int, int, int]:
    """Give the number of entries, of hits, and bytes."""
    ((hits,),) = opened.reader.rows("SELECT total(hits) FROM entries")
    entries, size = entries_and_bytes(opened.reader)
    return entries, int(hits), size


def discard(opened: Opened, identifier: int, broken: str) -> None:
    """Delete an entry that isn't what was stored, and its broken blob, so that it can be anew."""
    with opened.writer.transaction():
        free = release(opened.writer, forget(opened.writer, [identifier]))
        if broken:
            opened.blobs.remove(broken)
    opened.unlink(free)


def prune(opened: Opened, older_than: float | None, max_bytes: int | None) -> Removed:
    """Delete what was not used for `older_than` seconds, then the oldest beyond `max_bytes`.

    And files that no entry knows.
    """
    with opened.writer.transaction():
        before, free = entries_and_bytes(opened.writer), []
        if older_than is not None:
            idle = opened.writer.rows(IDLE, time.time() - older_than)
            free += release(opened.writer, forget(opened.writer, [row[0] for row in idle]))
        if max_bytes is not None:
            free += evict(opened.writer, max_bytes)
        after = entries_and_bytes(opened.writer)
    opened.unlink(free)
    sweep(opened)
    return Removed(before[0] - after[0], before[1] - after[1])


def clear(opened: Opened) -> Removed:
    """Delete every entry, also those of other keys, and what nobody knows."""
    with opened.writer.transaction():
        before = entries_and_bytes(opened.writer)
        free = [name.decode() for (name,) in opened.writer.rows("SELECT name FROM blobs")]
        for table in ("uses", "inline", "entries", "blobs"):
            opened.writer.rows(f"DELETE FROM {table}")
    opened.unlink(free)
    sweep(opened)
    return Removed(*before)


def sweep_when_due(opened: Opened) -> None:
    """Sweep unless that was done within the last day."""
    swept = opened.writer.rows(TOTALS)[0][2]
    if not 0 <= time.time() - swept < SWEEP_INTERVAL:
        sweep(opened)


def sweep(opened: Opened, min_age: float = STRAY_AGE) -> int:
    """Delete files that no entry knows and the space of deleted rows; give the bytes freed."""
    writer, blobs = opened.writer, opened.blobs
    freed = blobs.drop_drafts(min_age)
    known = (name.decode("ascii", "replace") for (name,) in writer.rows("SELECT name FROM blobs"))
    strays = dict(blobs.strays(known, min_age))
    opened.unlink(strays)
    with writer.transaction():
        writer.rows(
            "UPDATE totals SET swept = ?, entries = (SELECT count(*) FROM entries), bytes = "
            "(SELECT total(bytes) FROM entries) + (SELECT total(bytes) FROM blobs)",
            time.time(),
        )
    writer.shrink()
    return freed + sum(strays.values())
