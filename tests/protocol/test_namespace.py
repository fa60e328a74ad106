"""One namespace for plain and for awaiting cells, as a notebook expects it."""

from __future__ import annotations

from .client import Client


def test_names_of_a_waiting_cell_are_seen_by_others(client: Client) -> None:
    gate = client.gate()
    cell = client.execute(f"shared_1 = 'early'\nprint('in')\n{gate.wait}\nshared_1 = 'late'").until(
        "in"
    )
    assert client.run("shared_1").value == "'early'"
    gate.open()
    cell.result()
    assert client.run("shared_1").value == "'late'"


def test_a_context_variable_set_in_a_plain_cell_stays_set(client: Client) -> None:
    client.run("import contextvars; variable_1 = contextvars.ContextVar('variable_1')")
    client.run("variable_1.set('set')")
    assert client.run("variable_1.get()").value == "'set'"
    assert client.run("await asyncio.sleep(0)\nvariable_1.get()").value == "'set'"


def test_a_context_variable_survives_cells_that_run_meanwhile(client: Client) -> None:
    gate = client.gate()
    client.run("import contextvars; variable_2 = contextvars.ContextVar('variable_2')")
    waiting = client.execute(
        f"variable_2.set('mine')\nprint('in')\n{gate.wait}\nvariable_2.get()"
    ).until("in")
    client.run("variable_2.set('plain')")
    gate.open()
    assert waiting.result().value == "'mine'"
    assert client.run("variable_2.get()").value == "'plain'"


def test_classes_defined_in_cells_can_be_pickled(client: Client) -> None:
    client.run("import pickle\nclass Pickled: pass")
    assert client.run("type(pickle.loads(pickle.dumps(Pickled()))) is Pickled").value == "True"
    assert client.run("__name__, Pickled.__module__").value == "('__main__', '__main__')"


def test_get_ipython_is_the_shell_in_every_cell(client: Client) -> None:
    assert (
        client.run("from IPython import get_ipython as imported\nimported() is get_ipython()").value
        == "True"
    )


def test_the_cells_task_is_the_current_task(client: Client) -> None:
    cell = client.run(
        "before = asyncio.current_task()\nawait asyncio.sleep(0)\n"
        "before is asyncio.current_task() and before in asyncio.all_tasks()"
    )
    assert cell.value == "True"


def test_a_plain_cell_can_create_tasks_and_use_the_running_loop(client: Client) -> None:
    cell = client.run("asyncio.get_running_loop() is asyncio.get_event_loop()")
    assert cell.value == "True"


def test_async_constructs_work_at_top_level(client: Client) -> None:
    cell = client.run(
        "import contextlib\n@contextlib.asynccontextmanager\nasync def manager_1():\n    yield 1\n"
        "async def numbers_1():\n    for i in range(3): yield i\n"
        "async with manager_1() as one: pass\n"
        "[one + i async for i in numbers_1()]"
    )
    assert cell.value == "[1, 2, 3]"


def test_task_groups_and_timeouts_work_at_top_level(client: Client) -> None:
    cell = client.run(
        "async with asyncio.timeout(5), asyncio.TaskGroup() as group:\n"
        "    tasks = [group.create_task(asyncio.sleep(0.01, i)) for i in range(3)]\n"
        "[task.result() for task in tasks]"
    )
    assert cell.value == "[0, 1, 2]"
    failed = client.execute("async with asyncio.timeout(0.01): await asyncio.sleep(5)").result()
    assert failed.ename == "TimeoutError"


def test_a_cell_that_cancels_its_own_task_shows_an_error_and_no_other_ends(client: Client) -> None:
    gate = client.gate()
    waiting = client.execute(f"{gate.wait}\n'spared'").until_busy()
    cell = client.execute("asyncio.current_task().cancel()\nawait asyncio.sleep(1)").result()
    assert cell.status == "error"
    gate.open()
    assert waiting.result().value == "'spared'"


def test_events_fire_once_for_each_cell(client: Client) -> None:
    client.run(
        "fired = []\nip = get_ipython()\n"
        "hooks = {name: (lambda *a, name=name: fired.append(name)) for name in "
        "('pre_execute', 'pre_run_cell', 'post_execute', 'post_run_cell')}\n"
        "for name, hook in hooks.items(): ip.events.register(name, hook)"
    )
    gates = [client.gate() for _ in range(2)]
    client.run("fired.clear()", silent=True)
    cells = [client.execute(gate.wait).until_busy() for gate in gates]
    for gate, cell in zip(gates, cells, strict=True):
        gate.open()
        cell.result()
    client.run("for name, hook in hooks.items(): ip.events.unregister(name, hook)", silent=True)
    assert client.run("fired.count('pre_run_cell'), fired.count('post_run_cell')").value == "(2, 2)"


def test_post_run_cell_gets_the_result_of_its_own_cell(client: Client) -> None:
    client.run(
        "results = []\nip = get_ipython()\n"
        "def keep(result): results.append((result.execution_count, result.result))\n"
        "ip.events.register('post_run_cell', keep)"
    )
    gates = [client.gate() for _ in range(3)]
    cells = [
        client.execute(f"{gate.wait}\n'result {n}'").until_busy() for n, gate in enumerate(gates)
    ]
    for gate, cell in reversed(list(zip(gates, cells, strict=True))):
        gate.open()
        cell.result()
    client.run("ip.events.unregister('post_run_cell', keep)", silent=True)
    expected = {(cell.count, f"result {n}") for n, cell in enumerate(cells)}
    assert client.run(f"{expected} <= set(results)").value == "True"


def test_exit_asks_to_exit_in_its_own_reply(client: Client) -> None:
    (payload,) = client.run("get_ipython().ask_exit()").reply["payload"]
    assert payload["source"] == "ask_exit"
