"""Many requests at once: all are answered, in order, and nothing is left over."""

from __future__ import annotations

from .client import Client
from .request import PATIENCE


def test_a_thousand_requests_in_one_go_run_and_are_answered_in_order(client: Client) -> None:
    client.run("order_1 = []")
    start = client.run("0").count
    cells = [client.execute(f"order_1.append({i}); print({i}); {i}") for i in range(1000)]
    for i, cell in enumerate(cells):
        cell.result(60)
        assert (cell.count, cell.stdout, cell.value) == (start + 1 + i, f"{i}\n", str(i))
    assert sorted(cells, key=lambda cell: cell.replied) == cells
    assert client.run("order_1 == list(range(1000))").value == "True"


def test_two_hundred_cells_wait_at_the_same_time(client: Client) -> None:
    gate = client.gate()
    cells = [client.execute(f"print('in')\n{gate.wait}\n{i}") for i in range(200)]
    for cell in cells:
        cell.until("in")
    assert not any(cell.replies for cell in cells)
    gate.open()
    assert [cell.result().value for cell in cells] == [str(i) for i in range(200)]


def test_five_hundred_cells_leave_no_task_behind(client: Client) -> None:
    count = "len(asyncio.all_tasks())"
    before = client.run(count).value
    for cell in [client.execute(f"await asyncio.sleep(0.00{i % 10})") for i in range(400)]:
        cell.result()
    for cell in [client.execute("await asyncio.sleep(0)\n1 / 0") for _ in range(50)]:
        assert cell.result().status == "error"
    for cell in [client.execute("pass") for _ in range(50)]:
        cell.result()
    assert client.run(count).value == before


def test_cells_of_two_clients_are_all_answered_to_their_senders(
    client: Client, other: Client
) -> None:
    mine, theirs = [], []
    for i in range(100):
        mine.append(client.execute(f"await asyncio.sleep(0.001)\n'mine {i}'"))
        theirs.append(other.execute(f"await asyncio.sleep(0.001)\n'theirs {i}'"))
    assert [cell.result().value for cell in mine] == [f"'mine {i}'" for i in range(100)]
    assert [cell.result().value for cell in theirs] == [f"'theirs {i}'" for i in range(100)]


def test_all_lines_of_a_long_output_arrive_in_order_before_idle(client: Client) -> None:
    cell = client.run("for i in range(50_000): print(i)", timeout=60)
    assert cell.stdout == "".join(f"{i}\n" for i in range(50_000))


def test_an_output_of_ten_megabytes_arrives_whole(client: Client) -> None:
    cell = client.run("print('x' * 10_000_000)", timeout=60)
    assert len(cell.stdout) == 10_000_001


def test_requests_of_all_kinds_in_one_go_are_all_answered(client: Client) -> None:
    requests = []
    for i in range(10):
        requests.append(client.execute(f"kind_{i} = {i}"))
        requests.append(client.send("complete_request", {"code": "zi", "cursor_pos": 2}))
        requests.append(client.send("is_complete_request", {"code": "1"}))
        requests.append(client.send("kernel_info_request"))
    for request in requests:
        request.result(PATIENCE)


def test_blocking_cells_run_one_after_the_other_in_order(client: Client) -> None:
    cells = [
        client.execute(f"import time; started = time.time(); time.sleep(0.02); {i}")
        for i in range(10)
    ]
    assert [cell.result().value for cell in cells] == [str(i) for i in range(10)]
    assert sorted(cells, key=lambda cell: cell.replied) == cells


def test_a_cell_that_never_awaits_is_not_overtaken(client: Client) -> None:
    first, second = client.execute("overtake_1 = [1]"), client.execute("overtake_1.append(2)")
    first.result()
    second.result()
    assert client.run("overtake_1").value == "[1, 2]"
