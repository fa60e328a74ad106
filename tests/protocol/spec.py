"""The Jupyter messaging specification, as far as a kernel sends messages: `validate` checks one.

https://jupyter-client.readthedocs.io/en/stable/messaging.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Check = Callable[[Any], bool]

HEADER_FIELDS = ("msg_id", "msg_type", "session", "username", "version", "date")
MIME_TYPE = re.compile(r"^[\w\-+.]+/[\w\-+.]+(;\s*[\w\-]+=[\w\-+.]+)*$")


def text(value: Any) -> bool:
    return isinstance(value, str)


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def mapping(value: Any) -> bool:
    return isinstance(value, dict)


def mappings(value: Any) -> bool:
    return isinstance(value, list) and all(mapping(entry) for entry in value)


def texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(text, value))


def one_of(*words: str) -> Check:
    return lambda value: value in words


def mime_bundle(value: Any) -> bool:
    return isinstance(value, dict) and all(MIME_TYPE.match(key) for key in value)


def payloads(value: Any) -> bool:
    return isinstance(value, list) and all(
        mapping(entry) and text(entry["source"]) for entry in value
    )


def expressions(value: Any) -> bool:
    return mapping(value) and all(entry["status"] in ("ok", "error") for entry in value.values())


def history(value: Any) -> bool:
    return isinstance(value, list) and all(len(entry) == 3 for entry in value)


ERROR = {"ename": text, "evalue": text, "traceback": texts}
DISPLAY = {"data": mime_bundle, "metadata": mapping}

#: Required content of each message type; of a reply, the content when its status is ok.
CONTENT: dict[str, Mapping[str, Check]] = {
    # shell and control
    "execute_reply": {
        "execution_count": number,
        "payload": payloads,
        "user_expressions": expressions,
    },
    "inspect_reply": {"found": flag, **DISPLAY},
    "complete_reply": {
        "matches": texts,
        "cursor_start": number,
        "cursor_end": number,
        "metadata": mapping,
    },
    "history_reply": {"history": history},
    "is_complete_reply": {},
    "comm_info_reply": {"comms": mapping},
    "akernel_sessions_reply": {"isolated": flag, "sessions": mappings},
    "kernel_info_reply": {
        "protocol_version": text,
        "implementation": text,
        "implementation_version": text,
        "language_info": mapping,
        "banner": text,
    },
    "connect_reply": {
        f"{name}_port": number for name in ("shell", "iopub", "stdin", "control", "hb")
    },
    "shutdown_reply": {"restart": flag},
    "interrupt_reply": {},
    "debug_reply": {},
    "usage_reply": {},
    "create_subshell_reply": {"subshell_id": text},
    "delete_subshell_reply": {},
    "list_subshell_reply": {"subshell_id": texts},
    # iopub
    "status": {"execution_state": one_of("busy", "idle", "starting")},
    "execute_input": {"code": text, "execution_count": number},
    "stream": {"name": one_of("stdout", "stderr"), "text": text},
    "display_data": DISPLAY,
    "update_display_data": {**DISPLAY, "transient": mapping},
    "execute_result": {"execution_count": number, **DISPLAY},
    "clear_output": {"wait": flag},
    "error": ERROR,
    "comm_open": {"comm_id": text, "target_name": text, "data": mapping},
    "comm_msg": {"comm_id": text, "data": mapping},
    "comm_close": {"comm_id": text, "data": mapping},
    "iopub_welcome": {"subscription": text},
    "debug_event": {},
    # stdin
    "input_request": {"prompt": text, "password": flag},
}

#: Replies whose content carries no ``status`` or one of its own.
OWN_STATUS = {"is_complete_reply", "debug_reply", "usage_reply", "connect_reply"}

#: What a kernel may say that no request caused.
WITHOUT_PARENT = {"status", "iopub_welcome", "debug_event"}


def validate(message: Mapping[str, Any]) -> None:
    """Check one message of a kernel against the specification; say what is wrong with it."""
    _header(message["header"])
    if message["parent_header"]:
        _header(message["parent_header"])
    kind = message["header"]["msg_type"]
    assert mapping(message["metadata"]), f"{kind}: metadata is {message['metadata']!r}"
    content = message["content"]
    refused = kind.endswith("_reply") and content.get("status") == "error"
    assert kind in CONTENT or refused, f"no such message type: {kind}"
    required = dict(CONTENT.get(kind, {}))
    if refused:
        required = dict(ERROR)
    elif kind.endswith("_reply") and kind not in OWN_STATUS:
        assert content.get("status") in ("ok", "aborted"), f"{kind}: status of {content}"
        if content["status"] == "aborted":
            required = {}
    elif kind == "is_complete_reply":
        assert content["status"] in ("complete", "incomplete", "invalid", "unknown"), content
        if content["status"] == "incomplete":
            required["indent"] = text
    for key, check in required.items():
        assert key in content, f"{kind}: {key!r} is missing: {content}"
        assert check(content[key]), f"{kind}: {key!r} is {content[key]!r}"


def _header(header: Mapping[str, Any]) -> None:
    for key in HEADER_FIELDS:
        assert header.get(key) is not None, f"header without {key!r}: {header}"
    assert isinstance(header["date"], datetime), f"header with date {header['date']!r}"
    assert all(text(header[key]) for key in HEADER_FIELDS if key != "date"), f"header {header}"
    assert header["version"].startswith("5."), f"protocol version {header['version']}"
