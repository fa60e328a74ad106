"""One change propagating: each stale cell once, never before what it depends on."""

import pytest

from akernel_ipy.core.graph import Graph
from akernel_ipy.core.names import analyze
from akernel_ipy.core.wave import Change, State, Status, Wave


def graph_of(*sources, **options):
    """Build a graph of cells ``c0, c1, ...`` run in this order."""
    graph = Graph(**options)
    for number, source in enumerate(sources):
        graph = graph.update(f"c{number}", analyze(source)).graph
    return graph


def cells(steps):
    return [step.cell for step in steps]


def drive(wave, outcomes=None, last_first=False):
    """Run a wave; an outcome is a status, or the names that changed (default: all defs)."""
    outcomes = outcomes or {}
    ran, running = [], []
    while True:
        running += wave.ready()
        if not running:
            break
        step = running.pop(-1 if last_first else 0)
        ran.append(step.cell)
        outcome = outcomes.get(step.cell, wave.graph.names(step.cell).defs)
        if isinstance(outcome, Status):
            wave.settle(step, status=outcome)
        else:
            mutated = sorted(wave.graph.names(step.cell).mutates)
            wave.settle(step, sorted(outcome), mutated)
    assert wave.done
    return ran


DIAMOND = ("a = 1", "b = a", "c = a", "d = b + c")


def test_a_diamond_runs_each_cell_once_and_the_join_last():
    assert drive(Wave(graph_of(*DIAMOND), [Change("c0", ("a",))])) == ["c1", "c2", "c3"]


def test_independent_cells_start_together():
    wave = Wave(graph_of(*DIAMOND), [Change("c0", ("a",))])
    one, two = wave.ready()
    assert wave.ready() == ()
    wave.settle(two, ["c"])
    assert wave.ready() == ()
    wave.settle(one, ["b"])
    assert cells(wave.ready()) == ["c3"]


def test_a_step_says_which_names_made_it_stale():
    wave = Wave(graph_of(*DIAMOND), [Change("c0", ("a",))])
    for step in wave.ready():
        assert step.because == (("a", "c0"),)
        wave.settle(step, wave.graph.names(step.cell).defs)
    assert wave.ready()[0].because == (("b", "c1"), ("c", "c2"))


def test_a_name_says_more_than_an_edit_or_a_debt():
    graph = graph_of("a = b + 1")
    update = graph.update("c1", analyze("b = 2"))
    state = Wave(graph, [Change("c0", status=Status.PENDING)]).state
    wave = Wave(update.graph, [Change("c1", ("b",), rebound=update.rebound)], state)
    assert wave.ready()[0].because == (("b", "c1"),)


def test_only_the_readers_of_what_changed_run():
    graph = graph_of("a, b = 1, 2", "x = a", "y = b")
    assert drive(Wave(graph, [Change("c0", ("b",))])) == ["c2"]
    assert drive(Wave(graph, [Change("c0")])) == []


def test_a_cell_that_changes_nothing_cuts_the_wave_off():
    wave = Wave(graph_of("a = 1", "b = a", "c = b", "d = c"), [Change("c0", ("a",))])
    assert drive(wave, {"c1": ()}) == ["c1"]
    assert wave.status["c3"] is Status.CUT


def test_a_cut_input_does_not_stop_a_join_with_another_change():
    wave = Wave(graph_of(*DIAMOND), [Change("c0", ("a",))])
    assert drive(wave, {"c1": ()}) == ["c1", "c2", "c3"]


def test_a_failure_blocks_its_descendants_only_and_is_blamed():
    graph = graph_of("a = 1", "b = a", "c = a", "d = b", "e = d", "f = c")
    wave = Wave(graph, [Change("c0", ("a",))])
    assert drive(wave, {"c1": Status.FAILED}) == ["c1", "c2", "c5"]
    assert wave.blamed == {"c3": "c1", "c4": "c1"}
    assert wave.status["c1"] is Status.FAILED


def test_a_pending_cell_blocks_like_a_failing_one():
    wave = Wave(graph_of("a = 1", "b = a", "c = b"), [Change("c0", ("a",))])
    assert drive(wave, {"c1": Status.PENDING}) == ["c1"]
    assert wave.state.trouble("c1").status is Status.PENDING
    assert wave.blamed == {"c2": "c1"}


TWO_INPUTS = ("a = 1", "b = 1", "p = a", "q = b", "j = p + q", "k = j")


