"""Notebooks of one kernel of flavour multi, for tests."""

from __future__ import annotations

from collections.abc import Iterator

from kernels import Kernel, audited

from .client import Client
from .request import Request


def multi_kernel(flavour: str = "multi", **options: object) -> Iterator[Kernel]:
    """For a fixture: a kernel that must not have complained at the end."""
    yield from audited(Kernel(flavour, **options))  # type: ignore[arg-type]


def cell(client: Client, cell_id: str, code: str, **content: object) -> Request:
    """Run a cell as a front-end does that names its cells."""
    return client.execute(code, cell_id=cell_id, **content).result()


def sessions(client: Client) -> list[dict[str, object]]:
    """What the kernel says about its sessions; the client needs none for that."""
    reply = client.ask("akernel_sessions_request", {"action": "list"}, channel="control").reply
    found: list[dict[str, object]] = reply["sessions"]
    return found


def steer(client: Client, action: str, /, **which: object) -> Request:
    """Ask for something to be done with a session, on the control channel."""
    content = {"action": action, **which}
    return client.ask("akernel_sessions_request", content, channel="control")


def until_sessions(client: Client, count: int, timeout: float = 20.0) -> None:
    """Wait until so many sessions are left."""
    client.wait(lambda: len(sessions(client)) == count, timeout, f"{count} sessions")
