"""pyarrow and polars: content, whatever the buffers look like."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from typing import Any

import pytest

from akernel_ipy.core.fingerprint import Unhashable

from .notebook import fingerprint

pa: Any = pytest.importorskip("pyarrow")
pl: Any = pytest.importorskip("polars")

LISTS = {
    "int": ([1, None, 3, 4], pa.int64()),
    "small": ([1, None, 3, 4], pa.int8()),
    "float": ([1.5, None, float("nan"), -0.0], pa.float64()),
    "bool": ([True, None, False, True], pa.bool_()),
    "string": (["a", None, "", "long"], pa.string()),
    "large string": (["a", None, "", "long"], pa.large_string()),
    "binary": ([b"a", None, b"", b"long"], pa.binary()),
    "date": ([1, None, 2, 3], pa.date32()),
    "time": ([1, None, 2, 3], pa.timestamp("us", "UTC")),
    "decimal": ([Decimal("1.10"), None, Decimal(2), Decimal(3)], pa.decimal128(5, 2)),
    "fixed": ([b"ab", None, b"cd", b"ef"], pa.binary(2)),
    "list": ([[1], None, [], [2, 3]], pa.list_(pa.int64())),
    "nested": ([[["a"]], None, [None, []], [["b"]]], pa.large_list(pa.list_(pa.string()))),
    "struct": ([{"x": 1, "y": "a"}, None, {"x": None, "y": "b"}, {"x": 2, "y": None}], None),
    "map": ([[("k", 1)], None, [], [("l", 2)]], pa.map_(pa.string(), pa.int8())),
    "pair": ([[1, 2], None, [3, 4], [5, 6]], pa.list_(pa.int8(), 2)),
    "null": ([None] * 4, pa.null()),
    "view": (["a", None, "", "a text that is not inline"], pa.string_view()),
    "words": (["a", None, "b", "a"], pa.dictionary(pa.int8(), pa.string())),
}


@pytest.mark.parametrize("name", LISTS)
def test_chunks_slices_and_copies_do_not_count(name: str) -> None:
    values, kind = LISTS[name]
    whole = pa.chunked_array([pa.array(values * 3, kind)])
    parts = pa.chunked_array([pa.array(values, kind), pa.array(values * 2, kind)])
    longer = pa.chunked_array([pa.array(values * 4, kind)])
    expected = fingerprint(whole)
    assert fingerprint(parts) == expected
    assert fingerprint(longer.slice(4)) == expected
    assert fingerprint(longer.slice(0, 12)) == expected
    assert fingerprint(longer) != expected
    assert fingerprint(pickle.loads(pickle.dumps(whole))) == expected
    assert fingerprint(pickle.loads(pickle.dumps(longer.slice(4)))) == expected
    assert fingerprint(pa.chunked_array([pa.array(values[::-1] * 3, kind)])) != expected or (
        name == "null"
    )


def test_types_count_where_values_are_the_same() -> None:
    arrays = [pa.array(values, kind) for values, kind in LISTS.values()]
    assert len({fingerprint(array) for array in arrays}) == len(arrays)
    assert fingerprint(pa.array([1, 2])) != fingerprint(pa.chunked_array([[1, 2]]))


def test_what_lies_under_a_null_does_not_count() -> None:
    validity = pa.py_buffer(b"\x05")

    def array(data: bytes) -> Any:
        return pa.Array.from_buffers(pa.int8(), 3, [validity, pa.py_buffer(data)])

    assert array(b"\1\2\3").to_pylist() == [1, None, 3]
    assert fingerprint(array(b"\1\2\3")) == fingerprint(array(b"\1\7\3"))
    assert fingerprint(array(b"\1\2\3")) == fingerprint(pa.array([1, None, 3], pa.int8()))
    assert fingerprint(array(b"\1\2\3")) != fingerprint(array(b"\1\2\4"))


def test_tables_count_by_schema_metadata_and_content() -> None:
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    others = [
        table.rename_columns(["a", "c"]),
        table.select(["b", "a"]),
        table.replace_schema_metadata({"k": "v"}),
        table.cast(pa.schema([("a", pa.int32()), ("b", pa.string())])),
        table.slice(0, 1),
        pa.table({"a": [1, 3], "b": ["x", None]}),
        table.to_batches()[0],
        table.schema,
        pa.table({}),
    ]
    assert len({fingerprint(value) for value in [table, *others]}) == len(others) + 1
    assert fingerprint(pa.concat_tables([table.slice(0, 1), table.slice(1)])) == fingerprint(table)


def test_scalars_types_fields_and_buffers_have_fingerprints() -> None:
    values = [
        pa.scalar(1),
        pa.scalar(1.0),
        pa.scalar(1, pa.int8()),
        pa.scalar(None, pa.int8()),
        pa.int8(),
        pa.timestamp("s"),
        pa.timestamp("s", "UTC"),
        pa.field("a", pa.int8()),
        pa.field("a", pa.int8(), nullable=False),
        pa.py_buffer(b"abc"),
        pa.schema([("a", pa.int8())]),
    ]
    assert len({fingerprint(value) for value in values}) == len(values)
    assert [fingerprint(v) for v in values] == [fingerprint(copy.copy(v)) for v in values]


def test_memory_that_an_array_shares_with_numpy_may_change() -> None:
    numpy = pytest.importorskip("numpy")
    data = numpy.zeros(1_000_000)
    array = pa.array(data)
    before = fingerprint(array)
    data[-1] = 1
    assert fingerprint(array) != before


POLARS = {
    "int": lambda: pl.Series("s", [1, None, 3]),
    "string": lambda: pl.Series("s", ["a", None, "a text that is not inline"]),
    "bool": lambda: pl.Series("s", [True, None]),
    "list": lambda: pl.Series("s", [[1], None, [2, 3]]),
    "struct": lambda: pl.Series("s", [{"a": 1}, None]),
    "categorical": lambda: pl.Series("s", ["a", "b", None], dtype=pl.Categorical),
    "enum": lambda: pl.Series("s", ["a", None], dtype=pl.Enum(["a", "b"])),
    "date": lambda: pl.Series("s", [1], dtype=pl.Date),
    "zoned": lambda: pl.Series("s", [1], dtype=pl.Datetime("us", "UTC")),
    "decimal": lambda: pl.Series("s", [Decimal("1.1")]),
    "array": lambda: pl.Series("s", [[1, 2]], dtype=pl.Array(pl.Int8, 2)),
    "object": lambda: pl.Series("s", [{1, 2}, None], dtype=pl.Object),
    "null": lambda: pl.Series("s", [None, None]),
    "frame": lambda: pl.DataFrame({"a": [1, 2], "b": ["x", None]}),
    "empty": lambda: pl.DataFrame(),
    "lazy": lambda: pl.DataFrame({"a": [1, 2]}).lazy().filter(pl.col("a") > 1),
    "expression": lambda: pl.col("a") + 1,
    "dtype": lambda: pl.List(pl.Int8),
}


@pytest.mark.parametrize("name", POLARS)
def test_polars_counts_by_content(name: str) -> None:
    make = POLARS[name]
    expected = fingerprint(make())
    assert fingerprint(make()) == expected
    if name != "object":  # polars doesn't pickle objects
        assert fingerprint(pickle.loads(pickle.dumps(make()))) == expected


def test_all_of_these_are_told_apart() -> None:
    values = [make() for make in POLARS.values()]
    values += [pl.Series("t", [1, None, 3]), pl.Series("s", [1, None, 3], dtype=pl.Int32)]
    values += [pl.DataFrame({"b": ["x", None], "a": [1, 2]}), pl.col("a") + 2]
    assert len({fingerprint(value) for value in values}) == len(values)


def test_polars_chunks_do_not_count() -> None:
    for part in (pl.Series("s", [1, None]), pl.Series("s", ["x", None])):
        chunked = part.clone().append(part)
        assert chunked.n_chunks() == 2
        assert fingerprint(chunked) == fingerprint(chunked.rechunk())


def test_queries_over_files_are_refused(tmp_path: Any) -> None:
    path = tmp_path / "data.csv"
    path.write_text("a\n1\n")
    with pytest.raises(Unhashable, match="a query that reads its files when it is collected"):
        fingerprint({"q": pl.scan_csv(path).filter(pl.col("a") > 0)})
