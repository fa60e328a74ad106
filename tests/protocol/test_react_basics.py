"""react: cells that wait for names, and cells that re-run when what they read changes."""

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


# -- the seed's example


def test_a_sum_follows_its_input_which_comes_later(lab: Lab) -> None:
    first = lab.run("1", "a = b + 1\na")
    assert first.status == "ok"
    assert lab.texts("1") == ["None"]
    lab.run("2", "b = 2")
    assert lab.texts("1") == ["3"]
    lab.run("2", "b = 10")
    assert lab.texts("1") == ["11"]


def test_a_sum_follows_its_input_without_cell_ids(lab: Lab) -> None:
    lab.type("a = b + 1\na").result()
    assert lab.texts("#1") == ["None"]
    lab.type("b = 2").result()
    assert lab.texts("#1") == ["3"]
    lab.type("b = 10").result()
    assert lab.texts("#1") == ["11"]


# -- pending


def test_a_prompt_is_told_in_plain_text_what_its_input_waits_for(lab: Lab) -> None:
    lab.client.ask("is_complete_request", {"code": "c * d"})
    lab.type("c * d").result()
    assert lab.texts("#1") == ["None", "waits for `c`, `d`"]
    lab.run("1", "c, d = 2, 3")
    assert lab.texts("#1") == ["6"]
    lab.run("2", "e + 1")
    assert lab.texts("2") == ["None"]


def test_a_pending_cell_says_none_and_names_what_it_waits_for(lab: Lab) -> None:
    cell = lab.run("1", "print('not yet')\nheight * width")
    assert (cell.status, cell.stdout) == ("ok", "")
    [output] = lab.outputs("1")
    assert output["output_type"] == "execute_result"
    assert output["execution_count"] == cell.count
    assert output["data"]["text/plain"] == "None"
    assert "height" in output["data"]["text/html"]
    assert "width" in output["data"]["text/html"]


def test_a_pending_cell_is_resolved_under_its_own_parent_and_count(lab: Lab) -> None:
    waiting = lab.run("1", "b + 1")
    [pending] = waiting.of("execute_result")
    before = len(lab.client.iopub)
    cause = lab.run("2", "b = 1")
    news = lab.client.iopub[before:]
    mine = [m for m in news if m["parent_header"].get("msg_id") == waiting.msg_id]
    assert [m["msg_type"] for m in mine] == ["clear_output", "execute_result"]
    assert mine[0]["content"] == {"wait": True}
    assert mine[1]["content"]["execution_count"] == waiting.count
    [update] = cause.of("update_display_data")
    assert update["content"]["data"]["text/plain"] == "2"
    wanted = pending["content"]["transient"]["display_id"]
    assert update["content"]["transient"]["display_id"] == wanted
    assert mine[1]["content"]["transient"]["display_id"] == wanted


def test_a_re_run_sends_no_input_no_status_and_no_reply_of_its_own(lab: Lab) -> None:
    waiting = lab.run("1", "b + 1")
    lab.run("2", "b = 1")
    assert waiting.states == ["busy", "idle"]
    assert len(waiting.of("execute_input")) == len(waiting.replies) == 1


def test_a_cell_waits_until_all_its_names_exist(lab: Lab) -> None:
    lab.run("1", "x + y")
    lab.run("2", "x = 1")
    [output] = lab.outputs("1")
    assert output["data"]["text/plain"] == "None"
    assert "<code>y</code>" in output["data"]["text/html"]
    assert "<code>x</code>" not in output["data"]["text/html"]
    lab.run("3", "y = 2")
    assert lab.texts("1") == ["3"]


def test_what_a_pending_cell_would_define_keeps_its_readers_pending(lab: Lab) -> None:
    lab.run("1", "c = b + 1; c")
    lab.run("2", "b = a + 1; b")
    assert (lab.texts("1"), lab.texts("2")) == (["None"], ["None"])
    lab.run("3", "a = 1")
    assert (lab.texts("1"), lab.texts("2")) == (["3"], ["2"])


def test_a_function_may_be_defined_before_its_globals_and_its_call_waits_for_them(
    lab: Lab,
) -> None:
    assert lab.run("1", "def area(r): return pi * r * r").outputs == []
    lab.run("2", "area(2)")
    assert lab.texts("2") == ["None"]
    lab.run("3", "pi = 3")
    assert lab.texts("2") == ["12"]
    lab.run("3", "pi = 4")
    assert lab.texts("2") == ["16"]


