"""Tell the results: a table for people, a dictionary for machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .case import Mark, Metric
from .run import Result
from .stats import Spread, differences, pooled, ratios
from .targets import Target

HEAD = ("measure", "unit", "kernel", "base", "value", "ratio", "min-max", "mark", "")
_TEXT_COLUMNS = {0, 1, 2, 7, 8}


def verdict(
    mark: Mark | None, value: float, ratio: Spread | None, difference: Spread | None = None
) -> str:
    """Whether a mark is met; empty when there is none, or nothing to judge it by.

    A difference is told here, for the table has no column for it.
    """
    if mark is None:
        return ""
    if mark.of == "value":
        return _met(value, mark)
    known = ratio if mark.of == "ratio" else difference
    if known is None:
        return ""
    reached = "" if mark.of == "ratio" else f" ({known.median:+.3g})"
    return _met(known.median, mark) + reached


def _met(reached: float, mark: Mark) -> str:
    return "met" if reached <= mark.limit else "not met"


def show_mark(mark: Mark | None, unit: str) -> str:
    """A mark as the table shows it."""
    if mark is None:
        return ""
    if mark.of == "difference":
        return f"<= +{mark.limit:g} {unit}"
    return f"<= {mark.limit:g}" + (f" {unit}" if mark.of == "value" else "")


def compare(result: Result, metric: Metric, base: str, kernel: str) -> dict[str, Any]:
    """One metric of one kernel beside the base."""
    ours, theirs = result.rounds(kernel, metric.source), result.rounds(base, metric.source)
    value = pooled(ours, metric.statistic) if ours else None
    ratio = ratios(theirs, ours, metric.statistic)
    difference = differences(theirs, ours, metric.statistic)
    return {
        "case": result.case.name,
        "metric": metric.label.format(size=result.size),
        "unit": metric.unit,
        "kernel": kernel,
        "base": pooled(theirs, metric.statistic) if theirs else None,
        "value": value,
        "ratio": _listed(ratio),
        "difference": _listed(difference),
        "mark": show_mark(metric.mark, metric.unit),
        "verdict": "failed" if value is None else verdict(metric.mark, value, ratio, difference),
    }


def _listed(spread: Spread | None) -> list[float] | None:
    return [spread.median, spread.low, spread.high] if spread else None


def comparisons(result: Result) -> Iterator[dict[str, Any]]:
    """Every metric that any side has samples of, for every side but the base."""
    base, *others = result.names
    for metric in result.case.metrics:
        if any(result.rounds(name, metric.source) for name in result.names):
            for kernel in (name for name in others or [base] if name not in result.absent):
                yield compare(result, metric, base, kernel)


def number(value: float | None) -> str:
    """A figure with three significant digits."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _row(line: Mapping[str, Any]) -> tuple[str, ...]:
    ratio = line["ratio"]
    spread = (f"{ratio[0]:.2f}", f"{ratio[1]:.2f}-{ratio[2]:.2f}") if ratio else ("-", "-")
    figures = (number(line["base"]), number(line["value"]))
    known = (line["metric"], line["unit"], line["kernel"])
    return (*known, *figures, *spread, line["mark"], line["verdict"])


def table(lines: Iterable[Mapping[str, Any]]) -> str:
    """Aligned columns, text to the left and figures to the right."""
    rows = [HEAD, *map(_row, lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_align(row, widths) for row in rows)


def _align(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = enumerate(zip(row, widths, strict=True))
    aligned = (t.ljust(w) if i in _TEXT_COLUMNS else t.rjust(w) for i, (t, w) in cells)
    return "  ".join(aligned).rstrip()


def as_text(results: Sequence[Result]) -> str:
    """The table, the notes, and what failed."""
    parts = [table(line for result in results for line in comparisons(result))]
    parts += [f"note: {note}" for result in results for note in result.notes]
    parts += [f"FAULT: {fault}" for result in results for fault in result.faults]
    return "\n".join(parts)


def as_json(results: Sequence[Result], targets: Sequence[Target]) -> dict[str, Any]:
    """Everything, the raw samples included."""
    return {
        "kernels": {target.name: list(target.argv) for target in targets},
        "summary": [line for result in results for line in comparisons(result)],
        "samples": {r.case.name: {"size": r.size, "rounds": r.samples} for r in results},
        "notes": [note for result in results for note in result.notes],
        "faults": [fault for result in results for fault in result.faults],
    }
