"""numpy: arrays by dtype, shape and content, hashed where they lie.

Fortran order counts, as it does when an array is pickled; any other order of memory counts as C
order. Whether an array can be written counts. Two arrays of one walk that look at the same memory
differ from two that don't.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ._context import Range
from ._instances import Shape
from ._memo import LARGE
from ._names import among, names_of, type_name
from ._refusal import Unhashable

if TYPE_CHECKING:
    from ._walk import Handler, Walk

#: Bytes copied at once from an array that is not contiguous.
_CHUNK = 1 << 20

#: Kinds of dtypes whose values are their bytes.
_PLAIN = frozenset("biufcmMSUV?")
_NUMBERS = frozenset("biufc")
#: Type numbers from here on are texts, times and what libraries add.
_OTHERS = 17
_EXTENDED = frozenset("gG")
_MASKED = ("numpy.ma", "MaskedArray"), ("numpy.ma.core", "MaskedArray")


def find(bases: tuple[type, ...]) -> Handler | None:
    """The handler of a type of numpy's, or of one derived from it."""
    numpy: Any = sys.modules["numpy"]
    if among(numpy.ndarray, bases):
        if not set(_MASKED).isdisjoint(names_of(bases[0])):
            return masked
        return array
    if among(numpy.generic, bases):
        return scalar
    if among(numpy.dtype, bases):
        return _dtype_value
    if among(numpy.ufunc, bases):
        return _ufunc
    return None


def array(walk: Walk, value: Any) -> None:
    """Encode an ndarray or an instance of a subclass."""
    if not walk.meet(value):
        return
    walk.out += b"ndarray"
    kind, plain = type(value), sys.modules["numpy"].ndarray
    walk.walk(kind)
    _aliases(walk, value)
    if kind is plain:
        content(walk, value)
    else:
        content(walk, value.view(plain))
        Shape(kind).attributes(walk, value)


def masked(walk: Walk, value: Any) -> None:
    """Encode a masked array: what is under the mask counts, since it can be unmasked."""
    if not walk.meet(value):
        return
    numpy: Any = sys.modules["numpy"]
    walk.out += b"masked"
    walk.walk(type(value))
    content(walk, value.view(numpy.ndarray))
    content(walk, numpy.ma.getmaskarray(value))
    walk.walk(value.fill_value)
    walk.walk(bool(value.hardmask))


def scalar(walk: Walk, value: Any) -> None:
    """Encode a numpy scalar."""
    kind = type(value)
    walk.out += b"scalar"
    walk.walk(kind)
    if type_name(kind)[0] != "numpy":
        Shape(kind).attributes(walk, value)
    elif value.dtype.kind in _NUMBERS and value.dtype.char not in _EXTENDED:
        walk.out += value.tobytes()
        return
    content(walk, sys.modules["numpy"].asarray(value))


def _dtype_value(walk: Walk, value: Any) -> None:
    walk.out += b"dtype"
    walk.walk(type(value))
    dtype(walk, value)


def _ufunc(walk: Walk, value: Any) -> None:
    # Where a ufunc comes from it doesn't tell, nor what function it was made of.
    name = value.__name__
    for module in ("numpy", "scipy.special", getattr(value, "__module__", None)):
        if type(module) is str and walk.origins.resolves(module, name, value):
            walk.out += b"ufunc"
            walk.text(module)
            walk.text(name)
            walk.text(walk.origins.installed(module) or "")
            return
    raise Unhashable("a ufunc made by hand, which doesn't show its function")


