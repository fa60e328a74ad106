"""Magics and payloads in cells that run at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import Kernel

from .client import Client
from .request import Request


def beside_a_printing_cell(client: Client, code: str) -> Request:
    """Run ``code`` while another cell prints all the time, and check what that one shows."""
    gate = client.gate()
    printing = client.execute(
        f"while not {gate.name}.is_set():\n    print('tick')\n    await asyncio.sleep(0.001)"
    ).until("tick")
    cell = client.execute(code).result(60)
    gate.open()
    assert set(printing.result().stdout.split()) == {"tick"}
    assert printing.stderr == ""
    assert "tick" not in cell.stdout
    assert cell.status == "ok", cell.reply
    return cell


def test_time_reports_to_its_own_cell(client: Client) -> None:
    cell = beside_a_printing_cell(client, "%time sum(range(1000))")
    assert "Wall time" in cell.stdout
    assert cell.value == "499500"


def test_cell_time_reports_to_its_own_cell(client: Client) -> None:
    cell = beside_a_printing_cell(client, "%%time\ntimed_1 = 3\nprint('in')")
    assert cell.stdout.startswith("in\n")
    assert "Wall time" in cell.stdout


def test_timeit_reports_to_its_own_cell(client: Client) -> None:
    assert "per loop" in beside_a_printing_cell(client, "%timeit -n2 -r2 sum(range(10))").stdout


def test_capture_takes_the_output_of_its_own_cell_only(client: Client) -> None:
    cell = beside_a_printing_cell(
        client, "%%capture captured_1\nimport time\nprint('caught'); time.sleep(0.05); display(1)"
    )
    assert cell.outputs == []
    assert client.run("captured_1.stdout").value == repr("caught\n")
    assert client.run("len(captured_1.outputs)").value == "1"


def test_two_captures_one_after_the_other_leave_streams_as_they_were(client: Client) -> None:
    for n in range(2):
        client.run(f"%%capture captured_{n}\nprint('caught', {n})")
    assert client.run("print('seen')").stdout == "seen\n"


def test_run_prints_into_its_own_cell(client: Client, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("ran_1 = 6 * 7\nprint('from the script', __name__)\n")
    cell = beside_a_printing_cell(client, f"%run {script}")
    assert cell.stdout == "from the script __main__\n"
    assert client.run("ran_1").value == "42"


def test_bash_writes_into_its_own_cell(client: Client) -> None:
    cell = beside_a_printing_cell(client, "%%bash\necho out; echo err >&2")
    assert cell.stdout.strip() == "out"
    assert cell.stderr.strip() == "err"


def test_shell_escapes_write_into_their_own_cells(client: Client) -> None:
    cell = beside_a_printing_cell(client, "!echo one; echo two")
    assert cell.stdout.split() == ["one", "two"]
    assert beside_a_printing_cell(client, "lines_1 = !echo kept").outputs == []
    assert client.run("list(lines_1)").value == "['kept']"


def test_pip_writes_into_its_own_cell(client: Client) -> None:
    assert beside_a_printing_cell(client, "%pip --version").stdout.startswith("pip ")


def test_display_magics_show_in_their_own_cells(client: Client) -> None:
    cell = beside_a_printing_cell(client, "%%html\n<b>bold</b>")
    assert cell.of("display_data")[0]["content"]["data"]["text/html"].strip() == "<b>bold</b>"


def test_who_and_reset_selective_see_the_namespace(client: Client) -> None:
    client.run("only_name_1 = 1")
    assert "only_name_1" in beside_a_printing_cell(client, "%who int").stdout
    client.run("%reset_selective -f only_name_1")
    assert client.execute("only_name_1").result().ename == "NameError"


def test_matplotlib_inline_can_be_said_while_others_run(client: Client) -> None:
    beside_a_printing_cell(client, "%matplotlib inline")


def test_autoawait_shows_that_cells_may_await(client: Client) -> None:
    assert "`on`" in client.run("%autoawait").stdout


def test_the_pager_is_a_payload_of_its_own_reply(client: Client) -> None:
    gate = client.gate()
    running = client.execute(f"{gate.wait}\n1").until_busy()
    asking, plain = client.execute("len?"), client.execute("2")
    (payload,) = asking.result().reply["payload"]
    assert payload["source"] == "page"
    assert "Return the number of items" in payload["data"]["text/plain"]
    gate.open()
    assert running.result().reply["payload"] == plain.result().reply["payload"] == []


def test_payloads_of_overlapping_cells_stay_apart(client: Client) -> None:
    gates = [client.gate() for _ in range(2)]
    cells = [
        client.execute(f"{gate.wait}\nget_ipython().set_next_input('text {n}')").until_busy()
        for n, gate in enumerate(gates)
    ]
    for n in (1, 0):
        gates[n].open()
        (payload,) = cells[n].result().reply["payload"]
        assert (payload["source"], payload["text"]) == ("set_next_input", f"text {n}")


def test_a_payload_set_before_an_await_comes_with_its_own_reply(client: Client) -> None:
    gate = client.gate()
    first = client.execute(f"get_ipython().set_next_input('mine')\n{gate.wait}").until_busy()
    client.wait(lambda: "execute_input" in [m["msg_type"] for m in first.messages], 10, "start")
    assert client.run("1").reply["payload"] == []
    gate.open()
    assert [p["text"] for p in first.result().reply["payload"]] == ["mine"]


def test_load_replaces_the_cell_by_a_payload(client: Client, tmp_path: Path) -> None:
    (tmp_path / "loaded.py").write_text("loaded = 1\n")
    (payload,) = client.run(f"%load {tmp_path / 'loaded.py'}").reply["payload"]
    assert payload["source"] == "set_next_input"
    assert payload["replace"] is True
    assert "loaded = 1" in payload["text"]


def test_mode_shows_the_flavour_and_the_known_ones(client: Client) -> None:
    shown = client.run("%akernel_mode").stdout
    assert shown.startswith("async")
    assert "chain" in shown


def test_an_unknown_mode_is_refused_with_the_known_ones(client: Client) -> None:
    cell = client.execute("%akernel_mode backwards").result()
    assert cell.status == "error"
    message = cell.stderr + "".join(cell.reply["traceback"])
    assert all(word in message for word in ("backwards", "async", "chain"))
    assert client.run("%akernel_mode").stdout.startswith("async")


def test_two_orderings_at_once_are_refused(client: Client) -> None:
    assert client.execute("%akernel_mode async-chain").result().status == "error"


def test_the_mode_can_be_changed_and_changed_back(client: Client) -> None:
    assert client.run("%akernel_mode CHAIN").stdout.strip() == "chain"
    gate = client.file_gate()
    first, second = client.execute(f"{gate.wait}\nprint('first')"), client.execute("'second'")
    client.pump(0.2)
    assert not second.done
    gate.open()
    assert first.result().replied <= second.result().replied
    client.run("%akernel_mode async")
    gate = client.gate()
    first, second = client.execute(gate.wait), client.execute("'second'")
    second.result()
    assert not first.done
    gate.open()


def test_tasks_lists_what_runs_and_since_when(client: Client) -> None:
    gate = client.gate()
    running = client.execute(f"# a comment\nnamed_1 = 1; {gate.wait}").until_busy()
    shown = client.run("%akernel tasks").stdout
    gate.open()
    running.result()
    (line,) = [line for line in shown.splitlines() if f"[{running.count}]" in line]
    assert "running for" in line
    assert "akernel tasks" not in shown
    assert client.run("%akernel tasks").stdout == "no other cell runs or waits\n"


def test_cancel_ends_the_cell_of_that_number_and_no_other(client: Client) -> None:
    gate = client.gate()
    spared = client.execute(f"{gate.wait}\n'spared'").until_busy()
    start = client.run("0").count
    doomed = client.execute("print('in')\nawait asyncio.sleep(60)").until("in")
    client.run(f"%akernel cancel {start + 1}")
    assert doomed.result(5).ename == "KeyboardInterrupt"
    gate.open()
    assert spared.result().value == "'spared'"


@pytest.mark.parametrize("arguments", ["cancel 99999", "cancel", "cancel x", "nonsense"])
def test_wrong_arguments_are_refused_with_a_remedy(client: Client, arguments: str) -> None:
    cell = client.execute(f"%akernel {arguments}").result()
    assert cell.status == "error"
    assert "%akernel" in cell.stderr + "".join(cell.reply["traceback"])


def test_mode_is_set_on_the_command_line(launch: Callable[..., Kernel]) -> None:
    kernel = launch("chain")
    assert kernel.clients[0].run("%akernel_mode").stdout.startswith("chain")
