"""WireSession speaks with jupyter_client's own Session, and refuses what that refuses."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jupyter_client.session import DELIM, Session

from akernel_ipy.wire.session import JOIN_LIMIT, Header, WireSession, pack_json

KEY = b"a key of this test"
DATE = "2026-11-22T10:11:12.5Z"

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=10,
)
objects = st.dictionaries(st.text("abcdef", min_size=1), json_values, max_size=4)

SIDES = [
    pytest.param(WireSession, Session, id="to-jupyter_client"),
    pytest.param(Session, WireSession, id="from-jupyter_client"),
    pytest.param(WireSession, WireSession, id="among-ourselves"),
]


class Wire:
    """A stream that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[list[bytes]] = []

    def send_multipart(self, frames: list[Any], **_: Any) -> None:
        self.sent.append([bytes(frame) for frame in frames])


def make(kind: type[Session], **options: Any) -> Session:
    return kind(**{"key": KEY, **options})


def without_dates(message: dict[str, Any]) -> dict[str, Any]:
    """What must arrive; dates are compared apart, since one side leaves them as text."""
    message = {**message}
    message.pop("tracker", None)
    message["header"] = {k: v for k, v in message["header"].items() if k != "date"}
    message["parent_header"] = {k: v for k, v in message["parent_header"].items() if k != "date"}
    return message


def receive(session: Session, frames: list[bytes]) -> dict[str, Any]:
    _, rest = session.feed_identities(frames)
    return session.deserialize(rest)


@pytest.mark.parametrize(("sender", "receiver"), SIDES)
@settings(deadline=None)
@given(content=objects, metadata=objects, parent=st.none() | objects)
def test_what_one_side_sends_the_other_receives(
    sender: type[Session],
    receiver: type[Session],
    content: dict[str, Any],
    metadata: dict[str, Any],
    parent: dict[str, Any] | None,
) -> None:
    one, wire = make(sender), Wire()
    header = None if parent is None else {"header": {**one.msg_header("request"), **parent}}
    sent = one.send(wire, "reply", content, parent=header, metadata=metadata, ident=b"them")
    assert sent is not None
    frames = wire.sent[0]
    assert frames[:2] == [b"them", DELIM]
    received = receive(make(receiver), frames)
    assert without_dates(received) == {**without_dates(sent), "buffers": []}


@pytest.mark.parametrize(("sender", "receiver"), SIDES)
@pytest.mark.parametrize("buffers", [[b"one"], [b"", b"two" * 50_000], [memoryview(b"three")]])
def test_buffers_arrive(sender: type[Session], receiver: type[Session], buffers: list[Any]) -> None:
    wire = Wire()
    make(sender).send(wire, "comm_msg", {"data": {}}, buffers=buffers)
    received = receive(make(receiver), wire.sent[0])
    assert [bytes(part) for part in received["buffers"]] == [bytes(part) for part in buffers]


@pytest.mark.parametrize(("sender", "receiver"), SIDES)
@pytest.mark.parametrize("ident", [None, b"one", [b"one", b"two"]])
def test_identities_arrive(sender: type[Session], receiver: type[Session], ident: Any) -> None:
    wire = Wire()
    make(sender).send(wire, "reply", {}, ident=ident)
    idents, _ = make(receiver).feed_identities(wire.sent[0])
    assert idents == ([] if ident is None else [ident] if isinstance(ident, bytes) else ident)


@pytest.mark.parametrize("size", [10, JOIN_LIMIT - 1000, JOIN_LIMIT, 3 * JOIN_LIMIT])
def test_messages_of_any_size_are_signed_alike(size: int) -> None:
    frames = [b"x" * size, b"{}", b"{}", b"{}"]
    assert make(WireSession).sign(frames) == make(Session).sign(frames)


@pytest.mark.parametrize("scheme", ["hmac-sha256", "hmac-sha512", "hmac-md5"])
def test_the_signature_scheme_is_the_configured_one(scheme: str) -> None:
    wire = Wire()
    make(WireSession, signature_scheme=scheme).send(wire, "reply", {"a": 1})
    received = receive(make(Session, signature_scheme=scheme), wire.sent[0])
    assert received["content"] == {"a": 1}
    with pytest.raises(ValueError, match="Signature"):
        receive(make(Session, signature_scheme="hmac-sha1"), wire.sent[0])


def test_without_a_key_nothing_is_signed_and_nothing_checked() -> None:
    wire = Wire()
    make(WireSession, key=b"").send(wire, "reply", {"a": 1})
    assert wire.sent[0][1] == b""
    for kind in (Session, WireSession):
        for _ in range(2):
            assert receive(make(kind, key=b""), wire.sent[0])["content"] == {"a": 1}


def test_a_key_that_is_changed_later_is_used() -> None:
    session, wire = make(WireSession, key=b"old"), Wire()
    session.key = KEY
    session.send(wire, "reply", {})
    assert receive(make(Session), wire.sent[0])["msg_type"] == "reply"


