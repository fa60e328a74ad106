# ruff: noqa: E501
"""cache: cells come back from the store, in this kernel and in the next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.caching import Cached, Notebook, cached


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Cached]:
    yield from cached(tmp_path)


@pytest.fixture
def notebook(shared: Cached) -> Notebook:
    return shared.notebook()


def test_a_cell_comes_back_with_its_names_and_outputs(shared: Cached) -> None:
    cells = ["import time", "x = 6 * 7\nprint('computing')\nx"]
    first = shared.notebook().run_all(*cells)
    assert [cell.hit for cell in first] == [False, False], first
    assert [cell.uncached for cell in first] == ["", ""]
    again = shared.notebook()
    second = again.run_all(*cells)
    assert [cell.hit for cell in second] == [True, True]
    assert second[1].outputs == first[1].outputs
    assert again.ask("x") == 42
    assert again.ask("Out[2]") == 42
    assert again.ask("time.__name__") == "time"


# -- the key


def test_four_hash_seeds_give_the_same_keys(shared: Cached) -> None:
    cells = [
        "s = {'alpha', 'beta', 'gamma', ('t', 1)}; d = {'k': frozenset('abc')}; a, b, c = 1, 'x', None",
        "class K:\n    tags = {'p', 'q'}\n    def m(self): return sorted(self.tags)",
        "def f(x, *, y={'u', 'v'}): return x, sorted(y), K().m()",
        "r = f(sorted(d['k'])), a, b, c, sorted(map(repr, s))\nr",
    ]
    shown = set()
    for number, seed in enumerate(("0", "1", "2", "12345")):
        notebook = shared.notebook(PYTHONHASHSEED=seed)
        cells_run = notebook.run_all(*cells)
        assert [cell.hit for cell in cells_run] == [number > 0] * 4, [c.told for c in cells_run]
        shown.add(cells_run[-1].value)
    assert len(shown) == 1


#: Two ways to come to a cell, which must not be taken for each other.
DIFFERENT = {
    "True and 1": ("v = True", "v = 1"),
    "1 and 1.0": ("v = 1", "v = 1.0"),
    "0.0 and -0.0": ("v = 0.0", "v = -0.0"),
    "orders of a dict": ("v = {'a': 1, 'b': 2}", "v = {'b': 2, 'a': 1}"),
    "dtypes": ("import numpy as np; v = np.zeros(3)", "import numpy as np; v = np.zeros(3, 'i8')"),
    "shapes": ("import numpy as np; v = np.zeros((2, 3))", "import numpy as np; v = np.zeros((3, 2))"),
    "huge numbers": ("v = 10**30", "v = 10**30 + 1"),
    "a list and a tuple": ("v = [1]", "v = (1,)"),
    "str and bytes": ("v = 'a'", "v = b'a'"),
    "code of a function": ("def v(): return 1", "def v(): return 2"),
    "defaults": ("def v(x=1): return x", "def v(x=2): return x"),
    "a global of a function": ("k = 1\ndef v(): return k", "k = 2\ndef v(): return k"),
    "a global of a callee": (
        "k = 1\ndef g(): return k\ndef v(): return g()",
        "k = 2\ndef g(): return k\ndef v(): return g()",
    ),
    "closures": (
        "def make(n):\n    return lambda: n\nv = make(1)", "def make(n):\n    return lambda: n\nv = make(2)",
    ),
    "a method": (
        "class C:\n    def m(self): return 1\nv = C()", "class C:\n    def m(self): return 2\nv = C()",
    ),
    "a class attribute": ("class C:\n    n = 1\nv = C()", "class C:\n    n = 2\nv = C()"),
    "an attribute": (
        "class C: pass\nv = C(); v.n = 1", "class C: pass\nv = C(); v.n = 2",
    ),
    "frames": (
        "import pandas as pd; v = pd.DataFrame({'a': [1, 2]})",
        "import pandas as pd; v = pd.DataFrame({'a': [1, 3]})",
    ),
    "column names": (
        "import pandas as pd; v = pd.DataFrame({'a': [1]})",
        "import pandas as pd; v = pd.DataFrame({'b': [1]})",
    ),
    "aliases and copies": ("w = [1]; v = [w, w]", "w = [1]; v = [w, [1]]"),
    "a partial's arguments": (
        "from functools import partial; v = partial(max, 1)", "from functools import partial; v = partial(max, 2)",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def long_lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    for shared in cached(tmp_path_factory.mktemp("long")):
        yield shared.notebook()


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_is_not_taken_for_the_same(long_lived: Notebook, one: str, other: str) -> None:
    reads = "found = [v]"
    for code, before in ((one, True), (other, False)):
        long_lived.run(code)
        cell = long_lived.run(reads)
        assert not cell.hit or before, f"{code}: {cell.told}"
    long_lived.run(one)
    assert long_lived.run(reads).hit
    assert long_lived.why().startswith("In [")


def test_two_names_of_one_object_are_not_two_objects(long_lived: Notebook) -> None:
    changing = "p.append(2)\nprint(q)"
    long_lived.run("p = [1]; q = p")
    assert long_lived.run(changing).stdout == "[1, 2]\n"
    long_lived.run("p = [1]; q = [1]")
    assert long_lived.run(changing).stdout == "[1]\n"


SAME = {
    "comments": "total = sum(v)  # a comment\ntotal",
    "layout": "total = sum(\n    v,\n)\n\ntotal",
    "quotes and brackets": "total = (sum(v))\n(total)",
    "an option of cache": "%%cache\ntotal = sum(v)\ntotal",
}


@pytest.mark.parametrize("code", SAME.values(), ids=SAME)
def test_what_python_does_not_see_does_not_count(long_lived: Notebook, code: str) -> None:
    long_lived.run("v = [1, 2, 3]")
    long_lived.run("total = sum(v)\ntotal")
    cell = long_lived.run(code)
    assert (cell.hit, cell.value) == (True, "6"), cell.told


def test_a_later_edit_of_a_function_elsewhere_does_not_count(long_lived: Notebook) -> None:
    long_lived.run("def used(): return 1\ndef unused(): return 1")
    assert not long_lived.run("w = used()").hit
    long_lived.run("def unused(): return 2")
    assert long_lived.run("w = used()").hit


# -- why


def test_a_miss_names_the_input_that_changed(long_lived: Notebook) -> None:
    long_lived.run("rate = 1; base = 10")
    long_lived.run("product = rate * base")
    long_lived.run("rate = 2; base = 10")
    cell = long_lived.run("product = rate * base")
    assert cell.told["differs"] == ["rate changed"]
    assert "rate changed" in long_lived.why()


def test_cache_lists_hits_and_what_is_stored(long_lived: Notebook) -> None:
    long_lived.run("listed = 1")
    long_lived.run("listed = 1")
    shown = long_lived.client.run("%akernel cache")
    [display] = shown.of("display_data")
    assert "hits" in display["content"]["data"]["text/plain"]
    assert "<table>" in display["content"]["data"]["text/html"]


def test_directives_are_explained_and_their_options_checked(long_lived: Notebook) -> None:
    wrong = long_lived.try_("%%cache forse\nx = 1")
    assert (wrong.request.status, wrong.request.ename) == ("error", "OptionError")
    assert "force, key=EXPR" in wrong.request.reply["evalue"]
    misplaced = long_lived.try_("%%time\n%%cache\nx = 1")
    assert misplaced.request.status == "error"
    failing = long_lived.try_("%%cache key=nowhere\nx = 1")
    assert failing.request.ename == "NameError"
    help_ = long_lived.client.run("%%cache?")
    assert "key=EXPR" in str(help_.reply["payload"])


def test_a_key_of_the_users_counts(long_lived: Notebook) -> None:
    code = "%%cache key=version\nversioned = 1"
    long_lived.run("version = 1")
    assert not long_lived.run(code).hit
    assert long_lived.run(code).hit
    long_lived.run("version = 2")
    assert not long_lived.run(code).hit


def test_one_cell_is_cached_in_a_flavour_without_cache(shared: Cached) -> None:
    notebook = shared.notebook("async")
    assert notebook.run("plain = 1").told == {}
    code = "%%cache\nfound = plain + 1"
    assert notebook.run(code).stored
    assert notebook.run(code).hit


def test_cheap_cells_are_not_stored(shared: Cached) -> None:
    notebook = shared.notebook("cache", "--CacheStore.min_seconds=0")
    cheap = [notebook.run(f"x = {number}") for number in range(8)]
    assert any("cheaper" in cell.uncached for cell in cheap)
    slow = notebook.run("import time; time.sleep(0.1); y = x")
    assert slow.stored, slow.told
    assert notebook.run("import time; time.sleep(0.1); y = x").hit
    patient = shared.notebook("cache", "--CacheStore.min_seconds=10")
    assert "min_seconds" in patient.run("import time; time.sleep(0.1); y = 2").uncached
