"""What ``%akernel cache`` shows."""

from __future__ import annotations

from html import escape

from ...core.units import show_bytes, show_seconds
from ...store import Store
from .verdicts import Log, Verdict


def overview(log: Log, store: Store) -> dict[str, str]:
    """Tell what the cache did in a session, and what it holds: text and a table."""
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
    return {"text/plain": text, "text/html": _table(lines, rows)}


def _state(verdict: Verdict) -> str:
    if verdict.hit:
        return f"hit: {show_seconds(verdict.spent)} instead of {show_seconds(verdict.seconds)}"
    if verdict.stored:
        return f"stored: {show_bytes(verdict.bytes)}, ran {show_seconds(verdict.seconds)}"
    return f"not cached: {verdict.refusal}"


def _table(lines: list[str], rows: list[tuple[Verdict, str]]) -> str:
    head = "<br>".join(escape(line) for line in lines)
    body = "".join(
        f"<tr><td style='text-align:left'><code>{escape(verdict.label)}</code></td>"
        f"<td style='text-align:left'>{escape(state)}</td></tr>"
        for verdict, state in rows
    )
    return f"<p>{head}</p><table>{body}</table>" if rows else f"<p>{head}</p>"
