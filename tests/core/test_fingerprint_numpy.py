"""numpy: dtype, shape, content; wherever the memory lies."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akernel_ipy.core.fingerprint import Unhashable

from .notebook import Notebook, fingerprint

np: Any = pytest.importorskip("numpy")
WINDOWS = np.add.outer(np.arange(10), np.arange(3))
table = np.arange(12.0).reshape(3, 4)


def padded(garbage: int) -> Any:
    """A record with a gap, and something in it."""
    dtype = np.dtype([("a", "u1"), ("b", "i8")], align=True)
    array = np.frombuffer(bytes([garbage]) * 64, "u1").copy().view(dtype)
    array["a"], array["b"] = 1, 2
    return array


def extended(garbage: int) -> Any:
    """Extended floats, whose last bytes mean nothing."""
    array = np.ones(3, np.longdouble)
    array.view("u1").reshape(3, -1)[:, 10:] = garbage
    return array


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros(3), np.zeros(3, int)),
        (np.zeros(3), np.zeros(3, "f4")),
        (np.zeros(3), np.zeros(3, ">f8")),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.zeros(1), np.zeros(())),
        (np.zeros((0, 2)), np.zeros((2, 0))),
        (np.zeros(3), np.array([0.0, 0.0, -0.0])),
        (np.arange(3), [0, 1, 2]),
        (np.float64(1), 1.0),
        (np.float64(1), np.float32(1)),
        (np.float64(1), np.array(1.0)),
        (np.int64(1), np.bool_(True)),
        (np.array(["2020-01-01"], "M8[D]"), np.array(["2020-01-01"], "M8[s]")),
        (np.timedelta64(1, "s"), np.timedelta64(1000, "ms")),
        (np.array(["a"]), np.array(["a"], "U2")),
        (np.array(["a"]), np.array([b"a"])),
        (np.array([1, "a"], object), np.array([True, "a"], object)),
        (np.zeros(2, "i4,i4"), np.zeros(2, "i8")),
        (np.zeros(2, [("a", "i4")]), np.zeros(2, [("b", "i4")])),
        (np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2])),
        (np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 3], mask=[0, 1])),
        (np.ma.array([1], fill_value=1), np.ma.array([1], fill_value=2)),
        (np.random.default_rng(1), np.random.default_rng(2)),
        (np.random.RandomState(1), np.random.RandomState(2)),
        (np.dtype("f8"), np.dtype("f4")),
        (np.dtype("i1,i4"), np.dtype("i1,i4", align=True)),
        (np.add, np.subtract),
        (np.linalg.norm, np.linalg.det),
        (np.linalg.trace, np.trace),
        (np.arange(24).reshape(2, 3, 4), np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2)),
        (np.asfortranarray(table), table),
        (np.array(["a"], np.dtypes.StringDType()), np.array(["a"], object)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_arrays_and_scalars_that_differ_are_told_apart(one: Any, other: Any) -> None:
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (table[:, ::2], table[:, ::2].copy()),
        (table[::-1], table[::-1].copy()),
        (np.lib.stride_tricks.as_strided(table, (10, 3), (8, 8)), table.ravel()[WINDOWS]),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (padded(0), padded(255)),
        (extended(0), extended(255)),
        (np.array(["long enough not to be inline", "b"], np.dtypes.StringDType()), None),
        (np.array([{"a": 1}, None, 2.5], object), None),
        (np.ma.array([1.5, 2.5], mask=[0, 1]), None),
        (np.ma.array([1.5, 2.5]), np.ma.array([1.5, 2.5], mask=[False, False])),
        (np.random.default_rng(1), None),
        (np.random.RandomState(1), None),
        (np.zeros(3, [("a", "f4"), ("b", "U3")]), None),
        (np.rec.array([(1, 2.0)], names="a,b"), None),
        (np.void(b"abc"), None),
        (np.zeros(2, "i4,f8")[0], None),
        (np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2), None),
        (table.T, None),
        (np.longdouble(1) / 3, None),
        (np.datetime64("NaT", "s"), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_layout_and_copies_do_not_count(one: Any, other: Any) -> None:
    other = copy.deepcopy(one) if other is None else other
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(pickle.loads(pickle.dumps(one, 5))) == fingerprint(one)


def test_a_broadcast_array_counts_as_if_it_were_filled() -> None:
    filled = np.full((2000, 5), 3.0)
    filled.flags.writeable = False
    assert fingerprint(np.broadcast_to(np.float64(3), (2000, 5))) == fingerprint(filled)


def test_one_changed_element_of_a_large_array_is_seen() -> None:
    notebook = Notebook("import numpy as np\na = np.zeros(10**6)\nb = a.reshape(1000, 1000)[:, 3]")
    before = notebook.of("a"), notebook.of("b")
    assert (notebook.of("a"), notebook.of("b")) == before
    notebook.run("b[-1] = 1e-300")
    assert notebook.of("a") != before[0]
    assert notebook.of("b") != before[1]
    notebook.run("b[-1] = 0")
    assert (notebook.of("a"), notebook.of("b")) == before


def test_a_view_differs_from_a_copy_where_both_can_be_seen() -> None:
    a = np.arange(10.0)
    b = np.arange(10.0)
    assert fingerprint([a, a[2:]]) == fingerprint([b, b[2:]])
    assert fingerprint([a, a[2:].copy()]) != fingerprint([a, a[2:]])
    assert fingerprint([a, a[2:4]]) != fingerprint([a, a.copy()[2:4]])
    assert fingerprint([a[:3], a[3:]]) == fingerprint([a[:3].copy(), a[3:].copy()])


def test_whether_an_array_can_be_written_counts() -> None:
    frozen = np.zeros(3)
    frozen.flags.writeable = False
    assert fingerprint(frozen) != fingerprint(np.zeros(3))
    assert fingerprint(pickle.loads(pickle.dumps(frozen, 5))) == fingerprint(frozen)


def test_the_version_of_numpy_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [fingerprint(value) for value in (np.zeros(3), np.float64(1), np, np.mean)]
    monkeypatch.setattr("akernel_ipy.core.fingerprint._origin._version", lambda root: f"{root} 9")
    after = [fingerprint(value) for value in (np.zeros(3), np.float64(1), np, np.mean)]
    assert not set(before) & set(after)


def test_random_numbers_that_were_drawn_count() -> None:
    for value in (np.random.default_rng(1), np.random.RandomState(1)):
        before = fingerprint(value)
        value.random()
        assert fingerprint(value) != before


def test_subclasses_count_with_their_class_and_attributes() -> None:
    start = "import numpy as np\nclass A(np.ndarray): pass\n"
    base = Notebook(start + "a = np.zeros(3).view(A)")
    assert base.of("a") == Notebook(start + "a = np.zeros(3).view(A)").of("a")
    assert base.of("a") != Notebook(start + "a = np.zeros(3)").of("a")
    assert base.of("a") != Notebook(start + "a = np.zeros(3).view(A); a.unit = 1").of("a")


def test_a_ufunc_made_of_a_function_is_refused() -> None:
    with pytest.raises(Unhashable, match="a ufunc made by hand"):
        fingerprint(np.frompyfunc(lambda x: x, 1, 1))
    special = pytest.importorskip("scipy.special")
    assert fingerprint(special.expit) != fingerprint(special.logit)


dtypes = st.sampled_from(["f8", "f4", "i8", "i2", "u1", "?", "c16", "M8[s]", "U3", "S2"])


@st.composite
def arrays(draw: st.DrawFn) -> Any:
    dtype = np.dtype(draw(dtypes))
    shape = draw(st.lists(st.integers(0, 4), max_size=3))
    size = int(np.prod(shape)) * dtype.itemsize
    raw = draw(st.binary(min_size=size, max_size=size))
    if dtype.kind == "U":
        raw = bytes(byte if place % 4 == 0 else 0 for place, byte in enumerate(raw))
    if dtype.kind == "b":
        raw = bytes(byte & 1 for byte in raw)
    array = np.frombuffer(raw, dtype).reshape(shape).copy()
    if draw(st.booleans()) and array.ndim:
        array = array[:: draw(st.sampled_from([-1, 2]))]
    if draw(st.booleans()):
        array = array.transpose(draw(st.permutations(range(array.ndim))))
    return array


@given(arrays())
def test_pickled_arrays_have_the_same_fingerprint(array: Any) -> None:
    assert fingerprint(pickle.loads(pickle.dumps(array, 5))) == fingerprint(array)
    assert fingerprint(np.array(array, order="C")) == fingerprint(np.array(array, order="C"))


@given(arrays(), arrays())
def test_equal_fingerprints_mean_equal_arrays(one: Any, other: Any) -> None:
    if fingerprint(one) == fingerprint(other):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert one.tobytes() == other.tobytes()


@given(arrays(), st.data())
def test_any_change_of_a_bit_changes_the_fingerprint(array: Any, data: st.DataObject) -> None:
    if array.size and array.dtype.kind not in "Ub":
        before = fingerprint(array)
        changed = array.copy()
        flat = changed.reshape(-1).view("u1")
        flat[data.draw(st.integers(0, flat.size - 1))] ^= 1 << data.draw(st.integers(0, 7))
        assert fingerprint(changed.reshape(array.shape)) != before
