"""pyarrow: arrays, tables, schemas; buffers are hashed where they lie.

How a column is cut into chunks doesn't count, nor where a slice begins, nor what lies under a null.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._names import among

if TYPE_CHECKING:
    from ._walk import Handler, Walk

_STRINGS = ("string", "binary", "large_string", "large_binary")
_VIEWS = {"string_view": "large_string", "binary_view": "large_binary"}


def find(bases: tuple[type, ...]) -> Handler | None:
    """The handler of a type of pyarrow's."""
    lib: Any = sys.modules["pyarrow.lib"]
    table: list[tuple[Any, Handler]] = [
        (lib.Table, _table),
        (lib.RecordBatch, _table),
        (lib.ChunkedArray, _column),
        (lib.Array, _column),
        (lib.Scalar, _scalar),
        (lib.Schema, _schema_value),
        (lib.Field, _described),
        (lib.DataType, _described),
        (lib.Buffer, _buffer),
    ]
    return next((handler for kind, handler in table if among(kind, bases)), None)


def _table(walk: Walk, value: Any) -> None:
    if not walk.meet(value):
        return
    walk.out += b"table"
    walk.walk(type(value))
    schema(walk, value.schema)
    walk.walk(value.num_rows)
    for index in range(value.num_columns):
        chunked(walk, value.column(index))


def _schema_value(walk: Walk, value: Any) -> None:
    walk.out += b"schema"
    walk.walk(type(value))
    schema(walk, value)


def schema(walk: Walk, value: Any) -> None:
    """Encode names, types and metadata."""
    walk.walk(len(value))
    for field in value:
        walk.text(str(field.type))
        walk.walk((field.name, field.nullable))
        _metadata(walk, field.metadata)
    _metadata(walk, value.metadata)


def _metadata(walk: Walk, value: Any) -> None:
    walk.walk(None if value is None else dict(value))


def _described(walk: Walk, value: Any) -> None:
    pyarrow = sys.modules["pyarrow"]
    walk.walk(type(value))
    fields = [value if type(value).__name__ == "Field" else pyarrow.field("", value)]
    walk.buffer(pyarrow.schema(fields).serialize())


def _buffer(walk: Walk, value: Any) -> None:
    if walk.meet(value):
        walk.out += b"buffer"
        walk.buffer(value, value.address)


def _scalar(walk: Walk, value: Any) -> None:
    pyarrow = sys.modules["pyarrow"]
    walk.out += b"scalar"
    walk.walk(type(value))
    chunked(walk, pyarrow.array([value.as_py()], type=value.type))


def _column(walk: Walk, value: Any) -> None:
    if walk.meet(value):
        walk.out += b"column"
        walk.walk(type(value))
        chunked(walk, value)


def chunked(walk: Walk, value: Any) -> None:
    """Encode the content of an array or of a chunked array."""
    pyarrow: Any = sys.modules["pyarrow"]
    chunks = value.chunks if isinstance(value, pyarrow.ChunkedArray) else [value]
    walk.text(str(value.type))
    walk.walk(len(value))
    chunks = [chunk for chunk in chunks if len(chunk)]
    if chunks:
        _pieces(walk, chunks, value.type)


