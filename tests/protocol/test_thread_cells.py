"""``%%thread``: a cell that never awaits runs in a thread, and everything of it stays its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kernels import Kernel, audited

from .client import Client

#: A thread that waits here lets everything else go on.
WAIT = "import time\nwhile not {gate}.is_set(): time.sleep(0.002)"


def test_a_blocking_cell_holds_nothing_up(client: Client) -> None:
    gate = client.gate()
    cell = client.execute(f"%%thread\nprint('in')\n{WAIT.format(gate=gate.name)}\n'done'")
    cell.until("in")
    assert client.run("1 + 1").value == "2"
    assert client.run("await asyncio.sleep(0.01, 'slept')").value == "'slept'"
    reply = client.ask("complete_request", {"code": "gate_", "cursor_pos": 5}).reply
    assert gate.name in reply["matches"]
    assert not cell.done
    gate.open()
    assert cell.result().value == "'done'"


def test_the_code_runs_in_another_thread(client: Client) -> None:
    ask = "import threading; threading.current_thread() is threading.main_thread()"
    assert client.run(f"%%thread\n{ask}").value == "False"
    assert client.run(ask).value == "True"


@pytest.mark.parametrize("metadata", [{"tags": ["thread"]}, {"thread": True}])
def test_a_tag_or_an_entry_of_the_metadata_does_the_same(
    client: Client, metadata: dict[str, Any]
) -> None:
    content = {"code": "import threading; threading.current_thread().name", "silent": False}
    cell = client.send("execute_request", content, metadata=metadata).result()
    assert cell.value == f"'In [{cell.count}]'"


def test_every_kind_of_output_is_the_cells_own(client: Client) -> None:
    gate = client.gate()
    cell = client.execute(
        "%%thread\nimport sys\nprint('in')\n"
        f"{WAIT.format(gate=gate.name)}\n"
        "display('shown')\nprint('warned', file=sys.stderr)\n"
        "import warnings, logging\nwarnings.warn('careful')\n'result'"
    )
    cell.until("in")
    meanwhile = client.run("print('meanwhile'); 'other'")
    gate.open()
    assert cell.result().value == "'result'"
    assert cell.displays == ["'shown'"]
    assert "warned" in cell.stderr
    assert "careful" in cell.stderr
    assert (meanwhile.stdout, meanwhile.value) == ("meanwhile\n", "'other'")


def test_a_child_process_prints_in_the_cell_if_no_other_runs(client: Client) -> None:
    assert "child" in client.run("%%thread\nimport os\nos.system('echo child')").stdout


def test_numbers_history_and_out_are_as_ever(client: Client) -> None:
    gate = client.gate()
    slow = client.execute(f"%%thread\n{WAIT.format(gate=gate.name)}\n'slow'").until_busy()
    quick = client.run("'quick'")
    gate.open()
    assert slow.result().count == quick.count - 1
    assert client.run(f"Out[{slow.count}], Out[{quick.count}]").value == "('slow', 'quick')"
    assert client.run(f"'%%thread' in In[{slow.count}], In[{quick.count}]").value == (
        "(True, \"'quick'\")"
    )
    client.run("%%thread\n'last'")
    assert client.run("_").value == "'last'"


def test_a_semicolon_silences_its_own_cell(client: Client) -> None:
    assert client.run("%%thread\n1;").value is None
    assert client.run("%%thread\n1").value == "1"


def test_an_error_points_into_the_cell(client: Client) -> None:
    cell = client.execute("%%thread\ndef inner():\n    return 1 / 0\n\nx_thr = 1\ninner()").result()
    assert cell.ename == "ZeroDivisionError"
    text = "\n".join(cell.reply["traceback"])
    assert "inner()" in text
    assert "1" in text
    assert "_cells.py" not in text
    assert "_worker.py" not in text
    assert client.run("x_thr").value == "1"


def test_the_traceback_is_that_of_a_plain_cell(client: Client) -> None:
    def traceback(code: str) -> str:
        cell = client.execute(code).result()
        text = "\n".join(cell.reply["traceback"]).replace(f"In[{cell.count}]", "In[n]")
        return text.replace("# %%", "%%")

    body = "thread\ndef inner():\n    return 1 / 0\n\ninner()"
    assert traceback(f"%%{body}") == traceback(f"# %%{body}")


def test_two_failing_cells_show_each_its_own_error(client: Client) -> None:
    gate = client.gate()
    cells = [
        client.execute(f"%%thread\nprint('in')\n{WAIT.format(gate=gate.name)}\nint('cell {n}')")
        for n in range(2)
    ]
    for cell in cells:
        cell.until("in")
    gate.open()
    for n, cell in enumerate(cells):
        assert cell.result().ename == "ValueError"
        assert f"cell {n}" in cell.reply["evalue"]
        assert f"cell {n}" in "\n".join(cell.reply["traceback"])


def test_a_syntax_error_is_shown(client: Client) -> None:
    assert client.execute("%%thread\ndef (").result().ename == "SyntaxError"


def test_names_are_those_of_the_namespace(client: Client) -> None:
    client.run("base_thr = 20")
    client.run("%%thread\ndef twice(x): return 2 * x\nkept_thr = twice(base_thr) + 2")
    assert client.run("kept_thr").value == "42"


def test_context_variables_set_in_the_cell_stay_set(client: Client) -> None:
    client.run("from contextvars import ContextVar; var_thr = ContextVar('v', default='unset')")
    gate = client.gate()
    slow = client.execute(
        f"%%thread\nseen = var_thr.get()\nprint('in')\n{WAIT.format(gate=gate.name)}"
    ).until("in")
    client.run("%%thread\nvar_thr.set('set in a thread');")
    gate.open()
    slow.result()
    assert client.run("seen, var_thr.get()").value == "('unset', 'set in a thread')"


def test_magics_and_commands_work_inside(client: Client) -> None:
    assert "hello" in client.run("%%thread\n!echo hello").stdout
    assert "from bash" in client.run("%%thread\n%%bash\necho from bash").stdout
    assert "Wall time" in client.run("%%thread\n%%time\nsum(range(1000))").stdout
    assert "async" in client.run("%%thread\n%akernel_mode").stdout
    assert "loop" in client.run("%%thread\n%timeit -n 2 -r 1 1 + 1").stdout
    assert client.run("%%thread\n%%capture caught\nprint('x')").stdout == ""
    assert client.run("caught.stdout").value == "'x\\n'"
    assert client.run("%%thread\nlines = !echo a\nlines").value == "['a']"


def test_cancelling_another_cell_from_a_thread(client: Client) -> None:
    waiting = client.execute("await asyncio.sleep(60)").until_busy()
    assert client.run("%%thread\n__task__().cancel()").value == "True"
    assert waiting.result().ename == "KeyboardInterrupt"


def test_input_asks_for_the_cell(client: Client) -> None:
    cell = client.execute("%%thread\ninput('who? ')")
    assert cell.question()["content"]["prompt"] == "who? "
    assert client.run("'meanwhile'", allow_stdin=False).value == "'meanwhile'"
    cell.answer("Ada")
    assert cell.result().value == "'Ada'"


def test_the_next_cell_can_wait_for_it(client: Client) -> None:
    gate = client.gate()
    client.execute(f"%%thread\n{WAIT.format(gate=gate.name)}\n'from the thread'")
    waiting = client.execute("await __task__()").until_busy()
    gate.open()
    assert waiting.result().value == "'from the thread'"


def test_a_cell_that_awaits_is_refused_before_anything_runs(client: Client) -> None:
    cell = client.execute("%%thread\nran_thr = True\nawait asyncio.sleep(0)").result()
    assert cell.ename == "ThreadError"
    assert "to_thread" in cell.reply["evalue"]
    assert client.execute("ran_thr").result().ename == "NameError"


def test_a_coroutine_function_may_be_defined(client: Client) -> None:
    client.run("%%thread\nasync def answer_thr(): return await asyncio.sleep(0, 42)")
    assert client.run("await answer_thr()").value == "42"


def test_asyncio_run_works_inside(client: Client) -> None:
    assert client.run("%%thread\nasyncio.run(asyncio.sleep(0, 'ran'))").value == "'ran'"


def test_await_compiles_while_threads_compile(client: Client) -> None:
    gate = client.gate()
    busy = client.execute(
        "%%thread\nprint('in')\n"
        f"while not {gate.name}.is_set(): get_ipython().run_cell('x_compiled = 1')"
    ).until("in")
    for n in range(20):
        assert client.run(f"await asyncio.sleep(0, {n})").value == str(n)
    gate.open()
    assert busy.result().status == "ok"


def test_chain_keeps_its_order(chain: Client) -> None:
    first = chain.execute("%%thread\nimport time; time.sleep(0.05); first_thr = 1")
    second = chain.execute("first_thr + 1")
    assert second.result().value == "2"
    assert first.done


@pytest.fixture(scope="module")
def rule() -> Iterator[Kernel]:
    """A kernel in which blocking cells are threads."""
    yield from audited(Kernel(args=("--AsyncKernel.blocking=thread",)))


def test_blocking_thread_makes_it_the_rule(rule: Kernel) -> None:
    client = rule.client()
    ask = "import threading; threading.current_thread() is threading.main_thread()"
    assert client.run(ask).value == "False"
    assert client.run(f"await asyncio.sleep(0)\n{ask}").value == "True"
    assert client.run(f"%%thread off\n{ask}").value == "True"
    assert "async" in client.run("%akernel_mode").stdout
    rule.release(client)


def test_exit_in_a_thread_ends_the_kernel(launch: Callable[..., Kernel]) -> None:
    kernel = launch()
    client = kernel.client()
    cell = client.execute("%%thread\nexit()").result()
    assert cell.reply["payload"] == [{"source": "ask_exit", "keepkernel": False}]
    kernel.manager.provisioner.process.wait(20)
