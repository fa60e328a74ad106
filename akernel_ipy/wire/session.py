"""jupyter_client's Session, without the work that a kernel does not need for each message."""

from __future__ import annotations

import hmac
import itertools
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Self

import zmq
from jupyter_client._version import protocol_version
from jupyter_client.adapter import adapt
from jupyter_client.jsonutil import json_clean, json_default
from jupyter_client.session import DELIM, DONE, Session

#: Above this many bytes a message is signed piece by piece instead of being joined first.
JOIN_LIMIT = 1 << 16

#: Message types that a cell shows.
OUTPUTS = frozenset({"stream", "display_data", "execute_result", "error"})

#: Message types that change what a cell shows.
CHANGES = frozenset({"update_display_data", "clear_output"})

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=json_default).encode


class Header(dict[str, Any]):
    """A received header that remembers its bytes: each answer sends them back as they are."""

    __slots__ = ("displays", "kept", "outputs", "packed")
    packed: bytes
    #: How many outputs have been sent with this very header as parent.
    outputs: int

    #: The outputs themselves, if somebody asked for them.
    kept: list[tuple[str, dict[str, Any]]] | None

    #: The ids of the displays among them, as far as they have any.
    displays: tuple[str, ...]

    def fresh(self, *, keep: bool = False) -> Self:
        """An equal header that counts its own outputs, or even keeps them."""
        header = type(self)(self)
        header.packed, header.outputs, header.displays = self.packed, 0, ()
        header.kept = [] if keep else None
        return header

    def count(self, msg_type: str, content: Any) -> None:
        """Count an output that is about to be sent."""
        self.outputs += 1
        if msg_type == "display_data" and isinstance(content, dict):
            display_id = (content.get("transient") or {}).get("display_id")
            self.displays += () if display_id is None else (display_id,)


def pack_json(obj: Any) -> bytes:
    """Serialize to JSON in UTF-8; what UTF-8 can't hold (a lone surrogate) becomes ``?``."""
    try:
        text = _encode(obj)
    except (TypeError, ValueError):
        text = _encode(json_clean(obj))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace")