def test_a_join_does_not_run_through_its_other_input_until_the_failed_one_succeeds():
    graph = graph_of(*TWO_INPUTS)
    wave = Wave(graph, [Change("c0", ("a",))])
    assert drive(wave, {"c2": Status.FAILED}) == ["c2"]
    wave = Wave(graph, [Change("c1", ("b",))], wave.state)
    assert drive(wave) == ["c3"]
    assert wave.blamed == {"c4": "c2", "c5": "c2"}
    wave = Wave(graph, [Change("c0", ("a",))], wave.state)
    assert drive(wave, {"c2": ()}) == ["c2", "c4", "c5"]  # the join owed a run
    assert wave.state.trouble("c4") is None


def test_a_failed_origin_blocks_later_waves_and_its_success_lets_them_pass():
    graph = graph_of("a = 1", "b = 1", "j = a + b")
    state = Wave(graph, [Change("c0", status=Status.FAILED)]).state
    wave = Wave(graph, [Change("c1", ("b",))], state)
    assert drive(wave) == []
    assert wave.blamed == {"c2": "c0"}
    assert drive(Wave(graph, [Change("c0")], wave.state)) == ["c2"]


def test_what_an_edit_rebinds_runs():
    graph = graph_of("a = 1", "b = a")
    update = graph.update("c0", analyze("z = 1"))
    wave = Wave(update.graph, [Change("c0", ("z",), rebound=update.rebound)])
    assert drive(wave, {"c1": Status.PENDING}) == ["c1"]


def test_a_deleted_cell_can_begin_a_wave():
    update = graph_of("a = 1", "b = a").update("c0", None)
    assert drive(Wave(update.graph, [Change("c0", rebound=update.rebound)])) == ["c1"]


# -- redefinition and mutation -----------------------------------------------------------------

CHAIN = ("df = load()", "df.shape", "df = clean(df)", "df.plot()")


def test_a_redefiner_runs_after_the_readers_of_the_older_value_and_before_its_own():
    graph = graph_of(*CHAIN)
    for last_first in (False, True):
        wave = Wave(graph, [Change("c0", ("df",))])
        assert drive(wave, last_first=last_first) == ["c1", "c2", "c3"]


def test_an_indirect_redefiner_runs_after_the_readers_of_the_older_value():
    graph = graph_of("x = 1", "y = x", "p = x + k", "k = 1", "x = y", "print(x)")
    wave = Wave(graph, [Change("c0", ("x",))])
    assert drive(wave, last_first=True) in (["c2", "c1", "c4", "c5"], ["c1", "c2", "c4", "c5"])


def test_a_mutator_runs_before_the_other_readers():
    graph = graph_of("x = []", "print(x)", "x.append(1)", "x.append(2)", "print(x, 2)")
    wave = Wave(graph, [Change("c0", ("x",))])
    assert drive(wave, last_first=True)[:2] == ["c2", "c3"]
    assert set(wave.status) == {"c1", "c2", "c3", "c4"}


def test_a_mutation_runs_the_other_readers_but_neither_definer_nor_mutators():
    graph = graph_of("x = []", "print(x)", "x.append(1)", "x.append(2)", "y = x[0]", "z = y")
    wave = Wave(graph, [Change("c2", mutated=("x",))])
    assert drive(wave) == ["c1", "c4", "c5"]


def test_a_mutation_that_nothing_foretold_runs_readers_that_have_not_run():
    graph = graph_of("x = []\na = 1", "f(x, a)", "print(x)", "y = len(x) + a", "z = y")
    wave = Wave(graph, [Change("c0", ("a",))])
    first, second = wave.ready()
    assert cells([first, second]) == ["c1", "c3"]
    wave.settle(first, mutated=["x"])
    assert cells(wave.ready()) == ["c2"]  # c3 is running: it is left alone
    wave.settle(second, ["y"])
    assert cells(wave.ready()) == ["c4"]


def test_a_module_is_never_mutated():
    graph = graph_of("import sys", "sys.x = 1", "print(sys)")
    assert drive(Wave(graph, [Change("c1", mutated=("sys",))])) == []


# -- functions that use each other -------------------------------------------------------------


def test_mutual_recursion_over_two_cells_runs_each_once_before_the_caller():
    graph = graph_of(
        "k = 1", "def even(n): return n == 0 or odd(n - k)", "def odd(n): return even(n - 1)",
        "even(4)", "odd(3)",
    )  # fmt: skip
    for last_first in (False, True):
        ran = drive(Wave(graph, [Change("c0", ("k",))]), last_first=last_first)
        assert sorted(ran[:2]) == ["c1", "c2"]
        assert sorted(ran[2:]) == ["c3", "c4"]


def test_a_cell_that_feeds_the_function_it_calls_does_not_wait_for_itself():
    graph = graph_of("u = 1", "def f(): return x", "x = u; f()", "y = f()")
    assert drive(Wave(graph, [Change("c0", ("u",))])) == ["c1", "c2", "c3"]


