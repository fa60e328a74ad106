"""What a cached cell costs when it comes back: a trivial one, and an array of a GiB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.errors import FaultError, UnsupportedError
from benchmarks.kernel import Kernel
from benchmarks.peers.marimo_cache import marimo_cache
from benchmarks.sides import Setting, Side, flavoured
from benchmarks.targets import Target

#: Hits in one block.
BLOCK = 100

CODE = "z = y + 1\nz"


class Plain:
    """A trivial cell, run."""

    code = CODE

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._filled = 0

    def fill(self, entries: int) -> None:
        """Run other cells first, as many as a cache would have entries."""
        if self._filled < entries:
            self.kernel.run("y = 1").verify()
            for number in range(self._filled, entries):
                self.kernel.run(f"%%cache\nother{number} = [{number}]").verify()
            self._filled = entries
            self.kernel.run(self.code).verify()

    def look(self) -> list[float]:
        """Milliseconds of each run of the cell."""
        return [self.kernel.run(self.code).verify().seconds * 1000 for _ in range(BLOCK)]


class Hit(Plain):
    """The same cell, brought back."""

    code = f"%%cache\n{CODE}"

    def look(self) -> list[float]:
        """Milliseconds of each hit."""
        samples = super().look()
        said = str(self.kernel.run("%akernel cache why").verify().messages)
        if "from the cache" not in said:
            raise FaultError(f"no hit: {said}")
        return samples


@contextmanager
def _notebook(
    target: Target, make: Callable[[Kernel], Plain], flavour: str, home: Path
) -> Iterator[Plain]:
    private = {"AKERNEL_CACHE_DIR": str(home / "cache"), "XDG_STATE_HOME": str(home / "state")}
    own = Target(target.name, target.argv, {**target.env, **private})
    with flavoured(own, flavour, home) as kernel:
        yield make(kernel)


def _kernels(setting: Setting) -> list[Side]:
    return [
        Side(f"{target.name} {name}", partial(_notebook, target, make, flavour))
        for target in setting.rivals
        for name, make, flavour in (("async", Plain, "async"), ("hit", Hit, "cache"))
    ]


def _hits(side: Plain, size: int, /) -> Measured:
    side.fill(size)
    return Measured({"latency": side.look()})


def hits(entries: int) -> Case:
    """The case that compares a hit with a run, in a cache of some size."""
    return Case(
        name=f"hit-{entries}",
        title="latency of a trivial cell, run and brought back, with {size:,} entries",
        measure=_hits,
        metrics=(Metric("hit among {size:,}", "latency", "ms", Mark(1.0, "difference")),),
        size=entries,
        quick_size=10,
        rounds=5,
        fresh=False,
        sides=_kernels,
    )


class Joblib:
    """`joblib.Memory` around a function that makes an array."""

    def __init__(self, home: Path) -> None:
        try:
            from joblib import Memory
        except ImportError as error:
            raise UnsupportedError(f"can't be imported here: {error}") from error
        self._cached = Memory(str(home / "joblib"), verbose=0).cache(_made)

    def look(self, size: int) -> tuple[float, float]:
        """Seconds to make and store, or the first time to look it up; and to bring it back."""
        return _timed(lambda: self._cached(size))[0], _timed(lambda: self._cached(size))[0]


class Core:
    """The kernel's pickling and its store, without a kernel around them."""

    def __init__(self, home: Path) -> None:
        try:
            import blake3  # noqa: F401 - without it another hash would be measured

            from akernel_ipy.middleware.cache import parts, pickling
            from akernel_ipy.store import Store
        except ImportError as error:
            raise UnsupportedError(f"can't be imported here: {error}") from error
        self._pickling, self._inside = pickling, parts.Inside({"__name__": "__main__"})
        self._store = Store(home / "cache", key_file=home / "key")

    def look(self, size: int) -> tuple[float, float]:
        """Seconds to make and store; and to find, verify and bring back."""
        key = b"%032d" % size
        stored = 0.0
        if not self._store.lookup(key):
            stored, value = _timed(lambda: self._put(key, size))
            self._store.flush()
        again, value = _timed(lambda: self._get(key))
        if value["array"].shape != (size << 17,):
            raise FaultError("another array came back")
        return stored, again

    def _put(self, key: bytes, size: int) -> None:
        value = {"array": _made(size)}
        outputs = [value["array"]]
        dump = self._pickling.dump
        payload, buffers, _ = dump(value, self._inside, {}, {}, outputs, "cell")
        self._store.write(key, {}, {}, payload, buffers)

    def _get(self, key: bytes) -> Any:
        [record] = self._store.lookup(key)
        stored = self._store.read(record)
        if stored is None:
            raise FaultError("the entry is gone")
        return self._pickling.load(stored.payload, stored.buffers, self._inside, str)


def _made(size: int) -> Any:
    try:
        import numpy
    except ImportError as error:
        raise UnsupportedError("numpy is not installed") from error
    return numpy.arange(size << 17, dtype="float64")


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    begin = perf_counter()
    found = call()
    return perf_counter() - begin, found


@contextmanager
def _opened(make: Callable[[Path], Any], home: Path) -> Iterator[Any]:
    yield make(home)


def _stores(setting: Setting) -> list[Side]:
    return [
        Side("joblib", partial(_opened, Joblib)),
        Side("marimo", partial(marimo_cache, setting.peer_python)),
        Side("akernel's core", partial(_opened, Core)),
    ]


def _restored(side: Any, size: int, /) -> Measured:
    return Measured({"again": [side.look(size)[1]]})


RESTORE_ARRAY = Case(
    name="restore-array",
    title="bringing back {size:,} MiB of float64, verified where the store does that",
    measure=_restored,
    metrics=(Metric("bringing back {size:,} MiB", "again", "s", Mark(0.3, "value")),),
    size=1024,
    quick_size=16,
    rounds=5,
    fresh=False,
    sides=_stores,
)

HIT_10, HIT_1000 = hits(10), hits(1000)
