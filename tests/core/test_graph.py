"""Who reads what from whom."""

import os
import subprocess
import sys

import pytest

from akernel_ipy.core.graph import Edge, Graph, Map
from akernel_ipy.core.names import EMPTY, analyze


def updates(*sources, **options):
    """Run cells ``c0, c1, ...`` in this order; a pair gives the cell's number."""
    graph, update = Graph(**options), None
    for number, source in enumerate(sources):
        cell, text = source if isinstance(source, tuple) else (number, source)
        update = graph.update(f"c{cell}", None if text is None else analyze(text))
        graph = update.graph
    return update


def graph_of(*sources, **options):
    return updates(*sources, **options).graph


def test_a_reader_is_a_child_of_the_definer():
    graph = graph_of("a = 1", "b = a", "c = a + b")
    assert graph.parents("c2") == ("c0", "c1")
    assert graph.children("c0") == ("c1", "c2")
    assert graph.edges("c2") == (Edge("c0", "c2", ("a",)), Edge("c1", "c2", ("b",)))
    assert str(graph.edges("c1")[0]) == "c0 -> c1 (a)"
    assert graph.sources("c2") == {"a": "c0", "b": "c1"}
    assert [graph.is_read(cell, "a") for cell in ("c0", "c1")] == [True, False]


def test_cells_are_told_in_order_of_appearance():
    graph = graph_of("a = 1", "b = 1", (0, "a = 2"))
    assert graph.cells == ("c0", "c1")
    assert len(graph) == 2
    assert "c0" in graph
    assert "c9" not in graph


def test_an_update_leaves_the_older_graph_alone():
    old = graph_of("a = 1", "b = a")
    new = old.update("c0", None).graph
    assert old.children("c0") == ("c1",)
    assert new.children("c0") == ()
    assert new.parents("c1") == ()


def test_an_unknown_cell_has_no_names_and_no_edges():
    graph = Graph()
    assert graph.names("x") is EMPTY
    assert (graph.parents("x"), graph.children("x"), graph.edges("x")) == ((), (), ())
    assert (graph.missing("x"), graph.unmet("x"), graph.sources("x")) == ((), (), {})
    assert graph.update("x", None).graph is graph


# -- pending -------------------------------------------------------------------------------------


def test_a_name_that_nobody_defines_is_missing():
    graph = graph_of("a = b + c")
    assert graph.missing("c0") == ("b", "c")
    assert graph.missing("c0", {"c"}) == ("b",)


def test_a_definer_ends_the_wait_and_gets_the_reader_as_child():
    update = updates("a = b + 1", "b = 2")
    assert update.graph.missing("c0") == ()
    assert update.graph.children("c1") == ("c0",)
    assert update.rebound == ("c0",)


def test_builtins_and_soft_names_are_never_missing():
    graph = graph_of("print(x)\ntry: cfg\nexcept NameError: cfg = 1")
    assert graph.missing("c0") == ("x",)


def test_a_builtin_makes_an_edge_if_a_cell_defines_it():
    graph = graph_of("list(x)", "list = tuple")
    assert graph.source("c0", "list") == "c1"


def test_a_soft_name_makes_an_edge_if_a_cell_defines_it():
    graph = graph_of("get_ipython().system('ls $d')", "d = 1")
    assert graph.children("c1") == ("c0",)


def test_a_function_waits_for_its_names_only_when_called():
    graph = graph_of("def f(): return x", "f()")
    assert graph.missing("c0") == ("x",)
    assert graph.missing("c0", deferred=False) == ()
    assert graph.unmet("c0") == ()
    assert graph.unmet("c1") == ("x",)
    assert graph_of("def f(): return x", "f()", "x = 1").unmet("c1") == ()
    assert graph_of("def f(): return x", "x = 1; f()").unmet("c1") == ()


def test_functions_of_several_cells_hand_their_needs_on():
    graph = graph_of("def f(): return g()", "def g(): return x + y", "f()", "x = 1")
    assert graph.unmet("c2") == ("y",)
    assert graph.unmet("c2", {"y"}) == ()


