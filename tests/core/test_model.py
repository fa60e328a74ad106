"""Requests are read with the defaults of the messaging specification; runs know whose they are."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from contextvars import copy_context
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akernel_ipy.core.model import Request, Run, RunState, current_run, find_run, thread_run

from .runs import make_message, make_run

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def read(content: dict[str, Any], metadata: Any = None) -> Request:
    return Request.from_message(make_message(content, metadata))


def test_what_a_request_leaves_out_is_as_the_specification_says() -> None:
    request = read({"code": "1"})
    assert (request.silent, request.store_history, request.stop_on_error) == (False, True, True)
    assert (request.allow_stdin, request.user_expressions) == (False, {})
    assert (request.cell_id, request.session_id, request.msg_id) == (None, "s1", "m1")


@pytest.mark.parametrize(
    ("silent", "asked", "stored"),
    [
        (False, None, True),
        (True, None, False),
        (False, False, False),
        (False, True, True),
        (True, True, False),
    ],
)
def test_a_silent_request_is_never_stored(silent: bool, asked: bool | None, stored: bool) -> None:
    wish = {} if asked is None else {"store_history": asked}
    assert read({"silent": silent, **wish}).store_history is stored


@pytest.mark.parametrize(
    ("metadata", "cell_id"),
    [
        ({"cellId": "a1"}, "a1"),
        ({}, None),
        (None, None),
        ({"cellId": 3}, None),
        ({"cellId": None}, None),
        ([], None),
        ("cellId", None),
    ],
)
def test_the_cell_id_is_a_string_or_nothing(metadata: Any, cell_id: str | None) -> None:
    assert read({}, metadata).cell_id == cell_id


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "content is not an object"),
        ([], "content is not an object"),
        ({}, "code is NoneType"),
        ({"code": None}, "code is NoneType"),
        ({"code": 3}, "code is int"),
        ({"code": ["1"]}, "code is list"),
        ({"code": "1", "user_expressions": ["x"]}, "user_expressions is not an object"),
    ],
)
def test_a_request_that_cannot_be_meant_names_the_field(content: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Request.from_message({**make_message(), "content": content})


@given(json_values, json_values)
def test_whatever_arrives_is_a_request_or_a_value_error(content: Any, metadata: Any) -> None:
    message = {**make_message(), "content": content, "metadata": metadata}
    asked_for_code = isinstance(content, dict) and isinstance(content.get("code"), str)
    if not asked_for_code:
        with pytest.raises(ValueError, match="execute_request: "):
            Request.from_message(message)
    elif isinstance(content.get("user_expressions") or {}, dict):
        assert Request.from_message(message).message is message


def test_a_request_and_a_run_do_not_change() -> None:
    run = make_run()
    for value, name in ((run, "number"), (run.request, "code")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, 2)


def test_two_runs_of_one_request_are_two() -> None:
    request = make_run().request
    one, other = Run(request, 1), Run(request, 1)
    assert one != other
    assert len({one, other}) == 2
    assert one.state is not other.state


@pytest.mark.parametrize(
    ("code", "count", "label"),
    [
        ("print(1)", 3, "In [3] print(1)"),
        ("\n\n  first\nsecond", 4, "In [4] first"),
        ("x = 1", 0, "In [*] x = 1"),
        ("  \n ", 0, "In [*]"),
        ("a" * 80, 1, "In [1] " + "a" * 59 + "…"),
        ("a" * 60, 1, "In [1] " + "a" * 60),
    ],
)
def test_a_label_is_the_number_and_the_first_line(code: str, count: int, label: str) -> None:
    run = Run(make_run(code=code).request, 1, state=RunState(count=count))
    assert run.label == label


def test_nobodys_code_has_no_run() -> None:
    assert copy_context().run(find_run) is None


def test_a_task_has_the_run_that_it_was_made_in_also_when_that_has_ended() -> None:
    run = make_run()

    async def find() -> Run | None:
        await asyncio.sleep(0)
        return find_run()

    async def main() -> Run | None:
        current_run.set(run)
        task = asyncio.create_task(find())
        run.state.active = False
        return await task

    assert asyncio.run(main()) is run


def test_a_thread_has_its_run_as_long_as_that_is_active() -> None:
    run = make_run()
    run.state.active = True
    found: list[Run | None] = []

    def work() -> None:
        thread_run.set(run)
        found.append(find_run())
        run.state.active = False
        found.append(find_run())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [run, None]


def test_a_task_in_a_thread_belongs_to_the_task_not_to_the_thread() -> None:
    ours, threads = make_run(1), make_run(2)
    threads.state.active = True

    def find() -> Run | None:
        thread_run.set(threads)
        current_run.set(ours)
        return find_run()

    assert copy_context().run(find) is ours
