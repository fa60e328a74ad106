"""A request on the control channel of a kernel, and its reply."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.session import Session


async def ask(
    address: str, key: bytes, msg_type: str, content: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    """Send a request to a kernel's control channel; give the content of its reply.

    Args:
        address: of the control channel.
        key: which signs the messages.
        msg_type: such as ``shutdown_request``.
        content: the request's content.
        seconds: how long to wait.

    Raises:
        TimeoutError: no reply came in time.
    """
    session = Session(key=key)
    # A context of its own: the caller's may belong to another thread's loop.
    context = zmq.asyncio.Context()
    socket = context.socket(zmq.DEALER)
    try:
        socket.linger = 1000
        socket.connect(address)
        request = session.msg(msg_type, dict(content))
        await socket.send_multipart(session.serialize(request))
        async with asyncio.timeout(seconds):
            while True:
                _, frames = session.feed_identities(await socket.recv_multipart())
                reply = session.deserialize(frames)
                if reply["parent_header"].get("msg_id") == request["msg_id"]:
                    found: dict[str, Any] = reply["content"]
                    return found
    finally:
        socket.close()
        context.term()
