"""Whatever writes, the output goes to the cell that it belongs to."""

from __future__ import annotations

import pytest

from .client import Client
from .request import Request

#: Statements that write "mark", and the stream on which it must appear.
WRITERS = {
    "print": ("print('mark')", "stdout"),
    "sys.stdout.write": ("import sys; sys.stdout.write('mark\\n');", "stdout"),
    "print to stderr": ("import sys; print('mark', file=sys.stderr)", "stderr"),
    "logging": ("import logging; logging.getLogger('a').warning('mark')", "stderr"),
    "warnings": ("import warnings; warnings.warn('mark')", "stderr"),
    "os.write": ("import os; os.write(1, b'mark\\n');", "stdout"),
    "os.write to stderr": ("import os; os.write(2, b'mark\\n');", "stderr"),
    "libc": (
        "import ctypes; c = ctypes.CDLL(None); c.puts(b'mark'); c.fflush(None);",
        "stdout",
    ),
    "subprocess.run": ("import subprocess; subprocess.run(['echo', 'mark']);", "stdout"),
    "subprocess to stderr": (
        "import subprocess; subprocess.run('echo mark >&2', shell=True);",
        "stderr",
    ),
    "os.system": ("import os; os.system('echo mark');", "stdout"),
    "shell escape": ("!echo mark", "stdout"),
}

#: Statements that write "mark" from elsewhere, before the cell goes on.
ELSEWHERE = {
    "task": "async def f(): print('mark')\nawait asyncio.create_task(f())",
    "gather": "async def f(): print('mark')\nawait asyncio.gather(f(), asyncio.sleep(0.01))",
    "call_later": "asyncio.get_running_loop().call_later(0.01, print, 'mark')\n"
    "await asyncio.sleep(0.05)",
    "done callback": "future = asyncio.get_running_loop().create_future()\n"
    "future.add_done_callback(lambda f: print('mark')); future.set_result(1)\n"
    "await asyncio.sleep(0.01)",
    "thread": "import threading\nt = threading.Thread(target=print, args=('mark',))\n"
    "t.start()\nt.join()",
    "thread that a thread started": "import threading\n"
    "def outer():\n    t = threading.Thread(target=print, args=('mark',)); t.start(); t.join()\n"
    "t = threading.Thread(target=outer); t.start()\nt.join()",
    "timer": "import threading\nt = threading.Timer(0.01, print, ('mark',))\nt.start()\nt.join()",
    "to_thread": "await asyncio.to_thread(print, 'mark')",
    "run_in_executor": "await asyncio.get_running_loop().run_in_executor(None, print, 'mark')",
    "executor": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor() as pool: pool.submit(print, 'mark').result()",
}


def later(client: Client, code: str) -> tuple[Request, Request]:
    """Run ``code`` in the first of two cells, when the second has started and waits."""
    first_gate, second_gate = client.gate(), client.gate()
    first = client.execute(f"print('in')\n{first_gate.wait}\n{code}").until("in")
    second = client.execute(f"print('in')\n{second_gate.wait}").until("in")
    first_gate.open()
    first.result()
    second_gate.open()
    second.result()
    assert first.status == "ok", first.reply
    return first, second


@pytest.mark.parametrize("writer", WRITERS)
def test_what_a_cell_writes_while_another_waits_is_its_own(client: Client, writer: str) -> None:
    code, stream = WRITERS[writer]
    first, second = later(client, code)
    written = first.stdout if stream == "stdout" else first.stderr
    assert "mark\n" in written.replace("\r\n", "\n")
    assert [m["content"]["text"] for m in second.outputs] == ["in\n"]


@pytest.mark.parametrize("where", ELSEWHERE)
def test_output_from_elsewhere_belongs_to_the_cell_that_started_it(
    client: Client, where: str
) -> None:
    first, second = later(client, ELSEWHERE[where])
    assert first.stdout == "in\nmark\n"
    assert second.stdout == "in\n"


def test_display_result_and_clear_output_of_a_cell_are_its_own(client: Client) -> None:
    first, second = later(
        client,
        "from IPython.display import clear_output\ndisplay('mark')\nclear_output()\n'result'",
    )
    assert first.displays == ["'mark'"]
    assert first.value == "'result'"
    assert len(first.of("clear_output")) == 1
    assert len(second.outputs) == 1


@pytest.mark.parametrize(
    "code",
    [
        "await asyncio.to_thread(display, 'mark')",
        "import threading; t = threading.Thread(target=display, args=('mark',))\n"
        "t.start(); t.join()",
        "asyncio.get_running_loop().call_soon(display, 'mark'); await asyncio.sleep(0.01)",
    ],
)
def test_display_from_elsewhere_belongs_to_the_cell_that_started_it(
    client: Client, code: str
) -> None:
    first, second = later(client, code)
    assert first.displays == ["'mark'"]
    assert len(second.outputs) == 1


def test_stderr_of_a_thread_belongs_to_the_cell_that_started_it(client: Client) -> None:
    first, second = later(
        client, "import sys\nawait asyncio.to_thread(print, 'mark', file=sys.stderr)"
    )
    assert first.stderr == "mark\n"
    assert second.stderr == ""


