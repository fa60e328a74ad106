"""No interrupt falls between two frames of a message."""

# ruff: noqa: PT012 - what is tested is when the gate is left

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from akernel_ipy.wire.gate import InterruptGate, ThreadGate
from akernel_ipy.wire.gate import gate as the_gate


def test_outside_of_the_gate_nothing_is_deferred() -> None:
    gate = InterruptGate()
    assert not gate.defer()
    with gate:
        pass
    assert not gate.defer()


def test_an_interrupt_inside_is_raised_when_the_gate_is_left() -> None:
    gate = InterruptGate()
    reached = False
    with pytest.raises(KeyboardInterrupt), gate:
        assert gate.defer()
        reached = True
    assert reached


def test_the_outermost_region_raises() -> None:
    gate = InterruptGate()
    steps = []
    with pytest.raises(KeyboardInterrupt), gate:
        with gate:
            assert gate.defer()
            steps.append("inner")
        steps.append("between")
    assert steps == ["inner", "between"]


def test_an_interrupt_is_raised_once() -> None:
    gate = InterruptGate()
    with pytest.raises(KeyboardInterrupt), gate:
        assert gate.defer()
        assert gate.defer()
    with gate:
        pass
    assert not gate.defer()


def test_an_interrupt_takes_the_place_of_an_error_and_keeps_it() -> None:
    gate = InterruptGate()
    with pytest.raises(KeyboardInterrupt) as caught, gate:
        gate.defer()
        raise OSError("the socket is gone")
    assert isinstance(caught.value.__context__, OSError)


def test_other_threads_pass_without_a_trace() -> None:
    gate = InterruptGate()
    deferred: list[bool] = []

    def pass_through() -> None:
        with gate:
            deferred.append(gate.defer())

    thread = threading.Thread(target=pass_through)
    thread.start()
    thread.join()
    assert deferred == [False]


def test_a_thread_inside_does_not_hold_back_the_main_threads_interrupt() -> None:
    gate = InterruptGate()
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with gate:
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=stay)
    thread.start()
    inside.wait(30)
    assert not gate.defer()
    leave.set()
    thread.join()


#: In a process of its own: a thread that hangs can't be ended.
TRACED = """
import sys, threading
from akernel_ipy.wire.gate import ThreadGate

class Struck(BaseException): pass

def work(strike):
    gate = ThreadGate()
    gate.open()
    try:
        if strike:
            gate.strike(Struck)
    except Struck:
        pass
    while not gate.closed:
        try:
            gate.close()
        except Struck:
            pass

for strike in (False, True):
    thread = threading.Thread(target=work, args=(strike,))
    thread.start()
    thread.join()
    lines = []
    sys.settrace(lambda frame, event, arg: lines.append(event))
    (lambda: None)()
    sys.settrace(None)
    assert "call" in lines
"""


def test_code_can_be_traced_after_a_thread_that_could_be_interrupted() -> None:
    subprocess.run([sys.executable, "-c", TRACED], check=True, timeout=60)


def in_thread(work: Callable[[ThreadGate], None]) -> BaseException | None:
    """Do something in a thread that has a gate; give what it raised."""
    raised: list[BaseException] = []

    def main() -> None:
        try:
            work(ThreadGate())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
    return raised[0] if raised else None


def test_what_strikes_a_thread_before_its_work_is_raised_where_that_begins() -> None:
    def work(own: ThreadGate) -> None:
        own.strike(KeyboardInterrupt)
        try:
            own.open()
        finally:
            own.close()

    assert isinstance(in_thread(work), KeyboardInterrupt)


def test_what_strikes_a_thread_after_its_work_is_dropped() -> None:
    def work(own: ThreadGate) -> None:
        own.open()
        own.close()
        own.strike(KeyboardInterrupt)

    assert in_thread(work) is None


def test_what_strikes_in_a_region_is_raised_where_the_outermost_one_ends() -> None:
    def work(own: ThreadGate) -> None:
        own.open()
        try:
            with the_gate:
                with the_gate:
                    own.strike(KeyboardInterrupt)
                assert not own.shut(SystemExit)
        except KeyboardInterrupt:
            return
        finally:
            own.close()
        raise AssertionError

    assert in_thread(work) is None


def test_a_thread_that_is_shut_off_enters_no_region() -> None:
    def work(own: ThreadGate) -> None:
        own.open()
        assert own.shut(SystemExit)
        try:
            with the_gate:
                pass
        finally:
            own.close()

    assert isinstance(in_thread(work), SystemExit)
