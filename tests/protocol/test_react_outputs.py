"""react: everything that a re-run cell shows is replaced in place."""

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


def test_streams_displays_and_result_are_replaced(lab: Lab) -> None:
    code = (
        "import sys\nprint('out', a)\nprint('err', a, file=sys.stderr)\n"
        "display(f'shown {a}')\nprint('more', a)\na * 2"
    )
    lab.run("a", "a = 1")
    lab.run("b", code)
    kinds = lab.kinds("b")
    lab.run("a", "a = 5")
    assert lab.texts("b") == ["out 5\n", "err 5\n", "'shown 5'", "more 5\n", "10"]
    assert lab.kinds("b") == kinds


def test_the_error_of_a_cell_that_is_run_again_names_that_cell(lab: Lab) -> None:
    lab.run("a", "a = 1")
    number = lab.run("b", "1 / a").count
    lab.run("a", "a = 0")
    [error] = lab.outputs("b")
    assert f"In[{number}]" in "".join(error["traceback"])


def test_an_error_is_replaced_by_a_result_and_a_result_by_an_error(lab: Lab) -> None:
    lab.run("a", "a = 0")
    lab.run("b", "1 / a")
    assert lab.kinds("b") == ["error"]
    lab.run("a", "a = 2")
    assert lab.texts("b") == ["0.5"]
    lab.run("a", "a = 0")
    assert lab.kinds("b") == ["error"]


def test_a_re_run_without_output_empties_its_cell(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "if a:\n    print('once')\n    display('twice')")
    lab.run("a", "a = 0")
    assert lab.outputs("b") == []
    lab.run("a", "a = 1")
    assert lab.texts("b") == ["once\n", "'twice'"]


def test_a_re_run_that_only_clears_its_output_empties_its_cell(lab: Lab) -> None:
    lab.run("i", "from IPython.display import clear_output")
    lab.run("a", "a = 1")
    lab.run("b", "print('x', a)\nif a == 2: clear_output()")
    lab.run("a", "a = 2")
    assert lab.outputs("b") == []


def test_a_re_run_may_clear_and_go_on(lab: Lab) -> None:
    lab.run("i", "from IPython.display import clear_output")
    lab.run("a", "a = 1")
    lab.run("b", "for n in range(3):\n    clear_output(wait=True)\n    print(n, a)")
    lab.run("a", "a = 2")
    assert lab.texts("b") == ["2 2\n"]


def test_rich_results_are_replaced_with_all_their_types(lab: Lab) -> None:
    lab.run("i", "from IPython.display import HTML")
    lab.run("a", "a = 1")
    lab.run("b", "HTML(f'<b>{a}</b>')")
    lab.run("a", "a = 2")
    [output] = lab.outputs("b")
    assert output["data"]["text/html"] == "<b>2</b>"


def test_a_display_with_an_id_of_the_users_is_replaced(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "handle = display(a, display_id='mine')")
    lab.run("c", "a; handle.update(a * 100)")
    assert lab.texts("b") == ["100"]
    lab.run("a", "a = 2")
    assert lab.texts("b") == ["200"]
    assert lab.outputs("c") == []


def test_the_number_of_a_re_run_cell_stays(lab: Lab) -> None:
    lab.run("a", "a = 1")
    b = lab.run("b", "a + 1")
    cause = lab.run("a", "a = 2")
    [output] = lab.outputs("b")
    assert output["execution_count"] == b.count
    assert cause.count == b.count + 1
    assert lab.run("c", "0").count == cause.count + 1


def test_out_and_underscores_hold_what_the_cell_now_shows(lab: Lab) -> None:
    lab.run("a", "a = 1")
    b = lab.run("b", "a + 1")
    lab.run("a", "a = 10")
    assert lab.ask(f"Out[{b.count}]") == 11
    assert lab.ask(f"_{b.count}") == 11
    assert lab.ask("len(In)") == lab.run("c", "'in'").count


