"""react: where names come from: shell text, magics, guards, what only a run can tell."""

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


def pending(lab: Lab, cell: str) -> bool:
    return any("waits for" in o.get("data", {}).get("text/html", "") for o in lab.outputs(cell))


# -- cycles


def test_a_cycle_is_an_error_that_names_cells_and_names_and_runs_nothing(lab: Lab) -> None:
    first = lab.run("1", "b = 1")
    lab.run("2", "c = b + 1; print('ran')")
    closing = lab.run("1", "print('never')\nb = c + 1")
    assert closing.status == "error"
    assert "Cycle" in closing.ename
    assert closing.stdout == ""
    message = closing.reply["evalue"]
    assert all(f"In [{n}]" in message for n in (closing.count, first.count + 1)), message
    assert "b" in message.split()
    assert "c" in message.split()
    assert lab.requests["2"].stdout == "ran\n"
    assert lab.run("3", "b, c").value == "(1, 2)"


def test_pending_cells_that_wait_for_each_other_are_a_cycle(lab: Lab) -> None:
    assert lab.run("1", "x = y + 1").status == "ok"
    assert "Cycle" in (lab.run("2", "y = x + 1").ename or "")
    lab.run("2", "y = 1")
    assert lab.run("3", "x").value == "2"


def test_a_cell_that_mends_a_cycle_runs(lab: Lab) -> None:
    lab.run("1", "b = 1")
    lab.run("2", "c = b + 1; c")
    lab.run("1", "b = c + 1")
    assert lab.run("1", "b = 10").status == "ok"
    assert lab.texts("2") == ["11"]


def test_a_recursive_function_is_no_cycle(lab: Lab) -> None:
    lab.run("1", "def fact(n): return 1 if n < 2 else n * fact(n - 1)")
    lab.run("2", "fact(5)")
    assert lab.texts("2") == ["120"]


def test_functions_of_two_cells_may_call_each_other(lab: Lab) -> None:
    assert lab.run("1", "def even(n): return True if n == 0 else odd(n - 1)").status == "ok"
    lab.run("3", "even(10)")
    assert lab.texts("3") == ["None"]
    assert lab.run("2", "def odd(n): return False if n == 0 else even(n - 1)").status == "ok"
    assert lab.texts("3") == ["True"]
    lab.run("2", "def odd(n): return 'odd' if n == 0 else even(n - 1)")
    lab.run("4", "even(3)")
    assert lab.texts("4") == ["'odd'"]


# -- shell and magics


def test_braces_in_shell_text_follow_the_name(lab: Lab) -> None:
    lab.run("1", "x = 'one'")
    lab.run("2", "!echo {x}")
    assert "one" in lab.text("2")
    lab.run("1", "x = 'two'")
    assert "two" in lab.text("2")
    assert "one" not in lab.text("2")


def test_a_dollar_in_shell_text_follows_the_name(lab: Lab) -> None:
    lab.run("1", "x = 'one'")
    lab.run("2", "!echo $x")
    lab.run("1", "x = 'two'")
    assert "two" in lab.text("2")


def test_shell_variables_are_never_waited_for(lab: Lab) -> None:
    lab.run("1", "!for w in p q; do echo got-$w; done; echo $HOME > /dev/null")
    assert not pending(lab, "1")
    assert "got-q" in lab.text("1")


def test_output_of_the_shell_bound_to_a_name_is_followed(lab: Lab) -> None:
    lab.run("2", "lines[0]")
    lab.run("1", "lines = !echo hello")
    assert lab.texts("2") == ["'hello'"]


def test_a_timed_statement_follows_and_defines(lab: Lab) -> None:
    lab.run("1", "n = 3")
    lab.run("2", "%time total = sum(range(n))")
    lab.run("3", "total")
    lab.run("1", "n = 5")
    assert lab.texts("3") == ["10"]
    assert lab.text("2").count("Wall time") == 1


