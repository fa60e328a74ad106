"""multi: a reloaded notebook finds its namespace again, and a copy of it does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from kernels import Kernel

from .client import Client
from .tenants import cell, multi_kernel, sessions, until_sessions


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    yield from multi_kernel()


@pytest.fixture
def tab(kernel: Kernel) -> Iterator[Callable[[], Client]]:
    """Opens tabs, each a client of its own; `kernel.release` closes one."""
    opened: list[Client] = []

    def open_tab() -> Client:
        opened.append(kernel.client())
        return opened[-1]

    yield open_tab
    for client in opened:
        if client in kernel.clients:
            kernel.release(client)


Tabs = Callable[[], Client]
numbers = iter(range(1000))


@pytest.fixture
def ids() -> list[str]:
    """Cell ids that no other test uses."""
    return [f"cell-{next(numbers)}" for _ in range(4)]


def test_a_reload_finds_the_names_again(kernel: Kernel, tab: Tabs, ids: list[str]) -> None:
    before = tab()
    cell(before, ids[0], "x = 1")
    cell(before, ids[1], "y = 2")
    kernel.release(before)
    after = tab()
    assert cell(after, ids[1], "x + y").value == "3"
    assert cell(after, ids[2], "In[1:]").value == "['x = 1', 'y = 2', 'x + y', 'In[1:]']"


def test_several_reloads_come_back_to_the_same_session(
    kernel: Kernel, tab: Tabs, ids: list[str]
) -> None:
    for n in range(4):
        client = tab()
        shown = cell(client, ids[0], "n = globals().get('n', -1) + 1\nn")
        assert shown.value == str(n)
        kernel.release(client)


def test_a_reload_while_a_cell_runs_comes_back_to_it(
    kernel: Kernel, tab: Tabs, ids: list[str]
) -> None:
    before = tab()
    gate = before.file_gate()
    running = before.execute(f"{gate.wait}\nended = True", cell_id=ids[0]).until_busy()
    running.abandoned = True  # nobody hears how it ends
    before.gates.clear()
    kernel.release(before)
    after = tab()
    assert cell(after, ids[0], "'ended' in globals()").value == "False"
    gate.path.touch()
    assert cell(after, ids[1], "await __task__(-2); ended").value == "True"


def test_a_copy_that_is_opened_beside_it_is_another_session(
    kernel: Kernel, tab: Tabs, ids: list[str]
) -> None:
    original, copy = tab(), tab()
    cell(original, ids[0], "x = 'original'")
    assert cell(copy, ids[0], "'x' in globals()").value == "False"
    cell(copy, ids[0], "x = 'copy'")
    kernel.release(copy)
    assert cell(tab(), ids[0], "x").value == "'copy'"
    kernel.release(original)
    assert cell(tab(), ids[0], "x").value == "'original'"


def test_where_it_cannot_be_told_apart_a_session_begins_afresh(
    kernel: Kernel, tab: Tabs, ids: list[str]
) -> None:
    for client in (tab(), tab()):
        cell(client, ids[0], "x = 1")
    for client in list(kernel.clients)[1:]:
        kernel.release(client)
    assert cell(tab(), ids[0], "'x' in globals()").value == "False"


def test_a_second_view_of_a_notebook_is_another_session(tab: Tabs, ids: list[str]) -> None:
    first, second = tab(), tab()
    cell(first, ids[0], "x = 1")
    assert cell(second, ids[0], "'x' in globals()").value == "False"


def test_an_unknown_cell_begins_a_session_that_stays(
    kernel: Kernel, tab: Tabs, ids: list[str]
) -> None:
    before = tab()
    cell(before, ids[0], "x = 1")
    kernel.release(before)
    after = tab()
    assert cell(after, ids[1], "'x' in globals()").value == "False"
    assert cell(after, ids[0], "'x' in globals()").value == "False"


def test_a_reload_that_begins_with_a_cell_never_run_is_known_by_the_saved_notebook(
    kernel: Kernel, tab: Tabs, ids: list[str]
) -> None:
    saved = kernel.directory / "saved.ipynb"
    saved.write_text(json.dumps({"cells": [{"id": cell_id} for cell_id in ids]}))
    before = tab()
    cell(before, ids[0], "x = 1")
    kernel.release(before)
    after = tab()
    assert cell(after, ids[3], "x").value == "1"
    assert "saved.ipynb" in cell(after, ids[3], "%akernel sessions").stdout


def test_what_a_front_end_runs_silently_first_does_not_count(
    kernel: Kernel, tab: Tabs, ids: list[str]
) -> None:
    before = tab()
    cell(before, ids[0], "x = 1")
    kernel.release(before)
    after = tab()
    known = len(sessions(after))
    after.run("prepared = 1", silent=True)
    assert len(sessions(after)) == known + 1
    assert cell(after, ids[0], "x").value == "1"
    until_sessions(after, known)


def test_completions_before_the_first_cell_settle_nothing(
    kernel: Kernel, tab: Tabs, ids: list[str]
) -> None:
    before = tab()
    cell(before, ids[0], "apple = 1")
    kernel.release(before)
    after = tab()
    question = {"code": "app", "cursor_pos": 3}
    assert "apple" not in after.ask("complete_request", question).reply["matches"]
    assert cell(after, ids[0], "apple").value == "1"
    assert "apple" in after.ask("complete_request", question).reply["matches"]


def test_clients_that_name_no_cells_are_never_mixed_up(kernel: Kernel, tab: Tabs) -> None:
    before = tab()
    before.run("x = 1")
    kernel.release(before)
    assert tab().execute("x").result().ename == "NameError"


def test_a_uri_tells_the_notebook(kernel: Kernel, tab: Tabs) -> None:
    first, second = "vscode-notebook-cell:/a/one.ipynb", "vscode-notebook-cell:/a/two.ipynb"
    before = tab()
    cell(before, f"{first}#W0", "x = 1")
    assert "one.ipynb" in cell(before, f"{first}#W0", "%akernel sessions").stdout
    kernel.release(before)
    assert cell(tab(), f"{second}#W0", "'x' in globals()").value == "False"
    assert cell(tab(), f"{first}#W7", "x").value == "1"


def test_a_notebook_can_be_attached_to_a_session(kernel: Kernel, tab: Tabs, ids: list[str]) -> None:
    before = tab()
    cell(before, ids[0], "x = 1")
    own = next(s["id"] for s in sessions(before) if before.session in s["clients"])
    kernel.release(before)
    after = tab()
    known = len(sessions(after))
    said = cell(after, ids[1], f"%akernel attach {own}").stdout
    assert said == f"from the next cell on, this notebook uses session {own}\n"
    assert cell(after, ids[1], "x").value == "1"
    until_sessions(after, known)  # the one it left was empty
    kernel.release(after)
    assert cell(tab(), ids[1], "x").value == "1"


def test_a_session_that_one_leaves_with_names_in_it_stays(tab: Tabs, ids: list[str]) -> None:
    first, second = tab(), tab()
    cell(first, ids[0], "x = 1")
    cell(second, ids[1], "precious = 1")
    own, left = (
        next(s["id"] for s in sessions(c) if c.session in s["clients"]) for c in (first, second)
    )
    cell(second, ids[2], f"%akernel attach {own}")
    assert cell(second, ids[2], "x").value == "1"
    cell(second, ids[2], f"%akernel attach {left}")
    assert cell(second, ids[2], "precious").value == "1"


def test_attaching_to_nothing_is_refused(tab: Tabs) -> None:
    said = tab().execute("%akernel attach 9999").result()
    assert "no session 9999" in said.stderr + str(said.outputs)