def frames_of(content: dict[str, Any], **header: Any) -> list[bytes]:
    session = make(Session)
    message = session.msg("execute_request", content)
    message["header"].update(header)
    return session.serialize(message)[1:]


@pytest.mark.parametrize(
    ("spoil", "error", "complaint"),
    [
        (lambda f: [b"", *f[1:]], ValueError, "Unsigned"),
        (lambda f: [b"00" * 32, *f[1:]], ValueError, "Invalid Signature"),
        (lambda f: [f[0].upper(), *f[1:]], ValueError, "Invalid Signature"),
        (lambda f: [b"\xff\xfe", *f[1:]], ValueError, "Invalid Signature"),
        (lambda f: [f[0], f[1], f[2], f[3], b'{"code": "2"}'], ValueError, "Invalid Signature"),
        (lambda f: [f[0], f[1], f[3], f[2], f[4][::-1]], ValueError, "Invalid Signature"),
        (lambda f: f[:4], TypeError, "malformed"),
        (lambda f: [], TypeError, "malformed"),
    ],
)
def test_what_is_not_signed_by_us_is_refused(
    spoil: Callable[[list[bytes]], list[bytes]], error: type[Exception], complaint: str
) -> None:
    frames = spoil(frames_of({"code": "1"}))
    with pytest.raises(error, match=complaint):
        make(WireSession).deserialize(frames)
    with pytest.raises((ValueError, TypeError, IndexError)):
        make(Session).deserialize(list(frames))


@pytest.mark.parametrize("place", [1, 2, 3, 4])
@pytest.mark.parametrize("packed", [b"", b"{", b"[]", b"null", b"3", b'"text"'])
def test_what_is_signed_and_no_object_is_a_value_error(place: int, packed: bytes) -> None:
    session = make(WireSession)
    frames = frames_of({"code": "1"})
    frames[place] = packed
    frames[0] = session.sign(frames[1:])
    with pytest.raises(ValueError):  # noqa: PT011 - json's own words or ours
        session.deserialize(frames)


@pytest.mark.parametrize("missing", ["msg_id", "msg_type"])
def test_a_header_must_say_what_and_who(missing: str) -> None:
    session = make(WireSession)
    frames = frames_of({"code": "1"})
    header = json.loads(frames[1])
    del header[missing]
    frames[1] = json.dumps(header).encode()
    frames[0] = session.sign(frames[1:])
    with pytest.raises(KeyError, match=missing):
        session.deserialize(frames)


@pytest.mark.parametrize("kind", [Session, WireSession])
def test_a_replay_is_refused(kind: type[Session]) -> None:
    session, frames = make(kind), frames_of({"code": "1"})
    session.deserialize(list(frames))
    with pytest.raises(ValueError, match="Duplicate"):
        session.deserialize(list(frames))


@pytest.mark.parametrize("kind", [Session, WireSession])
def test_a_look_at_the_header_is_no_replay(kind: type[Session]) -> None:
    session, frames = make(kind), frames_of({"code": "1"})
    for _ in range(3):
        assert session.deserialize(list(frames), content=False)["content"] == frames[4]
    session.deserialize(list(frames))
    with pytest.raises(ValueError, match="Duplicate"):
        session.deserialize(list(frames), content=False)


@pytest.mark.parametrize("kind", [Session, WireSession])
@pytest.mark.parametrize("size", [0, 1, 20])
def test_only_so_many_messages_are_remembered_and_all_are_received(
    kind: type[Session], size: int
) -> None:
    session = make(kind, digest_history_size=size)
    for n in range(100):
        frames = frames_of({"code": str(n)})
        assert session.deserialize(list(frames))["content"] == {"code": str(n)}
        assert len(session.digest_history) <= size
        if n < size:  # later, which ones are forgotten is left to chance
            with pytest.raises(ValueError, match="Duplicate"):
                session.deserialize(frames)


def test_frames_of_zmq_are_read_as_bytes_are() -> None:
    zmq = pytest.importorskip("zmq")
    frames = [zmq.Frame(part) for part in frames_of({"code": "1"})]
    assert make(WireSession).deserialize(frames, copy=False)["content"] == {"code": "1"}


@pytest.mark.parametrize("text", ["\ud800", "a\udc80b", "\U0001f600\ud83d"])
def test_what_utf8_cannot_hold_becomes_a_question_mark(text: str) -> None:
    wire = Wire()
    make(WireSession).send(wire, "stream", {"text": text})
    received = receive(make(Session), wire.sent[0])["content"]["text"]
    assert received == text.encode(errors="replace").decode()


@given(json_values)
def test_json_is_packed_as_others_read_it(value: Any) -> None:
    assert json.loads(pack_json(value)) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_json_lacks_is_sent_as_its_name(value: float) -> None:
    packed = pack_json({"value": [value]})
    assert json.loads(packed) == {"value": [repr(value)]}


