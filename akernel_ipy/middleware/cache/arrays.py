"""Arrays: their memory is stored as it lies, and comes back without a copy."""

from __future__ import annotations

import pickle
import sys
from typing import Any

#: Smaller arrays, in bytes, come back with memory of their own, as they were made.
OWN = 1 << 20


def reduce_array(array: Any) -> tuple[Any, ...]:
    """Give the pickle's recipe for an array without objects in it.

    numpy 2 restores an array as a view of another array: ``v.base is a`` would not hold for a view
    of it.
    """
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    if not array.flags.forc:
        array = array.copy(order="C")
    flat = (array.T if order == "F" else array).reshape(-1)
    memory = flat.view("u1") if flat.size and flat.dtype.itemsize else flat[:0].view("u1")
    arguments = (pickle.PickleBuffer(memory), array.shape, array.dtype, order)
    return make_array, (*arguments, array.flags.writeable)


def make_array(memory: Any, shape: Any, dtype: Any, order: str, writeable: bool) -> Any:
    """Build an array on some memory."""
    numpy = sys.modules.get("numpy") or __import__("numpy")
    size = memoryview(memory).nbytes
    if not size:
        array = numpy.empty(shape, dtype, order)
    else:
        array = numpy.ndarray(shape, dtype, memory, order=order)
        if size < OWN or not array.flags.writeable:
            array = array.copy(order="K")
    array.flags.writeable = writeable
    return array


def reduce_view(array: Any, root: Any) -> tuple[Any, ...]:
    """Give the pickle's recipe for an array that looks at the memory of another one."""
    start = array.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    place = (array.shape, array.dtype, start, array.strides, array.flags.writeable)
    return make_view, (root, *place)


def make_view(root: Any, shape: Any, dtype: Any, offset: int, strides: Any, writeable: bool) -> Any:
    """Build a view of an array: it shares the memory."""
    view = sys.modules["numpy"].ndarray(shape, dtype, root, offset, strides)
    view.flags.writeable = writeable
    return view