def test_builtins_are_never_waited_for_but_can_be_taken_over(lab: Lab) -> None:
    lab.run("1", "sum([1, 2])")
    assert lab.texts("1") == ["3"]
    lab.run("2", "sum = max")
    assert lab.texts("1") == ["2"]


def test_a_name_of_the_namespace_that_no_cell_defines_is_not_waited_for(lab: Lab) -> None:
    lab.client.run("planted = 5", silent=True)
    assert lab.run("1", "planted + 1").value == "6"


def test_counts_and_in_and_out_hold_with_pending_cells(lab: Lab) -> None:
    first = lab.run("1", "b + 1")
    second = lab.run("2", "'other'")
    assert second.count == first.count + 1
    assert lab.ask(f"In[{first.count}]") == "b + 1"
    assert lab.ask(f"In[{second.count}]") == "'other'"
    third = lab.run("3", "b = 1")
    assert third.count == first.count + 2
    assert lab.ask("len(In)") == third.count + 1
    assert lab.ask(f"Out[{first.count}]") == 2
    assert lab.ask(f"Out[{second.count}]") == "other"
    assert lab.run("4", "4").count == first.count + 3


# -- waves


def test_a_chain_follows(lab: Lab) -> None:
    lab.run("1", "a = 1")
    for n in range(2, 6):
        lab.run(str(n), f"{'abcdef'[n - 1]} = {'abcdef'[n - 2]} + 1; print({'abcdef'[n - 1]})")
    lab.run("1", "a = 10")
    assert [lab.text(str(n)) for n in range(2, 6)] == ["11\n", "12\n", "13\n", "14\n"]


def test_a_diamond_runs_each_cell_once_and_never_on_mixed_values(lab: Lab) -> None:
    lab.client.run("trace = []", silent=True)
    lab.run("a", "a = 1")
    lab.run("b", "b = a + 1")
    lab.run("c", "c = a * 10")
    lab.run("d", "d = (b, c); globals()['trace'].append(d); d")
    lab.client.run("trace.clear()", silent=True)
    lab.run("a", "a = 2")
    assert lab.texts("d") == ["(3, 20)"]
    assert lab.ask("trace") == [(3, 20)]


def test_a_wide_diamond_joins_once(lab: Lab) -> None:
    lab.run("a", "a = 1")
    for n in range(20):
        lab.run(f"m{n}", f"m{n} = a + {n}")
    lab.run("z", "print('joined'); z = " + " + ".join(f"m{n}" for n in range(20)) + "\nz")
    lab.run("a", "a = 2")
    assert lab.texts("z") == ["joined\n", str(sum(2 + n for n in range(20)))]
    assert lab.requests["z"].stdout == "joined\n" * 2


def test_a_fan_out_follows(lab: Lab) -> None:
    lab.run("a", "a = 1")
    for n in range(10):
        lab.run(f"r{n}", f"a + {n}")
    lab.run("a", "a = 100")
    assert [lab.text(f"r{n}") for n in range(10)] == [str(100 + n) for n in range(10)]


def test_cells_that_do_not_read_it_do_not_run(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "print('b runs')")
    lab.run("c", "a")
    lab.run("a", "a = 2")
    assert len(lab.requests["b"].of("stream")) == 1


def test_the_reply_and_the_idle_of_the_cause_come_after_its_wave(lab: Lab) -> None:
    lab.run("a", "a = 1")
    reader = lab.run("b", "await asyncio.sleep(0.05 * a)\nprint('seen', a)")
    cause = lab.run("a", "a = 2")
    messages = lab.client.iopub
    shown = next(
        i
        for i, m in enumerate(messages)
        if m["msg_type"] == "stream" and "seen 2" in m["content"]["text"]
    )
    idle = next(
        i
        for i, m in enumerate(messages)
        if m["parent_header"].get("msg_id") == cause.msg_id
        and m["content"].get("execution_state") == "idle"
    )
    assert shown < idle
    assert messages[shown]["parent_header"]["msg_id"] == reader.msg_id
    assert cause.replied >= reader.replied
