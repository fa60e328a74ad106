"""multi: sessions are listed, end in many ways, and leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from kernels import Kernel, wait_gone

from .client import Client
from .tenants import multi_kernel, sessions, steer, until_sessions

#: Makes an object that another session can look for.
LEAVE = """
import builtins, weakref
class Canary: pass
canary = Canary()
canaries = builtins.canaries = weakref.WeakSet()
canaries.add(canary)
canaries.add(get_ipython())
"""

LEFT = "import gc; gc.collect(); len(canaries)"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    yield from multi_kernel()


def key_of(client: Client) -> int:
    (key,) = (s["id"] for s in sessions(client) if client.session in s["clients"])
    assert isinstance(key, int)
    return key


def until_freed(client: Client) -> None:
    client.wait(lambda: client.run(LEFT).value == "0", 20, "nothing to be left")


# -- listing


def test_the_table_says_what_there_is(client: Client, other: Client) -> None:
    client.run("x = 'a' * 3_000_000")
    other.run("%akernel_mode chain-react")
    gate = other.file_gate()
    running = other.execute(gate.wait).until_busy()
    lines = client.run("%akernel sessions").stdout.splitlines()
    assert lines[0].split() == [
        "ID", "notebook", "age", "idle", "cells", "running", "size", "flavour"
    ]  # fmt: skip
    rows = {line.split()[0]: line for line in lines[1:]}
    assert "2.9 MiB" in rows[f"{key_of(client)}*"]
    assert rows[str(key_of(other))].endswith("chain-multi-react")
    gate.open()
    running.result()


def test_a_kernel_of_another_flavour_has_one_session(launch: Callable[..., Kernel]) -> None:
    client = launch().clients[0]
    assert len(client.run("%akernel sessions").stdout.splitlines()) == 2
    refused = client.execute("%akernel forget 0").result()
    assert "all clients share one session" in refused.stderr + str(refused.outputs)


def test_the_control_channel_lists_sessions_also_while_a_cell_blocks(
    client: Client, other: Client
) -> None:
    other.run("1")
    gate = client.file_gate()
    blocking = client.execute(
        f"import os\nwhile not os.path.exists({str(gate.path)!r}): pass"
    ).until_busy()
    listed = {tuple(s["clients"]): s for s in sessions(other)}  # type: ignore[arg-type]
    assert listed[(client.session,)]["running"] == 1
    assert listed[(other.session,)]["cells"] == 1
    gate.path.touch()
    blocking.result()


# -- ends


def test_forget_frees_what_was_the_sessions_own(client: Client, other: Client) -> None:
    other.run(LEAVE)
    said = client.run(f"%akernel forget {key_of(other)}").stdout
    assert said.startswith("forgot session")
    until_freed(client)
    assert other.execute("canary").result().ename == "NameError"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("canary.me = canary", id="a cycle"),
        pytest.param(
            "async def forever():\n    while True: await asyncio.sleep(0.01); canary\n"
            "task = asyncio.create_task(forever())",
            id="a background task",
        ),
        pytest.param(
            "def again(): loop.call_later(0.01, again); canary\n"
            "loop = asyncio.get_running_loop(); again()",
            id="a timer",
        ),
        pytest.param(
            "import ipywidgets; w = ipywidgets.IntSlider(); w.mine = canary", id="a widget"
        ),
        pytest.param(
            "import matplotlib.pyplot as plt\n%config InlineBackend.close_figures = False\n"
            "fig = plt.figure(); fig.mine = canary",
            id="a figure",
        ),
        pytest.param("x = 1; _ = canary; canary", id="a result"),
        pytest.param(
            "from IPython import get_ipython as g; ip = g(); ip.mine = canary", id="the shell"
        ),
        pytest.param(
            "get_ipython().events.register('post_execute', lambda: canary)\n"
            "get_ipython().kernel.comm_manager.register_target('t', lambda *_: canary)",
            id="events and targets",
        ),
        pytest.param("%akernel_mode react\nbound = canary", id="react"),
        pytest.param("import atexit; atexit.register(lambda: canary)", id="atexit"),
        pytest.param("%%bash --bg --out out\nsleep 1000", id="a script in the background"),
        pytest.param(
            "import threading\nthread = threading.Thread(target=lambda: canary); thread.start()\n"
            "thread.join()",
            id="a thread",
        ),
        pytest.param("await asyncio.to_thread(lambda: canary)", id="the default executor"),
        pytest.param("%timeit -n1 -r1 canary\n%time canary\n%who\n%history", id="magics"),
        pytest.param("import IPython; get_ipython().Completer.complete('can')", id="completer"),
    ],
)  # fmt: skip
def test_whatever_a_session_did_it_is_freed(client: Client, other: Client, code: str) -> None:
    other.run(LEAVE)
    other.run(code).background = True  # a widget is closed
    other.ask("complete_request", {"code": "canary.", "cursor_pos": 7})
    client.run(f"%akernel forget {key_of(other)}")
    until_freed(client)


def test_what_is_registered_with_atexit_is_called_at_the_end_of_the_session(
    client: Client, other: Client
) -> None:
    client.run("import builtins; builtins.said = []")
    other.run(
        "import atexit, builtins\n"
        "for n in range(2): atexit.register(lambda n=n: builtins.said.append(n))"
    )
    client.run(f"%akernel forget {key_of(other)}")
    client.wait(lambda: client.run("said").value == "[1, 0]", 20, "the calls")


def test_an_error_frees_what_it_referred_to(client: Client, other: Client) -> None:
    other.run(LEAVE)
    other.execute("def f(c): 1 / 0\nf(canary)").result()
    client.run(f"%akernel forget {key_of(other)}")
    until_freed(client)


def test_a_session_that_is_ended_stops_its_cells(client: Client, other: Client) -> None:
    client.run("1")
    other.run("%akernel_mode chain")
    running = other.execute("await asyncio.sleep(60)").until_busy()
    waiting = other.execute("'never'", stop_on_error=True)
    client.run("1")  # the kernel has taken in both
    known = len(sessions(client))
    assert steer(client, "end", client=other.session).reply["status"] == "ok"
    assert running.result().ename == "KeyboardInterrupt"
    assert waiting.result().status == "aborted"
    until_sessions(client, known - 1)


def test_the_next_request_after_the_end_begins_a_new_session(client: Client, other: Client) -> None:
    other.run("gone = 1")
    old = key_of(other)
    steer(client, "end", id=old)
    assert other.execute("gone").result().ename == "NameError"
    assert key_of(other) > old
    assert other.run("1").count == 2


def test_one_session_can_be_interrupted_by_its_name(client: Client, other: Client) -> None:
    cells = [c.execute("await asyncio.sleep(30)").until_busy() for c in (client, other)]
    steer(client, "interrupt", client=other.session)
    assert cells[1].result().ename == "KeyboardInterrupt"
    assert not cells[0].replies
    steer(other, "interrupt", id=key_of(client))
    assert cells[0].result().ename == "KeyboardInterrupt"


@pytest.mark.parametrize(
    ("content", "ename"),
    [
        ({"action": "end", "client": "nobody"}, "LookupError"),
        ({"action": "end"}, "LookupError"),
        ({"action": "fly"}, "ValueError"),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: Client, content: dict[str, object], ename: str
) -> None:
    reply = client.ask("akernel_sessions_request", content, channel="control").reply
    assert (reply["status"], reply["ename"]) == ("error", ename)


def test_unused_sessions_end_after_a_while_and_busy_ones_do_not(
    launch: Callable[..., Kernel],
) -> None:
    kernel = launch("multi", args=("--AsyncKernel.session_timeout=1.5",))
    busy, idle, watcher = kernel.clients[0], kernel.client(), kernel.client()
    gate = busy.file_gate()
    running = busy.execute(f"{gate.wait}\n'still mine'").until_busy()
    idle.run("gone = 1")
    until_sessions(watcher, 1)
    assert idle.execute("gone").result().ename == "NameError"
    gate.open()
    assert running.result().value == "'still mine'"
    busy.gates.clear()  # its session may end before the kernel does


def test_shutdown_ends_all_sessions(launch: Callable[..., Kernel]) -> None:
    kernel = launch("multi")
    clients = [kernel.clients[0], *(kernel.client() for _ in range(3))]
    for client in clients:
        client.run("import atexit; atexit.register(print, 'bye')")
        client.execute("await asyncio.sleep(60)").until_busy().abandoned = True
    processes = kernel.processes()
    kernel.manager.shutdown_kernel()
    wait_gone(processes)
    assert "Traceback" not in kernel.log
