"""What is warned of under ``flow``, which reads cells before their turn: as in a plain kernel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernels import Kernel, audited

from .client import Client
from .request import Request

#: A cell's text with a line ending of which IPython says that it is odd, and what it says.
ODD, SAID = "y = '''a\x1cb'''", "`make_tokens_by_line` received"

#: `say` is of a module of its own: what cells themselves warn of, IPython shows each time.
LIBRARY = """\
import sys, types
library = types.ModuleType("library")
exec("import warnings\\ndef say(): warnings.warn('careful')", vars(library))
say = library.say"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    yield from audited(Kernel("flow"))


@pytest.fixture
def flow(client: Client) -> Iterator[Client]:
    """A client of the module's kernel, which has warned of nothing yet."""
    client.run("%reset -f\nimport warnings\nfilters = warnings.filters[:]")
    client.run("warnings.simplefilter('default')")
    yield client
    client.run("warnings.resetwarnings(); warnings.filters[:] = filters")


def started(client: Client, cell: Request) -> bool:
    client.ask("kernel_info_request")
    return "busy" in cell.states


def test_what_a_waiting_cells_text_warns_of_is_shown_once_and_when_it_runs(flow: Client) -> None:
    gate = flow.file_gate()
    flow.run("warnings.simplefilter('always')")
    first = flow.execute(f"print('in')\n{gate.wait}\nx = 'its data'").until("in")
    code, expressions = f"{ODD}; z = '\\d'; x", {"e": "'\\d'"}  # an escape that Python warns of
    second = flow.execute(code, user_expressions=expressions)
    assert not started(flow, second)
    assert second.messages == []
    gate.open()
    first.result()
    assert second.result().value == "'its data'"
    assert second.stderr.count(SAID) == 1
    assert second.stderr.count("invalid escape sequence") == 2, second.stderr  # its own, and e's


def test_what_python_shows_once_is_shown_once_whatever_cells_come_in_between(flow: Client) -> None:
    flow.run(LIBRARY)
    cells = [flow.run(code) for code in ("say()", "1", "say()", f"{ODD}; 1", "say()", ODD)]
    assert [cell.stderr.count("careful") for cell in cells] == [1, 0, 0, 0, 0, 0]
    assert [cell.stderr.count(SAID) for cell in cells] == [0, 0, 0, 1, 0, 0]
    exits = [flow.execute("sys.exit('x')").result() for _ in range(2)]
    assert ["To exit: use" in cell.stderr for cell in exits] == [True, False]


def test_of_cells_that_wait_the_first_that_runs_shows_what_is_shown_once(flow: Client) -> None:
    gate = flow.file_gate()
    failing = flow.execute(f"print('in')\n{gate.wait}\nx = 1 / 0", stop_on_error=True).until("in")
    never = flow.execute(f"x; {ODD}", stop_on_error=True)
    cells = [flow.execute(f"{ODD}; {n}; z = {n}") for n in range(2)]
    waiting = flow.execute(f"z; {ODD}")
    gate.open()
    assert failing.result().status == "error"
    assert never.result().status == "aborted"
    shown = [cell.result().stderr.count(SAID) for cell in (*cells, waiting)]
    assert shown == [1, 0, 0]
    assert never.stderr == ""


def test_the_filters_of_the_time_when_a_cell_runs_decide_what_is_warned_of(flow: Client) -> None:
    gate = flow.file_gate()
    first = flow.execute(f"print('in')\n{gate.wait}\nx = 1").until("in")
    quiet = flow.execute("x; warnings.simplefilter('ignore')")
    waiting = flow.execute(f"x; {ODD}")
    strict = flow.execute("x; warnings.simplefilter('error')")
    failing = flow.execute(f"x; {ODD}")
    gate.open()
    assert (first.result().status, quiet.result().status) == ("ok", "ok")
    assert (waiting.result().status, waiting.stderr) == ("ok", "")
    assert (strict.result().status, failing.result().ename) == ("ok", "UserWarning")
