"""react: what counts as a change: equal values, objects changed in place, redefinition."""

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


def runs(lab: Lab, cell: str) -> int:
    """How often a cell that prints ``ran`` has run."""
    return sum(line.split()[:1] == ["ran"] for line in lab.requests[cell].stdout.splitlines())


# -- early cutoff


@pytest.mark.parametrize(
    "value", ["1", "'text'", "[1, [2.0, None]]", "{'k': {1, 2}}", "(1, b'x')", "range(3)"]
)
def test_an_equal_value_re_runs_nothing(lab: Lab, value: str) -> None:
    lab.run("a", f"a = {value}")
    lab.run("b", "print('ran', a)")
    lab.run("a", f"a = {value}  # again")
    lab.run("a", f"a = ({value})")
    assert runs(lab, "b") == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1", "1.0"),
        ("1.0", "True"),
        ("True", "1"),
        ("[1]", "[1.0]"),
        ("{'a': 1}", "{'a': True}"),
        ("(1,)", "[1]"),
        ("{1: 0, 2: 0}", "{2: 0, 1: 0}"),
        ("0.0", "-0.0"),
    ],
)
def test_values_that_compare_equal_but_differ_are_changes(lab: Lab, old: str, new: str) -> None:
    lab.run("a", f"a = {old}")
    lab.run("b", "print('ran', a)")
    lab.run("a", f"a = {new}")
    assert runs(lab, "b") == 2


def test_what_cannot_be_compared_safely_is_a_change(lab: Lab) -> None:
    lab.run("k", "class K:\n    def __eq__(self, other): raise RuntimeError")
    lab.run("a", "a = K()")
    lab.run("b", "print('ran', type(a).__name__)")
    lab.run("a", "a = K()")
    assert runs(lab, "b") == 2


def test_the_cut_happens_in_the_middle_of_a_chain(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "b = a > 0; print('ran')")
    lab.run("c", "print('ran', b)")
    lab.run("a", "a = 2")
    assert (runs(lab, "b"), runs(lab, "c")) == (2, 1)
    lab.run("a", "a = -2")
    assert (runs(lab, "b"), runs(lab, "c")) == (3, 2)


def test_only_readers_of_the_name_that_changed_run(lab: Lab) -> None:
    lab.run("a", "a = 1; b = 1")
    lab.run("ra", "print('ran', a)")
    lab.run("rb", "print('ran', b)")
    lab.run("a", "a = 2; b = 1")
    assert (runs(lab, "ra"), runs(lab, "rb")) == (2, 1)


def test_equal_frames_and_arrays_cut_and_others_do_not(lab: Lab) -> None:
    lab.run("i", "import numpy as np, pandas as pd")
    lab.run("a", "arr = np.arange(3)")
    lab.run("d", "df = pd.DataFrame({'x': [1, 2]})")
    lab.run("r", "print('ran', arr.sum(), df.x.sum())")
    lab.run("a", "arr = np.array([0, 1, 2])")
    lab.run("d", "df = pd.DataFrame({'x': [1] + [2]})")
    assert runs(lab, "r") == 1
    lab.run("a", "arr = np.array([0, 1, 3])")
    lab.run("d", "df = pd.DataFrame({'x': [1, 5]})")
    assert runs(lab, "r") == 3
    assert lab.texts("r") == ["ran 4 6\n"]


# -- objects changed in place by another cell


