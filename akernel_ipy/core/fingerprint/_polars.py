"""polars: frames and series, over their Arrow buffers; what isn't evaluated yet, by its plan."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._names import among, title
from ._refusal import Unhashable

if TYPE_CHECKING:
    from ._walk import Handler, Walk


def find(bases: tuple[type, ...]) -> Handler | None:
    """The handler of a type of polars', or of one derived from it."""
    polars: Any = sys.modules["polars"]
    table: list[tuple[Any, Handler]] = [
        (polars.DataFrame, _frame),
        (polars.Series, _series),
        (polars.LazyFrame, _lazy),
        (polars.Expr, _expression),
        (polars.DataType, _dtype_value),
    ]
    return next((handler for kind, handler in table if among(kind, bases)), None)


def _frame(walk: Walk, value: Any) -> None:
    if not walk.meet(value):
        return
    walk.out += b"frame"
    walk.walk(type(value))
    walk.walk((value.height, value.width))
    for series in value.get_columns():
        _content(walk, series)


def _series(walk: Walk, value: Any) -> None:
    if walk.meet(value):
        walk.out += b"series"
        walk.walk(type(value))
        _content(walk, value)


def _content(walk: Walk, value: Any) -> None:
    walk.text(value.name)
    walk.text(str(value.dtype))
    if _holds_objects(value.dtype):
        walk.items(value.to_list())
        return
    try:
        import_module("pyarrow")
    except ImportError:
        walk.buffer(value.rechunk().to_frame().serialize())
        return
    import_module(f"{__package__}._arrow").chunked(walk, value.to_arrow())


def _holds_objects(dtype: Any) -> bool:
    return "Object" in str(dtype)


def _lazy(walk: Walk, value: Any) -> None:
    if not walk.meet(value):
        return
    try:
        reads = "SCAN" in value.explain(optimized=False)
    except Exception:  # it looks for the files
        reads = True
    if reads:
        raise Unhashable("a query that reads its files when it is collected")
    walk.out += b"lazy"
    walk.walk(type(value))
    walk.buffer(_serialized(value))


def _expression(walk: Walk, value: Any) -> None:
    if walk.meet(value):
        walk.out += b"expression"
        walk.walk(type(value))
        walk.buffer(_serialized(value.meta))


def _serialized(value: Any) -> bytes:
    try:
        return bytes(value.serialize())
    except Exception as error:
        raise Unhashable(f"a {title(type(value))} that can't be serialized") from error


def _dtype_value(walk: Walk, value: Any) -> None:
    walk.out += b"dtype"
    walk.walk(type(value))
    walk.text(repr(value))