def test_a_timed_cell_follows_and_defines(lab: Lab) -> None:
    lab.run("2", "%%time\ntotal = sum(range(n))")
    assert pending(lab, "2")
    lab.run("1", "n = 3")
    lab.run("3", "total")
    assert lab.texts("3") == ["3"]
    lab.run("1", "n = 5")
    assert lab.texts("3") == ["10"]


def test_timeit_follows_and_defines_nothing(lab: Lab) -> None:
    lab.run("1", "n = 3")
    lab.run("2", "%timeit -n1 -r1 q = n + 1")
    lab.run("3", "%%timeit -n1 -r1\nq = n + 1")
    lab.run("4", "q")
    lab.run("1", "n = 4")
    assert lab.text("2").count("per loop") == lab.text("3").count("per loop") == 1
    assert pending(lab, "4")


def test_captured_output_is_followed(lab: Lab) -> None:
    lab.run("1", "n = 1")
    lab.run("2", "%%capture caught\nprint('n is', n)\nm = n")
    lab.run("3", "print(caught.stdout, m)")
    lab.run("1", "n = 2")
    assert lab.texts("3") == ["n is 2\n 2\n"]


def test_a_question_about_a_name_nobody_defines_is_not_pending(lab: Lab) -> None:
    asked = lab.run("1", "nothing_at_all?")
    assert asked.status == "ok"
    assert not pending(lab, "1")


def test_a_foreign_cell_magic_runs(lab: Lab) -> None:
    lab.run("1", "%%bash\nfor i in 1 2; do echo $i $undefined; done")
    assert lab.text("1") == "1\n2\n"
    lab.run("2", "%%html\n<b>{not_a_name}</b>")
    assert lab.kinds("2") == ["display_data"]


def test_a_magic_that_the_user_defined_gets_its_line(lab: Lab) -> None:
    lab.run(
        "1",
        "from IPython.core.magic import register_line_magic\n"
        "@register_line_magic\ndef shout(line):\n    return line.upper()",
    )
    assert lab.run("2", "%shout words nobody defines").value == "'WORDS NOBODY DEFINES'"


# -- guards


def test_a_cell_that_guards_its_name_with_try_runs(lab: Lab) -> None:
    lab.run("1", "try:\n    cfg\nexcept NameError:\n    cfg = 'default'\ncfg")
    assert lab.texts("1") == ["'default'"]


def test_a_cell_that_asks_globals_for_its_name_runs(lab: Lab) -> None:
    lab.run("1", "if 'n' not in globals():\n    n = 0\nn += 1\nn")
    assert lab.texts("1") == ["1"]


def test_a_guarded_name_of_another_cell_is_followed(lab: Lab) -> None:
    lab.run("1", "try:\n    shown = cfg\nexcept NameError:\n    shown = 'default'\nshown")
    assert lab.texts("1") == ["'default'"]
    lab.run("2", "cfg = 'mine'")
    assert lab.texts("1") == ["'mine'"]


# -- names found only by running


def test_names_of_a_star_import_are_found(lab: Lab) -> None:
    lab.run("2", "sqrt(16)")
    assert pending(lab, "2")
    lab.run("1", "from math import *")
    assert lab.texts("2") == ["4.0"]


def test_names_bound_by_exec_and_globals_are_found(lab: Lab) -> None:
    lab.run("2", "p + q")
    lab.run("1", "exec('p = 1')\nglobals()['q'] = 2")
    assert lab.texts("2") == ["3"]
    lab.run("1", "exec('p = 10')\nglobals()['q'] = 2")
    assert lab.texts("2") == ["12"]


def test_names_bound_by_run_are_found(lab: Lab) -> None:
    script = lab.client.directory / "script.py"
    script.write_text("made_by_script = 5\n")
    lab.run("2", "made_by_script + 1")
    lab.run("1", f"%run {script}")
    assert lab.texts("2") == ["6"]


