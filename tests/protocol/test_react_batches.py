"""react: Run All, 1000 cells, and the other flavours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from kernels import Kernel
from notebooks.lab import Lab, fresh_lab, reactive_kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    yield from reactive_kernel()


@pytest.fixture
def lab(kernel: Kernel) -> Iterator[Lab]:
    yield from fresh_lab(kernel)


NOTEBOOK = {
    **{f"d{n}": f"v{n} = {n}" for n in range(10)},
    **{f"s{n}": f"print('ran {n}')\nw{n} = v{n} + v{(n + 1) % 10}\nw{n}" for n in range(10)},
    **{f"t{n}": f"print('ran {n}')\nawait asyncio.sleep(0)\nw{n} * 2" for n in range(10)},
}


def check_notebook(lab: Lab) -> None:
    for n in range(10):
        total = n + (n + 1) % 10
        assert lab.texts(f"s{n}") == [f"ran {n}\n", str(total)]
        assert lab.texts(f"t{n}") == [f"ran {n}\n", str(total * 2)]


def test_run_all_runs_each_cell_once(lab: Lab) -> None:
    requests = lab.run_all(NOTEBOOK)
    assert all(request.status == "ok" for request in requests)
    check_notebook(lab)
    assert all(r.stdout.count("ran") == 1 for r in requests[10:])


def test_run_all_twice_runs_each_cell_once_more(lab: Lab) -> None:
    lab.run_all(NOTEBOOK)
    second = lab.run_all(NOTEBOOK)
    check_notebook(lab)
    assert all(r.stdout.count("ran") == 1 for r in second[10:])


def test_run_all_over_a_changed_first_cell_runs_each_cell_once(lab: Lab) -> None:
    lab.run_all(NOTEBOOK)
    second = lab.run_all({**NOTEBOOK, "d0": "v0 = 100"})
    assert all(r.stdout.count("ran") == 1 for r in second[10:])
    assert lab.texts("t0") == ["ran 0\n", "202"]
    assert lab.texts("t9") == ["ran 9\n", "218"]


def test_run_all_twice_at_once_ends_with_the_right_outputs(lab: Lab) -> None:
    first = [lab.send(cell, code) for cell, code in NOTEBOOK.items()]
    second = lab.run_all(NOTEBOOK)
    for request in first:
        request.result()
    check_notebook(lab)
    assert all(r.stdout.count("ran") == 1 for r in second[10:])


def test_run_all_upside_down_resolves_every_cell(lab: Lab) -> None:
    lab.run_all(dict(reversed(NOTEBOOK.items())))
    check_notebook(lab)


def test_run_all_again_over_cells_out_of_order_shows_the_new_values(lab: Lab) -> None:
    for value in range(3):
        lab.run_all({"a": f"a = {value}", "p": "print(x)", "x": "x = a + 1"})
        assert lab.texts("p") == [f"{value + 1}\n"]


def test_run_all_again_over_redefinitions_does_each_once(lab: Lab) -> None:
    for value in range(3):
        cells = {"a": f"df = [{value}]", "b": "df = df + [1]", "c": "df = df + [2]"}
        lab.run_all({**cells, "p": "print(df)"})
        assert lab.texts("p") == [f"[{value}, 1, 2]\n"]


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_run_all_that_a_wave_outruns_takes_redefinitions_from_where_they_began(
    lab: Lab, at_once: int
) -> None:
    for value in range(3):
        cells = {"a": f"df = [{value}]", "b": "df = df + [1]", "c": "df = df + [2]"}
        sent = {"date": datetime.now(UTC)}
        requests = []
        for cell, code in {**cells, "p": "print(df)"}.items():
            requests.append(lab.send(cell, code, header=sent))
            if len(requests) >= at_once:  # its wave has settled before the next one arrives
                requests[-1].result()
        assert lab.texts("p") == [f"[{value}, 1, 2]\n"]
    lab.run("c", "df = df + [2]")  # asked for by itself it goes on, as in a plain notebook
    assert lab.texts("p") == ["[2, 1, 2, 2]\n"]


@pytest.mark.parametrize("at_once", [1, 4])
def test_run_all_again_reads_each_name_from_where_it_was_read_before(
    lab: Lab, at_once: int
) -> None:
    for value in range(3):
        cells = {"a": f"df = [{value}]", "m": "m = df[0]; print(df)", "b": "df = df + [m]"}
        requests = []
        for cell, code in {**cells, "p": "print(df)"}.items():
            requests.append(lab.send(cell, code))
            if len(requests) >= at_once:
                assert requests[-1].result().status == "ok"
        assert lab.texts("m") == [f"[{value}]\n"]
        assert lab.texts("p") == [f"[{value}, {value}]\n"]
    assert lab.run("m", "m = df[0] + 7").status == "ok"  # no cycle: it reads what it read
    assert lab.texts("p") == ["[2, 9]\n"]


def test_run_all_with_waiting_cells_is_right(lab: Lab) -> None:
    cells = {
        "a": "await asyncio.sleep(0.02); a = 1",
        "b": "b = a + 1; b",
        "c": "await asyncio.sleep(0.01); c = b + a; c",
        "d": "print('ran'); c * 10",
    }
    for _ in range(2):
        requests = lab.run_all(cells)
        assert [lab.text(cell) for cell in "abcd"] == ["", "2", "3", "ran\n30"]
        assert requests[-1].stdout == "ran\n"


def test_run_all_where_a_cell_fails_aborts_the_rest_and_a_second_one_heals(lab: Lab) -> None:
    cells = {"a": "import time; time.sleep(0.02); a = 1", "b": "1 / zero", "c": "a + 1"}
    lab.client.run("zero = 0", silent=True)
    assert [r.status for r in lab.run_all(cells)] == ["ok", "error", "aborted"]
    lab.client.run("zero = 1", silent=True)
    assert [r.status for r in lab.run_all(cells)] == ["ok", "ok", "ok"]
    assert lab.texts("c") == ["2"]


def test_a_chain_of_1000_cells_re_runs_each_once(lab: Lab) -> None:
    lab.client.run("count = []", silent=True)
    cells = {"c0": "x0 = 0"}
    for n in range(1, 1000):
        cells[f"c{n}"] = f"x{n} = x{n - 1} + 1; globals()['count'].append({n})"
    lab.run_all(cells, timeout=100)
    assert lab.ask("count") == list(range(1, 1000))
    lab.client.run("count.clear()", silent=True)
    lab.send("c0", "x0 = 5").result(60)
    assert lab.ask("x999") == 1004
    assert lab.ask("count") == list(range(1, 1000))


def test_a_fan_out_of_1000_cells_re_runs_each_once(lab: Lab) -> None:
    lab.client.run("count = []", silent=True)
    cells = {"c0": "x0 = 0"}
    for n in range(1, 1000):
        cells[f"c{n}"] = f"x{n} = x0 + {n}; globals()['count'].append({n})"
    lab.run_all(cells, timeout=100)
    lab.client.run("count.clear()", silent=True)
    lab.send("c0", "x0 = 5").result(60)
    assert lab.ask("sorted(count)") == list(range(1, 1000))
    assert lab.ask("x999") == 1004


def test_a_chain_of_300_cells_upside_down_is_resolved_without_300_reasons_a_cell(lab: Lab) -> None:
    cells = {"c0": "x0 = 0"}
    for n in range(1, 300):
        cells[f"c{n}"] = f"x{n} = x{n - 1} + 1\nx{n}"
    gate = lab.client.file_gate()
    path = str(gate.path)
    lab.send("wait", f"import time\nwhile not os.path.exists({path!r}): time.sleep(0.005)")
    requests = [lab.send(cell, code) for cell, code in reversed(cells.items())]
    gate.open()
    for request in requests:
        request.result(60)
    assert lab.texts("c299") == ["299"]
    shown = [m for m in lab.client.iopub if m["msg_type"] == "execute_result"]
    assert len(shown) < 6 * len(cells)  # each new cell gives all below it another one


@pytest.mark.parametrize("flavour", ["react", "chain-react"])
def test_a_pending_cell_that_its_own_request_resolves_reaches_the_readers_before_it(
    kernel: Kernel, flavour: str
) -> None:
    for lab in fresh_lab(kernel, flavour):
        lab.run("c1", "x1 = x0 + 3")
        lab.run_all({"c0": "x0 = 1", "c2": "x1 + 2", "c1": "x1 = x0"})
        assert lab.texts("c2") == ["3"]


CONTEXT = {
    "a": "import time, contextvars\nvar = contextvars.ContextVar('var', default=0)",
    "b": "time.sleep(0.05)\nvar.set(1);",
    "c": "var.get()",
}


@pytest.mark.parametrize("flavour", ["react", "chain", "async"])
def test_context_variables_set_by_a_cell_of_run_all_reach_the_later_ones(
    kernel: Kernel, flavour: str
) -> None:
    for lab in fresh_lab(kernel, flavour):
        lab.run_all(CONTEXT)
        assert lab.texts("c") == ["1"]


# -- other flavours


def test_the_plain_kernel_comes_back_with_its_namespace(lab: Lab) -> None:
    lab.run("a", "a = 1")
    lab.run("b", "a + 1")
    lab.run("w", "nowhere")
    assert "async" in lab.run("m", "%akernel_mode async").stdout
    lab.run("a", "a = 2")
    assert lab.texts("b") == ["2"]
    assert lab.ask("a") == 2
    assert lab.run("n", "nowhere").ename == "NameError"
    assert "react" in lab.run("m", "%akernel_mode react").stdout
    assert lab.run("b", "a + 1").value == "3"
    lab.run("a", "a = 3")
    assert lab.texts("b") == ["4"]


def test_modes_may_be_switched_in_the_middle_of_run_all(lab: Lab) -> None:
    cells = {"m": "%akernel_mode react", "b": "a + 1", "a": "a = 1"}
    lab.client.run("%akernel_mode async", silent=True)
    lab.run_all(cells)
    lab.run("a", "a = 2")
    lab.run_all({"b": "a + 1"})
    lab.run("a", "a = 3")
    assert lab.texts("b") == ["4"]


def test_chain_and_react_run_all_twice_without_a_deadlock(kernel: Kernel) -> None:
    for lab in fresh_lab(kernel, "chain-react"):
        for _ in range(2):
            requests = lab.run_all(NOTEBOOK)
            check_notebook(lab)
            assert all(r.stdout.count("ran") == 1 for r in requests[10:])
        lab.run_all(dict(reversed(NOTEBOOK.items())))
        check_notebook(lab)


def test_chain_and_react_follow_while_requests_queue(kernel: Kernel) -> None:
    for lab in fresh_lab(kernel, "chain-react"):
        lab.run("a", "a = 1")
        lab.run("b", "await asyncio.sleep(0.02); print('b', a)")
        causes = [lab.send("a", f"a = {n}") for n in range(2, 6)]
        last = lab.send("c", "'last'")
        for request in (*causes, last):
            assert request.result().status == "ok"
        assert lab.texts("b") == ["b 5\n"]


# -- what to do when a second cell defines a name


def test_newest_lets_readers_follow_the_newest_definition(
    launch: Callable[..., Kernel],
) -> None:
    lab = Lab(launch("react", args=("--AsyncKernel.redefinition=newest",)).client())
    lab.run("a", "x = 1")
    lab.run("r", "print(x)")
    lab.run("b", "x = 2")
    assert lab.texts("r") == ["2\n"]
    lab.run("a", "x = 3")
    assert lab.texts("r") == ["3\n"]


def test_error_refuses_a_second_definition(launch: Callable[..., Kernel]) -> None:
    lab = Lab(launch("react", args=("--AsyncKernel.redefinition=error",)).client())
    first = lab.run("a", "x = 1")
    lab.run("r", "print(x)")
    refused = lab.run("b", "print('never')\nx = 2")
    assert refused.status == "error"
    assert refused.stdout == ""
    assert "`x`" in refused.reply["evalue"]
    assert f"In [{first.count}]" in refused.reply["evalue"]
    assert lab.texts("r") == ["1\n"]
    assert lab.ask("x") == 1
    assert lab.run("a", "x = 5").status == "ok"
    assert lab.texts("r") == ["5\n"]
    assert lab.run("b", "y = 2").status == "ok"
