"""multi: what one session shows, breaks or waits for is nothing to the others."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from kernels import Kernel

from .client import Client
from .tenants import multi_kernel
from .test_comms import OBSERVE, SLIDER, open_comm, tell, until_idle, update
from .test_matplotlib import DRAW, PREPARE, widths

names = (f"apart-{n}" for n in itertools.count())


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    yield from multi_kernel()


@pytest.fixture(params=["%akernel_mode async", "%akernel_mode chain", "%akernel_mode react"])
def flavoured(request: pytest.FixtureRequest, client: Client, other: Client) -> Client:
    client.run(request.param)
    other.run(request.param)
    return other


# -- errors


def test_an_error_is_seen_by_its_session_alone(client: Client, other: Client) -> None:
    client.execute("1 / 0").result()
    assert "ZeroDivisionError" in client.run("%tb").stdout + str(client.iopub[-3:])
    assert "No traceback available" in other.run("%tb").stderr + other.run("%tb").stdout
    assert other.run("import sys; hasattr(sys, 'last_value')").value == "False"
    assert client.run("import sys; sys.last_value").value == "ZeroDivisionError('division by zero')"
    other.execute("{}['mine']").result()
    assert client.run("sys.last_value").value == "ZeroDivisionError('division by zero')"


def test_an_error_aborts_the_cells_of_its_session_alone(flavoured: Client, client: Client) -> None:
    other = flavoured
    gates = [c.file_gate() for c in (client, other)]
    mine = [
        client.execute(f"{gates[0].wait}\n1 / 0", stop_on_error=True),
        client.execute("import time; time.sleep(0)", stop_on_error=True),
    ]
    yours = [other.execute(gates[1].wait), other.execute("'unharmed'")]
    gates[0].open()
    assert mine[0].result().status == "error"
    gates[1].open()
    assert [r.result().status for r in yours] == ["ok", "ok"]
    assert yours[1].value == "'unharmed'"
    mine[1].result()


def test_reset_empties_ones_own_namespace(client: Client, other: Client) -> None:
    client.run("kept = 1\nimport json as used")
    other.run("gone = 1\nimport wave")
    other.run("%reset -f")
    assert other.execute("gone").result().ename == "NameError"
    assert "modules stay imported" in other.run("%reset -f --aggressive").stdout
    assert client.run("kept, used.dumps(1)").value == "(1, '1')"
    assert client.run("import sys; 'wave' in sys.modules").value == "True"


@pytest.mark.parametrize("code", ["exit()", "quit()", "exit", "get_ipython().ask_exit()"])
def test_exit_ends_ones_own_session(client: Client, other: Client, code: str) -> None:
    client.run("kept = 1")
    other.run("gone = 1")
    (payload,) = other.run(code).reply["payload"]
    assert payload == {"source": "ask_exit", "keepkernel": True}
    other.wait(
        lambda: other.execute("'gone' in globals()").result().value == "False", 10, "the end"
    )
    assert client.run("kept").value == "1"


def test_an_error_that_a_task_leaves_behind_is_told_in_its_own_session(
    client: Client, other: Client
) -> None:
    cell = client.run(
        "async def fail(): raise ValueError('left behind')\n"
        "task = asyncio.create_task(fail())\nawait asyncio.sleep(0.01)"
    )
    cell.background = True
    client.run("del task", silent=True)
    freeing = other.run("import gc; gc.collect()")
    client.wait(lambda: "left behind" in cell.stderr, 10, "what the task left behind")
    assert freeing.stderr == ""


def test_sys_exit_ends_nothing(client: Client, other: Client) -> None:
    other.execute("import sys; sys.exit(3)").result()
    other.run("import sys\nasync def leave(): sys.exit(4)\ntask = asyncio.create_task(leave())")
    assert other.run("await asyncio.sleep(0.05)\n'still here'").value == "'still here'"
    assert client.run("'here too'").value == "'here too'"


def test_an_endless_loop_that_awaits_leaves_the_others_unharmed(
    client: Client, other: Client
) -> None:
    endless = client.execute("while True: await asyncio.sleep(0)").until_busy()
    assert [other.run(f"{n}").value for n in range(20)] == [str(n) for n in range(20)]
    client.send("interrupt_request", channel="control").result()
    assert endless.result().ename == "KeyboardInterrupt"


# -- fairness


@pytest.mark.parametrize("flavour", ["async", "chain"])
def test_a_hundred_waiting_cells_hold_up_others_for_two_at_most(
    client: Client, other: Client, flavour: str
) -> None:
    client.run(f"%akernel_mode {flavour}")
    client.run("import os, sys, time; sys.begun = []")
    other.run("import sys")
    gates = [client.directory / f"gate-{flavour}-{n}" for n in range(2)]
    waits = [f"while not os.path.exists({str(gate)!r}): time.sleep(0.005)" for gate in gates]
    client.execute(waits[0]).until_busy()  # no cell is taken in until all of them have arrived
    cells = [
        client.execute(f"sys.begun.append({n})\n{'' if n else waits[1]}", store_history=False)
        for n in range(100)
    ]
    client.ask("kernel_info_request", channel="control")  # what was sent before it is there, too
    gates[0].touch()
    cells[0].until_busy()
    mine = other.execute("len(sys.begun)")
    other.ask("kernel_info_request", channel="control")
    gates[1].touch()
    assert int(mine.result().value or "") <= 2
    for cell in cells:
        cell.result()
    assert client.run("sys.begun == list(range(100))").value == "True"


def test_cells_of_one_session_still_begin_in_order(client: Client, other: Client) -> None:
    client.run("order = []")
    cells = [client.execute(f"order.append({n})") for n in range(50)]
    others = [other.execute(f"{n}") for n in range(50)]
    for cell in (*cells, *others):
        cell.result()
    assert client.run("order == list(range(50))").value == "True"
    assert [cell.count for cell in others] == list(range(1, 51))


# -- interrupts


def test_an_interrupt_of_a_client_ends_its_own_cells(client: Client, other: Client) -> None:
    gate = other.file_gate()
    spared = other.execute(f"{gate.wait}\n'spared'").until_busy()
    ended = [client.execute("await asyncio.sleep(30)").until_busy() for _ in range(3)]
    client.send("interrupt_request", channel="control").result()
    assert [cell.result().ename for cell in ended] == ["KeyboardInterrupt"] * 3
    gate.open()
    assert spared.result().value == "'spared'"


def test_an_interrupt_of_a_client_reaches_its_cell_that_blocks(
    client: Client, other: Client
) -> None:
    gate = other.file_gate()
    spared = other.execute(f"{gate.wait}\n'spared'").until_busy()
    blocking = client.execute("while True: pass").until_busy()
    client.send("interrupt_request", channel="control").result()
    assert blocking.result().ename == "KeyboardInterrupt"
    gate.open()
    assert spared.result().value == "'spared'"


def test_one_interrupt_is_raised_once_however_long_the_cell_takes_to_clean_up(
    client: Client, other: Client
) -> None:
    other.run("pass")  # it is a session
    cleaning = client.execute(
        "import time\n"
        "try:\n    print('begun')\n    while True: pass\n"
        "except KeyboardInterrupt:\n    end = time.monotonic() + 0.2\n"
        "    while time.monotonic() < end: pass\n"
        "'cleaned'"
    ).until("begun")
    client.send("interrupt_request", channel="control").result()
    assert cleaning.result().value == "'cleaned'"


def test_an_interrupt_does_not_end_the_cell_of_another_that_blocks(
    client: Client, other: Client
) -> None:
    awaiting = client.execute("await asyncio.sleep(30)").until_busy()
    gate = other.file_gate()
    blocking = other.execute(
        f"import os, time\nwhile not os.path.exists({str(gate.path)!r}): time.sleep(0.01)\n'done'"
    ).until_busy()
    client.send("interrupt_request", channel="control").result()
    gate.open()
    assert blocking.result().value == "'done'"
    assert awaiting.result().ename == "KeyboardInterrupt"


def test_an_interrupt_by_signal_ends_what_runs(
    kernel: Kernel, client: Client, other: Client
) -> None:
    cells = [c.execute("await asyncio.sleep(30)").until_busy() for c in (client, other)]
    kernel.interrupt()
    assert [cell.result().ename for cell in cells] == ["KeyboardInterrupt"] * 2
    assert [c.run("'alive'").value for c in (client, other)] == ["'alive'"] * 2


# -- questions


def test_each_question_goes_to_its_own_client(client: Client, other: Client) -> None:
    asking = [c.execute("answer = await ainput('name? ')\nanswer") for c in (client, other)]
    for cell, answer in zip(reversed(asking), ("b", "a"), strict=True):
        assert cell.question()["content"]["prompt"] == "name? "
        cell.answer(answer)
    assert [cell.result().value for cell in asking] == ["'a'", "'b'"]


# -- outputs


def test_equal_display_ids_are_no_ties_between_notebooks(client: Client, other: Client) -> None:
    shown = [c.run("h = display('old', display_id='plot')") for c in (client, other)]
    ids = [cell.of("display_data")[0]["content"]["transient"]["display_id"] for cell in shown]
    assert ids[0] != ids[1]
    updated = client.run("h.update('new')").of("update_display_data")
    assert [m["content"]["transient"]["display_id"] for m in updated] == [ids[0]]


def test_output_of_a_subshell_belongs_to_its_session(client: Client, other: Client) -> None:
    answer = client.ask("create_subshell_request", channel="control").reply
    client.run("mine = 'of the session'")
    cell = client.execute(
        "print(mine); get_ipython().user_ns is globals()", subshell=answer["subshell_id"]
    )
    assert (cell.result().stdout, cell.value) == ("of the session\n", "True")
    completion = client.ask(
        "complete_request",
        {"code": "min", "cursor_pos": 3},
        header={"subshell_id": answer["subshell_id"]},
    )
    assert "mine" in completion.reply["matches"]
    failed = other.execute("mine", subshell=answer["subshell_id"]).result()
    assert failed.ename == "NameError"
    client.ask("delete_subshell_request", {"subshell_id": answer["subshell_id"]}, channel="control")


# -- comms and widgets


def test_comm_info_lists_ones_own(client: Client, other: Client) -> None:
    client.run(f"{SLIDER}slider")
    model = client.run("slider.model_id").value
    assert model is not None
    mine = client.ask("comm_info_request").reply["comms"]
    assert model.strip("'") in mine
    assert other.ask("comm_info_request").reply["comms"] == {}
    other.run("1")
    assert other.ask("comm_info_request").reply["comms"] == {}


def test_a_widgets_callback_runs_in_the_session_that_made_it(client: Client, other: Client) -> None:
    client.run(
        f"{SLIDER}{OBSERVE}from IPython import get_ipython as imported\n"
        "slider.observe(lambda change: seen.append(imported() is get_ipython()), 'value')"
    )
    model = client.run("slider.model_id").value
    assert model is not None
    # The front-end that shows it may be another client: after a reload it is.
    until_idle(update(other, model.strip("'"), value=7))
    assert client.run("seen").value == "[7, True]"


def test_a_widgets_callback_prints_into_its_own_cell_though_a_copy_has_the_same_id(
    client: Client, other: Client
) -> None:
    code = f"{SLIDER}slider.observe(lambda change: print('moved', change['new']), 'value')"
    made = client.execute(code, cell_id="same").result()
    made.background = True
    client.run("1")
    copied = other.execute(code, cell_id="same").result()
    model = client.run("slider.model_id").value
    assert model is not None
    until_idle(update(client, model.strip("'"), value=3))
    client.wait(lambda: made.stdout == "moved 3\n", 10, "the callback's text")
    assert copied.stdout == ""


def test_targets_of_comms_are_ones_own(client: Client, other: Client) -> None:
    target = next(names)
    for c in (client, other):
        c.run(
            "got = []\ndef on_open(comm, message): got.append(message['content']['data'])\n"
            f"get_ipython().kernel.comm_manager.register_target('{target}', on_open)"
        )
    comm_id, opening = open_comm(client, target, {"n": 1})
    until_idle(opening, tell(client, comm_id, {"n": 2}))
    assert [c.run("got").value for c in (client, other)] == ["[{'n': 1}]", "[]"]


# -- figures


def test_figures_do_not_mix(kernel: Kernel, client: Client, other: Client) -> None:
    for c in (client, other):
        c.run(f"{PREPARE}\n%config InlineBackend.print_figure_kwargs = {{'bbox_inches': None}}")
    gates = [c.file_gate() for c in (client, other)]
    cells = [
        c.execute(f"{DRAW.format(n + 1)}\nprint('in')\n{gate.wait}\nplt.gcf().number").until("in")
        for n, (c, gate) in enumerate(zip((client, other), gates, strict=True))
    ]
    for n in (0, 1):
        gates[n].open()
        assert (widths(cells[n].result()), cells[n].value) == ([50 * (n + 1)], "1")


def test_a_session_that_finds_pyplot_imported_shows_its_figures(
    launch: Callable[..., Kernel],
) -> None:
    kernel = launch("multi")
    first, second, third = kernel.clients[0], kernel.client(), kernel.client()
    gate = second.file_gate()
    draws = f"import matplotlib.pyplot as plt\n{DRAW.format(1)}"
    waiting = second.execute(f"{gate.wait}\n{draws}").until_busy()
    assert len(widths(first.run(draws))) == 1
    gate.open()
    assert len(widths(waiting.result())) == 1
    assert len(widths(third.run(draws))) == 1
    assert widths(third.run("1")) == []


def test_settings_of_the_inline_backend_are_ones_own(client: Client, other: Client) -> None:
    for c in (client, other):
        c.run(PREPARE)
    client.run("%config InlineBackend.figure_format = 'svg'")
    shown = [
        list(c.run("plt.plot([1, 2]);").of("display_data")[0]["content"]["data"])
        for c in (client, other)
    ]
    assert "image/svg+xml" in shown[0]
    assert "image/png" in shown[1]
    client.run("%config InlineBackend.close_figures = False\nplt.plot([1, 2]);")
    assert client.run("len(plt.get_fignums())").value != "0"
    assert other.run("plt.get_fignums()").value == "[]"
