"""Cases in which other caches give a wrong or stale result, or lose a right one.

Each line is one that was seen to fail in akernel 0.2, marimo's persistent cache, joblib.Memory,
ipyflow's memoize, Streamlit or knitr, or was reported to them.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from akernel_ipy.core.fingerprint import Unhashable, static_key

from .notebook import Notebook, fingerprint

#: What must have two fingerprints: two cells that bind x.
APART = {
    "the order of a dict": ("x = {'a': 1, 'b': 2}", "x = {'b': 2, 'a': 1}"),
    "True and 1": ("x = True", "x = 1"),
    "True and 1 in a tuple": ("x = (True, 'a')", "x = (1, 'a')"),
    "1 and 1.0 as keys": ("x = {1: 'a'}", "x = {1.0: 'a'}"),
    "zeros of two dtypes": (
        "import numpy as np; x = np.zeros((2, 3))",
        "import numpy as np; x = np.zeros((2, 3), np.int64)",
    ),
    "shapes of the same bytes": (
        "import numpy as np; x = np.arange(6).reshape(2, 3)",
        "import numpy as np; x = np.arange(6).reshape(3, 2)",
    ),
    "large integers": ("x = 10 ** 30", "x = 10 ** 30 + 1"),
    "two closures of one factory": (
        "def make(n):\n def add(x): return x + n\n return add\nx = make(1)",
        "def make(n):\n def add(x): return x + n\n return add\nx = make(100)",
    ),
    "a global that a function reads": (
        "k = 1\ndef x(): return k",
        "k = 2\ndef x(): return k",
    ),
    "a global that a called function reads": (
        "k = 1\ndef f(): return k\ndef x(): return f()",
        "k = 2\ndef f(): return k\ndef x(): return f()",
    ),
    "the body of a called function": (
        "def f(): return 1\ndef x(): return f()",
        "def f(): return 2\ndef x(): return f()",
    ),
    "a global that a nested function reads": (
        "k = 1\ndef x():\n def f(): return k\n return f",
        "k = 2\ndef x():\n def f(): return k\n return f",
    ),
    "a global that a method reads": (
        "k = 1\nclass C:\n def m(self): return k\nx = C()",
        "k = 2\nclass C:\n def m(self): return k\nx = C()",
    ),
    "the body of a method": (
        "class C:\n def m(self): return 1\nx = C()",
        "class C:\n def m(self): return 2\nx = C()",
    ),
    "the method of a base": (
        "class B:\n def m(self): return 1\nclass C(B): pass\nx = C()",
        "class B:\n def m(self): return 2\nclass C(B): pass\nx = C()",
    ),
    "a decorator": (
        "def d(f): return lambda: f() + 1\n@d\ndef x(): return 1",
        "def d(f): return lambda: f() + 2\n@d\ndef x(): return 1",
    ),
    "a default": ("def x(a=[1]): return a", "def x(a=[2]): return a"),
    "what a function is given by partial": (
        "from functools import partial; x = partial(print, 1)",
        "from functools import partial; x = partial(print, 2)",
    ),
    "one list twice, and two lists": ("a = [1]; x = [a, a]", "x = [[1], [1]]"),
    "a row beyond the hundred thousandth": (
        "import pandas as pd; x = pd.DataFrame({'a': range(200_000)})",
        "import pandas as pd; x = pd.DataFrame({'a': [*range(199_999), 0]})",
    ),
    "the dtype of a column": (
        "import pandas as pd; x = pd.DataFrame({'a': [1, 2]})",
        "import pandas as pd; x = pd.DataFrame({'a': [1.0, 2.0]})",
    ),
    "the name of a column": (
        "import pandas as pd; x = pd.DataFrame({'a': [1, 2]})",
        "import pandas as pd; x = pd.DataFrame({'b': [1, 2]})",
    ),
}

#: What must have one fingerprint.
ALIKE = {
    "a set filled in another order": ("x = {'a', 'b', 'c'}", "x = {'c', 'b'}; x.add('a')"),
    "a dict of sets": ("x = {1: {'a', 'b'}}", "x = {1: {'b', 'a'}}"),
    "equal strings that are not one object": (
        "import pandas as pd; s = ''.join('ab')\nx = pd.Series([s, s], dtype=object).unique()",
        "import pandas as pd\n"
        "x = pd.Series([''.join(['a', 'b']), ''.join(['a', 'b'])], dtype=object).unique()",
    ),
    "lists in a frame": (
        "import pandas as pd; x = pd.DataFrame({'a': [[1], [2]]})",
        "import pandas as pd; x = pd.DataFrame({'a': [[1], [2]]})",
    ),
    "a function moved and remarked": (
        "def x(a): return a + 1",
        "\n\n# now with a remark\ndef x(a):\n    # here too\n    return a + 1",
    ),
    "a class written again": (
        "class C:\n def m(self): return 1\nx = C()",
        "class C:\n def m(self): return 1\nclass C:\n def m(self): return 1\nx = C()",
    ),
    "a name that is not read": ("k = 1\ndef x(): return 1", "k = 2\ndef x(): return 1"),
}


@pytest.mark.parametrize("case", APART)
def test_what_others_take_for_the_same_is_told_apart(case: str) -> None:
    one, other = APART[case]
    assert Notebook(one).of("x") == Notebook(one).of("x")
    assert Notebook(one).of("x") != Notebook(other).of("x")


@pytest.mark.parametrize("case", ALIKE)
def test_what_others_take_for_a_change_is_none(case: str) -> None:
    one, other = ALIKE[case]
    assert Notebook(one).of("x") == Notebook(other).of("x")


def test_a_remark_in_a_cell_is_no_change_of_it() -> None:
    assert static_key("x = f(1)") == static_key("# once more\nx = f( 1 )  # please")


def test_what_cannot_be_hashed_is_not_left_out() -> None:
    with pytest.raises(Unhashable, match=r"x\[1\]: a generator"):
        Notebook("x = [1, (i for i in [])]").of("x")


def test_a_change_in_place_is_one_also_through_another_name() -> None:
    notebook = Notebook("x = {'rows': [1, 2]}; alias = x['rows']")
    before = notebook.of("x")
    notebook.run("alias.append(3)")
    assert notebook.of("x") != before


def test_pydantic_models_count_by_their_fields_and_values() -> None:
    pytest.importorskip("pydantic")
    start = "import pydantic\nclass M(pydantic.BaseModel):\n a: int = 1\n"
    one = Notebook(start + "x = M()")
    assert one.of("x") == Notebook(start + "x = M()").of("x")
    others = [
        start + "x = M(a=2)",
        start + " b: int = 1\nx = M()",
        start.replace("int = 1", "int = 2") + "x = M(a=1)",
        start.replace("int", "float") + "x = M(a=1)",
        start + " def twice(self): return 2 * self.a\nx = M()",
        start + " @pydantic.field_validator('a')\n def f(cls, v): return v\nx = M()",
    ]
    found = [one.of("x"), *(Notebook(cell).of("x") for cell in others)]
    assert len(set(found)) == len(found)


def test_estimators_count_by_their_parameters_and_by_what_they_learned() -> None:
    pytest.importorskip("sklearn")
    start = "from sklearn.linear_model import Ridge\nX, y = [[0.0], [1.0], [2.0]], [0, 1, 3]\n"
    cells = ["x = Ridge()", "x = Ridge(2)", "x = Ridge().fit(X, y)", "x = Ridge().fit(X, y[::-1])"]
    found = [Notebook(start + cell).of("x") for cell in cells]
    assert len(set(found)) == len(found)
    assert found == [Notebook(start + cell).of("x") for cell in cells]


def _arrow(numpy: Any, size: int) -> Any:
    return pytest.importorskip("pyarrow").table({"a": numpy.zeros(size // 8)})


MAKERS: dict[str, Callable[[Any, int], Any]] = {
    "array": lambda np, size: np.zeros(size // 8),
    "transposed": lambda np, size: np.zeros((size // 80, 10)).T,
    "strided": lambda np, size: np.zeros((size // 80, 10))[:, ::2],
    "frame": lambda np, size: pytest.importorskip("pandas").DataFrame(np.zeros((size // 80, 10))),
    "arrow": _arrow,
    "polars": lambda np, size: pytest.importorskip("polars").Series(np.zeros(size // 8)),
    "bytes": lambda np, size: bytes(size),
    "bytearray": lambda np, size: bytearray(size),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_large_memory_is_hashed_where_it_lies(kind: str) -> None:
    numpy = pytest.importorskip("numpy")
    value = MAKERS[kind](numpy, 1 << 26)
    fingerprint(value)
    tracemalloc.start()
    try:
        fingerprint(value)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 23
