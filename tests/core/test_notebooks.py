"""Which notebook a request comes from: reloads come back to it, copies stay apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from akernel_ipy.core.notebooks import Notebooks, Place, path_of


def here(client: str) -> bool:
    return False


def gone(*clients: str) -> object:
    return lambda client: client in clients


def test_each_client_begins_with_a_notebook_of_its_own() -> None:
    notebooks = Notebooks()
    assert notebooks.place("a", "1", here) == Place(1, new=True)
    assert notebooks.place("b", "2", here) == Place(2, new=True)
    assert notebooks.place("a", "3", here) == Place(1)
    assert notebooks[1].cells == {"1", "3"}


@pytest.mark.parametrize(
    ("sent", "client", "cell", "lost", "expected"),
    [
        # who sent which cells; who comes with which one; who has gone; the notebook that it joins
        pytest.param([("a", "1")], "b", "1", {"a"}, 1, id="a reload"),
        pytest.param([("a", "1"), ("a", "2")], "b", "2", {"a"}, 1, id="any cell tells"),
        pytest.param([("a", "1")], "b", "1", set(), None, id="a copy, or a second view"),
        pytest.param([("a", "1")], "b", "2", {"a"}, None, id="another notebook"),
        pytest.param([("a", "1")], "b", None, {"a"}, None, id="no cell ids"),
        pytest.param([("a", None)], "b", None, {"a"}, None, id="no cell ids at all"),
        pytest.param(
            [("a", "1"), ("b", "1")], "c", "1", {"a", "b"}, None, id="a copy and its original"
        ),
        pytest.param([("a", "1"), ("b", "1")], "c", "1", {"b"}, 2, id="the copy is reloaded"),
        pytest.param([("a", "1"), ("b", "1")], "c", "1", {"a"}, 1, id="the original is reloaded"),
        pytest.param(
            [("a", "file:/x.ipynb#1"), ("b", "file:/y.ipynb#1")],
            "c",
            "file:/y.ipynb#9",
            {"a", "b"},
            2,
            id="a URI names the notebook, whatever the cell",
        ),
    ],
)
def test_who_joins_whom(
    sent: list[tuple[str, str | None]],
    client: str,
    cell: str | None,
    lost: set[str],
    expected: int | None,
) -> None:
    notebooks = Notebooks()
    for sender, sent_cell in sent:
        notebooks.place(sender, sent_cell, here)
    known = len(notebooks)
    place = notebooks.place(client, cell, lambda other: other in lost)
    assert place == (Place(known + 1, new=True) if expected is None else Place(expected))


def test_a_notebook_is_found_through_several_reloads() -> None:
    notebooks = Notebooks()
    for n in range(5):
        assert notebooks.place(f"tab {n}", "1", lambda client: True).key == 1


@pytest.mark.parametrize(
    ("files", "lost", "expected"),
    [
        pytest.param([{"1", "new"}], {"a", "b"}, 1, id="its neighbours were run in one notebook"),
        pytest.param([{"2", "new"}], {"a", "b"}, 2, id="or in the other"),
        pytest.param([{"1", "2", "new"}], {"a", "b"}, None, id="or in both: who knows"),
        pytest.param([{"1", "new"}], {"b"}, None, id="whose client is still there"),
        pytest.param([{"1", "2", "new"}], {"b"}, 2, id="only one of which is free"),
        pytest.param([{"new"}], {"a", "b"}, None, id="nothing of that file was run"),
        pytest.param([{"1", "new"}, {"9", "new"}], {"a", "b"}, 1, id="it has a copy"),
        pytest.param([], {"a", "b"}, None, id="no file has it"),
    ],
)
def test_a_cell_that_nobody_has_run_belongs_to_its_neighbours_in_the_file(
    files: list[set[str]], lost: set[str], expected: int | None
) -> None:
    notebooks = Notebooks()
    notebooks.place("a", "1", here)
    notebooks.place("b", "2", here)
    place = notebooks.place(
        "c", "new", lambda client: client in lost, files=lambda cell: map(frozenset, files)
    )
    assert place.key == (expected or 3)


def test_files_are_searched_only_where_that_may_tell_something() -> None:
    def never(cell: str) -> list[frozenset[str]]:
        raise AssertionError(cell)

    notebooks = Notebooks()
    notebooks.place("a", "1", here, files=never)
    notebooks.place("a", "2", here, files=never)
    notebooks.place("b", "new", here, files=never)  # somebody is at every notebook
    notebooks.place("c", "1", lambda client: client == "a", files=never)
    notebooks.place("d", None, lambda client: True, files=never)


def test_one_client_that_is_still_there_keeps_others_out() -> None:
    notebooks = Notebooks()
    notebooks.place("a", "1", here)
    notebooks.attach("console", 1)
    assert notebooks.place("b", "1", lambda client: client == "a").key == 2


def test_a_client_that_has_run_a_cell_keeps_its_notebook() -> None:
    notebooks = Notebooks()
    notebooks.place("a", "1", here)
    notebooks.place("b", "new", here)
    assert notebooks.place("b", "1", lambda client: True).key == 2


def test_what_a_front_end_runs_for_itself_settles_nothing() -> None:
    notebooks = Notebooks()
    notebooks.place("a", "1", here)
    assert notebooks.place("b", None, here, silent=True) == Place(2, new=True)
    place = notebooks.place("b", "1", lambda client: client == "a")
    assert place == Place(1, left=2)
    notebooks.forget(2)
    assert notebooks.of("b") == 1


def test_a_cell_without_an_id_settles_its_client() -> None:
    notebooks = Notebooks()
    notebooks.place("a", "1", here)
    notebooks.place("b", None, here)
    assert notebooks.place("b", "1", lambda client: client == "a").key == 2


def test_a_client_can_be_attached_to_another_notebook() -> None:
    notebooks = Notebooks()
    notebooks.place("a", "1", here)
    notebooks.place("b", "2", here)
    assert notebooks.attach("b", 1) == 2
    assert notebooks.attach("b", 1) is None
    assert notebooks.of("b") == 1
    assert notebooks.place("b", "2", lambda client: True).key == 1
    with pytest.raises(KeyError):
        notebooks.attach("b", 9)


def test_a_forgotten_notebook_is_unknown() -> None:
    notebooks = Notebooks()
    notebooks.place("a", "1", here)
    notebooks.forget(1)
    assert notebooks.of("a") is None
    assert notebooks.place("b", "1", lambda client: True) == Place(2, new=True)
    assert notebooks.place("a", "1", here) == Place(3, new=True)


@pytest.mark.parametrize(
    ("cell_id", "path"),
    [
        ("24b37480", None),
        ("a#b", None),
        ("", None),
        ("vscode-notebook-cell:/x.ipynb#W1", "vscode-notebook-cell:/x.ipynb"),
        ("untitled:Untitled-1.ipynb?jupyter#W1", "untitled:Untitled-1.ipynb?jupyter"),
    ],
)
def test_only_a_uri_tells_the_notebooks_path(cell_id: str, path: str | None) -> None:
    assert path_of(cell_id) == path


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("123"))))
def test_clients_that_stay_never_share_a_notebook(sent: list[tuple[str, str]]) -> None:
    notebooks = Notebooks()
    for client, cell in sent:
        notebooks.place(client, cell, here)
    keys = [notebooks.of(client) for client in sorted({client for client, _ in sent})]
    assert len(set(keys)) == len(keys)


class Tabs(RuleBasedStateMachine):
    """Notebooks with cells of their own, opened in tabs that are reloaded and closed."""

    tabs = Bundle("tabs")

    def __init__(self) -> None:
        super().__init__()
        self.notebooks = Notebooks()
        self.open: set[str] = set()
        #: Which key each file was given when it first ran.
        self.keys: dict[str, int] = {}
        self.last = 0

    @rule(target=tabs, file=st.sampled_from("xyz"), cell=st.integers(0, 3))
    def open_file(self, file: str, cell: int) -> tuple[str, str]:
        self.last += 1
        client = f"client {self.last}"
        already = any(other.split("@")[1] == file for other in self.open)
        name = f"{client}@{file}"
        # The first cell is one that was run before, if any was.
        key = self.place(name, f"{file}{0 if file in self.keys else cell}")
        if not already:
            assert key == self.keys.setdefault(file, key)
        self.open.add(name)
        self.place(name, f"{file}0")
        return name, file

    def place(self, client: str, cell: str) -> int:
        return self.notebooks.place(client, cell, lambda other: other not in self.open).key

    @rule(tab=tabs, cell=st.integers(0, 3))
    def run_a_cell(self, tab: tuple[str, str], cell: int) -> None:
        client, file = tab
        if client in self.open:
            known = self.notebooks.of(client)
            assert self.place(client, f"{file}{cell}") == known

    @rule(tab=consumes(tabs))
    def close(self, tab: tuple[str, str]) -> None:
        client, file = tab
        self.open.discard(client)
        if self.notebooks.of(client) != self.keys[file]:
            # A second view was another namespace; to keep the file's identity clear, end it.
            key = self.notebooks.of(client)
            assert key is not None
            self.notebooks.forget(key)

    @invariant()
    def open_tabs_are_apart(self) -> None:
        keys = [self.notebooks.of(client) for client in sorted(self.open)]
        assert len(set(keys)) == len(keys)

    @invariant()
    def tables_agree(self) -> None:
        for notebook in self.notebooks:
            assert all(self.notebooks.of(client) == notebook.key for client in notebook.clients)


TestTabs = Tabs.TestCase
