"""Random histories of random cells: short cuts through the graph lead where the long way leads."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akernel_ipy.core.graph import Graph, Update
from akernel_ipy.core.graph._update import Draft
from akernel_ipy.core.names import Names, analyze

EXAMPLES = settings(max_examples=300, deadline=None, derandomize=True)

TEXTS = (
    "{a} = 1",
    "{a} = {b}",
    "{a} = {b} + {c}",
    "{a} = {a} + {b}",
    "{a}, {b} = {b}, {c}",
    "print({a}, {b})",
    "{a}.append({b})",
    "del {a}",
    "def {a}(): return {b}",
    "def {a}(): return {b}()\n{c} = {a}()",
    "for {a} in {b}: {c} = {a}",
    "if {a}: {b} = 1\n{b}",
)


def a_text(rng: random.Random) -> str:
    return rng.choice(TEXTS).format(**{place: rng.choice("uvwxyz") for place in "abc"})


class History:
    """Runs, edits and deletes cells; cycles are refused."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.graph = Graph(linear=self.rng.random() < 0.7)
        self.names: dict[str, Names] = {}
        self.cells = [f"c{n}" for n in range(self.rng.randint(2, 7))]

    def step(self) -> tuple[str, Names | None]:
        """Choose a cell, and run it again, or with another text, or delete it."""
        cell = self.rng.choice(self.cells)
        if cell in self.names and self.rng.random() < 0.6:
            return cell, self.names[cell]
        return cell, None if self.rng.random() < 0.1 else analyze(a_text(self.rng))

    def accept(self, cell: str, names: Names | None, update: Update) -> None:
        if update.cycle is not None:
            return
        self.graph = update.graph
        self.names.pop(cell, None)
        if names is not None:
            self.names[cell] = names


def shape(graph: Graph) -> dict[str, Any]:
    """All that a graph holds, in a form that can be compared."""
    return {
        "nodes": {cell: graph._nodes.get(cell) for cell in graph._nodes},
        "definers": {name: graph._definers.get(name) for name in graph._definers},
        "readers": {
            key: {reader: found.get(reader) for reader in found}
            for key in graph._readers
            if (found := graph._readers.get(key)) is not None
        },
        "indirect": set(graph._indirect),
        "next": graph._next,
    }


@EXAMPLES
@given(st.integers(0, 2**32))
def test_an_update_that_is_skipped_would_have_changed_nothing(seed: int) -> None:
    history = History(seed)
    with pytest.MonkeyPatch.context() as patch:
        for _ in range(30):
            cell, names = history.step()
            update = Draft(history.graph).update(cell, names)
            with patch.context() as slow:
                slow.setattr(Draft, "_stays", lambda *_: False)
                full = Draft(history.graph).update(cell, names)
            assert shape(update.graph) == shape(full.graph)
            assert (update.cycle, update.vanished) == (full.cycle, full.vanished)
            assert update.rebound == full.rebound
            history.accept(cell, names, update)


@EXAMPLES
@given(st.integers(0, 2**32))
def test_graphs_that_say_so_have_the_same_edges(seed: int) -> None:
    history = History(seed)
    for _ in range(30):
        cell, names = history.step()
        update = history.graph.update(cell, names)
        if update.graph.has_edges_of(history.graph):
            before, after = shape(history.graph), shape(update.graph)
            before["readers"] = {key: set(found) for key, found in before["readers"].items()}
            after["readers"] = {key: set(found) for key, found in after["readers"].items()}
            assert after == before
            assert (update.rebound, update.vanished, update.cycle) == ((), (), None)
        history.accept(cell, names, update)


def test_a_reader_that_came_first_leaves_the_edges_as_they_are_when_it_runs_again() -> None:
    graph = Graph(linear=True)
    for cell, text in (("r", "a"), ("a", "a = 1"), ("r", "a")):
        before, graph = graph, graph.update(cell, analyze(text)).graph
    assert graph is not before
    assert graph.has_edges_of(before)


def test_running_a_chain_of_redefiners_again_gives_the_very_same_graph() -> None:
    texts = ["df = 1", *["df = df + 1"] * 5, "df"]
    graph = Graph(linear=True)
    for _ in range(2):
        before = graph
        for number, text in enumerate(texts):
            graph = graph.update(str(number), analyze(text)).graph
    assert graph is before
