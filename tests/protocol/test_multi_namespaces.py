"""multi: each client has its own names, history and completions, and ``__main__`` is its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from kernels import Kernel, audited

from protocol.client import Client


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    yield from audited(Kernel("multi"))


def test_names_are_ones_own(client: Client, other: Client) -> None:
    client.run("x = 1")
    assert other.execute("x").result().ename == "NameError"
    other.run("x = 2")
    assert (client.run("x").value, other.run("x").value) == ("1", "2")
    other.run("del x")
    assert client.run("x").value == "1"


def test_prompts_and_results_are_ones_own(client: Client, other: Client) -> None:
    assert [client.run(f"{n}").count for n in range(3)] == [1, 2, 3]
    assert other.run("'first'").count == 1
    assert client.run("_").value == "2"
    assert client.run("Out, In[1:4]").value == "({1: 0, 2: 1, 3: 2, 4: 2}, ['0', '1', '2'])"
    assert (
        other.run("_, Out, In[1:]").value
        == "('first', {1: 'first'}, [\"'first'\", '_, Out, In[1:]'])"
    )


def test_overlapping_cells_keep_to_their_own_names(client: Client, other: Client) -> None:
    gates = [c.file_gate() for c in (client, other)]
    cells = [
        c.execute(f"name = {name!r}\n{gate.wait}\nprint(name)\nname").until_busy()
        for c, gate, name in ((client, gates[0], "a"), (other, gates[1], "b"))
    ]
    for gate in reversed(gates):
        gate.open()
    shown = [(cell.result().stdout, cell.value) for cell in cells]
    assert shown == [("a\n", "'a'"), ("b\n", "'b'")]


def test_completion_and_inspection_look_at_ones_own_names(client: Client, other: Client) -> None:
    client.run("apple_pie = 1")
    other.run("apple_cake = 'sweet'")
    matches = [
        c.ask("complete_request", {"code": "apple_", "cursor_pos": 6}).reply["matches"]
        for c in (client, other)
    ]
    assert matches == [["apple_pie"], ["apple_cake"]]
    found = [
        c.ask("inspect_request", {"code": "apple_cake", "cursor_pos": 10, "detail_level": 0}).reply[
            "found"
        ]
        for c in (client, other)
    ]
    assert found == [False, True]


def test_a_client_that_ran_nothing_sees_nobodys_names(client: Client, other: Client) -> None:
    client.run("only_mine = 1")
    question = {"code": "only_", "cursor_pos": 5}
    assert other.ask("complete_request", question).reply["matches"] == []


def test_the_debuggers_panel_shows_ones_own_variables(client: Client, other: Client) -> None:
    client.run("variable_of_client = 1")
    other.run("variable_of_other = 1")
    for c, own, alien in ((client, "client", "other"), (other, "other", "client")):
        asked = {"type": "request", "seq": 1, "command": "inspectVariables", "arguments": {}}
        reply = c.ask("debug_request", asked, channel="control").reply
        names = [variable["name"] for variable in reply["body"]["variables"]]
        assert f"variable_of_{own}" in names
        assert f"variable_of_{alien}" not in names


def test_history_is_ones_own(client: Client, other: Client) -> None:
    client.run("'mine'")
    other.run("'yours'")
    request = {"hist_access_type": "range", "output": False, "raw": True, "session": 0, "start": 1}
    lines = [
        [line[2] for line in c.ask("history_request", {**request, "stop": None}).reply["history"]]
        for c in (client, other)
    ]
    assert lines == [["'mine'"], ["'yours'"]]
    assert client.run("%history").stdout == "'mine'\n%history\n"


def test_histories_are_in_the_database_under_numbers_of_their_own(
    client: Client, other: Client
) -> None:
    client.run("'in the database 1'")
    other.run("'in the database 2'")
    request = {"hist_access_type": "search", "output": False, "raw": True, "pattern": "'in the d*"}
    found = client.ask("history_request", request).reply["history"]
    assert sorted(line[2] for line in found) == ["'in the database 1'", "'in the database 2'"]
    assert found[0][0] != found[1][0]


def test_the_first_client_is_like_the_others(client: Client) -> None:
    assert client.run("%who").stdout == "Interactive namespace is empty.\n"
    assert client.run("__name__").value == "'__main__'"


# -- get_ipython()


def test_get_ipython_is_ones_own_everywhere(client: Client, other: Client) -> None:
    code = """
