"""stdout and stderr: all arrives, below its cell, in order, before the flush ends."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipykernel.iostream import IOPubThread
from jupyter_client.session import DELIM

from akernel_ipy.core.model import Request, Run, current_run, thread_run
from akernel_ipy.wire import streams
from akernel_ipy.wire.session import WireSession
from akernel_ipy.wire.streams import AsyncOutStream

#: What each part of a message may take, so that two threads meet in the middle.
PATIENCE = 30.0


class FakePublisher(IOPubThread):
    """Keeps what is sent; its timers run when the test says so."""

    def __init__(self) -> None:
        self.io_loop = None
        self.thread = None
        self.sent: list[dict[str, Any]] = []
        self.timers: list[Callable[[], None]] = []
        self.on_send: Callable[[], None] = lambda: None

    def send_multipart(self, frames: list[bytes], *_: Any, **__: Any) -> None:
        self.on_send()
        start = frames.index(DELIM) + 2
        header, parent, _, content = map(json.loads, frames[start : start + 4])
        self.sent.append({"topic": frames[0], "header": header, "parent": parent, **content})

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        self.timers.append(callback)

    def tick(self) -> None:
        timers, self.timers = self.timers, []
        for callback in timers:
            callback()

    def text(self, parent: str = "") -> str:
        """All that was shown below one cell."""
        return "".join(m["text"] for m in self.sent if m["parent"].get("msg_id", "") == parent)


class Stdout:
    """A stream, what it publishes, and cells to write for."""

    def __init__(self, name: str = "stdout") -> None:
        self.publisher = FakePublisher()
        session = WireSession(key=b"key")
        self.stream = AsyncOutStream(session, self.publisher, name, watchfd=False)

    def write_for(self, cell: str, *texts: str) -> None:
        def write() -> None:
            self.stream.set_thread_parent({"header": {"msg_id": cell}})
            for text in texts:
                self.stream.write(text)

        copy_context().run(write)


@pytest.fixture
def out() -> Iterator[Stdout]:
    out = Stdout()
    yield out
    out.stream.close()


def run_of(cell: str) -> Run:
    message = {
        "header": {"msg_id": cell, "session": "s", "msg_type": "execute_request"},
        "parent_header": {},
        "metadata": {},
        "content": {"code": ""},
    }
    run = Run(Request.from_message(message), 1)
    run.state.active = True
    return run


def in_threads(*works: Callable[[], None]) -> None:
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_a_write_waits_for_the_timer_or_a_flush(out: Stdout) -> None:
    assert out.stream.write("one") == 3
    assert out.publisher.sent == []
    out.publisher.tick()
    assert out.publisher.text() == "one"
    out.stream.write("two")
    out.stream.flush()
    assert out.publisher.text() == "onetwo"


def test_many_writes_set_one_timer_and_make_one_message(out: Stdout) -> None:
    for n in range(100):
        out.stream.write(f"{n}\n")
    assert len(out.publisher.timers) == 1
    out.publisher.tick()
    assert [m["text"] for m in out.publisher.sent] == ["".join(f"{n}\n" for n in range(100))]
    assert (out.publisher.sent[0]["name"], out.publisher.sent[0]["topic"]) == (
        "stdout",
        b"stream.stdout",
    )


def test_after_the_timer_a_new_write_sets_a_new_one(out: Stdout) -> None:
    for text in ("one", "two", "three"):
        out.stream.write(text)
        out.publisher.tick()
    assert [m["text"] for m in out.publisher.sent] == ["one", "two", "three"]


def test_an_empty_write_sends_nothing(out: Stdout) -> None:
    assert out.stream.write("") == 0
    out.stream.flush()
    assert out.publisher.sent == []


def test_writelines_writes_each(out: Stdout) -> None:
    out.stream.writelines(f"{n} " for n in range(3))
    out.stream.flush()
    assert out.publisher.text() == "0 1 2 "


@pytest.mark.parametrize("value", [b"bytes", 3, None])
def test_only_text_can_be_written(out: Stdout, value: Any) -> None:
    with pytest.raises(TypeError, match="must be str"):
        out.stream.write(value)


def test_a_closed_stream_says_so_and_flushing_it_is_no_error() -> None:
    out = Stdout()
    out.stream.close()
    with pytest.raises(ValueError, match="closed"):
        out.stream.write("too late")
    out.stream.flush()


def test_a_backlog_is_sent_by_the_writer(out: Stdout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BACKLOG", 10)
    for n in range(25):
        out.stream.write(f"{n} ")
    assert len(out.publisher.sent) == 2
    out.stream.flush()
    assert out.publisher.text() == "".join(f"{n} " for n in range(25))


def test_each_write_goes_below_the_cell_that_it_is_made_for(out: Stdout) -> None:
    out.write_for("a", "1", "2")
    out.write_for("b", "3")
    out.write_for("a", "4")
    out.stream.flush()
    assert (out.publisher.text("a"), out.publisher.text("b")) == ("124", "3")


writes = st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=3)), max_size=30)


@settings(deadline=None)
@given(writes, st.sets(st.integers(0, 30)))
def test_below_each_cell_is_what_was_written_for_it(
    history: list[tuple[str, str]], flushes: set[int]
) -> None:
    out = Stdout()
    headers = {cell: {"msg_id": cell} for cell in "abc"}
    for place, (cell, text) in enumerate(history):
        out.stream._parent_header.set(headers[cell])
        out.stream.write(text)
        if place in flushes:
            out.stream.flush()
    out.stream.flush()
    for cell in "abc":
        written = "".join(text for owner, text in history if owner == cell)
        expected = written.encode(errors="replace").decode()
        assert out.publisher.text(cell) == expected
    out.stream.close()


def test_a_thread_writes_below_its_cell_as_long_as_that_runs(out: Stdout) -> None:
    out.stream.parent_header = {"msg_id": "last"}
    run = run_of("mine")

    def work() -> None:
        thread_run.set(run)
        out.stream.write("during ")
        run.state.active = False
        out.stream.write("after")

    in_threads(work)
    out.stream.flush()
    assert (out.publisher.text("mine"), out.publisher.text("last")) == ("during ", "after")


def test_a_thread_of_nobody_writes_below_the_last_cell(out: Stdout) -> None:
    out.stream.parent_header = {"msg_id": "last"}
    in_threads(lambda: out.stream.write("text") and None)
    out.stream.flush()
    assert out.publisher.text("last") == "text"
    assert current_run.get(None) is None


def test_lines_of_several_threads_all_arrive_and_each_threads_in_order(out: Stdout) -> None:
    count = 2000
    writing = threading.Event()

    def write(name: str) -> None:
        for n in range(count):
            out.stream.write(f"{name} {n}\n")

    def flush() -> None:
        while not writing.is_set():
            out.stream.flush()

    flusher = threading.Thread(target=flush)
    flusher.start()
    try:
        in_threads(*(lambda name=name: write(name) for name in "abc"))
    finally:
        writing.set()
        flusher.join()
    out.stream.flush()
    lines = out.publisher.text().splitlines()
    assert len(lines) == 3 * count
    for name in "abc":
        own = [line for line in lines if line.startswith(name)]
        assert own == [f"{name} {n}" for n in range(count)]


def test_when_a_flush_returns_all_that_was_written_before_it_is_out(out: Stdout) -> None:
    """Even if another thread has taken the text and has not yet sent it."""

    def say(name: str) -> None:
        for n in range(500):
            mark = f"{name} {n}."
            out.stream.write(mark)
            out.stream.flush()
            assert any(mark in m["text"] for m in out.publisher.sent), mark

    in_threads(*(lambda name=name: say(name) for name in "abc"))


def test_a_flush_waits_for_the_thread_that_is_sending(out: Stdout) -> None:
    sending, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        sending.set()
        assert go_on.wait(PATIENCE)

    out.publisher.on_send = slowly
    out.stream.write("first")
    slow = threading.Thread(target=out.stream.flush)
    slow.start()
    assert sending.wait(PATIENCE)
    seen: list[str] = []
    quick = threading.Thread(target=lambda: (out.stream.flush(), seen.append(out.publisher.text())))
    quick.start()
    go_on.set()
    slow.join()
    quick.join()
    assert seen == ["first"]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_sends_at_once_and_only_its_own(out: Stdout) -> None:
    out.stream.write("of the parent")
    read, write = os.pipe()
    child = os.fork()
    if not child:
        out.stream.write("of the child")
        os.write(write, out.publisher.text().encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        assert pipe.read() == "of the child"
    os.waitpid(child, 0)
    out.stream.flush()
    assert out.publisher.text() == "of the parent"


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_forked_while_a_thread_sends_does_not_wait_for_it(out: Stdout) -> None:
    sending, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        sending.set()
        assert go_on.wait(PATIENCE)

    out.publisher.on_send = slowly
    out.stream.write("slow")
    slow = threading.Thread(target=out.stream.flush)
    slow.start()
    assert sending.wait(PATIENCE)
    child = os.fork()
    if not child:
        out.publisher.on_send = lambda: None
        out.stream.write("quick")
        os._exit(0 if out.publisher.text() == "quick" else 1)
    assert os.waitpid(child, 0)[1] == 0
    go_on.set()
    slow.join()


def test_the_echo_gets_what_is_written() -> None:
    import io

    echo = io.StringIO()
    stream = AsyncOutStream(WireSession(), FakePublisher(), "stderr", watchfd=False, echo=echo)
    stream.write("text")
    assert echo.getvalue() == "text"
    stream.close()
