from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akernel_ipy.core.units import parse_bytes, parse_seconds, show_bytes, show_seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("1000", 1000), ("1k", 1024), ("1 kB", 1000), ("1.5GiB", 3 << 29), ("2T", 2 << 40)],
)
def test_sizes_are_read_with_and_without_units(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("10m", 600), ("2h", 7200), ("30d", 2_592_000), ("0.5s", 0.5)]
)
def test_durations_are_read_with_and_without_units(text: str, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "x", "1x", "1 2", "1e9", "nan", "0x10", "１"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    for parse in (parse_bytes, parse_seconds):
        with pytest.raises(ValueError, match="units"):
            parse(text)


@given(st.integers(0, 1 << 60))
def test_a_size_that_is_shown_reads_as_about_the_same(size: int) -> None:
    assert parse_bytes(show_bytes(size)) == pytest.approx(size, rel=0.05)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0123, "12 ms"),
        (0.9999, "1.0 s"),
        (200, "3 min 20 s"),
        (7300, "2 h 1 min"),
        (300_000, "3 d 11 h"),
    ],
)
def test_a_duration_is_shown_in_two_units(seconds: float, shown: str) -> None:
    assert show_seconds(seconds) == shown