# -- redefinition --------------------------------------------------------------------------------


def test_the_newest_definer_owns_a_name():
    graph = graph_of("x = 1", "y = x", "x = 2")
    assert graph.owner("x") == "c2"
    assert graph.definers("x") == ("c0", "c2")
    assert graph.parents("c1") == ("c2",)


def test_running_an_older_definer_again_makes_it_the_newest():
    graph = graph_of("x = 1", "y = x", "x = 2", (0, "x = 3"))
    assert graph.owner("x") == "c0"
    assert graph.parents("c1") == ("c0",)


CHAIN = ("df = load()", "df.shape", "df = clean(df)", "df.plot()")


def test_a_redefiner_stands_between_the_definer_and_the_later_readers():
    graph = graph_of(*CHAIN)
    assert graph.children("c0") == ("c1", "c2")
    assert graph.children("c2") == ("c3",)


def test_running_the_definer_of_a_chain_again_changes_no_edge():
    graph = graph_of(*CHAIN, (0, "df = load()"))
    assert graph.children("c0") == ("c1", "c2")
    assert graph.children("c2") == ("c3",)
    assert graph.owner("df") == "c2"


def test_two_redefiners_follow_each_other():
    graph = graph_of("x = 1", "x = x + 1", "x = x * 2", "y = x", (1, "x = x + 5"))
    assert [graph.source(f"c{n}", "x") for n in (1, 2, 3)] == ["c0", "c1", "c2"]
    assert graph.owner("x") == "c2"


def test_a_chain_moves_as_a_whole_when_its_definer_runs_again():
    graph = graph_of("x = 1", "x = x + 1", "x = 5", "y = x", (0, "x = 2"))
    assert graph.definers("x") == ("c2", "c0", "c1")
    assert graph.source("c3", "x") == "c1"


def test_a_redefiner_run_on_a_newer_value_reads_that():
    graph = graph_of("x = 1", "x = x + 1", "x = 5", (1, "x = x + 1"))
    assert graph.definers("x") == ("c0", "c2", "c1")
    assert graph.source("c1", "x") == "c2"


def test_a_redefiner_that_came_first_follows_its_definer():
    graph = graph_of("x = x + 1", "x = 1", "y = x")
    assert graph.definers("x") == ("c1", "c0")
    assert graph.source("c0", "x") == "c1"
    assert graph.source("c2", "x") == "c0"


def test_a_reader_run_again_reads_the_newest_value():
    graph = graph_of(*CHAIN, (1, "df.shape"))
    assert graph.source("c1", "df") == "c2"


def test_a_reader_that_keeps_a_name_goes_on_reading_the_older_value():
    graph = graph_of(*CHAIN)
    again = graph.update("c1", analyze("df.size"), {"df"}).graph
    assert again.source("c1", "df") == "c0"
    assert graph.update("c3", analyze("df.show()"), {"df"}).graph.source("c3", "df") == "c2"


@pytest.mark.parametrize("edit", ["mean = df.mean()", "mean = df.median() + 1"])
@pytest.mark.parametrize("last", ["df = df - mean", "tmp = mean; df = tmp"])
def test_a_reader_run_again_does_not_read_from_a_cell_that_needs_it(edit, last):
    update = updates("df = load()", "mean = df.mean()", last, (1, edit))
    assert update.cycle is None
    assert update.graph.source("c1", "df") == "c0"


def test_a_cell_edited_to_read_a_name_reads_it_from_where_that_closes_no_cycle():
    update = updates("x = 1", "x = 2", "y = 1", "x = x + y", (2, "y = x"))
    assert update.cycle is None
    assert update.graph.source("c2", "x") == "c1"


def test_a_redefiner_edited_into_a_plain_definer_takes_the_readers():
    graph = graph_of("x = 1", "a = x", "x = x + 1", (2, "x = 7"))
    assert graph.source("c1", "x") == "c2"


