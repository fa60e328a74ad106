"""The kernel's state, as the indicator of a front-end shows it: the last status that came."""

from __future__ import annotations

import random
from itertools import pairwise

from .client import Client


def quiet(client: Client) -> str:
    """The last state on iopub, once nothing more comes."""
    while client.pump(0.2):
        pass
    return client.states[-1]


def test_the_last_status_is_idle_when_nothing_runs(client: Client) -> None:
    for cell in [client.execute(f"await asyncio.sleep(0.0{i})") for i in range(5)]:
        cell.result()
    assert quiet(client) == "idle"


def test_while_one_of_two_cells_runs_on_the_last_status_is_busy(client: Client) -> None:
    gate = client.gate()
    running = client.execute(gate.wait).until_busy()
    client.run("1 + 1")
    assert quiet(client) == "busy"
    gate.open()
    running.result()
    assert quiet(client) == "idle"


def test_the_extra_busy_belongs_to_no_request(client: Client) -> None:
    gate = client.gate()
    running = client.execute(gate.wait).until_busy()
    client.run("1 + 1")
    assert quiet(client) == "busy"
    assert client.iopub[-1]["msg_type"] == "status"
    parent = client.iopub[-1]["parent_header"]
    assert parent["msg_id"] not in client.requests
    assert parent["session"] != client.session
    gate.open()
    running.result()


def test_no_idle_stands_as_the_last_status_while_twenty_cells_end_in_any_order(
    client: Client,
) -> None:
    delays = random.Random(1).sample(range(20), 20)
    for cell in [client.execute(f"await asyncio.sleep({delay / 50})") for delay in delays]:
        cell.result()
    statuses = [m for m in client.iopub if m["msg_type"] == "status"]
    running: set[str] = set()
    for message, following in pairwise(statuses):
        parent = message["parent_header"].get("msg_id")
        if parent in client.requests:
            if message["content"]["execution_state"] == "busy":
                running.add(parent)
            else:
                running.discard(parent)
                assert not running or following["content"]["execution_state"] == "busy"
    assert quiet(client) == "idle"


def test_requests_that_are_answered_while_a_cell_waits_leave_the_kernel_busy(
    client: Client,
) -> None:
    gate = client.gate()
    running = client.execute(gate.wait).until_busy()
    for kind, content in {
        "kernel_info_request": {},
        "complete_request": {"code": "zi", "cursor_pos": 2},
        "inspect_request": {"code": "zip", "cursor_pos": 3, "detail_level": 0},
        "comm_info_request": {},
        "is_complete_request": {"code": "1"},
        "history_request": {"hist_access_type": "tail", "n": 1, "raw": True, "output": False},
    }.items():
        client.ask(kind, content)
        assert quiet(client) == "busy", kind
    gate.open()
    running.result()
    assert quiet(client) == "idle"


def test_a_control_request_while_a_cell_waits_leaves_the_kernel_busy(client: Client) -> None:
    gate = client.gate()
    running = client.execute(gate.wait).until_busy()
    client.ask("kernel_info_request", channel="control")
    assert quiet(client) == "busy"
    gate.open()
    running.result()
    assert quiet(client) == "idle"


def test_the_status_tells_other_clients_too(client: Client, other: Client) -> None:
    gate = client.gate()
    running = client.execute(gate.wait).until_busy()
    other.run("1")
    assert quiet(other) == "busy"
    gate.open()
    running.result()
    assert quiet(other) == "idle"


def test_a_silent_cell_is_busy_and_idle_as_others_are(client: Client) -> None:
    gate = client.gate()
    silent = client.execute(gate.wait, silent=True).until_busy()
    client.run("1")
    assert quiet(client) == "busy"
    gate.open()
    assert silent.result().states == ["busy", "idle"]


def test_the_reply_is_out_when_idle_comes(client: Client) -> None:
    for _ in range(50):
        cell = client.execute("1")
        client.wait(lambda cell=cell: "idle" in cell.states, 10, "idle")
        client.pump_until(lambda cell=cell: bool(cell.replies), 1)
        assert cell.replies