def test_a_function_that_sets_a_global_defines_it(lab: Lab) -> None:
    lab.run("1", "def setter(v):\n    global made\n    made = v\nsetter(1)")
    lab.run("2", "made + 1")
    assert lab.texts("2") == ["2"]
    lab.run("1", "def setter(v):\n    global made\n    made = v\nsetter(5)")
    assert lab.texts("2") == ["6"]


def test_a_function_of_another_cell_that_sets_a_global_is_noticed(lab: Lab) -> None:
    lab.run("1", "def setter(v):\n    global made\n    made = v")
    lab.run("3", "made + 1")
    assert pending(lab, "3")
    lab.run("2", "setter(1)")
    assert lab.texts("3") == ["2"]
    lab.run("2", "setter(5)")
    assert lab.texts("3") == ["6"]


# -- IPython's own names


def test_private_names_are_ordinary(lab: Lab) -> None:
    lab.run("2", "_hidden + __also")
    assert pending(lab, "2")
    lab.run("1", "_hidden, __also = 1, 2")
    assert lab.texts("2") == ["3"]


def test_underscore_and_history_names_make_no_edges(lab: Lab) -> None:
    lab.run("1", "41 + 1")
    lab.run("2", "print('ran', _)")
    lab.run("3", "print('ran', len(In) > 1, bool(Out), len(_ih) > 0)")
    lab.run("4", "print('ran', _i[:0])")
    lab.run("5", "_ = 5\nfor _ in range(2): pass")
    lab.run("6", "1")
    assert [lab.requests[c].stdout.count("ran") for c in "234"] == [1, 1, 1]
    assert not any(pending(lab, c) for c in "123456")


def test_names_made_by_silent_requests_and_without_history_make_no_cells(lab: Lab) -> None:
    lab.client.run("quiet = 1", silent=True)
    lab.run("a", "quiet + 1")
    lab.client.run("quiet = 2", silent=True)
    hidden = lab.client.run("quiet * 10", store_history=False)
    assert hidden.value == "20"
    assert lab.texts("a") == ["2"]
    unknown = lab.client.execute("nowhere", store_history=False).result()
    assert unknown.ename == "NameError"


def test_a_deleted_name_makes_its_readers_wait(lab: Lab) -> None:
    lab.run("1", "x = 1")
    lab.run("2", "x + 1")
    lab.run("3", "del x")
    lab.run("4", "x + 5")
    assert pending(lab, "4")
    lab.run("1", "x = 2")
    assert lab.text("2") == "3"


def test_names_are_found_in_all_kinds_of_places(lab: Lab) -> None:
    lab.run("0", "class Base:\n    v = 1\ndef deco(f): return f\nn = 2\nitems = [1, 2]")
    lab.run("1", "@deco\ndef f(x=n): return x\nf()")
    lab.run("2", "class K(Base):\n    w = [i * n for i in items]\nK.w")
    lab.run("3", "f'{n:>{n}}'")
    lab.run("4", "(lambda: n)()")
    lab.run("5", "match n:\n    case 2: r = 'two'\n    case other: r = other\nr")
    lab.run("6", "[y := n, *items][-1] + y")
    before = [lab.text(str(c)) for c in range(1, 7)]
    assert before == ["2", "[2, 4]", "' 2'", "2", "'two'", "4"]
    lab.run("0", "class Base:\n    v = 1\ndef deco(f): return f\nn = 3\nitems = [1, 2]")
    after = [lab.text(str(c)) for c in range(1, 7)]
    assert after == ["3", "[3, 6]", "'  3'", "3", "3", "5"]


def test_after_a_future_import_annotations_make_no_cell_wait(lab: Lab) -> None:
    lab.run("1", "from __future__ import annotations")
    lab.run("2", "def f(x: NotImportedYet): return 1\n\n\nf(0)")
    lab.run("3", "get_ipython().compile.reset_compiler_flags()")
    assert lab.texts("2") == ["1"]
