from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.stats import Spread, median, p99, percentile, pooled, ratios

samples = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=50)


@pytest.mark.parametrize(
    ("values", "q", "expected"),
    [
        ([5], 99, 5),
        ([1, 2, 3], 50, 2),
        ([4, 1, 3, 2], 50, 2.5),
        ([1, 2, 3, 4, 5], 0, 1),
        ([1, 2, 3, 4, 5], 100, 5),
        (list(range(101)), 99, 99),
        ([0, 10], 99, 9.9),
    ],
)
def test_a_percentile_interpolates_between_neighbours(
    values: list[float], q: float, expected: float
) -> None:
    assert percentile(values, q) == pytest.approx(expected)


@given(samples)
def test_percentiles_rise_and_stay_within_the_samples(values: list[float]) -> None:
    assert min(values) <= median(values) <= p99(values) <= max(values)


@pytest.mark.parametrize(("values", "q"), [([], 50), ([1], -1), ([1], 101)])
def test_a_percentile_that_makes_no_sense_is_an_error(values: list[float], q: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, q)


def test_pooling_takes_the_statistic_over_all_rounds() -> None:
    assert pooled([[1, 1, 1], [9]]) == 1
    assert pooled([[1, 2], [3, 100]], max) == 100


def test_ratios_are_formed_round_by_round() -> None:
    # the machine was ten times slower in the second round, for both
    assert ratios([[2], [20], [2]], [[1], [10], [3]]) == Spread(0.5, 0.5, 1.5)


def test_a_round_that_one_kernel_did_not_finish_has_no_ratio() -> None:
    assert ratios([[2], [2]], [[1]]) == Spread(0.5, 0.5, 0.5)
    assert ratios([[2], []], [[1], [5]]) == Spread(0.5, 0.5, 0.5)
    assert ratios([[2]], []) is None


def test_a_base_that_is_not_positive_has_no_ratio() -> None:
    assert ratios([[0], [-1]], [[1], [1]]) is None


@given(st.lists(samples, min_size=1, max_size=5))
def test_a_kernel_compared_with_itself_has_ratio_one(rounds: list[list[float]]) -> None:
    assert ratios(rounds, rounds) == Spread(1, 1, 1)