@pytest.mark.parametrize("source", ["x += 1", "x = x + 1"])
def test_an_increment_in_its_own_cell_reads_from_nobody_and_is_no_cycle(source):
    update = updates((0, "x = 1"), (0, source))
    assert update.cycle is None
    assert update.graph.parents("c0") == ()
    assert update.vanished == ()


def test_in_a_linear_graph_a_new_definer_leaves_older_readers_where_they_are():
    sources = ("x = 1", "a = x", "x = 2", "b = x")
    graph = graph_of(*sources, linear=True)
    assert (graph.source("c1", "x"), graph.source("c3", "x")) == ("c0", "c2")
    graph = graph_of(*sources, linear=False)
    assert (graph.source("c1", "x"), graph.source("c3", "x")) == ("c2", "c2")


def test_in_a_linear_graph_a_reader_that_came_first_follows_the_newest():
    graph = graph_of("a = x", "x = 1", "x = 2", linear=True)
    assert graph.source("c0", "x") == "c2"


def test_a_value_that_is_no_longer_in_the_namespace_is_told():
    graph = graph_of(*CHAIN)
    assert graph.displaced("c1") == (("df", "c0"),)
    assert graph.displaced("c2") == (("df", "c0"),)
    assert graph.displaced("c3") == ()


def test_clashes_are_told_before_they_happen():
    graph = graph_of("x = 1", "y = 1")
    assert graph.clashes("c9", analyze("x = 2; y = y + 1; z = 1")) == {"x": "c0"}
    assert graph.clashes("c0", analyze("x = 2")) == {}


def test_a_cell_that_redefines_by_way_of_others_stands_between_too():
    graph = graph_of("df = load()", "tmp = df.dropna()", "df = tmp.copy()", "df.plot()")
    assert graph.source("c1", "df") == "c0"
    assert graph.source("c3", "df") == "c2"
    assert graph.follows("c2", "df") == "c0"
    again = graph.update("c0", graph.names("c0")).graph
    assert again.owner("df") == "c2"
    assert again.source("c3", "df") == "c2"


def test_an_indirect_redefiner_may_be_edited_into_a_plain_one():
    graph = graph_of("x = 1", "y = x", "x = y", (2, "x = 5"))
    assert graph.follows("c2", "x") is None
    assert graph.source("c1", "x") == "c2"


# -- edits and deletions -------------------------------------------------------------------------


def test_a_name_no_longer_defined_vanishes_and_its_readers_miss_it():
    update = updates("x = 1", "y = x", (0, "z = 1"))
    assert update.vanished == ("x",)
    assert update.rebound == ("c1",)
    assert update.graph.missing("c1") == ("x",)


def test_an_old_owner_does_not_delete_the_newer_owners_value():
    update = updates("x = 1", "x = 2", "y = x", (0, "z = 1"))
    assert update.vanished == ()
    assert update.rebound == ()
    assert update.graph.owner("x") == "c1"


def test_an_older_definer_takes_over_when_the_owner_goes():
    update = updates("x = 1", "x = 2", "y = x", (1, None))
    assert update.vanished == ("x",)
    assert update.graph.owner("x") == "c0"
    assert update.graph.source("c2", "x") == "c0"


def test_a_deleted_cell_is_a_cell_without_code():
    graph = graph_of("x = 1", "y = x")
    gone, empty = graph.update("c0", None), graph.update("c0", EMPTY)
    assert (gone.vanished, gone.rebound) == (empty.vanished, empty.rebound) == (("x",), ("c1",))
    assert "c0" not in gone.graph
    assert "c0" in empty.graph


def test_readers_of_a_deleted_definer_turn_to_its_redefiner():
    update = updates("x = 1", "print(x)", "x = x + 1", (0, None))
    assert update.vanished == ()
    assert update.graph.source("c1", "x") == "c2"
    assert update.graph.source("c2", "x") is None


def test_a_reader_that_feeds_the_redefiner_does_not_turn_to_it():
    update = updates("x = 1", "y = x", "x = y", (0, None))
    assert update.cycle is None
    assert update.graph.source("c1", "x") is None


