"""What travels: a cell's inputs one way, what came of them the other way."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..core.errors import OffloadError
from ..core.names import ordinary
from ._changes import Snapshot, fill
from ._errors import receive_error, send_error
from ._pickling import CellPickler, CellUnpickler, namespace
from ._task import Parcel, Results

_ABSENT = object()


class Packer:
    """Packs a cell's inputs, in the kernel.

    The pickler numbers the objects that it meets, and the unpickler on the other side numbers them
    alike: by these numbers what comes back refers to the very objects that were sent.

    Args:
        own: the namespace.
        leave: names that the other side has itself (``get_ipython``, ``exit``).
    """

    def __init__(self, own: dict[str, Any], leave: Iterable[str] = ()) -> None:
        self._own, self._leave = own, frozenset(leave)
        self._buffers: list[bytes] = []
        self._pickler = CellPickler(own, self._keep)
        #: The names that were packed.
        self.names: set[str] = set()

    def _keep(self, buffer: pickle.PickleBuffer) -> None:
        # A copy: other cells may write to the array before it has been sent.
        self._buffers.append(bytes(buffer.raw()))

    def pack(self, names: Iterable[str]) -> Parcel:
        """Pack the values of names, and of all names that their functions read.

        Raises:
            OffloadError: a value can't be pickled; it says whose.
        """
        wanted, pickles = self._find(names), 0
        while wanted:
            self._dump(wanted)
            pickles += 1
            wanted = self._find(self._pickler.reads)
        return Parcel(self._pickler.file.getvalue(), pickles, self._buffers)

    def _find(self, names: Iterable[str]) -> dict[str, Any]:
        found = sorted(n for n in names if n in self._own and n not in self.names | self._leave)
        self.names.update(found)
        return {name: self._own[name] for name in found}

    def _dump(self, values: dict[str, Any]) -> None:
        try:
            self._pickler.dump(values)
        except Exception as error:
            for name, value in values.items():
                if (reason := problem(value, self._own)) is not None:
                    reader = self._pickler.reads.get(name)
                    read = f", which {reader}() reads," if reader else ""
                    text = f"`{name}`{read} can't be sent to a worker: {reason}"
                    raise OffloadError(text) from None
            raise OffloadError(f"the cell's inputs can't be sent to a worker: {error}") from error

    @property
    def objects(self) -> dict[int, Any]:
        """The objects that were packed, by their numbers."""
        return dict(self._pickler.memo.copy().values())


def problem(value: Any, own: dict[str, Any]) -> str | None:
    """Say why a value can't be pickled, None if it can."""
    try:
        CellPickler(own, lambda buffer: None).dump(value)
    except Exception as error:
        return f"{error}" or type(error).__name__
    return None


class Inputs:
    """A cell's inputs where it runs: unpacked into a namespace, and looked at again afterwards."""

    def __init__(self, parcel: Parcel, own: dict[str, Any]) -> None:
        self._own = own
        memory = [(bytearray(buffer), buffer) for buffer in parcel.buffers]
        token = namespace.set(own)
        try:
            unpickler = CellUnpickler(parcel.data, [copy for copy, _ in memory])
            for _ in range(parcel.pickles):
                own.update(unpickler.load())
        finally:
            namespace.reset(token)
        self._before = dict(own)
        self._snapshot = Snapshot(unpickler.memo.copy(), own, memory)

    def pack(self, values: Sequence[Any], error: BaseException | None = None) -> Results:
        """Pack what the cell has bound, deleted and changed in place, some values, an error."""
        filled, replaced = self._snapshot.changed()
        bound = {
            name: value
            for name, value in self._own.items()
            if ordinary(name)
            and (
                self._before.get(name, _ABSENT) is not value
                or self._snapshot.holds(value, replaced)
            )
        }
        deleted = [name for name in self._before if name not in self._own]
        kept = self._snapshot.kept(replaced)
        contents = {index: self._snapshot.contents(index) for index in filled}
        packing = _Packing(self._own, self._snapshot, kept)
        results = packing.pack(bound, deleted, contents, values)
        if error is not None:
            results.error = send_error(error, self._own, packing.known)
        return results


class _Packing:
    """Packs results; what can't be pickled is left out, one by one."""

    def __init__(self, own: dict[str, Any], snapshot: Snapshot, kept: list[int]) -> None:
        self._own, self._kept = own, kept
        self.known = [snapshot.object(index) for index in kept]

    def pack(
        self,
        bound: dict[str, Any],
        deleted: list[str],
        contents: dict[int, Any],
        values: Sequence[Any],
    ) -> Results:
        left: dict[str, str] = {}
        unsent: list[int] = []
        by_position = dict(enumerate(values))
        parcel = self._try((bound, contents, by_position))
        if parcel is None:
            left = self._sift(bound) | {
                f"{type(self._known_at(index)).__name__} object": reason
                for index, reason in self._sift(contents).items()
            }
            unsent = list(self._sift(by_position))
            parcel = self._try((bound, contents, by_position))
            if parcel is None:
                raise OffloadError("the results can't be sent back, though each of them can")
        return Results(parcel, self._kept, deleted, left, unsent)

    def _known_at(self, index: int) -> Any:
        return self.known[self._kept.index(index)]

    def _sift(self, values: dict[Any, Any]) -> dict[Any, str]:
        """Take out what can't be pickled; say why."""
        bad: dict[Any, str] = {}
        for key, value in values.items():
            try:
                self._dump(value)
            except Exception as error:
                bad[key] = str(error) or type(error).__name__
        for key in bad:
            del values[key]
        return bad

    def _try(self, values: Any) -> Parcel | None:
        try:
            return self._dump(values)
        except Exception:
            return None

    def _dump(self, values: Any) -> Parcel:
        buffers: list[pickle.PickleBuffer] = []
        pickler = CellPickler(self._own, buffers.append, self.known)
        pickler.dump(values)
        # Bytes, since Dask talks in a protocol that knows no buffers.
        return Parcel(pickler.file.getvalue(), 1, [bytes(buffer.raw()) for buffer in buffers])


def restore(
    results: Results, objects: Mapping[int, Any], own: dict[str, Any]
) -> tuple[dict[int, Any], BaseException | None]:
    """Do in the kernel's namespace what the cell has done in its own.

    Args:
        results: what the cell's side packed.
        objects: `Packer.objects`.
        own: the namespace.

    Returns:
        The values that were packed, by position, and the error.
    """
    known = [objects[index] for index in results.kept]
    buffers = [bytearray(buffer) for buffer in results.parcel.buffers]
    token = namespace.set(own)
    try:
        loaded = CellUnpickler(results.parcel.data, buffers, known).load()
    finally:
        namespace.reset(token)
    bound, contents, values = loaded
    for index, new in contents.items():
        fill(objects[index], new)
    own.update(bound)
    for name in (*results.deleted, *results.left):
        own.pop(name, None)
    error = None if results.error is None else receive_error(results.error, own, known)
    return values, error
