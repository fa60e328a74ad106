"""Plain values: by type and content, blind to identity."""

from __future__ import annotations

import copy
import datetime
import re
import types
import uuid
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath, PureWindowsPath
from random import Random
from struct import pack, unpack
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .notebook import fingerprint


class Point(NamedTuple):
    x: int
    y: int


shared: list[int] = []
[other_nan] = unpack("<d", pack("<Q", 0x7FF8000000000001))
utc = datetime.UTC


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (0, False),
        (1, 1.0),
        (1.0, 1 + 0j),
        (0.0, -0.0),
        (float("nan"), other_nan),
        (10**30, 10**30 + 1),
        (10**30, float(10**30)),
        (-1, 255),
        (1 << 63, -(1 << 63)),
        ("1", 1),
        ("1", b"1"),
        ("", None),
        ("\ud800", "\udc00"),
        (None, ...),
        (b"a", bytearray(b"a")),
        ([1], (1,)),
        ([1], [True]),
        ([1, 2], [2, 1]),
        ([], [[]]),
        ([1, [2]], [1, [2.0]]),
        (["ab", "c"], ["a", "bc"]),
        ([[1], [2]], [[1, 2]]),
        (list(range(100)), [*range(99), 99.0]),
        (list(range(100)), [*range(99), 10**30]),
        ([1.0] * 20, [1] * 20),
        (["ab", "c"] * 10, ["a", "bc"] * 10),
        ([None, 1] * 10, [1, None] * 10),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": 1}, {"a": True}),
        ({1: "a"}, {True: "a"}),
        ({1, 2}, {1, 3}),
        ({1}, frozenset({1})),
        ({1, 2}, {1, 2.0}),
        ({(1, "a")}, {(1, "b")}),
        ({1}, {True}),
        ([shared, shared], [[], []]),
        ([shared, [shared]], [shared, [[]]]),
        (range(3), range(4)),
        (range(0), range(1, 1)),
        (range(3), [0, 1, 2]),
        (slice(1), slice(1, None)),
        (slice(1, 2), slice(1, 2, 1)),
        (array("i", [1]), array("l", [1])),
        (array("i", [1]), array("i", [2])),
        (memoryview(b"a"), b"a"),
        (memoryview(b"ab"), memoryview(b"ab").cast("B", (2, 1))),
        (memoryview(b"ab"), memoryview(bytearray(b"ab"))),
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1, b=2), OrderedDict(b=2, a=1)),
        (defaultdict(int), defaultdict(list)),
        (deque([1]), deque([1], 5)),
        (types.SimpleNamespace(a=1), types.SimpleNamespace(a=2)),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        (Point(1, 2), (1, 2)),
        (Point(1, 2), Point(2, 1)),
        (Decimal("1.0"), Decimal("1.00")),
        (Decimal("0"), Decimal("-0")),
        (Fraction(1, 2), Fraction(1, 3)),
        (datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1)),
        (datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 1, tzinfo=utc)),
        (datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 1, fold=1)),
        (datetime.time(1), datetime.time(1, microsecond=1)),
        (datetime.timedelta(1), datetime.timedelta(seconds=1)),
        (ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Paris")),
        (re.compile("a"), re.compile("a", re.IGNORECASE)),
        (re.compile("a"), re.compile(b"a")),
        (PurePosixPath("a"), PureWindowsPath("a")),
        (PurePosixPath("a"), "a"),
        (uuid.UUID(int=1), uuid.UUID(int=2)),
        (Random(1), Random(2)),
        (ValueError("a"), TypeError("a")),
        (ValueError("a"), ValueError("b")),
        (iter([1, 2]), iter([1, 3])),
        (len, max),
        ([].append, [1].append),
        (str.join, str.split),
        (int, bool),
        (list[int], list[str]),
        (int | str, int | bytes),
        (re, uuid),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_differs_in_type_or_content_has_another_fingerprint(one: Any, other: Any) -> None:
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize(
    "make",
    [
        lambda: [1, "a", None, 2.5],
        lambda: {"a": [1], "b": {"c": (1, [2])}},
        lambda: {"x", "y", ("z", 1), frozenset({1, 2}), None, 2.5},
        lambda: [float("nan"), -0.0],
        lambda: "".join(["lo", "ng"]),
        lambda: [10**30, -(10**400)],
        lambda: deque([1, 2], 3),
        lambda: OrderedDict(a=1),
        lambda: defaultdict(list, a=[1]),
        lambda: Counter("abra"),
        lambda: types.SimpleNamespace(a=[1]),
        lambda: Random(7),
        lambda: Point(1, 2),
        lambda: datetime.datetime(2020, 1, 1, tzinfo=ZoneInfo("Europe/Berlin")),
        lambda: re.compile("a+"),
        lambda: memoryview(bytes(10_000)),
        lambda: array("d", [1.5] * 1000),
        lambda: ValueError("a", 1),
        lambda: [iter([1, 2]), iter({"a": 1})],
    ],
)
def test_what_is_made_again_has_the_same_fingerprint(make: Any) -> None:
    assert fingerprint(make()) == fingerprint(make())


def test_strings_and_tuples_of_them_count_by_content_even_if_they_are_one_object() -> None:
    long = "".join(["x"] * 100)
    again = "".join(["x"] * 100)
    assert long is not again
    assert fingerprint([long, long]) == fingerprint([long, again])
    rows = [(long, 1, (2.5, long))] * 2
    assert fingerprint(rows) == fingerprint([(again, 1, (2.5, again)) for _ in rows])


def test_a_tuple_that_holds_a_list_has_an_identity() -> None:
    one: tuple[Any, ...] = ([1],)
    assert fingerprint([one, one]) == fingerprint(copy.deepcopy([one, one]))
    assert fingerprint([one, one]) != fingerprint([one, ([1],)])


def test_tuples_shared_a_million_times_are_looked_at_once() -> None:
    def nested(value: tuple[Any, ...]) -> tuple[Any, ...]:
        for _ in range(100):
            value = (value, value, "a tuple that is long enough to be worth a digest of its own")
        return value

    assert fingerprint(nested(())) == fingerprint(nested(()))
    assert fingerprint(nested(([],))) == fingerprint(nested(([],)))
    assert fingerprint(nested((1,))) != fingerprint(nested((2,)))


def test_cycles_end_and_their_shape_counts() -> None:
    def loop(*before: Any) -> list[Any]:
        value: list[Any] = [*before]
        value.append(value)
        return value

    assert fingerprint(loop()) == fingerprint(loop())
    assert fingerprint(loop()) != fingerprint([loop()])
    assert fingerprint([loop()]) != fingerprint(loop(1))
    tied: tuple[Any, ...] = ([],)
    tied[0].append(tied)
    assert fingerprint(tied) == fingerprint(copy.deepcopy(tied))


def test_an_ordered_dict_counts_by_its_own_order() -> None:
    value = OrderedDict(a=1, b=2)
    value.move_to_end("a")
    assert fingerprint(value) == fingerprint(OrderedDict(b=2, a=1))


def test_a_generator_of_random_numbers_moves_on() -> None:
    value = Random(1)
    before = fingerprint(value)
    value.random()
    assert fingerprint(value) != before


atoms = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
)
hashables = st.recursive(
    atoms, lambda inner: st.tuples(inner, inner) | st.frozensets(inner), max_leaves=8
)
values = st.recursive(
    hashables,
    lambda inner: (
        st.lists(inner)
        | st.lists(atoms, min_size=16)
        | st.tuples(inner, inner)
        | st.dictionaries(hashables, inner)
        | st.sets(hashables)
    ),
    max_leaves=12,
)