def test_update_display_belongs_to_the_cell_that_updates(client: Client) -> None:
    first = client.run("handle_1 = display('old', display_id='one-id')")
    second, _ = later(client, "handle_1.update('new')")
    assert first.of("display_data")[0]["content"]["transient"] == {"display_id": "one-id"}
    (update,) = second.of("update_display_data")
    assert update["content"]["transient"] == {"display_id": "one-id"}
    assert update["content"]["data"]["text/plain"] == "'new'"


def test_a_task_that_outlives_its_cell_still_prints_into_it(client: Client) -> None:
    gate, done = client.gate(), client.gate()
    first = client.execute(
        f"async def late():\n    {gate.wait}\n    print('late')\n    {done.name}.set()\n"
        "late_task = asyncio.create_task(late())"
    )
    first.background = True
    first.result()
    second = client.execute(f"print('in'); {gate.name}.set(); {done.wait}").result()
    first.until("late")
    assert second.stdout == "in\n"


def test_a_timer_of_the_loop_that_outlives_its_cell_still_prints_into_it(client: Client) -> None:
    first = client.execute("_ = asyncio.get_running_loop().call_later(0.2, print, 'late')")
    first.background = True
    first.result()
    second = client.run("print('second')")
    first.until("late")
    assert second.stdout == "second\n"


def test_a_thread_that_outlives_its_cell_prints_into_the_last_one(client: Client) -> None:
    first = client.run(
        "import threading\nlate_go = threading.Event()\n"
        "def late_print(): late_go.wait(); print('late')\n"
        "late_thread = threading.Thread(target=late_print); late_thread.start()"
    )
    second = client.run("late_go.set(); late_thread.join()")
    assert (first.stdout, second.stdout) == ("", "late\n")


def test_work_items_on_one_pool_belong_to_the_cells_that_submitted_them(client: Client) -> None:
    client.run(
        "from concurrent.futures import ThreadPoolExecutor\npool_1 = ThreadPoolExecutor(1)\n"
        "pool_1.submit(print, 'a worker lives').result()"
    )
    gate = client.gate()
    cells = [
        client.execute(
            f"{gate.wait}\nawait asyncio.wrap_future(pool_1.submit(print, 'from', {i}))"
        ).until_busy()
        for i in range(5)
    ]
    gate.open()
    assert [cell.result().stdout for cell in cells] == [f"from {i}\n" for i in range(5)]
    client.run("pool_1.shutdown()")


def test_a_child_of_asyncio_writes_into_the_only_cell(client: Client) -> None:
    cell = client.run(
        "child = await asyncio.create_subprocess_exec('echo', 'mark'); await child.wait()"
    )
    assert cell.stdout == "mark\n"
    assert cell.value == "0"


def test_interleaved_cells_keep_their_lines_apart_and_in_order(client: Client) -> None:
    gate = client.gate()
    code = f"{gate.wait}\nfor i in range(300):\n    print({{0}}, i)\n    await asyncio.sleep(0)"
    cells = [client.execute(code.format(n)).until_busy() for n in range(4)]
    gate.open()
    for n, cell in enumerate(cells):
        assert cell.result().stdout == "".join(f"{n} {i}\n" for i in range(300))
    idle = [cell.messages[-1]["header"]["date"] for cell in cells]
    printed = [cell.of("stream")[0]["header"]["date"] for cell in cells]
    assert max(printed) <= min(idle), "the cells did not overlap"


def test_streams_displays_and_result_come_in_the_order_of_the_code(client: Client) -> None:
    cell = client.run(
        "import os, sys\nprint('1')\ndisplay(2)\nprint('3', file=sys.stderr)\n"
        "await asyncio.sleep(0)\ndisplay(4)\nprint('5')\n6"
    )
    seen = [m["content"].get("text") or m["content"]["data"]["text/plain"] for m in cell.outputs]
    assert [word.strip() for word in seen] == ["1", "2", "3", "4", "5", "6"]


def test_all_lines_written_to_a_descriptor_arrive_before_idle(client: Client) -> None:
    cell = client.run("import os\nfor i in range(2000): os.write(1, b'%d\\n' % i)")
    assert cell.stdout == "".join(f"{i}\n" for i in range(2000))


TEE = """\
import sys

real = sys.stdout


class Tee:
    def write(self, text):
        kept.append(text)
        return real.write(text)

    def flush(self):
        real.flush()


kept = []
sys.stdout = Tee()
print("first")
"""


def test_what_a_stream_of_the_users_passes_on_appears_in_the_cell_that_prints(
    client: Client,
) -> None:
    assert client.run(TEE).stdout == "first\n"
    cells = [
        client.execute("await asyncio.sleep(0)\nprint('second')\n'shown'"),
        client.execute("import threading\nt = threading.Thread(target=print, args=['third'])\n"
                       "t.start(); t.join()"),
    ]  # fmt: skip
    assert [cell.result().stdout for cell in cells] == ["second\n", "third\n"]
    assert cells[0].value == "'shown'"
    assert client.run("sys.stdout = real\nprint('back')\n''.join(kept).split()").stdout == "back\n"