def _pieces(walk: Walk, chunks: list[Any], kind: Any) -> None:
    """Encode the content of non-empty arrays, one after the other."""
    types: Any = sys.modules["pyarrow"].types
    _validity(walk, chunks)
    if types.is_null(kind):
        return
    if str(kind) in _STRINGS:
        _strings(walk, chunks, kind)
    elif str(kind) in _VIEWS:
        plain = getattr(sys.modules["pyarrow"], _VIEWS[str(kind)])()
        _strings(walk, [chunk.cast(plain) for chunk in chunks], plain)
    elif types.is_boolean(kind):
        walk.stream(sum(map(len, chunks)), (_booleans(chunk) for chunk in chunks))
    elif types.is_primitive(kind) or types.is_decimal(kind) or types.is_fixed_size_binary(kind):
        _fixed(walk, chunks, kind.bit_width // 8)
    elif types.is_list(kind) or types.is_large_list(kind):
        _lists(walk, chunks, kind)
    elif types.is_dictionary(kind):
        _dictionary(walk, chunks, kind)
    elif types.is_struct(kind):
        for index in range(kind.num_fields):
            _pieces(walk, [chunk.flatten()[index] for chunk in chunks], kind.field(index).type)
    else:
        _other(walk, chunks, kind)


def _validity(walk: Walk, chunks: list[Any]) -> None:
    if not any(chunk.null_count for chunk in chunks):
        walk.out += b"all"
        return
    walk.out += b"some"
    valid = (_booleans(chunk.is_valid()) for chunk in chunks)
    walk.stream(sum(map(len, chunks)), valid)


def _booleans(chunk: Any) -> memoryview:
    """A byte an element."""
    pyarrow: Any = sys.modules["pyarrow"]
    plain = _filled(chunk, False).cast(pyarrow.uint8())
    return memoryview(plain.buffers()[1])[plain.offset : plain.offset + len(plain)]


def _filled(chunk: Any, value: Any) -> Any:
    """The same with something known under the nulls."""
    return chunk.fill_null(value) if chunk.null_count else chunk


def _fixed(walk: Walk, chunks: list[Any], width: int) -> None:
    total = sum(map(len, chunks)) * width
    if len(chunks) == 1:
        walk.buffer(_values(chunks[0], width), _address(chunks[0], 1))
    else:
        walk.stream(total, (_values(chunk, width) for chunk in chunks))


def _values(chunk: Any, width: int) -> memoryview:
    if chunk.null_count:
        chunk = _zeroed(chunk, width)
    start = chunk.offset * width
    return memoryview(chunk.buffers()[1]).cast("B")[start : start + len(chunk) * width]


def _address(chunk: Any, number: int) -> int | None:
    """Where the buffer lies that was hashed, near enough: it is only where to look for a digest."""
    held = chunk.buffers()[number]
    return None if held is None or chunk.null_count else int(held.address) + int(chunk.offset)


def _zeroed(chunk: Any, width: int) -> Any:
    pyarrow: Any = sys.modules["pyarrow"]
    raw = pyarrow.Array.from_buffers(
        pyarrow.binary(width), len(chunk), chunk.buffers(), chunk.null_count, chunk.offset
    )
    return raw.fill_null(bytes(width))


def _strings(walk: Walk, chunks: list[Any], kind: Any) -> None:
    wide = str(kind).startswith("large")
    parts = [_text(_filled(chunk, b"" if "binary" in str(kind) else ""), wide) for chunk in chunks]
    if len(parts) == 1 and parts[0][0][0] == 0:
        offsets, data = parts[0]
        walk.buffer(offsets.cast("B"), _address(chunks[0], 1))
        walk.buffer(data, _address(chunks[0], 2))
        return
    letter = "q" if wide else "i"
    walk.buffer(_rebased([offsets for offsets, _ in parts], letter))
    walk.stream(sum(len(data) for _, data in parts), (data for _, data in parts))


def _text(chunk: Any, wide: bool) -> tuple[memoryview, memoryview]:
    """The offsets of an array's strings, and the bytes between the first and the last."""
    _, offsets, data = chunk.buffers()
    found = memoryview(offsets).cast("B").cast("q" if wide else "i")
    found = found[chunk.offset : chunk.offset + len(chunk) + 1]
    held = memoryview(data).cast("B") if data is not None else memoryview(b"")
    return found, held[found[0] : found[-1]]


def _rebased(offsets: list[memoryview], letter: str) -> memoryview:
    """Offsets as they would be in one array that begins at its first byte."""
    numpy: Any = import_module("numpy")
    found, end = [numpy.zeros(1, letter)], 0
    for each in offsets:
        part = numpy.asarray(each)[1:] - each[0] + end
        end = int(part[-1])
        found.append(part.astype(letter))
    return memoryview(numpy.concatenate(found)).cast("B")


def _lists(walk: Walk, chunks: list[Any], kind: Any) -> None:
    compute: Any = import_module("pyarrow.compute")
    pyarrow: Any = sys.modules["pyarrow"]
    lengths = [compute.list_value_length(chunk).cast(pyarrow.int64()) for chunk in chunks]
    _fixed(walk, [_filled(each, 0) for each in lengths], 8)
    inner = [each for each in (chunk.flatten() for chunk in chunks) if len(each)]
    if inner:
        _pieces(walk, inner, kind.value_type)


def _dictionary(walk: Walk, chunks: list[Any], kind: Any) -> None:
    pyarrow: Any = sys.modules["pyarrow"]
    whole = pyarrow.chunked_array(chunks, kind).unify_dictionaries()
    _pieces(walk, [chunk.indices for chunk in whole.chunks], kind.index_type)
    chunked(walk, whole.chunks[0].dictionary)


def _other(walk: Walk, chunks: list[Any], kind: Any) -> None:
    """Encode what is rare as it would be sent to another process."""
    pyarrow: Any = sys.modules["pyarrow"]
    whole = pyarrow.chunked_array(chunks, kind).combine_chunks()
    table = pyarrow.table({"x": whole})
    sink = pyarrow.BufferOutputStream()
    with import_module("pyarrow.ipc").new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    walk.buffer(sink.getvalue())
