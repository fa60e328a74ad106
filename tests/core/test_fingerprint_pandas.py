"""pandas: values, index, names, dtypes, attrs; not blocks and caches."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from .notebook import Notebook, fingerprint

pd: Any = pytest.importorskip("pandas")
np: Any = pytest.importorskip("numpy")


def frame(**columns: Any) -> Any:
    return pd.DataFrame({"a": [1, 2], "b": ["x", None], **columns})


def changed(change: Any) -> Any:
    value = frame()
    found = change(value)
    return value if found is None else found


CHANGES = {
    "a value": lambda f: f.assign(a=[1, 3]),
    "a dtype": lambda f: f.astype({"a": "float64"}),
    "a text dtype": lambda f: f.astype({"b": object}),
    "a nullable dtype": lambda f: f.astype({"a": "Int64"}),
    "a column's name": lambda f: f.rename(columns={"a": "c"}),
    "the order of columns": lambda f: f[["b", "a"]],
    "the order of rows": lambda f: f.iloc[::-1],
    "the index": lambda f: f.set_axis([1, 2]),
    "the index's type": lambda f: f.set_axis(np.array([0, 1])),
    "the index's name": lambda f: f.rename_axis("i"),
    "the columns' name": lambda f: f.rename_axis(columns="c"),
    "attrs": lambda f: f.attrs.update(source="s"),
    "flags": lambda f: f.set_flags(allows_duplicate_labels=False),
    "a category": lambda f: f.astype({"b": "category"}),
    "a missing value": lambda f: f.fillna("y"),
    "one column": lambda f: f["a"],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_frame_is_another_one(change: str) -> None:
    assert fingerprint(changed(CHANGES[change])) != fingerprint(frame())


VALUES = {
    "frame": lambda: frame(c=pd.Categorical(["u", "v"]), d=pd.date_range("2020", periods=2)),
    "object": lambda: pd.DataFrame({"a": [{"x", "y"}, None], "b": [1, "a"]}),
    "wide": lambda: pd.DataFrame(np.arange(5000.0).reshape(100, 50)),
    "empty": lambda: pd.DataFrame(),
    "same names": lambda: pd.DataFrame([[1, 2.5]], columns=["a", "a"]),
    "nullable": lambda: pd.Series([1, None], dtype="Int64"),
    "boolean": lambda: pd.Series([True, None], dtype="boolean"),
    "string": lambda: pd.Series(["a", None], dtype="string"),
    "python string": lambda: pd.Series(["a", None], dtype="string[python]"),
    "str": lambda: pd.Series(["a", None], dtype="str"),
    "zoned": lambda: pd.Series(pd.date_range("2020", periods=3, tz="Europe/Berlin")),
    "timedelta": lambda: pd.to_timedelta([1, 2], unit="s"),
    "period": lambda: pd.period_range("2020", periods=3, freq="M"),
    "interval": lambda: pd.interval_range(0, 3),
    "multi": lambda: pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", "y"]),
    "range": lambda: pd.RangeIndex(3, name="r"),
    "dates": lambda: pd.date_range("2020", periods=3, freq="D"),
    "categories": lambda: pd.CategoricalIndex(["a", "b"], ordered=True),
    "sparse": lambda: pd.Series(pd.arrays.SparseArray([0, 0, 1])),
    "timestamps": lambda: pd.Series([pd.Timestamp("2020"), pd.NaT, 1], dtype=object),
    "timestamp": lambda: pd.Timestamp("2020", tz="UTC"),
    "na": lambda: [pd.NA, pd.NaT],
    "array": lambda: pd.array([1, 2, None]),
    "dtype": lambda: pd.CategoricalDtype(["a", "b"], ordered=True),
    "offset": lambda: pd.offsets.MonthEnd(2),
}


@pytest.mark.parametrize("name", VALUES)
def test_copies_and_pickles_have_the_same_fingerprint(name: str) -> None:
    make = VALUES[name]
    expected = fingerprint(make())
    assert fingerprint(make()) == expected
    assert fingerprint(copy.deepcopy(make())) == expected
    assert fingerprint(pickle.loads(pickle.dumps(make(), 5))) == expected


def test_all_of_these_are_told_apart() -> None:
    assert len({fingerprint(make()) for make in VALUES.values()}) == len(VALUES)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pd.Series([1, 2]), pd.Series([1, 2], name="a")),
        (pd.Series([1.0]), pd.Series([1])),
        (pd.Series([1], dtype="Int64"), pd.Series([1], dtype="int64")),
        (pd.Series(["a"], dtype="str"), pd.Series(["a"], dtype="string")),
        (pd.Series([None, "a"], dtype=object), pd.Series([np.nan, "a"], dtype=object)),
        (pd.Index([0, 1, 2]), pd.RangeIndex(3)),
        (pd.date_range("2020", periods=3), pd.date_range("2020", periods=3, tz="UTC")),
        (
            pd.date_range("2020", periods=3, freq="D"),
            pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-03"]),
        ),
        (pd.Categorical(["a"]), pd.Categorical(["a"], categories=["a", "b"])),
        (pd.Categorical(["a"]), pd.Categorical(["a"], ordered=True)),
        (pd.interval_range(0, 3), pd.interval_range(0, 3, closed="left")),
        (pd.NA, pd.NaT),
        (pd.NaT, None),
        (pd.Timestamp("2020"), pd.Timestamp("2020").as_unit("s")),
        (pd.Timestamp("2020"), pd.Timestamp("2020").to_pydatetime()),
        (pd.Timedelta(1, "s"), pd.Timedelta(2, "s")),
        (pd.Period("2020", "M"), pd.Period("2020", "D")),
        (pd.Interval(0, 1), pd.Interval(0, 1, closed="both")),
        (pd.DataFrame({"a": [1]}), pd.Series([1], name="a")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_differs_is_told_apart(one: Any, other: Any) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_neither_blocks_nor_caches_count() -> None:
    parts = frame()
    parts["c"] = [1.5, 2.5]
    parts["d"] = [3.5, 4.5]
    whole = frame(c=[1.5, 2.5], d=[3.5, 4.5])
    before = fingerprint(parts)
    assert before == fingerprint(whole)
    _ = parts.values, parts.index.is_unique, parts.describe(), parts.columns.get_loc("c")
    assert fingerprint(parts) == before


def test_columns_of_a_matrix_count_as_columns_made_one_by_one() -> None:
    matrix = np.arange(200_000.0).reshape(-1, 4)
    whole = pd.DataFrame(matrix, columns=list("abcd"))
    apart = pd.DataFrame({name: matrix[:, place].copy() for place, name in enumerate("abcd")})
    assert fingerprint(whole) == fingerprint(apart)
    whole.iloc[-1, -1] += 1
    assert fingerprint(whole) != fingerprint(apart)


def test_what_lies_under_a_mask_does_not_count() -> None:
    one = pd.arrays.IntegerArray(np.array([1, 7]), np.array([False, True]))
    other = pd.arrays.IntegerArray(np.array([1, 8]), np.array([False, True]))
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(pd.array([1, 7]))


def test_how_a_column_is_cut_into_chunks_does_not_count() -> None:
    pytest.importorskip("pyarrow")
    texts = [f"text {n}" for n in range(2000)] + [None]
    whole = pd.Series(texts * 2, dtype="str")
    parts = pd.concat([pd.Series(texts, dtype="str")] * 2, ignore_index=True)
    assert fingerprint(whole) == fingerprint(parts)
    assert fingerprint(whole.iloc[5:]) == fingerprint(copy.deepcopy(whole.iloc[5:]))


def test_a_changed_cell_of_a_large_frame_is_seen() -> None:
    notebook = Notebook(
        "import pandas as pd, numpy as np\n"
        "f = pd.DataFrame({'a': np.zeros(500_000), 'b': ['x'] * 500_000})"
    )
    before = notebook.of("f")
    assert notebook.of("f") == before
    notebook.run("f.loc[499_999, 'a'] = 1")
    after = notebook.of("f")
    assert after != before
    notebook.run("f.loc[499_999, 'b'] = 'y'")
    assert notebook.of("f") not in (before, after)


def test_subclasses_count_with_what_they_add() -> None:
    start = "import pandas as pd\nclass F(pd.DataFrame):\n _metadata = ['unit']\n"
    plain = Notebook(start + "f = F({'a': [1]})").of("f")
    assert plain == Notebook(start + "f = F({'a': [1]})").of("f")
    assert plain != Notebook(start + "f = F({'a': [1]}); f.unit = 'm'").of("f")
    assert plain != fingerprint(pd.DataFrame({"a": [1]}))


def test_the_version_of_pandas_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(frame())
    monkeypatch.setattr("akernel_ipy.core.fingerprint._origin._version", lambda root: f"{root} 9")
    assert fingerprint(frame()) != before
