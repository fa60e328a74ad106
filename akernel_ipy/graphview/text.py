"""The dataflow in words, for front-ends that show no pictures."""

from __future__ import annotations

from collections import Counter

from .model import Box, Flow, columns, shorten

#: So many cells are listed by name when there are too many for all.
SOME = 20


def describe(flow: Flow, limit: int) -> str:
    """List the cells with their status and who reads what from them; if too many, sum them up."""
    if not flow.boxes:
        return "no cells yet"
    if len(flow.linked) > limit:
        return "\n".join(_summary(flow))
    lines = [line for box in flow.linked for line in _lines(flow, box)]
    if flow.alone:
        lines += [""] * bool(lines) + [_alone(flow)]
    lines += [""] * bool(flow.notes) + list(flow.notes)
    return "\n".join(lines)


def _lines(flow: Flow, box: Box) -> list[str]:
    label = max(columns(other.label) for other in flow.linked)
    status = max(len(other.status) for other in flow.linked)
    note = f"  ({box.note})" if box.note else ""
    lines = [f"{box.label:{label}}  {box.status:{status}}  {shorten(box.line, 56)}{note}"]
    labels = {other.id: other.label for other in flow.boxes}
    readers: dict[tuple[str, ...], list[str]] = {}
    for link in flow.links:
        if link.parent == box.id:
            readers.setdefault(link.names, []).append(labels[link.child])
    for names, found in readers.items():
        lines.append(f"{'':{label + status + 4}}  {', '.join(names)} → {', '.join(found)}")
    return lines


def _alone(flow: Flow) -> str:
    labels = [
        box.label if box.status == "fresh" else f"{box.label} ({box.state})" for box in flow.alone
    ]
    more = len(labels) - SOME
    shown = ", ".join(labels[:SOME]) + (f" and {more} more" if more > 0 else "")
    return f"share no names: {shown}"


def _summary(flow: Flow) -> list[str]:
    states = ", ".join(f"{count} {status}" for status, count in flow.counts.items())
    lines = [f"{len(flow.boxes)} cells, too many for a picture: {states}"]
    lines += [f"share names with others: {len(flow.linked)}; links: {len(flow.links)}"]
    readers = Counter(name for link in flow.links for name in link.names)
    most = ", ".join(f"{name} ({count} cells)" for name, count in readers.most_common(5))
    lines.append(f"read most: {most}")
    odd = [box for box in flow.boxes if box.status != "fresh"]
    lines += [f"{box.label}  {box.status}  {shorten(box.line, 56)}" for box in odd[:SOME]]
    if len(odd) > SOME:
        lines.append(f"... and {len(odd) - SOME} more that are not fresh")
    return lines