@pytest.mark.parametrize(
    ("definition", "change", "read"),
    [
        ("it = [1]", "it.append(2)", "len(it)"),
        ("it = [3, 1]", "it.sort()", "str(it)"),
        ("it = {}", "it['k'] = 1", "len(it)"),
        ("it = {}", "it.update(k=1)", "len(it)"),
        ("it = [1, 2]", "del it[0]", "len(it)"),
        ("it = [1, 2]", "it[0] += 5", "str(it)"),
        ("class It: pass\nit = It()\nit.a = 0", "it.a = 1", "it.a"),
        ("import numpy as np\nit = np.zeros(2)", "it[0] = 5", "it.sum()"),
        ("import numpy as np\nit = np.zeros(2)", "np.add(it, 1, out=it)", "it.sum()"),
        ("import pandas as pd\nit = pd.DataFrame({'a': [1]})", "it['b'] = 2", "list(it)"),
        (
            "import pandas as pd\nit = pd.DataFrame({'a': [1]})",
            "it.loc[1, 'a'] = 2",
            "it.a.sum()",
        ),
        (
            "import pandas as pd\nit = pd.DataFrame({'a': [1]})",
            "it.rename(columns={'a': 'z'}, inplace=True)",
            "list(it)",
        ),
        ("it = [1]", "from random import shuffle\nother = it\nother.append(3)", "len(it)"),
        ("it = [1]\ndef grow(l): l.append(0)", "grow(it)", "len(it)"),
        ("it = []", "for n in range(2):\n    it.append(n)", "len(it)"),
    ],
)
def test_a_change_in_place_re_runs_the_other_readers_once(
    lab: Lab, definition: str, change: str, read: str
) -> None:
    lab.run("d", f"print('ran')\n{definition}")
    lab.run("r", f"print('ran', {read})")
    old = lab.texts("r")
    lab.run("m", f"print('ran')\n{change}")
    assert lab.texts("r") == [f"ran {lab.ask(f'str({read})')}\n"]
    assert lab.texts("r") != old
    assert [runs(lab, cell) for cell in "drm"] == [1, 2, 1]


def test_a_method_that_changes_nothing_re_runs_nobody(lab: Lab) -> None:
    lab.run("d", "it = [1, 2]; print('ran')")
    lab.run("r", "print('ran', len(it))")
    lab.run("m", "it.count(1), it.copy(), sorted(it), str(it)")
    assert [runs(lab, cell) for cell in "dr"] == [1, 1]


def test_two_cells_that_change_one_object_do_not_chase_each_other(lab: Lab) -> None:
    lab.run("d", "it = []; print('ran')")
    lab.run("m1", "it.append(1); print('ran')")
    lab.run("m2", "it.append(2); print('ran')")
    lab.run("r", "print('ran', it)")
    assert [runs(lab, cell) for cell in ("d", "m1", "m2", "r")] == [1, 1, 1, 1]
    lab.run("m1", "it.append(3); print('ran')")
    assert [runs(lab, cell) for cell in ("d", "m2", "r")] == [1, 1, 2]
    assert lab.texts("r") == ["ran [1, 2, 3]\n"]


def test_cells_that_change_an_object_by_a_function_do_not_chase_each_other(lab: Lab) -> None:
    lab.run("f", "def push(stack, value): stack.append(value)")
    lab.run("d", "it = []; print('ran')")
    lab.run("m1", "push(it, 1); print('ran')")
    lab.run("m2", "push(it, 2); print('ran')")
    lab.run("m3", "alias = it; alias.append(3); print('ran')")
    assert lab.ask("it") == [1, 2, 3]
    assert [runs(lab, cell) for cell in ("d", "m1", "m2", "m3")] == [1, 1, 1, 1]


def test_a_new_object_is_changed_again_before_its_readers_run(lab: Lab) -> None:
    lab.run("d", "it = [0]")
    lab.run("m", "it.append(1); print('ran')")
    lab.run("r", "print('ran', it)")
    lab.run("d", "it = [10]")
    assert lab.texts("r") == ["ran [10, 1]\n"]
    assert [runs(lab, cell) for cell in ("m", "r")] == [2, 2]


def test_an_object_that_its_own_cell_changes_counts_as_changed(lab: Lab) -> None:
    lab.run("d", "it = []")
    lab.run("o", "own = it\nown.append(len(own))")
    lab.run("r", "print('ran', own)")
    lab.run("o", "own = it\nown.append(len(own))")
    assert lab.texts("r") == ["ran [0, 1]\n"]


# -- redefinition


