"""react: errors in dependents, edits of cells, and cells that the user deleted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernels import Kernel
from notebooks.lab import Lab, fresh_lab, reactive_kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    yield from reactive_kernel()


@pytest.fixture
def lab(kernel: Kernel) -> Iterator[Lab]:
    yield from fresh_lab(kernel)


# -- errors


def test_an_error_in_a_dependent_shows_there_and_the_cause_is_ok(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "print('to', a); 10 / a")
    cause = lab.run("a", "a = 0")
    assert cause.status == "ok"
    assert cause.of("error") == []
    assert lab.texts("b") == ["to 0\n", "ZeroDivisionError"]
    assert lab.run("c", "'on'").value == "'on'"


def test_an_error_stops_only_its_own_descendants_and_they_say_so(lab: Lab) -> None:
    lab.run("a", "a = 1")
    b = lab.run("b", "b = 10 / a")
    lab.run("c", "c = b + 1; c")
    lab.run("d", "d = c + 1; d")
    lab.run("e", "e = a + 1; e")
    lab.run("a", "a = 0")
    assert lab.texts("b") == ["ZeroDivisionError"]
    assert lab.texts("e") == ["1"]
    for blocked in "cd":
        said = lab.texts(blocked)[-1]
        assert "not re-run" in said, lab.texts(blocked)
        assert f"In [{b.count}]" in said


def test_success_later_heals_the_descendants(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "b = 10 / a")
    lab.run("c", "c = b + 1; c")
    lab.run("d", "c + 1")
    lab.run("a", "a = 0")
    lab.run("a", "a = 2")
    assert [lab.texts(cell) for cell in "bcd"] == [[], ["6.0"], ["7.0"]]


def test_healing_with_the_value_of_before_runs_the_blocked_cells_too(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "b = 10 / a")
    lab.run("c", "c = b + 1; c")
    lab.run("a", "a = 0")
    lab.run("a", "a = 1")
    assert lab.texts("c") == ["11.0"]


def test_a_wave_through_another_input_does_not_run_a_cell_with_a_failed_input(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "b = 10 / a")
    lab.run("k", "k = 1")
    lab.run("join", "print('join', k); b + k")
    lab.run("a", "a = 0")
    lab.run("k", "k = 2")
    assert "join 2\n" not in lab.texts("join")
    lab.run("a", "a = 5")
    assert lab.texts("join") == ["join 2\n", "4.0"]


def test_a_cell_that_fails_itself_leaves_its_readers_as_they_are(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "print('b', a)")
    assert lab.run("a", "a = 2; 1 / 0").status == "error"
    assert lab.texts("b") == ["b 1\n"]
    lab.run("a", "a = 3")
    assert lab.texts("b") == ["b 3\n"]


def test_a_failed_dependent_that_the_user_mends_goes_on(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "b = 10 / a")
    lab.run("c", "b + 1")
    lab.run("a", "a = 0")
    lab.run("b", "b = 10 / (a + 1)")
    assert lab.texts("c") == ["11.0"]


def test_the_traceback_of_a_dependent_is_an_ordinary_one(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "def f():\n    return 10 / a\nf()")
    lab.run("a", "a = 0")
    [error] = lab.outputs("b")
    assert error["evalue"] == "division by zero"
    assert "f()" in error["traceback"][-2]
    assert "ZeroDivisionError" in error["traceback"][-1]


def test_an_error_leaves_stop_on_error_of_other_requests_alone(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "await asyncio.sleep(0); 1 / a")
    cause = lab.send("a", "a = 0")
    after = lab.send("c", "'not aborted'")
    assert cause.result().status == "ok"
    assert after.result().status == "ok"


def test_an_error_of_the_cause_aborts_the_requests_behind_it(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "a + 1")
    requests = [
        lab.send("a", "import time; time.sleep(0.05); a = 2; 1 / 0"),
        lab.send("c", "'never'"),
    ]
    assert [request.result().status for request in requests] == ["error", "aborted"]
    assert lab.texts("b") == ["2"]


def test_an_aborted_request_leaves_its_cell_in_the_dataflow(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "a + 1")
    lab.run_all({"x": "import time; time.sleep(0.05); 1 / 0", "b": "a + 2"})
    lab.run("a", "a = 5")
    assert lab.ask("a") == 5
    assert lab.run("b", "a + 1").value == "6"
    lab.run("a", "a = 6")
    assert lab.texts("b") == ["7"]


# -- edits


def test_an_edit_takes_the_old_names_away_and_their_readers_wait_again(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("b", "x + 1")
    lab.run("a", "y = 1")
    assert lab.texts("b") == ["None"]
    assert not lab.ask("'x' in globals()")
    lab.run("c", "x = 5")
    assert lab.texts("b") == ["6"]


def test_descendants_of_a_cell_that_waits_again_wait_too(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("b", "y = x + 1")
    lab.run("c", "y + 1")
    lab.run("a", "z = 1")
    assert lab.texts("c") == ["None"]
    lab.run("a", "x = 2")
    assert lab.texts("c") == ["4"]


def test_an_edit_of_a_comment_re_runs_nothing_downstream(lab: Lab) -> None:
    lab.run("a", "def f(x):\n    return x + object.__hash__(x) * 0")
    lab.run("b", "print('b'); f(1)")
    lab.run("a", "# better\ndef f(x):\n    # the same\n    return x + object.__hash__(x)*0")
    assert len(lab.requests["b"].of("stream")) == 1


def test_an_edit_of_a_function_re_runs_its_callers(lab: Lab) -> None:
    lab.run("a", "def f(x):\n    return x + 1")
    lab.run("b", "f(1)")
    lab.run("a", "def f(x):\n    return x + 2")
    assert lab.texts("b") == ["3"]


def test_an_edit_that_reads_something_else_follows_that(lab: Lab) -> None:
    lab.run("x", "x = 1")
    lab.run("y", "y = 2")
    lab.run("r", "print('x', x)")
    lab.run("r", "print('y', y)")
    lab.run("x", "x = 10")
    assert lab.texts("r") == ["y 2\n"]
    lab.run("y", "y = 20")
    assert lab.texts("r") == ["y 20\n"]


def test_a_syntax_error_leaves_definitions_and_readers_as_they_were(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("b", "x + 1")
    edited = lab.run("a", "x = = 2")
    assert edited.ename == "SyntaxError"
    assert lab.texts("b") == ["2"]
    assert lab.ask("x") == 1
    lab.run("a", "x = 3")
    assert lab.texts("b") == ["4"]


def test_an_emptied_cell_defines_nothing(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("b", "x + 1")
    lab.run("a", "# nothing left")
    assert lab.texts("b") == ["None"]
    assert not lab.ask("'x' in globals()")


def test_a_definer_that_moves_to_another_cell_keeps_the_readers(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("b", "x + 1")
    lab.run("c", "x = 5")
    lab.run("a", "y = 0")
    assert lab.ask("x") == 5
    assert lab.texts("b") == ["6"]


# -- deleted cells


def test_names_of_a_deleted_cell_go_and_their_readers_wait(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("b", "x + 1")
    lab.run("c", "'anything'", deleted=("a",))
    assert lab.texts("b") == ["None"]
    assert not lab.ask("'x' in globals()")


def test_a_deleted_reader_does_not_run_any_more(lab: Lab) -> None:
    lab.run("a", "x = 1")
    b = lab.run("b", "print('b', x)")
    lab.run("a", "x = 2", deleted=("b",))
    assert b.stdout == "b 1\n"


def test_deleted_cells_is_a_hint_that_names_cells_that_came_back(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("b", "x + 1")
    lab.run("b", "x + 2", deleted=("b",))
    assert lab.texts("b") == ["3"]
    lab.run("a", "x = 2")
    assert lab.texts("b") == ["4"]


def test_a_cell_that_was_deleted_and_restored_counts_again_when_run(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("b", "x + 1")
    lab.run("c", "'cut'", deleted=("a",))
    assert lab.texts("b") == ["None"]
    lab.run("a", "x = 1")
    assert lab.texts("b") == ["2"]


def test_run_all_may_name_the_same_deleted_cells_in_every_request(lab: Lab) -> None:
    cells = {"a": "x = 1", "b": "y = x + 1; y", "c": "y * 2"}
    lab.run_all(cells)
    for _ in range(2):
        sent = [lab.send(c, code, deleted=("a", "gone")) for c, code in cells.items()]
        for request in sent:
            request.result()
        assert [lab.text(cell) for cell in "abc"] == ["", "2", "4"]
    lab.run("a", "x = 2")
    assert lab.texts("c") == ["6"]


def test_an_older_definer_takes_over_from_a_deleted_one(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("c", "x = 5")
    lab.run("b", "x + 1")
    lab.run("d", "'next'", deleted=("c",))
    assert lab.texts("b") == ["2"]
    assert lab.ask("x") == 1
