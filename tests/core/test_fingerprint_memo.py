"""Large memory that is as it was is not hashed again, and one byte is enough for it to be."""

from __future__ import annotations

import copy
import mmap
import sys
from typing import Any

import pytest

from akernel_ipy.core.fingerprint import Fingerprints, _hashing
from akernel_ipy.core.fingerprint._memo import LARGE, Memo, xxh3

pytest.importorskip("xxhash")
SIZE = LARGE * 3 + 5


class Counting:
    """An algorithm that counts its digests."""

    def __init__(self) -> None:
        self.begun = 0
        self.algorithm = _hashing.Algorithm("counting", self.new)

    def new(self) -> Any:
        self.begun += 1
        return _hashing.best().new()


@pytest.fixture
def counting() -> Counting:
    return Counting()


def test_unchanged_memory_is_hashed_once(counting: Counting) -> None:
    memo, data = Memo(counting.algorithm, xxh3()), bytearray(SIZE)
    found = {memo.digest(memoryview(data), 1) for _ in range(3)}
    assert found == {_hashing.best().digest(data)}
    assert counting.begun == 1


@pytest.mark.parametrize("place", [0, 1, LARGE - 1, LARGE, SIZE // 2, SIZE - 1])
def test_one_changed_byte_is_seen(place: int, counting: Counting) -> None:
    memo, data = Memo(counting.algorithm, xxh3()), bytearray(SIZE)
    for value in (0, 1, 2, 1, 0):
        data[place] = value
        assert memo.digest(memoryview(data), 1) == _hashing.best().digest(data)


def test_other_memory_at_the_same_address_is_seen(counting: Counting) -> None:
    memo = Memo(counting.algorithm, xxh3())
    for fill in (b"a", b"b", b"a"):
        data = fill * SIZE
        assert memo.digest(memoryview(data), 1) == _hashing.best().digest(data)


def test_memory_changed_through_another_mapping_is_seen(tmp_path: Any, counting: Counting) -> None:
    path = tmp_path / "data"
    path.write_bytes(bytes(SIZE))
    memo = Memo(counting.algorithm, xxh3())
    with (
        path.open("r+b") as file,
        mmap.mmap(file.fileno(), 0) as one,
        mmap.mmap(file.fileno(), 0) as other,
        memoryview(one) as view,
    ):
        before = memo.digest(view, 1)
        other[7] = 1
        assert memo.digest(view, 1) != before


def test_what_is_written_while_it_is_hashed_is_not_remembered() -> None:
    data = bytearray(SIZE)

    class Writing:
        """A hash during which another thread writes."""

        def __init__(self) -> None:
            self._inner = _hashing.best().new()

        def update(self, chunk: Any) -> None:
            self._inner.update(chunk)
            data[0] = 1

        def digest(self) -> bytes:
            return self._inner.digest()

    memo = Memo(_hashing.Algorithm("writing", Writing), xxh3())
    stale = memo.digest(memoryview(data), 1)
    data[0] = 0
    assert memo.digest(memoryview(data), 1) == stale
    data[0] = 1
    assert memo.digest(memoryview(data), 1) == _hashing.best().digest(data) != stale


def test_without_a_change_detector_everything_is_hashed(counting: Counting) -> None:
    memo, data = Memo(counting.algorithm, None), bytes(SIZE)
    assert memo.digest(memoryview(data), 1) == memo.digest(memoryview(data), 1)
    assert counting.begun == 2


def test_without_the_packages_the_standard_library_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blake3", None)
    monkeypatch.setitem(sys.modules, "xxhash", None)
    assert _hashing.blake3() is None
    assert xxh3() is None
    slow = Fingerprints(dict, lambda name: False, _hashing.blake2b())
    value = {"a": [1, "x" * 100_000, (2.5, None)], "b": {1, "c", (2,)}}
    assert slow.of(value) == slow.of(copy.deepcopy(value))
    assert slow.of(value) != slow.of({**value, "b": {1}})


def test_the_two_algorithms_never_give_the_same_key() -> None:
    pytest.importorskip("blake3")
    fast, slow = _hashing.blake3(), _hashing.blake2b()
    assert fast is not None
    assert fast.domain != slow.domain
    for algorithm in (fast, slow):
        assert len(algorithm.digest(b"a" * SIZE)) == _hashing.SIZE
