"""A door is how one notebook reaches a kernel that serves many: it tells whose messages are whose.

What comes through a door has the door's name in front of the client's identity, as ROUTER sockets
do it with what a DEALER passes on; an answer finds its way back by the same names.

>>> door_of([b"akernel-door/2f1c", b"client"])
'akernel-door/2f1c'
>>> door_of([b"client"]) is None
True
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

PREFIX = b"akernel-door/"


def door_of(identities: Sequence[Any] | None) -> str | None:
    """Give the door that a message came through, from the identities in front of it."""
    if not identities:
        return None
    first = bytes(getattr(identities[0], "bytes", identities[0]))
    return first.decode("ascii", "replace") if first.startswith(PREFIX) else None
