"""Messages as a broken, hostile or very old client sends them, for hypothesis to draw."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from typing import Any

from hypothesis import strategies as st

#: Everything that JSON can hold where something else is expected.
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 2**31, -(2**63), 2**64, 10**400, 1e308, float("nan"), float("inf")]),
    st.sampled_from(["", " ", "\x00", "\ud800", "é\u2028", "None", "x" * 100_000]),
    st.text(st.characters(exclude_characters="!%?"), max_size=12),
    st.sampled_from([[], {}, [None], [[]], {"": None}, {"a": {"b": [1, {}]}}, [1, "a", None, {}]]),
)

TEXT = st.sampled_from(
    ["", "x", "x = 1\nx", "print(1)", "import os\nos.path.", "def f(:", "é\U0001f600"]
)
NUMBER = st.integers(-3, 40)
FLAG = st.booleans()
ID = st.sampled_from(["a", "b", "cell-1", "unknown", ""])

CODE = st.one_of(
    TEXT,
    st.sampled_from(
        [
            "1",
            "y = x = 2",
            "z = y + 1; z",
            "print('out'); import sys; print('err', file=sys.stderr)",
            "1/0",
            "raise SystemExit(1)",
            "await asyncio.sleep(0)",
            "print('before'); await asyncio.sleep(0.01); print('after')",
            "await asyncio.sleep(60)",
            "await ainput('?')",
            "input('?')",
            "from IPython.display import display; display({'text/plain': 'd'}, raw=True)",
            "del x",
            "%akernel tasks",
            "%akernel graph",
            "%akernel sessions",
            "%akernel cache why",
            "%%thread\nprint('in'); t = 1",
            "__task__(-1).cancel()",
            "await __task__()",
            "%who",
            "\\",
            "#" * 10_000,
        ]
    ),
)

#: What each type of message has in its content, if it is as it should be.
CONTENT: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "execute_request": {
        "code": CODE,
        "silent": FLAG,
        "store_history": FLAG,
        "user_expressions": st.sampled_from([{}, {"a": "x"}, {"a": "1/0", "b": ""}]),
        "allow_stdin": FLAG,
        "stop_on_error": FLAG,
    },
    "complete_request": {"code": TEXT, "cursor_pos": NUMBER},
    "inspect_request": {"code": TEXT, "cursor_pos": NUMBER, "detail_level": st.integers(0, 1)},
    "history_request": {
        "hist_access_type": st.sampled_from(["tail", "range", "search"]),
        "output": FLAG,
        "raw": FLAG,
        "session": NUMBER,
        "start": NUMBER,
        "stop": NUMBER,
        "n": NUMBER,
        "pattern": TEXT,
        "unique": FLAG,
    },
    "is_complete_request": {"code": TEXT},
    "kernel_info_request": {},
    "connect_request": {},
    "comm_info_request": {"target_name": ID},
    "interrupt_request": {},
    "comm_open": {"comm_id": ID, "target_name": ID, "data": st.just({})},
    "comm_msg": {"comm_id": ID, "data": st.just({"method": "update", "state": {}})},
    "comm_close": {"comm_id": ID, "data": st.just({})},
    "input_reply": {"value": TEXT},
    "usage_request": {},
    "list_subshell_request": {},
    "delete_subshell_request": {"subshell_id": ID},
    "akernel_sessions_request": {
        "action": st.sampled_from(["list", "end", "interrupt", "none of these"]),
        "client": ID,
        "id": NUMBER,
    },
    "debug_request": {
        "type": st.just("request"),
        "command": st.sampled_from(["debugInfo", "dumpCell", "evaluate", "inspectVariables", "x"]),
        "seq": NUMBER,
        "arguments": st.sampled_from([{}, {"code": "1"}, {"variableName": "x"}]),
    },
    "apply_request": {},
    "clear_request": {},
    "execute_reply": {"status": st.just("ok")},
    "status": {"execution_state": st.just("idle")},
    "nonsense_request": {},
    "": {},
}

#: What is sent the more often, since most of the kernel's work is there.
KINDS = [*CONTENT, *["execute_request"] * 12, *["comm_msg", "comm_open", "input_reply"] * 2]

METADATA: dict[str, st.SearchStrategy[Any]] = {
    "cellId": ID,
    "deletedCells": st.lists(ID, max_size=3),
    "tags": st.lists(st.sampled_from(["thread", "cache", "nocache", "x"]), max_size=2),
}

#: Headers as they should not be: a message with such a one may be dropped without an answer.
HEADER: dict[str, st.SearchStrategy[Any]] = {
    "msg_id": ODD,
    "msg_type": ODD,
    "version": st.one_of(ODD, st.sampled_from(["4.1", "5", "6.0", "3.9.1"])),
    "subshell_id": ODD,
    "session": ODD,
    "username": ODD,
    "date": ODD,
}

#: Frames in the place of JSON.
RAW = st.one_of(
    st.sampled_from(
        [b"", b"{", b"null", b"[]", b"\xff\xfe", b'"x"', b"[" * 3000, b'{"a":' * 3000, b"1" * 5000]
    ),
    st.binary(max_size=8),
)


@dataclass(frozen=True)
class Probe:
    """A message to send, perhaps several times; a ``bytes`` part is sent as it is."""

    channel: str
    kind: Any
    header: Any
    metadata: Any
    content: Any
    parent: Any = None
    signature: str = "right"
    copies: int = 1
    buffers: tuple[bytes, ...] = ()
    #: Frames that are no message at all.
    frames: tuple[bytes, ...] | None = None

    def __repr__(self) -> str:
        fields = (f"{f.name}={reprlib.repr(getattr(self, f.name))}" for f in dataclass_fields(self))
        return f"Probe({', '.join(fields)})"

    @property
    def proper(self) -> bool:
        """Whether the kernel has to answer it, be it with an error."""
        parts = (self.header, self.metadata, self.content)
        return (
            self.frames is None
            and self.signature == "right"
            and all(isinstance(part, dict) for part in parts)
            and (self.parent is None or isinstance(self.parent, dict))
            and not any(field in self.header for field in HEADER if field != "session")
            and isinstance(self.header.get("session", ""), str)
            and self.channel in {"shell", "control"}
        )


def _mostly(right: st.SearchStrategy[Any], wrong: st.SearchStrategy[Any]) -> Any:
    return st.integers(0, 5).flatmap(lambda n: wrong if n == 0 else right)


@st.composite
def _fields(draw: Any, fields: dict[str, st.SearchStrategy[Any]], *, odd: bool) -> dict[str, Any]:
    if not odd:
        return {name: draw(value) for name, value in fields.items()}
    made = {name: draw(_mostly(value, ODD)) for name, value in fields.items() if draw(NUMBER) > 2}
    if draw(NUMBER) < 0:
        made[draw(st.text(max_size=3))] = draw(ODD)
    return made


@st.composite
def probes(draw: Any) -> Probe:
    """A message that is wrong in one or several ways, or right."""
    if draw(st.integers(0, 19)) == 0:
        frames = tuple(draw(st.lists(st.binary(max_size=20), min_size=1, max_size=8)))
        return Probe(
            draw(st.sampled_from(["shell", "control", "stdin"])), "", {}, {}, {}, frames=frames
        )
    kind = draw(st.sampled_from(KINDS))
    usual = {"input_reply": "stdin", "usage_request": "control", "debug_request": "control"}
    channel = usual.get(kind, "control" if "subshell" in kind or "akernel" in kind else "shell")
    content = draw(_fields(CONTENT[kind], odd=draw(FLAG)))
    header: Any = {}
    metadata: Any = draw(_fields(METADATA, odd=draw(FLAG))) if draw(FLAG) else {}
    parent, signature, copies, buffers = None, "right", 1, ()
    match draw(st.integers(0, 15)):
        case 0:
            channel = draw(st.sampled_from(["shell", "control", "stdin"]))
            if channel == "control" and kind == "execute_request":
                # That channel is a sequence, in which an interrupt waits for the cell before it.
                content = {"code": draw(TEXT)}
        case 1 | 2:
            header = draw(st.dictionaries(st.sampled_from(list(HEADER)), ODD, max_size=2))
            header = {name: draw(HEADER[name]) for name in header}
        case 3:
            content = draw(RAW)
        case 4:
            metadata = draw(RAW)
        case 5:
            header = draw(RAW)
        case 6:
            parent = draw(st.one_of(RAW, st.just({}), st.fixed_dictionaries({"msg_id": ODD})))
        case 7:
            signature = draw(st.sampled_from(["wrong", "none", "odd"]))
        case 8:
            copies = draw(st.integers(2, 4))
        case 9:
            buffers = tuple(draw(st.lists(st.binary(max_size=9), max_size=3)))
        case 10:
            header = {"subshell_id": draw(st.one_of(ODD, ID))}
        case 11:
            header = {"session": draw(st.one_of(ODD, ID))}
    return Probe(channel, kind, header, metadata, content, parent, signature, copies, buffers)


#: What is sent at once; the order is that of the list.
batches = st.lists(probes(), min_size=1, max_size=20)
