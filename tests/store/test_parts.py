"""The pure parts: layouts, signatures, objects."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akernel_ipy.core.errors import StoreError
from akernel_ipy.store.digests import ALGORITHMS, Digests
from akernel_ipy.store.entries import Entry, decode, encode, sign
from akernel_ipy.store.model import ALIGNMENT, INLINE, SMALL, Layout, Part, Place
from akernel_ipy.store.objects import Bundle, pack, unpack
from akernel_ipy.store.staging import plan

DIGESTS = Digests(b"k" * 32)
OTHER = Digests(b"o" * 32)

json_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
texts = st.binary(max_size=50)
entries = st.builds(
    Entry,
    key=texts,
    algorithm=st.sampled_from([name for name in ALGORITHMS if name in DIGESTS]),
    created=st.floats(0, 1e10),
    dependencies=texts,
    meta=texts,
    layout=texts,
)


@given(st.lists(st.sampled_from([0, 1, 63, 64, 65, SMALL - 1, SMALL, SMALL + 1, 10 * SMALL])))
def test_buffers_are_placed_aligned_and_apart(sizes: list[int]) -> None:
    places = plan(sizes)
    assert [place.size for place in places] == sizes
    ends: dict[int, int] = {}
    for place in places:
        assert place.offset % ALIGNMENT == 0
        assert place.offset >= ends.get(place.part, 0)
        assert place.part == 1 or place.part not in ends
        ends[place.part] = place.offset + place.size
    assert sorted(ends) == list(range(1, len(ends) + 1)) or min(ends, default=2) == 2


@given(
    st.lists(st.builds(Part, st.text("0123456789abcdef"), st.integers(0, 1 << 40))),
    st.lists(st.builds(Place, st.integers(0), st.integers(0), st.integers(0))),
)
def test_a_layout_is_read_as_it_was_written(parts: list[Part], places: list[Place]) -> None:
    layout = Layout(tuple(parts), tuple(places))
    assert Layout.decode(layout.encode()) == layout
    assert layout.inlined + sum(p.size for p in parts if p.size > INLINE) == layout.size


@given(json_values)
def test_json_comes_back_as_it_was(value: Any) -> None:
    assert decode(encode(value)) == value


def test_a_lone_surrogate_in_a_name_is_no_reason_to_fail() -> None:
    assert decode(encode(["\udcff"])) == ["\udcff"]


@given(entries, entries)
def test_a_signature_is_worth_something_for_its_own_entry_only(first: Entry, other: Entry) -> None:
    signature = sign(first, DIGESTS).signature
    same = first.fields == other.fields and first.algorithm == other.algorithm
    assert DIGESTS.signed(other.fields, other.algorithm, signature) == same
    assert not OTHER.signed(first.fields, first.algorithm, signature)


@given(texts, texts)
def test_what_moves_from_one_field_to_the_next_is_seen(first: bytes, second: bytes) -> None:
    joined = DIGESTS.sign([first + second, b""], "blake2b")
    assert DIGESTS.signed([first, second], "blake2b", joined) == (second == b"")


def test_names_and_signatures_have_nothing_in_common() -> None:
    for algorithm in ALGORITHMS:
        if algorithm in DIGESTS:
            message = b"".join(
                len(field).to_bytes(8, "little") + field for field in (algorithm.encode(), b"x")
            )
            assert bytes.fromhex(DIGESTS.name(message, algorithm)) != DIGESTS.sign(
                [b"x"], algorithm
            )
            assert DIGESTS.name(b"x", algorithm) != OTHER.name(b"x", algorithm)


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1])
def test_the_name_of_bytes_does_not_depend_on_how_it_is_computed(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytes(size)
    name = DIGESTS.name(data, DIGESTS.algorithm)
    monkeypatch.setattr("akernel_ipy.store.digests._threads_lost", True)
    assert DIGESTS.name(memoryview(bytearray(data)), DIGESTS.algorithm) == name


pieces = st.lists(st.binary(max_size=100), max_size=4, unique=True)


def bundle(key: bytes, held: list[bytes]) -> Bundle:
    inline = {DIGESTS.name(piece, "blake2b"): piece for piece in held}
    parts = tuple(Part(name, len(piece)) for name, piece in inline.items())
    layout = Layout((*parts, Part("ab" * 32, INLINE + 1)), ())
    entry = Entry(key, "blake2b", 1.5, b"[]", b"{}", layout.encode())
    return Bundle(sign(entry, DIGESTS), layout, inline)


@given(texts, pieces)
def test_an_object_is_read_as_it_was_written(key: bytes, held: list[bytes]) -> None:
    made = bundle(key, held)
    assert unpack(pack(made), key, DIGESTS) == made


@given(pieces, st.data())
def test_an_altered_object_is_refused(held: list[bytes], draw: st.DataObject) -> None:
    packed = pack(bundle(b"key", held))
    position = draw.draw(st.integers(0, len(packed) - 1))
    changed = bytearray(packed)
    changed[position] ^= draw.draw(st.integers(1, 255))
    damaged = draw.draw(
        st.sampled_from([bytes(changed), packed[:position], packed + b"x", packed + bytes(8)])
    )
    with pytest.raises(StoreError):
        unpack(damaged, b"key", DIGESTS)


def test_an_object_is_refused_under_another_key() -> None:
    packed = pack(bundle(b"key", [b"x"]))
    for key, digests in ((b"other", DIGESTS), (b"key", OTHER)):
        with pytest.raises(StoreError, match="altered"):
            unpack(packed, key, digests)