def dtype(walk: Walk, value: Any) -> None:
    """Encode a dtype."""
    if value.num < _OTHERS and value.kind in _NUMBERS and value.isnative and not value.metadata:
        walk.out += f"{value.kind}{value.itemsize};".encode()
        return
    walk.text(value.str)
    walk.text(value.name)
    if value.names is not None:
        walk.walk((value.itemsize, value.isalignedstruct))
        for name in value.names:
            field, offset, *titles = value.fields[name]
            walk.walk((name, offset, tuple(titles)))
            dtype(walk, field)
    elif value.subdtype is not None:
        base, shape = value.subdtype
        walk.walk(shape)
        dtype(walk, base)
    elif value.char == "T":
        walk.walk((hasattr(value, "na_object"), value.coerce))
        walk.walk(getattr(value, "na_object", None))
    if value.metadata:
        walk.walk(dict(value.metadata))


def content(walk: Walk, value: Any) -> None:
    """Encode dtype, shape and elements of an exact ndarray."""
    dtype(walk, value.dtype)
    walk.out += f"{value.shape}{value.flags.writeable};".encode()
    elements(walk, value)


def elements(walk: Walk, value: Any) -> None:
    """Encode the elements of an exact ndarray."""
    kind = value.dtype
    if kind.hasobject or kind.kind not in _PLAIN:
        if kind.names is not None:
            _fields(walk, value)
            return
        held = value.ravel().tolist()
        walk.keep.append(held)
        walk.items(held)
    elif kind.names is not None and _padded(kind):
        _fields(walk, value)
    elif kind.char in _EXTENDED:
        walk.buffer(_without_padding(value))
    else:
        _memory(walk, value)


def _fields(walk: Walk, value: Any) -> None:
    for name in value.dtype.names:
        elements(walk, value[name])


def _padded(kind: Any) -> bool:
    if kind.subdtype is not None:
        return _padded(kind.subdtype[0])
    if kind.names is None:
        return kind.char in _EXTENDED
    inner = [kind.fields[name][0] for name in kind.names]
    return sum(each.itemsize for each in inner) != kind.itemsize or any(map(_padded, inner))


def _without_padding(value: Any) -> bytes:
    # An extended float of x86 has 80 bits, in 16 bytes: the others are whatever was there.
    numpy: Any = sys.modules["numpy"]
    flat = numpy.ascontiguousarray(value).reshape(-1).view(numpy.longdouble)
    if numpy.finfo(numpy.longdouble).nmant != 63:
        return bytes(flat.tobytes())
    return bytes(flat.view("u1").reshape(-1, flat.itemsize)[:, :10].tobytes())


def _memory(walk: Walk, value: Any) -> None:
    fortran = value.flags.f_contiguous and not value.flags.c_contiguous
    walk.out += b"F" if fortran else b"C"
    if value.flags.forc:
        flat = (value.T if fortran else value).reshape(-1)
        if value.size:
            address = value.__array_interface__["data"][0] if value.nbytes >= LARGE else None
            walk.buffer(flat.view("u1"), address)
    else:
        walk.stream(value.nbytes, _chunks(value))


def _chunks(value: Any) -> Iterator[Any]:
    ascontiguous = sys.modules["numpy"].ascontiguousarray
    step = max(1, _CHUNK * len(value) // max(1, value.nbytes))
    for start in range(0, len(value), step):
        yield ascontiguous(value[start : start + step]).reshape(-1).view("u1")


def _aliases(walk: Walk, value: Any) -> None:
    """Tell whether memory was seen before, in another array of this walk, and where."""
    ndarray, root = sys.modules["numpy"].ndarray, value
    while issubclass(type(root.base), ndarray):
        root = root.base
    if root.base is not None:
        root = root.base
    low, high = _bounds(value)
    walk.keep.append(root)
    known = walk.memory.setdefault(id(root), [])
    for other in known:
        if low < other.high and other.low < high:
            walk.walk(("view", other.number, low - other.low, value.strides))
            break
    else:
        walk.out += b"own"
    walk.arrays += 1
    known.append(Range(walk.arrays, low, high))


def _bounds(value: Any) -> tuple[int, int]:
    if value.flags.forc:
        start: int = value.__array_interface__["data"][0]
        return start, start + value.nbytes
    low, high = sys.modules["numpy"].lib.array_utils.byte_bounds(value)
    return low, high
