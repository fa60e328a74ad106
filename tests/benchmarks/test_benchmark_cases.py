from __future__ import annotations

from typing import Any

import pytest

from benchmarks.cases import CASES
from benchmarks.cases.lines import text_of, verify_lines
from benchmarks.cases.pipelined import verify_order
from benchmarks.cases.sleeping import extrapolate
from benchmarks.errors import FaultError
from benchmarks.kernel import Exchange
from benchmarks.memory import parse_rollup
from benchmarks.wire import Message, Pending, Raw


def message(kind: str, parent: str = "r1", channel: str = "iopub", **content: Any) -> Message:
    return Message(channel, kind, parent, content, 0.0)


def status(state: str, parent: str = "r1") -> Message:
    return message("status", parent, execution_state=state)


def reply(parent: str = "r1", **content: Any) -> Message:
    return message("execute_reply", parent, "shell", **{"status": "ok", **content})


def raw(channel: str, kind: str, parent: str, content: bytes = b"{}") -> Raw:
    header = b'{"msg_type": "%s"}' % kind.encode()
    return Raw(channel, [b"", header, b'{"msg_id":"%s"}' % parent.encode(), b"{}", content], 1.5)


def exchange(*messages: Message, ids: tuple[str, ...] = ("r1",)) -> Exchange:
    return Exchange(ids, 1.0, messages)


def test_every_case_has_its_own_name_and_its_size_in_its_labels() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    labels = [metric.label.format(size=case.size) for case in CASES for metric in case.metrics]
    assert len(set(labels)) == len(labels)


def test_a_quick_plan_is_small_and_rounds_can_be_given() -> None:
    for case in CASES:
        assert case.plan() == (case.size, case.rounds)
        assert case.plan(quick=True) == (case.quick_size, 2)
        assert case.plan(quick=True, rounds=5) == (case.quick_size, 5)


def test_a_request_is_done_when_reply_and_idle_have_come() -> None:
    pending = Pending(["r1"])
    idle = b'{"execution_state":"idle"}'
    assert not pending(raw("iopub", "status", "r1", b'{"execution_state":"busy"}'))
    assert not pending(raw("iopub", "stream", "r1", b'{"text": "idle"}'))
    assert not pending(raw("iopub", "status", "other", idle))
    assert not pending(raw("shell", "execute_reply", "r1"))
    assert pending(raw("iopub", "status", "r1", idle))
    assert pending.last == 1.5


def test_a_cell_framed_by_busy_and_idle_is_right() -> None:
    right = exchange(status("busy"), message("stream"), reply(), status("idle"))
    assert right.verify() is right


@pytest.mark.parametrize(
    ("messages", "fault"),
    [
        ((status("busy"), reply()), "statuses"),
        ((status("idle"), reply(), status("busy")), "statuses"),
        ((status("busy"), status("idle"), reply(), status("idle")), "statuses"),
        ((message("stream"), status("busy"), status("idle"), reply()), "before its busy"),
        ((status("busy"), status("idle"), reply(), message("stream")), "after its idle"),
        ((status("busy"), status("idle"), reply(status="error", ename="E")), "error E"),
    ],
)
def test_a_cell_that_is_not_framed_or_failed_is_a_fault(
    messages: tuple[Message, ...], fault: str
) -> None:
    with pytest.raises(FaultError, match=fault):
        exchange(*messages).verify()


def test_pipelined_replies_come_in_order() -> None:
    ids = ("r1", "r2")
    replies = [reply("r1", execution_count=4), reply("r2", execution_count=5)]
    verify_order(exchange(*replies, ids=ids))
    with pytest.raises(FaultError, match="another order"):
        verify_order(exchange(*reversed(replies), ids=ids))
    with pytest.raises(FaultError, match="counts"):
        verify_order(exchange(replies[0], reply("r2", execution_count=4), ids=ids))


def test_lines_are_joined_from_what_stdout_got() -> None:
    streams = [("stdout", "0\n1"), ("stderr", "no"), ("stdout", "\n2\n")]
    text = text_of([message("stream", name=name, text=text) for name, text in streams])
    verify_lines(text, 3)


@pytest.mark.parametrize(
    ("text", "fault"),
    [("0\n2\n", "lost 1 of 3"), ("0\n2\n1\n", "out of order"), ("0\n1\n1\n2\n", "doubled")],
)
def test_a_lost_or_misplaced_line_is_a_fault(text: str, fault: str) -> None:
    with pytest.raises(FaultError, match=fault):
        verify_lines(text, 3)


def test_sleeping_one_by_one_is_extrapolated_with_its_overhead() -> None:
    assert extrapolate(total=2.2, size=200) == pytest.approx(202)


def test_memory_is_read_from_the_rollup_of_a_process() -> None:
    text = "5581-7ffc ---p 0 00:00 0 [rollup]\nRss: 2048 kB\nPss: 1024 kB\n"
    text += "Private_Clean: 256 kB\nPrivate_Dirty: 256 kB\n"
    assert parse_rollup(text) == {"rss": 2.0, "pss": 1.0, "uss": 0.5}