def _bits(value: Any) -> Any:
    """The same in a form in which == is as strict as fingerprints are; sets as sorted."""
    kind = type(value)
    if kind is float:
        return "float", pack("<d", value)
    if kind is complex:
        return "complex", pack("<dd", value.real, value.imag)
    if kind in (list, tuple):
        return kind.__name__, [_bits(part) for part in value]
    if kind in (set, frozenset):
        return kind.__name__, sorted((_bits(part) for part in value), key=repr)
    if kind is dict:
        return "dict", [(_bits(key), _bits(part)) for key, part in value.items()]
    return kind.__name__, value


@given(values)
def test_a_deep_copy_has_the_same_fingerprint(value: Any) -> None:
    assert fingerprint(copy.deepcopy(value)) == fingerprint(value)


@given(values, values)
def test_fingerprints_are_equal_for_equal_values_only(one: Any, other: Any) -> None:
    # Aliasing isn't in play: each container that hypothesis makes is a new one.
    assert (fingerprint(one) == fingerprint(other)) == (_bits(one) == _bits(other))


@given(st.lists(hashables), st.randoms(use_true_random=False))
def test_the_order_in_which_a_set_was_filled_does_not_count(found: list[Any], random: Any) -> None:
    again = found[:]
    random.shuffle(again)
    # Equal elements of two types (1 and True) are kept by who came first.
    if len({_key(each) for each in found}) == len(set(found)):
        assert fingerprint(set(found)) == fingerprint(set(again))


def _key(value: Any) -> str:
    return repr(_bits(value))
