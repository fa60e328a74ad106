"""One change propagating: each stale cell once, never before what it depends on."""

import pytest

from akernel_ipy.core.graph import Graph
from akernel_ipy.core.names import analyze
from akernel_ipy.core.wave import Change, State, Status, Wave, merge


def graph_of(*sources, **options):
    """Build a graph of cells ``c0, c1, ...`` run in this order."""
    graph = Graph(**options)
    for number, source in enumerate(sources):
        graph = graph.with_cell(f"c{number}", analyze(source))
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


def test_a_newer_change_cancels_and_restarts_what_it_makes_stale():
    graph = graph_of(*DIAMOND)
    wave = Wave(graph, [Change("c0", ("a",))])
    b, c = wave.ready()
    newer, cancelled = merge(wave, graph, [Change("c0", ("a",))])
    assert set(cancelled) == {b, c}
    assert not newer.settle(b, ["b"])  # the old run's result is dropped
    assert drive(newer) == ["c1", "c2", "c3"]


def test_a_newer_change_leaves_other_running_cells_alone():
    graph = graph_of("a = 1", "b = 1", "p = a", "q = b", "j = p + q")
    wave = Wave(graph, [Change("c0", ("a",))])
    (p,) = wave.ready()
    newer, cancelled = merge(wave, graph, [Change("c1", ("b",))])
    assert cancelled == ()
    (q,) = newer.ready()
    assert newer.settle(q, ["q"])
    assert newer.ready() == ()  # the join waits for both
    assert newer.settle(p, ["p"])
    assert cells(newer.ready()) == ["c4"]


def test_a_cancelled_cell_runs_even_if_the_newer_wave_is_cut_off():
    graph = graph_of("a = 1", "b = 1", "m = b", "j = a + m")
    wave = Wave(graph, [Change("c0", ("a",))])
    wave.ready()
    newer, cancelled = merge(wave, graph, [Change("c1", ("b",))])
    assert cells(cancelled) == ["c3"]
    assert drive(newer, {"c2": ()}) == ["c2", "c3"]


def test_a_cell_run_by_its_user_is_taken_from_the_wave():
    graph = graph_of("a = 1", "b = a", "c = b")
    wave = Wave(graph, [Change("c0", ("a",))])
    (step,) = wave.ready()
    taken = wave.take("c1")
    assert taken.cancelled == step
    assert not wave.settle(step, ["b"])
    assert wave.ready() == ()
    newer, cancelled = merge(wave, graph, [Change("c1", ("b",))])
    assert cells(cancelled) == ["c1"]
    assert drive(newer) == ["c2"]


def test_a_taken_cell_can_settle_in_its_wave():
    graph = graph_of("a = 1", "b = a", "c = b")
    wave = Wave(graph, [Change("c0", ("a",))])
    taken = wave.take("c1")
    assert taken.cancelled is None
    assert wave.ready() == ()
    assert wave.settle(taken.step, ["b"])
    assert cells(wave.ready()) == ["c2"]


def test_a_cell_outside_the_wave_is_not_taken():
    assert Wave(graph_of("a = 1"), [Change("c0", ("a",))]).take("c0") == (None, None)


def test_a_deleted_cell_leaves_the_merged_wave():
    graph = graph_of("a = 1", "b = a", "c = b")
    wave = Wave(graph, [Change("c0", ("a",))])
    steps = wave.ready()
    update = graph.update("c1", None)
    newer, cancelled = merge(wave, update.graph, [Change("c1", rebound=update.rebound)])
    assert cancelled == steps
    assert drive(newer) == ["c2"]


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