# -- superseding -------------------------------------------------------------------------------


def test_a_newer_change_supersedes_and_restarts_what_it_makes_stale():
    wave = Wave(graph_of(*DIAMOND), [Change("c0", ("a",))])
    b, c = wave.ready()
    wave.change(Change("c0", ("a",)))
    assert set(wave.superseded()) == {b, c}
    assert wave.superseded() == ()
    assert not wave.settle(b, ["b"])  # the old run's result is dropped
    assert drive(wave) == ["c1", "c2", "c3"]


def test_a_newer_change_leaves_other_running_cells_alone():
    graph = graph_of("a = 1", "b = 1", "p = a", "q = b", "j = p + q")
    wave = Wave(graph, [Change("c0", ("a",))])
    (p,) = wave.ready()
    wave.change(Change("c1", ("b",)))
    assert wave.superseded() == ()
    (q,) = wave.ready()
    assert wave.settle(q, ["q"])
    assert wave.ready() == ()  # the join waits for both
    assert wave.settle(p, ["p"])
    assert cells(wave.ready()) == ["c4"]


RUNS_TOO_EARLY = ("a = 1", "b = 1", "m = b", "j = a + m", "k = j")


@pytest.mark.parametrize("join_first", [False, True])
def test_a_running_cell_goes_on_while_it_is_not_known_whether_its_other_input_changes(join_first):
    wave = Wave(graph_of(*RUNS_TOO_EARLY), [Change("c0", ("a",))])
    (join,) = wave.ready()
    wave.change(Change("c1", ("b",)))
    (m,) = wave.ready()
    if join_first:
        assert wave.settle(join, ["j"])
        assert wave.ready() == ()  # its reader waits: the join may have to run again
        wave.settle(m)
    else:
        wave.settle(m)
        assert wave.settle(join, ["j"])
    assert wave.superseded() == ()
    assert cells(wave.ready()) == ["c4"]


@pytest.mark.parametrize("join_first", [False, True])
def test_a_running_cell_runs_again_if_its_other_input_has_changed(join_first):
    wave = Wave(graph_of(*RUNS_TOO_EARLY), [Change("c0", ("a",))])
    (join,) = wave.ready()
    wave.change(Change("c1", ("b",)))
    (m,) = wave.ready()
    if join_first:
        wave.settle(join, ["j"])
    wave.settle(m, ["m"])
    assert wave.superseded() == (() if join_first else (join,))
    assert drive(wave) == ["c3", "c4"]


def test_a_deleted_cell_leaves_the_wave():
    graph = graph_of("a = 1", "b = a", "c = b")
    wave = Wave(graph, [Change("c0", ("a",))])
    steps = wave.ready()
    update = graph.update("c1", None)
    wave.update(update.graph, ["c1"])
    wave.change(Change("c1", rebound=update.rebound))
    assert wave.superseded() == steps
    assert drive(wave) == ["c2"]


# -- what the user asks for --------------------------------------------------------------------


def ask(wave, cell):
    """Ask for a cell that can start at once."""
    wave.ask(cell)
    (step,) = wave.ready()
    assert (step.cell, step.asked) == (cell, True)
    return step


def test_what_the_user_asks_for_runs_without_a_reason_and_then_its_readers():
    wave = Wave(graph_of("a = 1", "b = a", "c = b"))
    step = ask(wave, "c1")
    assert step.because == ()
    wave.settle(step, ["b"])
    assert drive(wave) == ["c2"]


def test_what_the_user_asks_for_waits_for_what_it_reads_from():
    wave = Wave(graph_of("a = 1", "b = a", "c = b"), [Change("c0", ("a",))])
    wave.ask("c2")
    assert drive(wave, {"c1": ()}) == ["c1", "c2"]  # it isn't cut off


def test_what_the_user_asks_for_runs_although_an_input_failed():
    wave = Wave(graph_of("a = 1", "b = a", "c = b"), [Change("c0", ("a",))])
    wave.ask("c2")
    assert drive(wave, {"c1": Status.FAILED}) == ["c1", "c2"]
    assert wave.blamed == {}


def test_a_cell_that_the_user_asks_for_is_taken_from_the_wave():
    wave = Wave(graph_of("a = 1", "b = a", "c = b"), [Change("c0", ("a",))])
    (older,) = wave.ready()
    step = ask(wave, "c1")
    assert wave.superseded() == (older,)
    assert not wave.settle(older, ["b"])
    assert wave.settle(step, ["b"])
    assert cells(wave.ready()) == ["c2"]


