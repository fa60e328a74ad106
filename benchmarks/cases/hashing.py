"""Keys of values for a cache: an array, and frames of mixed columns, in process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.errors import FaultError, UnsupportedError
from benchmarks.sides import Setting, Side


class Joblib:
    """`joblib.hash`, which knows nothing from one call to the next."""

    def __init__(self) -> None:
        try:
            from joblib import hash as key
        except ImportError as error:
            raise UnsupportedError(f"can't be imported here: {error}") from error
        self._key: Callable[[Any], Any] = key

    def looks(self, value: Any) -> list[float]:
        """CPU seconds of a first and of a second look at a value."""
        return [_timed(self._key, value)[0], _timed(self._key, value)[0]]


class Core:
    """The kernel's fingerprints, with a memory that is empty at the first look."""

    def __init__(self) -> None:
        try:
            import blake3  # noqa: F401 - without it another hash would be measured

            from akernel_ipy.core.fingerprint import Fingerprints
        except ImportError as error:
            raise UnsupportedError(f"can't be imported here: {error}") from error
        self._new: Any = Fingerprints
        self.looks([1, "warm"])

    def looks(self, value: Any) -> list[float]:
        """CPU seconds of a first and of a second look at a value."""
        prints = self._new(dict, lambda name: False)
        first, key = _timed(prints.of, value)
        again, same = _timed(prints.of, value)
        if key != same:
            raise FaultError("one value has two keys")
        return [first, again]


def _timed(key: Callable[[Any], Any], value: Any) -> tuple[float, Any]:
    begin = process_time()
    found = key(value)
    return process_time() - begin, found


def _array(size: int) -> Any:
    numpy = _library("numpy")
    return numpy.random.default_rng(0).random(size * (1 << 20) // 8)


def _frame(size: int) -> Any:
    """Ten columns: four of floats, two of integers, two of texts, booleans, dates."""
    numpy, pandas = _library("numpy"), _library("pandas")
    random = numpy.random.default_rng(0)
    columns: dict[str, Any] = {f"x{n}": random.random(size) for n in range(4)}
    columns |= {f"n{n}": random.integers(0, 1000, size) for n in range(2)}
    columns["city"] = [f"city {n % 1000}" for n in range(size)]
    columns["name"] = [f"name {n}" for n in range(size)]
    columns["ok"] = random.random(size) > 0.5
    columns["day"] = pandas.date_range("2020", periods=size, freq="s")
    return pandas.DataFrame(columns)


def _objects(size: int) -> Any:
    return _frame(size).astype({"city": object, "name": object})


def _library(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError as error:
        raise UnsupportedError(f"{name} is not installed") from error


class _Values:
    """The value of each size, made once for both sides; only the latest one is kept."""

    _latest: tuple[_Values, int, Any] | None = None

    def __init__(self, make: Callable[[int], Any], per_gigabyte: bool = False) -> None:
        self._make = make
        self._per_gigabyte = per_gigabyte

    def _value(self, size: int) -> Any:
        known = _Values._latest
        if known is None or known[:2] != (self, size):
            _Values._latest = known = None
            _Values._latest = known = (self, size, self._make(size))
        return known[2]

    def measure(self, side: Any, size: int, /) -> Measured:
        """Look twice at a value."""
        value = self._value(size)
        unit = value.nbytes / 1e9 if self._per_gigabyte else 1.0
        first, again = side.looks(value)
        return Measured({"first": [first / unit], "again": [again / unit]})


def _side(name: str, make: Callable[[], Any]) -> Side:
    @contextmanager
    def opened(home: Path) -> Iterator[Any]:
        yield make()

    return Side(name, opened)


def _sides(setting: Setting) -> list[Side]:
    return [_side("joblib", Joblib), _side("akernel's core", Core)]


HASH_ARRAY = Case(
    name="hash-array",
    title="key of {size:,} MiB of float64, in process",
    measure=_Values(_array, per_gigabyte=True).measure,
    metrics=(
        Metric("key of {size:,} MiB", "first", "CPU s/GB", Mark(0.333, "value")),
        Metric("key of {size:,} MiB, again", "again", "CPU s/GB"),
    ),
    size=1024,
    quick_size=16,
    rounds=5,
    fresh=False,
    sides=_sides,
)


def _of_frames(name: str, words: str, make: Callable[[int], Any], rounds: int) -> Case:
    return Case(
        name=name,
        title=f"key of a frame of {{size:,}} x 10, {words}, in process",
        measure=_Values(make).measure,
        metrics=(
            Metric(f"key of {{size:,}} x 10, {words}", "first", "CPU s", Mark(0.2)),
            Metric(f"key of {{size:,}} x 10, {words}, again", "again", "CPU s"),
        ),
        size=1_000_000,
        quick_size=10_000,
        rounds=rounds,
        fresh=False,
        sides=_sides,
    )


HASH_FRAME = _of_frames("hash-frame", "mixed", _frame, 7)
HASH_OBJECTS = _of_frames("hash-objects", "mixed, texts as objects", _objects, 3)
