"""The extension leaves no trace: a shell's state before it was loaded, and after."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernels import Kernel
from protocol.client import Client

from .stock import STATE, launch


@pytest.fixture
def client(tmp_path) -> Iterator[Client]:
    yield from launch(env={"AKERNEL_CACHE_DIR": str(tmp_path)})


def state(client: Client) -> dict[str, object]:
    answer = client.run("", silent=True, user_expressions={"state": "state()"})
    found = answer.reply["user_expressions"]["state"]
    assert found["status"] == "ok", found
    return eval(found["data"]["text/plain"], {})


def differences(before: dict[str, object], after: dict[str, object]) -> dict[str, object]:
    return {k: (before[k], after[k]) for k in before if before[k] != after[k]}