class WireSession(Session):
    """The same messages and the same checks as `Session`, at about a third of the cost.

    ipykernel 7.4 / jupyter_client 8.10: for each message `Session` builds a JSON encoder and an
    HMAC object, parses every date of the parent header with dateutil and serializes that header
    again. With other packers than JSON the inherited methods do the work.
    """

    def __init__(self, **kwargs: Any) -> None:
        self._numbers = itertools.count()
        self._digests: set[bytes] = set()
        super().__init__(**kwargs)
        self._digests = self.digest_history
        self._plain = self.packer in {"json", "orjson"} and self.unpacker in {"json", "orjson"}

    def _new_auth(self) -> None:
        super()._new_auth()
        self._signing_key = self.key
        self._digest_name = self.signature_scheme.split("-", 1)[1]

    @property
    def msg_id(self) -> str:
        """A new id; unlike `Session`'s it is unique when several threads ask at once.

        A forked child goes on counting where its parent was, hence the process in it.
        """
        return f"{self.session}_{os.getpid()}_{next(self._numbers)}"

    def msg_header(self, msg_type: str) -> dict[str, Any]:
        """Build a header whose date is already text."""
        return {
            "msg_id": self.msg_id,
            "msg_type": msg_type,
            "username": self.username,
            "session": self.session,
            "date": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "version": protocol_version,
        }

    def sign(self, msg_list: Sequence[bytes]) -> bytes:
        """Sign with a one-shot HMAC; ``b""`` if the connection has no key."""
        if not self._signing_key:
            return b""
        if sum(map(len, msg_list)) > JOIN_LIMIT:
            return super().sign(list(msg_list))
        joined = b"".join(msg_list)
        return hmac.digest(self._signing_key, joined, self._digest_name).hex().encode()

    def serialize(self, msg: dict[str, Any], ident: Any = None) -> list[bytes]:
        """Turn a message into frames; the parent's bytes are reused."""
        if not self._plain:
            return super().serialize(msg, ident)
        parent = msg["parent_header"]
        content = msg.get("content")
        frames = [
            pack_json(msg["header"]),
            self._pack_parent(parent, msg),
            pack_json(msg["metadata"]) if msg["metadata"] else b"{}",
            content
            if isinstance(content, bytes)
            else pack_json({} if content is None else content),
        ]
        prefix = ident if isinstance(ident, list | tuple) else [] if ident is None else [ident]
        return [*prefix, DELIM, self.sign(frames), *frames]

    def _pack_parent(self, parent: dict[str, Any], msg: dict[str, Any]) -> bytes:
        if type(parent) is not Header:
            return pack_json(parent)
        msg_type = msg["header"]["msg_type"]
        if msg_type in OUTPUTS:
            parent.count(msg_type, msg["content"])
        if parent.kept is not None and (msg_type in OUTPUTS or msg_type in CHANGES):
            parent.kept.append((msg_type, msg["content"]))
        return parent.packed

    def send(
        self,
        stream: Any,
        msg_or_type: Any,
        content: dict[str, Any] | None = None,
        parent: dict[str, Any] | None = None,
        ident: Any = None,
        buffers: list[Any] | None = None,
        track: bool = False,
        header: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """Build and send a message; what has buffers or a tracker takes `Session`'s way."""
        if isinstance(msg_or_type, str):
            message = self.msg(msg_or_type, content, parent, header, metadata)
        else:
            message = msg_or_type
            buffers = buffers or message.get("buffers")
        if buffers or track or not self._plain or stream is None or os.getpid() != self.pid:
            return super().send(stream, message, ident=ident, buffers=buffers, track=track)
        frames = self.serialize(message, ident)
        stream.send_multipart(frames, copy=len(frames[-1]) < self.copy_threshold)
        message["tracker"] = DONE
        return message

    def deserialize(
        self, msg_list: Sequence[Any], content: bool = True, copy: bool = True
    ) -> dict[str, Any]:
        """Verify and unpack a message; dates stay text.

        Raises:
            ValueError: unsigned, wrongly signed, replayed, or not JSON.
            TypeError: too few frames.
            KeyError: a header without ``msg_id`` or ``msg_type``.
        """
        if not self._plain:
            return super().deserialize(list(msg_list), content, copy)
        frames = list(msg_list) if copy else [_bytes(part) for part in msg_list]
        if len(frames) < 5:
            raise TypeError(f"malformed message: {len(frames)} frames after the identities, not 5")
        self._verify(frames, remember=content)
        header = Header(_unpack(frames[1], "header"))
        header.packed, header.outputs, header.kept, header.displays = frames[1], 0, None, ()
        message: dict[str, Any] = {
            "header": header,
            "msg_id": header["msg_id"],
            "msg_type": header["msg_type"],
            "parent_header": _unpack(frames[2], "parent_header"),
            "metadata": _unpack(frames[3], "metadata"),
            "content": _unpack(frames[4], "content") if content else frames[4],
            "buffers": [memoryview(part) for part in frames[5:]],
        }
        if not str(header.get("version", "5")).startswith("5"):
            adapted: dict[str, Any] = adapt(message)
            return adapted
        return message

    def _verify(self, frames: list[bytes], *, remember: bool) -> None:
        if not self._signing_key:
            return
        signature = frames[0]
        if not signature:
            raise ValueError("Unsigned Message")
        if not hmac.compare_digest(signature, self.sign(frames[1:5])):
            raise ValueError(f"Invalid Signature: {signature!r}")
        # Half of the digest tells a replay as well, and is all that is kept of each request.
        seen = bytes.fromhex(signature.decode())[:16]
        if seen in self._digests:
            raise ValueError(f"Duplicate Signature: {signature!r}")
        if remember:
            self._digests.add(seen)
            if len(self._digests) > self.digest_history_size:
                self._cull_digest_history()
                self._digests = self.digest_history


def _bytes(part: Any) -> bytes:
    return part.bytes if isinstance(part, zmq.Frame) else bytes(part)


def _unpack(packed: bytes, name: str) -> dict[str, Any]:
    value = json.loads(packed.decode("utf8", "replace"))
    if not isinstance(value, dict):
        raise ValueError(f"malformed message: {name} is not a JSON object")
    return value
