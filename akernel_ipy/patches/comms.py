"""Comm messages of widgets: their outputs belong to the cell that made the widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ipykernel.comm.comm import BaseComm


def patch_comms(kernel: Any) -> Callable[[], None]:
    """Let the kernel see every comm message that leaves.

    ipykernel 7.4 `BaseComm.publish_msg` offers no hook, and ipywidgets creates its comms through
    `comm.create_comm`, which other libraries replace: the method is the one place all pass.

    Returns:
        A function that restores the method.
    """
    publish = BaseComm.publish_msg

    def publish_and_note(self: Any, msg_type: str, *args: Any, **kwargs: Any) -> Any:
        data = kwargs.get("data", args[0] if args else None)
        kernel.comm_owners.note(self.comm_id, msg_type, data)
        return publish(self, msg_type, *args, **kwargs)

    BaseComm.publish_msg = publish_and_note  # type: ignore[method-assign]

    def restore() -> None:
        BaseComm.publish_msg = publish  # type: ignore[method-assign]

    return restore
