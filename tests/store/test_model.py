"""Whatever two handles do to a store, it agrees with a model of a few dictionaries."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from akernel_ipy.store import Record, Store, writing

KEYS = [b"1" * 32, b"2" * 32, b"3"]
MAX_BYTES = 500_000
LIMITS = writing.Limits(MAX_BYTES, 0)

keys = st.sampled_from(KEYS)
variants = st.integers(0, 2)
handles = st.integers(0, 1)
sizes = st.sampled_from([0, 10, 5_000, 65_536, 65_537, 120_000, 200_000])
seeds = st.integers(0, 2)

Name = tuple[bytes, int]


def data(seed: int, size: int) -> bytes:
    return bytes([seed]) * size


class StoreMachine(RuleBasedStateMachine):
    """The model: what was stored last under each name, in the order of use."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="akernel-test-"))
        self.stored: dict[Name, tuple[bytes, list[bytes]]] = {}  # the most recently used last
        self.warnings: list[str] = []
        self.damaged = False
        self.handles: list[Store] = []

    @initialize()
    def begin(self) -> None:
        self.handles = [self.opened(), self.opened()]

    def opened(self) -> Store:
        return Store(
            self.root / "cache",
            key_file=self.root / "state" / "key",
            max_bytes=MAX_BYTES,
            reserve=0,
            warn=self.warnings.append,
        )

    def teardown(self) -> None:
        for store in self.handles:
            store.close(30)
        shutil.rmtree(self.root)

    @rule(handle=handles, key=keys, variant=variants, seed=seeds, payload=sizes, buffer=sizes)
    def write(
        self, handle: int, key: bytes, variant: int, seed: int, payload: int, buffer: int
    ) -> None:
        content = data(seed, payload), [data(9, 100), data(seed + 100, buffer)]
        meta = {"seed": seed}
        publication = self.handles[handle].write(key, [variant], meta, *content)
        assert publication.wait(30), publication.reason
        self.stored.pop((key, variant), None)
        self.stored[key, variant] = content
        self.evicted()

    def evicted(self) -> None:
        """Find out how many were evicted; which ones, the model knows."""
        left = self.handles[0].stats().entries
        for name in list(self.stored)[: len(self.stored) - left]:
            del self.stored[name]

    @rule(handle=handles, key=keys)
    def lookup(self, handle: int, key: bytes) -> None:
        records = self.handles[handle].lookup(key)
        found = [(record.key, record.dependencies[0]) for record in records]
        assert found == [name for name in reversed(self.stored) if name[0] == key]
        for record, name in zip(records, found, strict=True):
            self.read(handle, record, name)

    def read(self, handle: int, record: Record, name: Name) -> None:
        stored = self.handles[handle].read(record)
        if stored is None:
            assert self.damaged
            assert self.handles[handle].flush(30)
            del self.stored[name]
            return
        payload, buffers = self.stored[name]
        assert stored.payload == payload
        assert [bytes(buffer) for buffer in stored.buffers] == buffers

    @rule(handle=handles, key=keys)
    def touch(self, handle: int, key: bytes) -> None:
        store = self.handles[handle]
        records = store.lookup(key)
        if records:
            store.touch(records[-1])
            assert store.flush(30)
            name = key, records[-1].dependencies[0]
            self.stored[name] = self.stored.pop(name)

    @rule(handle=handles)
    def reopen(self, handle: int) -> None:
        self.handles[handle].close(30)

    @rule(handle=handles, size=sizes)
    def die_while_writing(self, handle: int, size: int) -> None:
        """A process that is killed leaves drafts behind, and its connections open."""
        store = self.handles[handle]
        store.access.attempt(
            lambda opened: writing.begin(opened, LIMITS, KEYS[0], ([0], {}), data(3, size), [])
        )
        self.handles[handle] = self.opened()
        store.close(30)

    @rule(handle=handles, size=st.integers(0, MAX_BYTES))
    def prune(self, handle: int, size: int) -> None:
        self.handles[handle].prune(max_bytes=size)
        self.evicted()
        assert self.handles[handle].stats().bytes <= size

    @rule(handle=handles)
    def clear(self, handle: int) -> None:
        assert self.handles[handle].clear().entries == len(self.stored)
        self.stored.clear()

    @rule(choice=st.integers(0, 10))
    def damage(self, choice: int) -> None:
        blobs = sorted((self.root / "cache/v1/blobs").glob("*/*"))
        if blobs:
            blob = blobs[choice % len(blobs)]
            blob.write_bytes(bytes(blob.stat().st_size))
            self.damaged = True

    @invariant()
    def it_is_as_large_as_it_says_and_may_be(self) -> None:
        for store in self.handles:
            stats = store.stats()
            assert stats.entries == len(self.stored)
            assert stats.bytes <= MAX_BYTES

    @invariant()
    def nothing_is_wrong_that_was_not_damaged(self) -> None:
        if not self.damaged:
            assert not self.warnings
            assert not any(store.troubles for store in self.handles)


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestStoreMachine = pytest.mark.timeout(300)(TestStoreMachine)