def test_a_redefiner_whose_definer_goes_reads_from_the_one_before():
    graph = graph_of("x = 1", "x = x + 1", "x = x * 2", (1, None))
    assert graph.source("c2", "x") == "c0"


# -- cycles --------------------------------------------------------------------------------------


def test_a_cycle_names_cells_and_names():
    update = updates("a = b", "b = c", "c = a")
    assert update.cycle.cells == ("c2", "c1", "c0")
    assert update.cycle.names == ("c", "b", "a")
    assert str(update.cycle) == "c1 reads `c` of c2, c0 reads `b` of c1, c2 reads `a` of c0"


# cells, whether the last one closes a cycle
CYCLES = [
    (("a = b", "b = a"), True),
    (("a = b", "b = 1"), False),
    (("def f(): return g()", "def g(): return f()"), False),
    (("def f(): return g()", "def g(): return f()", "f()"), False),
    (("def f(): return f()",), False),
    (("def f(): return x", "x = 1; f()"), False),
    (("def f(): return x", "x = f()"), True),
    (("def f(): return x", "x = f(); y = 1"), True),
    (("def f(): return x", "y = f()", "x = y"), True),
    (("def f(): return g()", "def g(): return x", "x = f()"), True),
    (("def f(): return g()", "def g(): return x", "x = 1; f()"), False),
    (("def f(): return x\na = f()", "x = a"), True),
    (("def f(a=g()): pass", "def g(a=f()): pass"), True),
    (("x = 1", "x = x + 1", "y = x", "x = y"), False),
    (("x += 1",), False),
    (("a = b", "b = c", "c = 1", (2, "c = a")), True),
    (("a = b", "b = a", (1, "b = 1")), False),
    (("x = 1", "y = x", "z = y", (0, "x = z")), True),
]


@pytest.mark.parametrize(("sources", "expected"), CYCLES)
def test_a_cycle_is_what_no_order_can_run(sources, expected):
    assert (updates(*sources).cycle is not None) is expected


def test_the_graph_before_the_cycle_can_be_kept():
    graph = graph_of("a = b")
    assert graph.update("c1", analyze("b = a")).cycle is not None
    assert graph.update("c1", analyze("b = 1")).cycle is None


# -- size ----------------------------------------------------------------------------------------


def test_a_map_shares_and_never_changes():
    small = Map().set("a", 1)
    big = small
    for number in range(500):
        big = big.set(str(number), number)
    assert (len(small), len(big)) == (1, 501)
    assert (big.get("a"), big.get("499"), big.get("none")) == (1, 499, None)
    assert "7" in big
    less = big.without("7").without("none")
    assert (len(less), "7" in less, "7" in big) == (500, False, True)
    assert sorted(less) == sorted(key for key in big if key != "7")


@pytest.mark.parametrize("order", [1, -1])
def test_a_graph_of_a_long_chain_is_built_without_recursion(order):
    sources = [(n, f"x{n} = x{n - 1}") for n in range(5000)][::order]
    graph = graph_of(*sources)
    assert graph.parents("c4999") == ("c4998",)
    assert graph.update("c0", analyze("x0 = x4999")).cycle is not None


PROGRAM = """
from akernel_ipy.core.graph import Graph
from akernel_ipy.core.names import analyze
from akernel_ipy.core.wave import Change, Wave
graph = Graph()
sources = ["a, b, c = 1, 2, 3", *(f"x{i} = a + b + x{i // 2 - 1}" for i in range(200)), "p = q"]
for number, source in enumerate(sources):
    update = graph.update(f"c{number}", analyze(source))
    graph = update.graph
print(graph.children("c0"), graph.edges("c150"), graph.missing("c200"))
wave = Wave(graph, [Change("c0", ("a", "c"))])
while steps := wave.ready():
    print([(step.cell, step.because) for step in steps])
    for step in steps:
        wave.settle(step, graph.names(step.cell).defs)
print(graph.update("c0", analyze("a = x199")).cycle)
"""


def test_no_order_depends_on_the_hash_seed():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
