"""Content digests: strict about types, blind to identity, silent about what can't be known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from akernel_ipy.core.digest import MAX_ELEMENTS, digest

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        ("1", b"1"),
        ([1], (1,)),
        ([1], [True]),
        ([1, [2]], [1, [2.0]]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1, 2}, {1, 3}),
        ({1}, frozenset({1})),
        (["ab", "c"], ["a", "bc"]),
        (range(3), range(4)),
        (1 << 9000, (1 << 9000) + 1),
        (-1, 255),
        (np.zeros(3), np.zeros(3, int)),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.arange(3), [0, 1, 2]),
        (np.float64(1), 1.0),
        (np.array(["2020-01-01"], "M8[D]"), np.array(["2020-01-02"], "M8[D]")),
        (math, np),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_that_differ_in_type_or_content_have_different_digests(one: Any, other: Any) -> None:
    assert digest(one) is not None
    assert digest(one) != digest(other)


@given(plain)
def test_a_value_rebuilt_has_the_same_digest(value: Any) -> None:
    def rebuild(part: Any) -> Any:
        if isinstance(part, list | tuple):
            return type(part)(rebuild(inner) for inner in part)
        if isinstance(part, dict):
            return {key: rebuild(inner) for key, inner in part.items()}
        return part

    assert digest(rebuild(value)) == digest(value)


@pytest.mark.parametrize(
    "array", [np.arange(12).reshape(3, 4)[:, ::2], np.zeros((0, 3)), np.arange(5.0)]
)
def test_an_array_is_its_content_whatever_its_layout(array: Any) -> None:
    assert digest(array) == digest(array.copy())


def test_a_change_in_place_changes_the_digest() -> None:
    value = {"rows": [np.arange(1000)]}
    before = digest(value)
    value["rows"][0][500] += 1
    assert digest(value) != before


@pytest.mark.parametrize(
    "value",
    [
        object(),
        lambda: 1,
        iter([]),
        np.array([object()]),
        list(range(MAX_ELEMENTS + 1)),
        [[object()]],
    ],
    ids=["object", "function", "iterator", "object array", "long list", "nested object"],
)
def test_what_cannot_be_known_has_no_digest(value: Any) -> None:
    assert digest(value) is None


def test_subclasses_have_no_digest_since_their_code_would_run() -> None:
    class Loud(list[int]):
        def __iter__(self) -> Any:
            raise AssertionError("somebody looked")

    assert digest(Loud([1])) is None


def test_a_list_that_contains_itself_has_a_digest() -> None:
    value: list[Any] = [1]
    value.append(value)
    other: list[Any] = [1]
    other.append(other)
    assert digest(value) == digest(other)


def test_frames_differ_by_values_index_names_and_dtypes() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    others = [
        pandas.DataFrame({"a": [1, 3], "b": ["x", "y"]}),
        pandas.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}),
        pandas.DataFrame({"a": [1, 2], "c": ["x", "y"]}),
        pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[1, 2]),
    ]
    assert digest(frame) == digest(frame.copy())
    assert digest(frame) not in [digest(other) for other in others]
