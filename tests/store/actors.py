"""Processes that use one store: ``python actors.py ACTOR DIRECTORY KEY_FILE ...``.

What is stored under a number is decided by the number, so that everybody can tell whether what
comes back is right.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import random
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from akernel_ipy.store import Store, blobs, maintenance

NUMBERS = 40
MAX_BYTES = 3_000_000


def content(number: int) -> tuple[bytes, list[bytes]]:
    """Payload and buffers of a number: none, small, large, and some that numbers share."""
    generator = random.Random(number)
    payload = generator.randbytes(generator.choice([10, 1000, 70_000]))
    shared = random.Random(number % 3).randbytes(100_000)
    own = generator.randbytes(generator.choice([0, 500, 66_000, 150_000]))
    return payload, [own, shared][: number % 3]


def key(number: int) -> bytes:
    return b"%032d" % number


def check(store: Store, number: int) -> int:
    """Read all entries of a number; give how many there are. Raises if one is wrong."""
    count = 0
    for record in store.lookup(key(number)):
        stored = store.read(record)
        if stored is None:  # evicted by somebody meanwhile
            continue
        payload, buffers = content(number)
        assert stored.payload == payload, number
        assert [bytes(buffer) for buffer in stored.buffers] == buffers, number
        assert record.meta == {"number": number}
        count += 1
        if number % 5 == 0:
            store.touch(record)
    return count


def put(store: Store, number: int, variant: int = 0) -> None:
    payload, buffers = content(number)
    store.write(key(number), [variant], {"number": number}, payload, buffers)


def use(store: Store, seed: int, steps: int) -> None:
    """Store, look up, now and then delete, as several kernels would."""
    generator = random.Random(seed)
    for _ in range(steps):
        number = generator.randrange(NUMBERS)
        if not check(store, number) or generator.random() < 0.3:
            put(store, number, generator.randrange(2))
        if generator.random() < 0.02:
            store.prune(max_bytes=generator.choice([0, MAX_BYTES // 2]))


def opened(directory: str, key_file: str) -> Store:
    return Store(directory, key_file=Path(key_file), max_bytes=MAX_BYTES, reserve=0)


def user(directory: str, key_file: str, seed: str, steps: str) -> None:
    """Use the store for a while; nothing may go wrong."""
    store = opened(directory, key_file)
    use(store, int(seed), int(steps))
    assert store.flush(60)
    assert not store.troubles, store.troubles
    store.close(60)


def crashes(directory: str, key_file: str, seed: str, rounds: str) -> None:
    """Kill processes that use the store, at random moments, many times; look at it each time."""
    generator = random.Random(int(seed))
    for round_ in range(int(rounds)):
        ready, tell = os.pipe()
        children = [
            forked(lambda n=number, t=tell: use_for_ever(directory, key_file, n, t))
            for number in (round_, -round_)[: generator.choice([1, 1, 2])]
        ]
        if generator.random() < 0.7:  # else while they open the store
            select.select([ready], [], [], 30)
        for child in children:
            time.sleep(generator.random() ** 2 * 0.06)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        os.close(ready)
        os.close(tell)
        status = os.waitpid(forked(lambda: look(directory, key_file)), 0)[1]
        assert status == 0, f"round {round_}"
    print("rounds", rounds)


def use_for_ever(directory: str, key_file: str, seed: int, tell: int) -> None:
    store = opened(directory, key_file)
    put(store, seed % NUMBERS)
    os.write(tell, b"!")
    while True:
        use(store, seed, 100)


def look(directory: str, key_file: str) -> None:
    """Everything that is in the store is right, and something new can be stored."""
    store = opened(directory, key_file)
    found = sum(check(store, number) for number in range(NUMBERS + 1))
    assert found == len(store.entries())
    put(store, NUMBERS)
    assert store.flush(30)
    assert check(store, NUMBERS) == 1
    assert not store.troubles, store.troubles
    store.close(30)


def forked(action: Callable[[], None]) -> int:
    """Do something in a child process; it exits with 0 if that raises nothing."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        action()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


class Holder:
    """A thread that is inside of a context, until it is told to leave it."""

    def __init__(self, context: AbstractContextManager[object]) -> None:
        self._context = context
        self._inside, self._leave = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold)

    def _hold(self) -> None:
        with self._context:
            self._inside.set()
            self._leave.wait(60)

    def __enter__(self) -> None:
        self._thread.start()
        self._inside.wait(60)

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        self._thread.join()


def forks(directory: str, key_file: str) -> None:
    """A child of fork and its parent use one store object, while the parent is storing."""
    store = opened(directory, key_file)
    use(store, 1, 50)
    for round_ in range(20):
        put(store, round_)
        with Holder(store._publisher._lock):
            child = forked(lambda n=round_: use_as_child(store, n))
        use(store, round_ + 1000, 20)
        assert os.waitpid(child, 0)[1] == 0
    assert store.flush(30)
    process = multiprocessing.get_context("fork").Process(target=use_as_child, args=(store, 3))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert not store.troubles, store.troubles


def busy_forks(directory: str, key_file: str) -> None:
    """The index is in use, and doesn't get free, when the parent forks."""
    store = opened(directory, key_file)
    put(store, 1)
    store.flush(60)
    ready = store.access._ready()
    for context in (ready.writer.transaction(), ready.reader._lock, store.access._lock):
        with Holder(context):
            child = forked(lambda: refuses(store))
        assert os.waitpid(child, 0)[1] == 0
        assert check(store, 1) == 1
        put(store, 2)
        assert store.flush(60)
        assert not store.troubles, store.troubles
    with ready.writer.transaction():
        child = forked(lambda: refuses(store))
        assert os.waitpid(child, 0)[1] == 0
    assert check(store, 1) == 1


def refuses(store: Store) -> None:
    assert store.lookup(key(1)) == []
    assert "while this process was forked" in store.check()
    assert not store.write(key(3), [], {}, b"").wait(20)


def use_as_child(store: Store, seed: int) -> None:
    faulthandler.dump_traceback_later(15)
    use(store, seed, 20)
    put(store, NUMBERS + seed)
    assert store.flush(20)
    assert not store.troubles, store.troubles


def leaves(directory: str, key_file: str, slow: str) -> None:
    """Store, and leave without waiting; the disk may be very slow."""
    if slow == "slow":
        blobs.Draft.settle = lambda _: time.sleep(1000)
    store = opened(directory, key_file)
    for number in range(10):
        put(store, number)


def sweeps(directory: str, key_file: str) -> None:
    """Delete what the killed left; nothing but what the index knows remains."""
    store = opened(directory, key_file)
    store.access.attempt(lambda opened: maintenance.sweep(opened, 0.0))
    root = Path(directory, "v1")
    files = {path.name for path in (root / "blobs").rglob("*") if path.is_file()}
    used = {part.name for record in store.entries() for part in record.layout.files}
    assert files == used
    assert not list((root / "tmp").iterdir())
    total = sum(path.stat().st_size for path in (root / "blobs").rglob("*") if path.is_file())
    assert total <= store.stats().bytes <= MAX_BYTES
    store.close()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
