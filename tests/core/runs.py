"""Requests and runs for tests that need no kernel."""

from __future__ import annotations

from typing import Any

from akernel_ipy.core.model import Request, Run


def make_message(
    content: dict[str, Any] | None = None,
    metadata: Any = None,
    **header: Any,
) -> dict[str, Any]:
    """An ``execute_request`` as jupyter_client deserializes it."""
    return {
        "header": {"msg_id": "m1", "session": "s1", "msg_type": "execute_request", **header},
        "parent_header": {},
        "metadata": {} if metadata is None else metadata,
        "content": {"code": "pass", **(content or {})},
    }


def make_run(number: int = 1, code: str = "pass", **content: Any) -> Run:
    """A run of a request with this content."""
    message = make_message({"code": code, **content}, msg_id=f"m{number}")
    return Run(Request.from_message(message), number)