def test_the_history_keeps_only_what_the_cell_now_shows(lab: Lab) -> None:
    lab.run("a", "a = 1")
    b = lab.run("b", "a + 1")
    lab.run("a", "a = 10")
    lab.run("a", "a = 20")
    kept = f"get_ipython().history_manager.outputs[{b.count}]"
    assert lab.ask(f"[output.bundle for output in {kept}]") == [{"text/plain": "21"}]


def test_a_semicolon_silences_its_own_cell_in_re_runs_too(lab: Lab) -> None:
    lab.run("a", "a = 1;")
    lab.run("quiet", "a + 1;")
    lab.run("loud", "a + 2")
    lab.run("a", "a = 5;")
    assert (lab.texts("quiet"), lab.texts("loud")) == ([], ["7"])
    lab.run("a", "a = 6")
    assert (lab.texts("quiet"), lab.texts("loud")) == ([], ["8"])


def test_a_figure_is_replaced_by_one_figure(lab: Lab) -> None:
    lab.run("i", "%matplotlib inline\nimport matplotlib.pyplot as plt")
    lab.run("a", "a = 1")
    lab.run("b", "plt.plot([0, a]);")
    [first] = lab.outputs("b")
    lab.run("a", "a = 2")
    [second] = lab.outputs("b")
    assert second["data"].keys() == first["data"].keys()
    lab.run("c", "fig, ax = plt.subplots()\nax.plot([a, a + 1])\nax.set_title('t');")
    lab.run("a", "a = 3")
    assert [len(lab.outputs(cell)) for cell in "bc"] == [1, 1]


def test_a_figure_that_another_cell_draws_on_shows_where_it_is_asked_for(lab: Lab) -> None:
    lab.run("i", "%matplotlib inline\nimport matplotlib.pyplot as plt")
    lab.run("f", "fig, ax = plt.subplots()")
    lab.run("d", "ax.plot([1, 2]); fig")
    assert lab.kinds("d") == ["execute_result"]


def test_a_cell_that_was_emptied_keeps_its_place_for_later_outputs(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "for n in range(a): print(n)")
    for value, shown in ((0, ""), (2, "0\n1\n"), (0, ""), (1, "0\n")):
        lab.run("a", f"a = {value}")
        assert lab.text("b") == shown


def test_a_task_started_in_a_re_run_prints_into_its_cell(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run(
        "b",
        "async def later():\n    await asyncio.sleep(0.01)\n    print('later', a)\n"
        "task = asyncio.create_task(later())\nprint('now', a)",
    )
    lab.wait_text("b", "now 1\nlater 1\n")
    lab.run("a", "a = 2")
    lab.wait_text("b", "now 2\nlater 2\n")


def test_two_clients_see_their_own_cells_replaced(lab: Lab, kernel: Kernel) -> None:
    theirs = Lab(kernel.client())
    lab.run("a", "a = 1")
    theirs.run("b", "a + 1")
    cause = lab.run("a", "a = 2")
    assert cause.of("update_display_data") == []
    theirs.wait_text("b", "3")


def test_a_user_expression_of_the_cause_sees_what_the_cell_made(lab: Lab) -> None:
    lab.run("b", "c = a + 1")
    cause = lab.run("a", "a = 1", user_expressions={"it": "a"})
    assert cause.reply["user_expressions"]["it"]["data"]["text/plain"] == "1"
    waiting = lab.run("d", "nowhere + 1", user_expressions={"it": "a"})
    assert waiting.reply["user_expressions"]["it"]["data"]["text/plain"] == "1"


def test_input_in_a_re_run_is_asked_of_the_client_that_causes_it(lab: Lab) -> None:
    lab.run("a", "a = 1")
    reader = lab.send("b", "print('you said', input(f'{a}? '))")
    reader.answer("one")
    reader.result()
    cause = lab.send("a", "a = 2")
    lab.client.wait(lambda: bool(reader.inputs or cause.inputs), 10, "the second question")
    (reader if reader.inputs else cause).answer("two")
    cause.result()
    assert "you said two" in lab.text("b")
