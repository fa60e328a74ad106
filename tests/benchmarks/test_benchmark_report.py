from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.errors import FaultError, UnsupportedError
from benchmarks.report import as_json, as_text, number, verdict
from benchmarks.run import Result
from benchmarks.stats import Spread
from benchmarks.targets import Target

BASE, MINE = Target("base", ("b",)), Target("mine", ("m",))


def a_result(**rounds: list[float]) -> Result:
    def nothing(kernel: Any, size: int, /) -> Measured:
        return Measured({})

    metric = Metric("{size} cells", "seconds", "s", Mark(0.5))
    result = Result(Case("cells", "cells", nothing, (metric,), 9, 1, 3), 9, ("base", "mine"))
    for kernel, values in rounds.items():
        for value in values:
            result.add(kernel, Measured({"seconds": [value]}, note="a note"))
    return result


def test_a_line_shows_both_medians_the_ratio_its_extremes_and_the_mark() -> None:
    head, line, note = as_text([a_result(base=[2, 4, 6], mine=[1, 1, 2])]).split("\n")
    assert " ".join(head.split()) == "measure unit kernel base value ratio min-max mark"
    assert " ".join(line.split()) == "9 cells s mine 4 1 0.33 0.25-0.50 <= 0.5 met"
    assert note == "note: a note"


def test_a_kernel_alone_is_shown_beside_itself() -> None:
    result = a_result(base=[2])
    result.names = ("base",)
    assert "base" in as_text([result])


@pytest.mark.parametrize(
    ("mark", "value", "ratio", "expected"),
    [
        (None, 1, Spread(1, 1, 1), ""),
        (Mark(0.5), 9, Spread(0.5, 0.1, 3), "met"),
        (Mark(0.5), 0.1, Spread(0.6, 0.1, 3), "not met"),
        (Mark(0.5), 0.1, None, ""),
        (Mark(1.3, "value"), 1.2, None, "met"),
        (Mark(1.3, "value"), 1.4, Spread(0.1, 0.1, 0.1), "not met"),
        (Mark(1, "difference"), 9, Spread(0.9, 0.1, 3), ""),
    ],
)
def test_a_mark_is_met_by_the_median_ratio_or_by_the_value(
    mark: Mark | None, value: float, ratio: Spread | None, expected: str
) -> None:
    assert verdict(mark, value, ratio) == expected


def test_a_kernel_that_lost_messages_is_named_and_has_no_figure() -> None:
    result = a_result(base=[2])
    with result.judging("mine"):
        raise FaultError("lost 3 of 9 lines")
    text = as_text([result])
    assert "failed" in text
    assert "FAULT: cells: mine: lost 3 of 9 lines" in text
    assert result.out == {"mine"}


def test_a_kernel_that_cannot_do_a_case_is_noted_but_at_no_fault() -> None:
    result = a_result(base=[2])
    with result.judging("mine"):
        raise UnsupportedError("it has no waves")
    assert result.notes[-1] == "mine: it has no waves"
    assert "failed" not in as_text([result])
    assert not result.faults


def test_the_json_holds_the_raw_samples_of_each_round() -> None:
    report = json.loads(json.dumps(as_json([a_result(base=[2, 4], mine=[1])], [BASE, MINE])))
    assert report["samples"]["cells"]["rounds"]["base"] == {"seconds": [[2], [4]]}
    assert report["summary"][0]["ratio"] == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.01234, "0.0123"), (1.239, "1.24"), (1234.5, "1234")]
)
def test_figures_have_three_digits(value: float | None, text: str) -> None:
    assert number(value) == text
