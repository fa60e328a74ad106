# ruff: noqa: E501
"""cache: a hit shows what the run showed, byte for byte and in order."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from protocol.caching import Notebook, cached


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Notebook, Notebook]]:
    """Two kernels with one cache."""
    for shared in cached(tmp_path_factory.mktemp("pair")):
        yield shared.notebook(), shared.notebook()


CASES = {
    "text": "print('a'); print('b')",
    "both streams": "import sys\nprint('a', flush=True); print('b', file=sys.stderr, flush=True)\n"
    "print('c')",
    "a result": "'x' * 3",
    "a silenced result": "'x' * 3;",
    "no result": "None",
    "displays between prints": "print(1); display({'k': 2}); print(3); display('é\\n\\u2028'); 4",
    "several types": "from IPython.display import display, HTML, Markdown\n"
    "display(HTML('<b>x</b>'), Markdown('*y*'), metadata={'isolated': True}); HTML('<i>z</i>')",
    "raw data": "display({'text/plain': 'p', 'application/json': {'a': [1, None]}}, raw=True)",
    "an image": "import base64\nfrom IPython.display import Image\nImage(base64.b64decode("
    "'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='))",
    "updates of a display": "h = display('one', display_id='fixed'); print('x'); h.update('two')",
    "cleared outputs": "from IPython.display import clear_output\nprint('gone'); clear_output()\n"
    "print('here'); clear_output(wait=True); print('last')",
    "what goes to the descriptor": "import os\nn = os.write(1, b'from the descriptor\\n')",
    "a frame": "import pandas as pd\npd.DataFrame({'a': [1, 2]}, index=['x', 'y'])",
    "a figure": "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2]); plt.title('t');",
    "a figure and its result": "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2])",
    "a figure beside an object that is looked at twice": "import matplotlib.pyplot as plt\n"
    "from argparse import Namespace\nfig, ax = plt.subplots(); n = Namespace(a=1); ax.plot([1, 2])",
    "an object with its own display": "class D:\n    def _ipython_display_(self): print('itself')\nD()",
    "a timed cell": "%%time\ntimed = sum(range(1000))\nprint(timed)",
    "a captured cell": "%%capture held\nprint('inside'); 5",
    "awaits": "import asyncio\nprint('before'); await asyncio.sleep(0); print('after'); 'value'",
    "a task that ends": "import asyncio\nasync def say(): print('from a task')\n"
    "await asyncio.create_task(say()); del say",
    "a thread that ends": "import threading\nt = threading.Thread(target=print, args=('from a thread',))\n"
    "t.start(); t.join(); del t",
    "a warning": "import warnings\nwarnings.warn('careful')",
}  # fmt: skip


@pytest.mark.parametrize("code", CASES.values(), ids=CASES)
def test_a_hit_shows_what_the_run_showed(pair: tuple[Notebook, Notebook], code: str) -> None:
    first, second = pair
    ran = first.run(code)
    assert ran.stored, ran.told
    hit = second.run(code)
    assert hit.hit, hit.told
    assert hit.outputs == ran.outputs
    assert hit.request.count == hit.request.of("execute_input")[0]["content"]["execution_count"]
    again = first.run(code)
    assert again.hit, again.told
    assert again.outputs == ran.outputs


def test_a_result_goes_where_results_go(pair: tuple[Notebook, Notebook]) -> None:
    for notebook in pair:
        cell = notebook.run("[1, 2, 'result']")
        assert notebook.ask("_") == [1, 2, "result"]
        assert notebook.ask(f"Out[{cell.request.count}] is _") is True
        assert notebook.ask(f"In[{cell.request.count}]") == "[1, 2, 'result']"
    assert cell.hit


def test_a_cell_that_reads_the_last_result_depends_on_it(pair: tuple[Notebook, Notebook]) -> None:
    first, second = pair
    for value in (1, 2):
        first.run(f"{value} + 10")
        assert first.run("last = _ * 2\nlast").value == str((value + 10) * 2)
    second.run("2 + 10")
    hit = second.run("last = _ * 2\nlast")
    assert (hit.hit, hit.value) == (True, "24")


def test_the_reply_tells_of_the_hit_and_the_outputs_do_not(
    pair: tuple[Notebook, Notebook],
) -> None:
    first, second = pair
    ran, hit = first.run("quiet = 1"), second.run("quiet = 1")
    assert ran.told["stored"] is True
    assert hit.told["hit"] is True
    assert hit.told["seconds"] >= 0
    assert hit.outputs == []


def test_a_function_that_came_back_shows_its_source(pair: tuple[Notebook, Notebook]) -> None:
    code = "def shown(x):\n    # a comment\n    return 1 / x"
    for notebook in pair:
        cell = notebook.run(code)
        notebook.client.run("import inspect", silent=True)
        assert "# a comment" in notebook.ask("inspect.getsource(shown)")
        failed = notebook.try_("shown(0)")
        traceback = re.sub(r"\x1b\[[\d;]*m", "", "".join(failed.request.reply["traceback"]))
        assert "return 1 / x" in traceback
    assert cell.hit


def test_user_expressions_are_evaluated_after_a_hit(pair: tuple[Notebook, Notebook]) -> None:
    for notebook in pair:
        cell = notebook.run("asked = 5", user_expressions={"twice": "asked * 2"})
        assert cell.request.reply["user_expressions"]["twice"]["data"]["text/plain"] == "10"
    assert cell.hit


def test_a_question_is_asked_each_time(pair: tuple[Notebook, Notebook]) -> None:
    for notebook in pair:
        request = notebook.client.execute("name = input('who? ')")
        request.answer("me")
        request.result()
        told = request.replies[0]["metadata"]["akernel"]["cache"]
        assert (told["hit"], told["stored"]) == (False, False)
        assert "asks" in told["uncached"]
