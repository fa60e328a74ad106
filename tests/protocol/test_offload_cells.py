"""``%%offload``: a cell runs in another process, and leaves what it would leave in the kernel."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kernels import Kernel

from .client import Client
from .request import Request

pytest.importorskip("distributed")

#: The first cell waits for the workers to start.
LONG = 90.0


def offload(client: Client, body: str) -> Request:
    return client.run(f"%%offload\n{body}", LONG)


def fail(client: Client, body: str) -> Request:
    cell = client.execute(f"%%offload\n{body}").result(LONG)
    assert cell.status == "error", cell
    return cell


def test_the_cell_runs_in_another_process(client: Client) -> None:
    ours = client.run("import os; os.getpid()").value
    assert offload(client, "os.getpid()").value != ours


def test_a_kernel_that_offloads_nothing_imports_nothing_for_it(
    launch: Callable[..., Kernel],
) -> None:
    heavy = "{'dask', 'distributed', 'cloudpickle', 'akernel_ipy.offload._parcel'}"
    assert launch().client().run(f"import sys; {heavy} & set(sys.modules)").value == "set()"


def test_a_tag_does_the_same(client: Client) -> None:
    ours = client.run("import os; os.getpid()").value
    content = {"code": "os.getpid()", "silent": False}
    cell = client.send("execute_request", content, metadata={"tags": ["offload"]}).result(LONG)
    assert cell.value != ours


def test_names_go_and_come(client: Client) -> None:
    client.run("off_x = [1, 2]; off_scale = 10\ndef off_f(v): return v * off_scale")
    cell = offload(client, "off_y = [off_f(v) for v in off_x]\noff_x.append(3)\nsum(off_y)")
    assert cell.value == "30"
    assert client.run("off_x, off_y, _, Out").value.startswith("([1, 2, 3], [10, 20], 30, ")


def test_functions_and_classes_of_the_cell_work_in_the_kernel(client: Client) -> None:
    offload(client, "class Off:\n    def m(self): return off_k\noff_o = Off()")
    client.run("off_k = 7")
    assert client.run("off_o.m(), type(off_o) is Off, Off.__module__").value == (
        "(7, True, '__main__')"
    )


def test_outputs_come_in_order(client: Client) -> None:
    cell = offload(
        client,
        "import sys\nprint('one')\ndisplay('two')\nprint('three', file=sys.stderr)\n"
        "handle = display('old', display_id=True)\nhandle.update('new')\n'result'",
    )
    kinds = [m["msg_type"] for m in cell.outputs]
    assert kinds == [
        "stream", "display_data", "stream", "display_data", "update_display_data", "execute_result",
    ]  # fmt: skip
    assert (cell.stdout, cell.stderr, cell.value) == ("one\n", "three\n", "'result'")


def test_text_is_shown_while_the_cell_runs(client: Client) -> None:
    gate = client.file_gate()
    cell = client.execute(
        f"%%offload\nimport asyncio, os\nprint('begun')\n{gate.wait}\nprint('ended')"
    )
    cell.until("begun", LONG)
    assert not cell.done
    assert client.run("1 + 1").value == "2"
    gate.open()
    assert cell.result().stdout == "begun\nended\n"


def test_commands_and_child_processes_print_in_the_cell(client: Client) -> None:
    cell = offload(
        client, "!echo command\nimport subprocess\nx = subprocess.run(['echo', 'child']).returncode"
    )
    assert cell.stdout.split() == ["command", "child"]


def test_a_figure_is_shown(client: Client) -> None:
    cell = offload(client, "import matplotlib.pyplot as plt\nplt.plot([1, 2])")
    assert "Line2D" in (cell.value or "")
    assert [list(m["content"]["data"]) for m in cell.of("display_data")] == [
        ["text/plain", "image/png"]
    ]
    assert offload(client, "2;").value is None


def test_a_table_comes_back_as_a_table(client: Client) -> None:
    client.run("import pandas as pd; off_df = pd.DataFrame({'a': [1, 2]}); off_other = off_df")
    cell = offload(client, "off_df['b'] = off_df.a * 2\noff_df")
    assert "text/html" in cell.of("execute_result")[0]["content"]["data"]
    assert client.run("off_other.b.tolist(), off_other is off_df").value == "([2, 4], True)"


def test_await_works(client: Client) -> None:
    cell = offload(
        client,
        "async def off_slow(n):\n    await asyncio.sleep(0.01)\n    return n\n"
        "off_all = await asyncio.gather(off_slow(1), off_slow(2))\noff_all",
    )
    assert cell.value == "[1, 2]"
    assert client.run("await off_slow(3)").value == "3"


def test_magics_work(client: Client) -> None:
    assert "Wall time" in offload(client, "%time off_t = sum(range(1000))").stdout
    assert client.run("off_t").value == "499500"
    assert "Wall time" in offload(client, "%%time\noff_u = sum(range(10))").stdout
    assert client.run("off_u").value == "45"


def test_an_error_points_into_the_cell(client: Client) -> None:
    body = "def off_bad():\n    return 1 / 0\n\noff_kept = 1\noff_bad()"
    cell = fail(client, body)
    assert cell.ename == "ZeroDivisionError"
    text = "\n".join(cell.reply["traceback"])
    local = client.execute(
        "# %%offload\ndef off_bad():\n    return 1 / 0\n\noff_kept = 1\noff_bad()"
    )
    plain = "\n".join(local.result().reply["traceback"])
    assert text.replace(f"In[{cell.count}]", "") == plain.replace(f"In[{local.count}]", "")
    assert client.run("off_kept").value == "1"


def test_an_error_brings_its_cause_and_its_class(client: Client) -> None:
    client.run("class OffError(Exception):\n    def __init__(self, a, b): super().__init__(a)")
    body = "try:\n    {}['k']\nexcept KeyError as e:\n    raise OffError('because', 2) from e"
    cell = fail(client, body)
    assert (cell.ename, cell.reply["evalue"]) == ("OffError", "because")
    text = "\n".join(cell.reply["traceback"])
    assert "KeyError" in text
    assert "direct cause" in text


def test_a_syntax_error_is_that_of_any_cell(client: Client) -> None:
    assert fail(client, "def (").ename == "SyntaxError"
    assert fail(client, "return 1").ename == "SyntaxError"


def test_what_cannot_be_sent_is_named_before_anything_runs(client: Client) -> None:
    client.run("import threading; off_lock = threading.Lock()\ndef off_use(): return off_lock")
    cell = fail(client, "print('ran')\noff_use()")
    assert cell.ename == "OffloadError"
    assert "`off_lock`, which off_use() reads, can't be sent" in cell.reply["evalue"]
    assert cell.stdout == ""


def test_what_cannot_come_back_is_named(client: Client) -> None:
    cell = offload(client, "off_gen = (i for i in range(3))\noff_n = 5\noff_gen")
    assert "`off_gen` stays on the worker" in cell.stderr
    assert "generator object" in (cell.value or "")
    assert client.run("off_n").value == "5"
    assert client.execute("off_gen").result().ename == "NameError"


def test_a_name_that_could_not_be_seen_is_hinted_at(client: Client) -> None:
    client.run("off_hidden = 1")
    cell = fail(client, "exec('off_w = off_' + 'hidden')")
    assert cell.ename == "NameError"
    assert "mention it in the cell" in "\n".join(cell.reply["traceback"])


def test_the_kernels_own_functions_are_refused(client: Client) -> None:
    assert "take %%offload away" in fail(client, "__task__()").reply["evalue"]


def test_input_is_refused(client: Client) -> None:
    cell = fail(client, "input('who? ')")
    assert cell.ename == "OffloadError"
    assert "can't ask" in cell.reply["evalue"]


def test_the_working_directory_is_the_kernels(client: Client) -> None:
    client.run("import os; os.makedirs('off_dir', exist_ok=True); os.chdir('off_dir')")
    try:
        assert offload(client, "os.path.basename(os.getcwd())").value == "'off_dir'"
    finally:
        client.run("os.chdir('..')")


def test_modules_beside_the_notebook_are_found(client: Client) -> None:
    client.run("open('off_helper.py', 'w').write('def triple(x): return 3 * x'); import off_helper")
    assert offload(client, "off_helper.triple(14)").value == "42"


def test_large_arrays_are_sent_once_while_unchanged(client: Client) -> None:
    client.run("import numpy as np; off_a = np.arange(500_000.0)")
    engine = "get_ipython().kernel.engine._buffers._kept"
    assert offload(client, "float(off_a[1])").value == "1.0"
    first = client.run(f"[id(f) for f, _ in {engine}.values()]").value
    assert offload(client, "off_a[1] += 1; float(off_a[1])").value == "2.0"
    assert client.run(f"[id(f) for f, _ in {engine}.values()]").value == first
    assert client.run("float(off_a[1])").value == "2.0"
    assert offload(client, "float(off_a[1])").value == "2.0"
    assert client.run(f"len({engine})").value == "2"


def test_chain_keeps_its_order(chain: Client) -> None:
    first = chain.execute("%%offload\nimport time; time.sleep(0.05); off_first = 1")
    second = chain.execute("off_first + 1")
    assert second.result(LONG).value == "2"
    assert first.done
