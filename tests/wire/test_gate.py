"""No interrupt falls between two frames of a message."""

# ruff: noqa: PT012 - what is tested is when the gate is left

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from akernel_ipy.wire.gate import InterruptGate


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


def test_a_forgotten_interrupt_is_not_raised() -> None:
    gate = InterruptGate()
    with gate:
        gate.defer()
        gate.forget()


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
