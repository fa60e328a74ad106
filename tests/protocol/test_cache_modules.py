"""cache: modules, installed ones by their version, local ones by their code as it was loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.caching import Cached, cached


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Cached]:
    yield from cached(tmp_path)


def write(shared: Cached, name: str, text: str) -> None:
    """Write a module so that Python sees the edit, however fast it was."""
    path = shared.work / f"{name}.py"
    path.write_text(text)
    for compiled in shared.work.glob(f"__pycache__/{name}.*"):
        compiled.unlink()


USING = ["import helper", "value = helper.double(21)\nvalue"]


def test_a_local_module_that_was_edited_is_a_miss_for_the_next_kernel(shared: Cached) -> None:
    write(shared, "helper", "def double(x): return x * 2\n")
    assert [c.value for c in shared.notebook().run_all(*USING)] == [None, "42"]
    assert all(c.hit for c in shared.notebook().run_all(*USING))
    write(shared, "helper", "def double(x): return x * 2 + 1\n")
    edited = shared.notebook().run_all(*USING)
    assert [c.hit for c in edited] == [False, False], [c.told for c in edited]
    assert edited[1].value == "43"
    write(shared, "helper", "def double(x): return x * 2\n")
    back = shared.notebook().run_all(*USING)
    assert [c.hit for c in back] == [True, True], [c.told for c in back]


def test_a_module_edited_while_it_is_loaded_counts_as_it_was_loaded(shared: Cached) -> None:
    write(shared, "helper", "def double(x): return x * 2\n")
    old = shared.notebook()
    old.run("import helper")
    write(shared, "helper", "def double(x): return x * 200\n")
    # The old code runs, whatever the file says by now.
    assert old.run("value = helper.double(21)\nvalue").value == "42"
    new = shared.notebook()
    new.run("import helper")
    found = new.run("value = helper.double(21)\nvalue")
    assert (found.hit, found.value) == (False, "4200")
    assert old.run("value = helper.double(21)\nvalue").value == "42"


def test_what_a_local_module_imports_counts_too(shared: Cached) -> None:
    write(shared, "inner", "FACTOR = 2\n")
    write(shared, "helper", "import inner\ndef double(x): return x * inner.FACTOR\n")
    shared.notebook().run_all(*USING)
    assert all(c.hit for c in shared.notebook().run_all(*USING))
    write(shared, "inner", "FACTOR = 3\n")
    edited = shared.notebook().run_all(*USING)
    assert (edited[1].hit, edited[1].value) == (False, "63")


def test_a_function_from_a_module(shared: Cached) -> None:
    write(shared, "helper", "K = 1\ndef add(x): return x + K\n")
    cells = ["from helper import add", "total = add(1)\ntotal", "kept = add"]
    shared.notebook().run_all(*cells)
    second = shared.notebook()
    assert all(c.hit for c in second.run_all(*cells))
    assert second.ask("kept is add and add(5) == 6")
    write(shared, "helper", "K = 10\ndef add(x): return x + K\n")
    third = shared.notebook()
    assert third.run_all(*cells)[1].value == "11"


def test_an_import_in_the_cell_that_uses_it(shared: Cached) -> None:
    write(shared, "helper", "def double(x): return x * 2\n")
    cell = "import helper\nvalue = helper.double(4)\nvalue"
    assert shared.notebook().run(cell).stored
    second = shared.notebook()
    assert second.run(cell).hit
    assert second.ask("helper.double(1)") == 2
    write(shared, "helper", "def double(x): return x * 5\n")
    edited = shared.notebook().run(cell)
    assert (edited.hit, edited.value) == (False, "20")


def test_what_a_module_prints_while_it_is_imported_is_shown_once(shared: Cached) -> None:
    write(shared, "noisy", "print('loading')\nX = 1\n")
    cell = "import noisy\nprint(noisy.X)"
    assert shared.notebook().run(cell).stdout == "loading\n1\n"
    hit = shared.notebook().run(cell)
    assert (hit.hit, hit.stdout) == (True, "loading\n1\n"), hit.told
    write(shared, "noisy", "print('loading')\nX = 2\n")
    missed = shared.notebook().run(cell)
    assert (missed.hit, missed.stdout) == (False, "loading\n2\n")


def test_a_file_that_a_local_module_reads_while_it_is_imported(shared: Cached) -> None:
    (shared.work / "config.json").write_text('{"n": 1}')
    write(
        shared,
        "configured",
        "import json, pathlib\n"
        "N = json.loads(pathlib.Path(__file__).with_name('config.json').read_text())['n']\n",
    )
    cell = "import configured\nn = configured.N\nn"
    assert shared.notebook().run(cell).stored
    assert shared.notebook().run(cell).hit
    (shared.work / "config.json").write_text('{"n": 2}')
    edited = shared.notebook().run(cell)
    assert (edited.hit, edited.value) == (False, "2")


def test_instances_of_a_local_modules_class(shared: Cached) -> None:
    write(shared, "shapes", "class Box:\n    def __init__(self, n): self.n = n\n")
    cells = ["from shapes import Box\nbox = Box(3)", "boxes = [box, Box(4)]", "box.n = 7"]
    for hit in (False, True):
        notebook = shared.notebook()
        ran = notebook.run_all(*cells)
        assert [c.hit for c in ran] == [hit] * 3, [c.told for c in ran]
        assert notebook.ask("(boxes[0] is box, box.n, type(boxes[1]) is Box)") == (True, 7, True)


def test_a_change_of_a_module_is_not_cached(shared: Cached) -> None:
    write(shared, "helper", "SETTING = 1\nitems = []\n")
    notebook = shared.notebook()
    notebook.run("import helper")
    assert not notebook.run("helper.SETTING = 2").stored
    assert not notebook.run("helper.items.append(1)").stored


def test_a_local_module_that_reads_through_a_native_library(shared: Cached) -> None:
    data = shared.work / "t.csv"
    data.write_text("a\n1\n")
    write(
        shared,
        "loading",
        "import polars as pl\n"
        "def load(path): return pl.read_csv(path)['a'].sum()\n"
        "def hidden(parts): return pl.read_csv('/'.join(parts))['a'].sum()\n",
    )
    seen = f"import loading\ntotal = loading.load({str(data)!r})\ntotal"
    first = shared.notebook()
    assert first.run(seen).stored
    unseen = first.run(f"parts = {str(data).split('/')!r}\nother = loading.hidden(parts)\nother")
    assert "polars" in unseen.uncached, unseen.told
    second = shared.notebook()
    assert second.run(seen).hit
    data.write_text("a\n2\n")
    assert second.run(seen).value == "2"
