"""pandas: frames and series by columns, index, dtypes and attrs, wherever blocks lie in memory."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from . import _numpy
from ._instances import Shape, described
from ._names import among, names_of

if TYPE_CHECKING:
    from ._walk import Handler, Walk

#: What a frame or series keeps for itself.
_OWN = frozenset({"_mgr", "_item_cache", "_attrs", "_flags", "_name", "_is_copy", "_cacher"})


def find(bases: tuple[type, ...]) -> Handler | None:
    """The handler of a type of pandas', or of one derived from it."""
    pandas: Any = sys.modules["pandas"]
    extensions: Any = pandas.api.extensions
    table: list[tuple[Any, Handler]] = [
        (pandas.DataFrame, _frame),
        (pandas.Series, _series),
        (pandas.Index, _index_value),
        (extensions.ExtensionArray, _array_value),
        (extensions.ExtensionDtype, _dtype_value),
        (pandas.Timestamp, _timestamp),
        (pandas.Timedelta, _timedelta),
        (pandas.Period, _period),
        (pandas.Interval, _interval),
        (type(pandas.NaT), _constant),
        (type(pandas.NA), _constant),
    ]
    return next((handler for kind, handler in table if among(kind, bases)), None)


# -- scalars -----------------------------------------------------------------------------------


def _constant(walk: Walk, value: Any) -> None:
    walk.walk(type(value))


def _timestamp(walk: Walk, value: Any) -> None:
    walk.walk(type(value))
    walk.walk(value.asm8)
    walk.walk(value.fold)
    walk.part(value.tzinfo, ".tzinfo")


def _timedelta(walk: Walk, value: Any) -> None:
    walk.walk(type(value))
    walk.walk(value.asm8)


def _period(walk: Walk, value: Any) -> None:
    walk.walk(type(value))
    walk.walk((value.ordinal, value.freqstr))


def _interval(walk: Walk, value: Any) -> None:
    walk.walk(type(value))
    for part in (value.left, value.right, value.closed):
        walk.walk(part)


# -- frames ------------------------------------------------------------------------------------


def _frame(walk: Walk, value: Any) -> None:
    if not walk.meet(value):
        return
    walk.out += b"frame"
    _class(walk, value, sys.modules["pandas"].DataFrame)
    index(walk, value.columns)
    index(walk, value.index)
    for position in range(len(value.columns)):
        array(walk, _column(value, position))


def _column(frame: Any, position: int) -> Any:
    quick = getattr(frame, "_get_column_array", None)
    return quick(position) if quick is not None else frame.iloc[:, position].array


def _series(walk: Walk, value: Any) -> None:
    if not walk.meet(value):
        return
    walk.out += b"series"
    _class(walk, value, sys.modules["pandas"].Series)
    walk.part(value.name, ".name")
    index(walk, value.index)
    array(walk, value.array)


def _class(walk: Walk, value: Any, plain: type) -> None:
    walk.edge(type(value), "")
    walk.part(value.attrs, ".attrs")
    walk.walk(bool(value.flags.allows_duplicate_labels))
    if type(value) is not plain:
        held = Shape(type(value)).state(value)
        walk.named([pair for pair in held.items() if pair[0] not in _OWN])


# -- indexes -----------------------------------------------------------------------------------


def _index_value(walk: Walk, value: Any) -> None:
    if walk.meet(value):
        walk.walk(type(value))
        index(walk, value)


def index(walk: Walk, value: Any) -> None:
    """Encode an index: its type, names and content."""
    pandas: Any = sys.modules["pandas"]
    walk.text(type(value).__name__)
    walk.part(tuple(value.names), ".names")
    if isinstance(value, pandas.RangeIndex):
        walk.walk(range(value.start, value.stop, value.step))
    elif isinstance(value, pandas.MultiIndex):
        for level, codes in zip(value.levels, value.codes, strict=True):
            index(walk, level)
            _numpy.content(walk, codes)
    else:
        _frequency(walk, value)
        array(walk, value.array)


def _frequency(walk: Walk, value: Any) -> None:
    freq = getattr(value, "freq", None)
    walk.walk(None if freq is None else freq.freqstr)


# -- arrays ------------------------------------------------------------------------------------


def _array_value(walk: Walk, value: Any) -> None:
    if walk.meet(value):
        walk.walk(type(value))
        array(walk, value)


def array(walk: Walk, value: Any) -> None:
    """Encode a column: an ndarray or an extension array."""
    numpy: Any = sys.modules["numpy"]
    if type(value) is numpy.ndarray:
        walk.out += b"n"
        _numpy.dtype(walk, value.dtype)
        walk.walk(value.shape)
        _numpy.elements(walk, value)
        return
    names = names_of(type(value))
    own = {name for module, name in names if module.partition(".")[0] == "pandas"}
    found = next((_ARRAYS[name] for name in _ARRAYS if name in own), None)
    if found is None or names[0][1] not in own:
        described(walk, value)
        return
    walk.text(type(value).__name__)
    found(walk, value)


def _dtype_value(walk: Walk, value: Any) -> None:
    pandas: Any = sys.modules["pandas"]
    walk.out += b"dtype"
    walk.walk(type(value))
    if isinstance(value, pandas.CategoricalDtype):
        walk.walk(value.ordered)
        if value.categories is None:
            walk.walk(None)
        else:
            index(walk, value.categories)
    else:
        _dtype(walk, value)


def _dtype(walk: Walk, value: Any) -> None:
    walk.text(str(value))
    if isinstance(value, sys.modules["pandas"].StringDtype):
        walk.walk((value.storage, value.na_value))


def _numpy_backed(walk: Walk, value: Any) -> None:
    array(walk, value.to_numpy())


def _categorical(walk: Walk, value: Any) -> None:
    walk.walk(bool(value.ordered))
    index(walk, value.categories)
    array(walk, value.codes)


def _datetime_like(walk: Walk, value: Any) -> None:
    walk.text(str(value.dtype))
    _frequency(walk, value)
    walk.part(getattr(value, "tz", None), ".tz")
    array(walk, value.view("i8") if hasattr(value, "view") else value.asi8)


def _masked(walk: Walk, value: Any) -> None:
    _dtype(walk, value.dtype)
    mask = value._mask
    data = value._data
    if mask.any():
        # What lies under the mask can't be seen.
        data = data.copy()
        data[mask] = data.dtype.type()
    array(walk, mask)
    array(walk, data)


def _arrow_backed(walk: Walk, value: Any) -> None:
    from . import _arrow

    _dtype(walk, value.dtype)
    _arrow.chunked(walk, value._pa_array)


def _strings(walk: Walk, value: Any) -> None:
    _dtype(walk, value.dtype)
    array(walk, value._ndarray)


def _intervals(walk: Walk, value: Any) -> None:
    walk.text(value.closed)
    index(walk, value.left)
    index(walk, value.right)


def _sparse(walk: Walk, value: Any) -> None:
    walk.walk(len(value))
    walk.part(value.fill_value, ".fill_value")
    array(walk, value.sp_values)
    array(walk, value.sp_index.indices)


_ARRAYS = {
    "Categorical": _categorical,
    "DatetimeArray": _datetime_like,
    "TimedeltaArray": _datetime_like,
    "PeriodArray": _datetime_like,
    "BaseMaskedArray": _masked,
    "ArrowExtensionArray": _arrow_backed,
    "ArrowStringArray": _arrow_backed,
    "StringArray": _strings,
    "NumpyExtensionArray": _numpy_backed,
    "IntervalArray": _intervals,
    "SparseArray": _sparse,
}