import asyncio, threading, concurrent.futures
from IPython import get_ipython as imported
from IPython.core.interactiveshell import InteractiveShell
own, seen = get_ipython(), {}
def look(where):
    import builtins
    seen[where] = {imported(), InteractiveShell.instance(), builtins.get_ipython()} == {own}
look("cell")
await asyncio.sleep(0)
look("after await")
loop = asyncio.get_running_loop()
called = asyncio.Event()
loop.call_later(0.001, lambda: (look("callback"), called.set()))
await called.wait()
async def task(): look("task")
await asyncio.create_task(task())
await asyncio.to_thread(look, "to_thread")
thread = threading.Thread(target=look, args=("thread",)); thread.start(); thread.join()
with concurrent.futures.ThreadPoolExecutor() as pool: pool.submit(look, "work item").result()
def outer():
    inner = threading.Thread(target=look, args=("thread of a thread",)); inner.start(); inner.join()
thread = threading.Thread(target=outer); thread.start(); thread.join()
seen
"""
    for c in (client, other):
        cell = c.run(code)
        assert cell.value is not None
        assert "False" not in cell.value, cell.value
        assert cell.value.count("True") == 8


def test_a_thread_that_outlives_its_cell_stays_in_its_session(
    client: Client, other: Client
) -> None:
    client.run(
        "import threading\n"
        "from IPython import get_ipython as imported\n"
        "go, seen = threading.Event(), []\n"
        "def wait():\n    go.wait()\n    seen.append(imported())\n    print('from the thread')\n"
        "thread = threading.Thread(target=wait)\nthread.start()"
    )
    last = other.run("'the cell started last'")
    cell = client.run("go.set()\nthread.join()\nseen == [get_ipython()]")
    assert cell.value == "True"
    client.wait(lambda: "from the thread" in cell.stdout, 10, "the thread's text")
    assert last.outputs == last.of("execute_result")


# -- __main__


PICKLES = """
import asyncio, copy, pickle, dataclasses, typing, threading, sys
@dataclasses.dataclass
class Point:
    x: "int" = {n}
    def double(self) -> "Point": return Point(2 * self.x)
seen = []
def look(where):
    p = Point()
    again = pickle.loads(pickle.dumps(p))
    assert type(again) is Point and again == p == copy.deepcopy(p), where
    assert pickle._loads(pickle._dumps(p)) == p
    assert typing.get_type_hints(Point.double) == {{"return": Point}}
    assert typing.get_type_hints(Point) == {{"x": int}}
    import __main__
    assert __main__.Point is Point and vars(__main__) is globals()
    assert sys.modules["__main__"].__dict__["seen"] is seen
    seen.append(where)
"""

LOOKS = """
look("cell")
await asyncio.sleep(0.01)
look("after await")
async def task():
    await asyncio.sleep(0.01)
    look("task")