def test_a_change_lets_a_run_of_the_users_go_on_and_runs_the_cell_once_more():
    wave = Wave(graph_of("a = 1", "b = a", "c = b"))
    step = ask(wave, "c1")
    wave.change(Change("c0", ("a",)))
    assert (wave.superseded(), wave.ready()) == ((), ())
    assert wave.settle(step, ["b"])
    assert drive(wave) == ["c1", "c2"]


def test_two_that_the_user_asks_for_run_at_once_if_neither_reads_from_the_other():
    wave = Wave(graph_of("a = 1", "b = 1", "c = a + b"))
    first, second = ask(wave, "c0"), ask(wave, "c1")
    wave.settle(first, ["a"])
    assert wave.ready() == ()
    wave.settle(second, ["b"])
    assert drive(wave) == ["c2"]


def test_a_reader_waits_for_a_cell_between_it_and_what_the_user_asked_for():
    wave = Wave(graph_of("a = 1", "b = a", "c = b"))
    step = ask(wave, "c0")
    wave.ask("c2")
    assert wave.ready() == ()
    assert wave.settle(step, ["a"])
    assert drive(wave) == ["c1", "c2"]


def test_what_the_user_asks_for_does_not_wait_for_running_cells_that_it_only_comes_after():
    wave = Wave(graph_of("x = []", "print(x)", "x.append(1)", linear=True))
    ask(wave, "c1")
    ask(wave, "c2")


def test_a_failure_of_what_the_user_asked_for_leaves_the_readers_as_they_are():
    wave = Wave(graph_of("a = 1", "b = a", "c = b"))
    wave.settle(ask(wave, "c0"), status=Status.FAILED)
    assert drive(wave) == []
    assert wave.blamed == {}
    wave.settle(ask(wave, "c0"))  # the value it had before
    assert drive(wave) == ["c1", "c2"]


def test_the_readers_of_a_cell_that_waits_for_names_wait_too():
    wave = Wave(graph_of("a = 1", "b = a"))
    wave.settle(ask(wave, "c0"), status=Status.PENDING)
    assert drive(wave) == []
    assert wave.blamed == {"c1": "c0"}


def test_a_request_that_is_withdrawn_counts_as_failed():
    wave = Wave(graph_of("a = 1", "b = a", "c = b"), [Change("c0", ("a",))])
    wave.ask("c2")
    (step,) = wave.ready()
    wave.withdraw("c2")
    wave.settle(step, ["b"])
    assert wave.ready() == ()
    assert wave.done
    assert wave.state.trouble("c2").status is Status.FAILED


def test_a_mutation_by_the_users_cell_runs_readers_that_have_run_in_this_wave():
    wave = Wave(graph_of("x = []", "f(x)", "print(x)", "k = 1"))
    endless = ask(wave, "c3")
    wave.settle(ask(wave, "c2"))
    wave.settle(ask(wave, "c1"), mutated=["x"])
    assert cells(wave.ready()) == ["c2"]
    assert wave.settle(endless)


def test_what_is_needed_are_the_unfinished_cells_before_others():
    graph = graph_of("a = 1", "b = a", "c = a", "d = b", "e = c")
    wave = Wave(graph, [Change("c0", ("a",))])
    assert wave.needed(["c3"]) == {"c1", "c3"}


# -- cost --------------------------------------------------------------------------------------


def wave_of_chain(length, others=0):
    sources = ["x0 = 1", *(f"x{i} = x{i - 1} + 1" for i in range(1, length))]
    graph = graph_of(*sources, *(f"y{i} = 1" for i in range(others)))
    return Wave(graph, [Change("c0", ("x0",))])


def wave_of_fan(length):
    graph = graph_of("x = 1", *(f"y{i} = x" for i in range(length - 1)))
    return Wave(graph, [Change("c0", ("x",))])


@pytest.mark.parametrize("shape", [wave_of_chain, wave_of_fan])
def test_the_cost_grows_with_the_stale_part_alone(shape):
    costs = {}
    for length in (100, 1000):
        wave = shape(length)
        assert len(drive(wave)) == length - 1
        costs[length] = wave.operations
    assert costs[1000] <= 11 * costs[100]
    assert costs[1000] <= 12_000


def test_cells_outside_cost_nothing():
    few, many = wave_of_chain(50), wave_of_chain(50, others=500)
    drive(few)
    drive(many)
    assert few.operations == many.operations


def test_a_chain_of_5000_cells_needs_no_deep_recursion():
    wave = wave_of_chain(5000)
    assert len(drive(wave)) == 4999


def test_an_empty_wave_is_done():
    wave = Wave(Graph(), [], State())
    assert wave.ready() == ()
    assert wave.done