@pytest.mark.parametrize("value", [{1, 2}, object(), b"bytes", datetime.now(UTC)])
def test_what_json_lacks_is_packed_as_jupyter_client_packs_it(value: Any) -> None:
    ours, theirs = make(WireSession), make(Session)
    message = ours.msg("reply", {"value": [value]})
    assert _outcome(ours, message) == _outcome(theirs, message)


def _outcome(session: Session, message: dict[str, Any]) -> Any:
    try:
        return json.loads(session.serialize(message)[-1])
    except Exception as error:
        return type(error)


def test_dates_arrive_as_dates_at_the_other_side() -> None:
    wire = Wire()
    session = make(WireSession)
    request = receive(session, [DELIM, *frames_of({"code": "1"}, date=DATE)])
    session.send(wire, "reply", {}, parent=request)
    reply = receive(make(Session), wire.sent[0])
    now = datetime.now(UTC)
    assert abs((now - reply["header"]["date"]).total_seconds()) < 60
    assert reply["parent_header"]["date"] == datetime(2026, 11, 22, 10, 11, 12, 500_000, UTC)


def test_the_parents_header_is_sent_back_byte_for_byte() -> None:
    session, wire = make(WireSession), Wire()
    frames = frames_of({"code": "1"}, odd={"z": 1, "a": "é"})
    request = receive(session, [DELIM, *frames])
    session.send(wire, "stream", {"name": "stdout", "text": "x"}, parent=request)
    assert wire.sent[0][3] == frames[1]


def test_a_header_counts_the_outputs_sent_under_it() -> None:
    session, wire = make(WireSession), Wire()
    request = receive(session, [DELIM, *frames_of({"code": "1"})])
    header = request["header"]
    again = header.fresh()
    for msg_type in ("status", "stream", "execute_input", "display_data", "error"):
        session.send(wire, msg_type, {}, parent=header)
    session.send(wire, "execute_result", {}, parent=again)
    session.send(wire, "update_display_data", {}, parent=again)
    assert (header.outputs, again.outputs) == (3, 1)
    assert again == header
    assert again.packed == header.packed


def test_a_header_keeps_its_outputs_if_asked() -> None:
    session, wire = make(WireSession), Wire()
    header = receive(session, [DELIM, *frames_of({"code": "1"})])["header"].fresh(keep=True)
    for msg_type in ("stream", "status", "error"):
        session.send(wire, msg_type, {"is": msg_type}, parent=header)
    assert [kind for kind, _ in header.kept] == ["stream", "error"]


def test_a_header_made_by_hand_is_packed_anew() -> None:
    session, wire = make(WireSession), Wire()
    session.send(wire, "stream", {}, parent={"header": {"msg_id": "x", "n": 1}})
    assert json.loads(wire.sent[0][3]) == {"msg_id": "x", "n": 1}


def test_a_header_is_an_ordinary_mapping() -> None:
    header = receive(make(WireSession), [DELIM, *frames_of({"code": "1"})])["header"]
    assert isinstance(header, Header)
    assert json.loads(json.dumps(header)) == dict(header)
    assert {**header} == header


def test_message_ids_are_unique_among_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    session = make(WireSession)
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda _: [session.msg_id for _ in range(500)], range(8))
    ids = [*itertools.chain(*found)]
    assert len(set(ids)) == len(ids) == 4000


def test_a_message_of_protocol_4_is_brought_to_5() -> None:
    session = make(WireSession)
    header = {"msg_id": "1", "msg_type": "object_info_request", "username": "u", "session": "s"}
    message = {
        "header": {**header, "version": "4.1"},
        "parent_header": {},
        "metadata": {},
        "content": {"oname": "print", "detail_level": 0},
    }
    frames = make(Session).serialize(message)[1:]
    for kind in (Session, WireSession):
        received = make(kind).deserialize(list(frames))
        assert received["msg_type"] == "inspect_request"
        assert received["content"]["code"] == "print"
    assert session.deserialize(frames)["header"]["msg_type"] == "inspect_request"


def test_other_packers_take_the_inherited_way() -> None:
    options: dict[str, Any] = {"packer": "pickle", "unpacker": "pickle"}
    wire = Wire()
    make(WireSession, **options).send(wire, "reply", {"value": {1, 2}})
    received = receive(make(Session, **options), wire.sent[0])
    assert received["content"] == {"value": {1, 2}}


def test_content_that_is_packed_already_is_relayed() -> None:
    wire = Wire()
    session = make(WireSession)
    message = session.msg("reply")
    session.send(wire, {**message, "content": b'{"a": 1}'})
    assert receive(make(Session), wire.sent[0])["content"] == {"a": 1}


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_does_not_send() -> None:
    session = make(WireSession)
    child = os.fork()
    if not child:
        wire = Wire()
        session.send(wire, "reply", {})
        os._exit(len(wire.sent))
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_children_number_their_messages_apart() -> None:
    session = make(WireSession)
    found = {session.msg_id}
    for _ in range(2):
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.write(write, session.msg_id.encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            found.add(pipe.read())
        os.waitpid(child, 0)
    assert len(found | {session.msg_id}) == 4