await asyncio.gather(task(), asyncio.create_task(task()))
called = asyncio.Event()
asyncio.get_running_loop().call_later(0.01, lambda: (look("callback"), called.set()))
await called.wait()
await asyncio.to_thread(look, "to_thread")
thread = threading.Thread(target=look, args=("thread",)); thread.start(); thread.join()
len(seen)
"""


def test_classes_of_a_session_pickle_everywhere_in_it(client: Client, other: Client) -> None:
    for n, c in enumerate((client, other)):
        c.run(PICKLES.format(n=n))
    cells = [c.execute(LOOKS) for c in (client, other)]
    assert [cell.result().value for cell in cells] == ["7", "7"]


def test_a_class_of_another_session_is_not_found(client: Client, other: Client) -> None:
    client.run("class Mine: pass\nimport pickle; pickle.dump(Mine(), open('mine.pickle', 'wb'))")
    failed = other.execute("import pickle; pickle.load(open('mine.pickle', 'rb'))").result()
    assert failed.ename == "AttributeError"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            "import multiprocessing\n"
            "with multiprocessing.get_context('fork').Pool(1) as pool:\n"
            "    value = pool.map(work, [Item(3)])[0].n",
            id="a forked pool",
        ),
        pytest.param(
            "import concurrent.futures, multiprocessing\n"
            "fork = multiprocessing.get_context('fork')\n"
            "with concurrent.futures.ProcessPoolExecutor(1, mp_context=fork) as pool:\n"
            "    value = pool.submit(work, Item(3)).result().n",
            id="a process pool executor",
        ),
        pytest.param(
            "import cloudpickle, pickle\nvalue = pickle.loads(cloudpickle.dumps(work))(Item(3)).n",
            id="cloudpickle",
        ),
        pytest.param(
            "import inspect\n"
            "assert inspect.getsource(work).startswith('def work')\n"
            "assert inspect.getmodule(work).__name__ == '__main__'\nvalue = 6",
            id="inspect",
        ),
        pytest.param(
            "import doctest\n"
            "def half(n):\n    '''\n    >>> half(12)\n    6\n    '''\n    return n // 2\n"
            "assert doctest.testmod() == (0, 1)\nvalue = half(12)",
            id="doctest",
        ),
        pytest.param(
            "from __main__ import work as imported\nvalue = imported(Item(3)).n", id="import"
        ),
        pytest.param(
            "open('script.py', 'w').write('import __main__\\nclass S: n = 6\\n"
            'assert __main__.S is S and __name__ == "__main__"\')\n'
            "%run script.py\nimport __main__\nassert __main__.work is work\nvalue = S.n",
            id="run",
        ),
        pytest.param(
            "import timeit\nvalue = 6\n"
            "timeit.timeit('work', 'from __main__ import work', number=1)",
            id="timeit",
        ),
    ],
)
def test_what_looks_into_main_finds_the_session(client: Client, other: Client, code: str) -> None:
    other.run("class Item: pass\nwork = None")
    client.run(
        "class Item:\n    def __init__(self, n): self.n = n\n"
        "def work(item): return Item(item.n * 2)"
    )
    client.run(code)
    assert client.run("value").value == "6"


# -- what users set in their shell


def test_magics_aliases_and_formatters_are_ones_own(client: Client, other: Client) -> None:
    client.run(
        "from IPython.core.magic import register_line_magic\n"
        "@register_line_magic\ndef shout(line): return line.upper()\n"
        "%alias greet echo hello\n"
        "get_ipython().display_formatter.formatters['text/plain'].for_type("
        "complex, lambda value, printer, cycle: printer.text('complex!'))"
    )
    assert client.run("%shout hey").value == "'HEY'"
    assert client.run("%greet").stdout.strip() == "hello"
    assert client.run("1j").value == "complex!"
    assert "`%shout` not found" in other.execute("%shout hey").result().stderr
    assert "`%greet` not found" in other.execute("%greet").result().stderr
    assert other.run("1j").value == "1j"


def test_transformers_events_and_futures_are_ones_own(client: Client, other: Client) -> None:
    client.run(
        "from __future__ import annotations\nran = []\nip = get_ipython()\n"
        "def seven(lines): return [line.replace('seven', '7') for line in lines]\n"
        "ip.input_transformers_post.append(seven)\n"
        "ip.events.register('post_run_cell', lambda result: ran.append(1))"
    )
    assert client.run("seven").value == "7"
    assert other.execute("seven").result().ename == "NameError"
    assert other.run("def f(x: int): pass\nf.__annotations__").value == "{'x': int}"
    assert (
        client.run("def f(x: int): pass\nf.__annotations__, len(ran)").value == "({'x': 'int'}, 2)"
    )


def test_the_flavour_is_ones_own_and_isolation_stays(client: Client, other: Client) -> None:
    client.run("mine = 1")
    assert client.run("%akernel_mode react").stdout == "multi-react\n"
    assert other.run("%akernel_mode").stdout.startswith("multi ")
    assert client.run("%akernel_mode async").stdout == "multi\n"
    assert other.execute("mine").result().ename == "NameError"


def test_startup_files_run_in_each_session(launch: Callable[..., Kernel]) -> None:
    kernel = launch("multi", args=("--IPKernelApp.exec_lines=prepared = ['by the start']",))
    for client in (kernel.clients[0], kernel.client()):
        assert client.run("prepared.append(1); prepared").value == "['by the start', 1]"


def test_a_shared_kernel_can_be_isolated_from_then_on(launch: Callable[..., Kernel]) -> None:
    kernel = launch()
    first, second = kernel.clients[0], kernel.client()
    first.run("shared = 1")
    assert second.run("shared").value == "1"
    assert first.run("%akernel_mode multi").stdout == "multi\n"
    assert second.run("shared").value == "1"
    third = kernel.client()
    assert third.execute("shared").result().ename == "NameError"
    assert third.run("from IPython import get_ipython as g; g() is get_ipython()").value == "True"