def test_a_cell_between_definer_and_readers_is_re_run_between_them(lab: Lab) -> None:
    lab.run("load", "df = [3, None, 1]")
    lab.run("clean", "df = [x for x in df if x is not None]; print('ran')")
    lab.run("read", "print('ran', df)")
    lab.run("load", "df = [5, None]")
    assert lab.texts("read") == ["ran [5]\n"]
    assert [runs(lab, cell) for cell in ("clean", "read")] == [2, 2]
    lab.run("clean", "df = sorted(x for x in df if x is not None); print('ran')")
    assert lab.texts("read") == ["ran [5]\n"]


def test_a_cell_may_redefine_its_own_name(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("b", "print('ran', x)")
    assert lab.run("a", "x = 1\nx = x + 1\nx += 1").status == "ok"
    assert lab.texts("b") == ["ran 3\n"]
    assert lab.run("a", "x += 1").status == "ok"
    assert lab.texts("b") == ["ran 4\n"]
    assert lab.run("a", "x = x + 1").status == "ok"
    assert lab.texts("b") == ["ran 5\n"]


def test_an_increment_in_another_cell_runs_once_each_time(lab: Lab) -> None:
    lab.run("a", "n = 0")
    lab.run("i", "n += 1; print('ran')")
    lab.run("r", "print('ran', n)")
    lab.run("i", "n += 1; print('ran')")
    assert lab.ask("n") == 2
    assert lab.texts("r") == ["ran 2\n"]
    lab.run("a", "n = 10")
    assert lab.ask("n") == 11
    assert lab.texts("r") == ["ran 11\n"]


def test_the_newest_definition_wins_and_older_readers_keep_theirs(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("ra", "print('ran', x)")
    lab.run("b", "x = 2")
    lab.run("rb", "print('ran', x)")
    assert (lab.texts("ra"), lab.texts("rb")) == (["ran 1\n"], ["ran 2\n"])
    assert lab.run("ask", "x").value == "2"


def test_the_older_value_is_put_back_for_a_reader_of_the_older_definition(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("k", "k = 1")
    lab.run("ra", "print('ran', x, k)")
    lab.run("b", "x = 2")
    lab.run("rb", "print('ran', x, k)")
    lab.run("k", "k = 5")
    assert (lab.texts("ra"), lab.texts("rb")) == (["ran 1 5\n"], ["ran 2 5\n"])
    assert lab.ask("x") == 2


def test_re_running_the_older_definer_leaves_the_readers_of_the_newer_one(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("ra", "print('ran', x)")
    lab.run("k", "k = 1")
    lab.run("b", "x = 2")
    lab.run("rb", "print('ran', x, k)")
    lab.run("a", "x = 10")
    assert (lab.texts("ra"), lab.texts("rb")) == (["ran 10\n"], ["ran 2 1\n"])
    lab.run("k", "k = 5")
    assert lab.texts("rb") == ["ran 2 5\n"]


def test_a_wave_that_re_runs_an_older_definer_leaves_the_newest_value(lab: Lab) -> None:
    lab.run("k", "k = 1")
    lab.run("a", "x = k + 1; print('ran')")
    lab.run("ra", "print('ran', x)")
    lab.run("b", "x = 100")
    lab.run("rb", "print('ran', x)")
    lab.run("k", "k = 5")
    assert lab.texts("ra") == ["ran 6\n"]
    assert lab.texts("rb") == ["ran 100\n"]
    assert lab.ask("x") == 100
    assert lab.run("ask", "x").value == "100"


def test_loop_variables_shared_by_many_cells_make_no_noise(lab: Lab) -> None:
    for n in range(5):
        lab.run(f"c{n}", f"for i in range({n}):\n    pass\nprint('ran')")
    assert [runs(lab, f"c{n}") for n in range(5)] == [1] * 5
    lab.run("c0", "for i in range(9):\n    pass\nprint('ran')")
    assert [runs(lab, f"c{n}") for n in range(5)] == [1] * 5
