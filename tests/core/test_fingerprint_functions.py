"""Functions: what they do counts, where they stand doesn't."""

from __future__ import annotations

import pytest

from .notebook import Notebook

BASE = "k = 2\ndef g(x): return x + k\ndef f(x, y=1): return g(x) * y"


@pytest.mark.parametrize(
    "cell",
    [
        "def f(x, y=1): return g(x) + y",
        "def f(x, y=2): return g(x) * y",
        "def f(x, *, y=1): return g(x) * y",
        "def f(x, z=1): return g(x) * z",
        "def f(x, y=1): return h(x) * y",
        "def f(x: int, y=1): return g(x) * y",
        "def f(x, y=True): return g(x) * y",
        "async def f(x, y=1): return g(x) * y",
        "def g(x): return x - k",
        "k = 3",
        "k = 2.0",
        "del k",
        "f.unit = 'm'",
        "f.__doc__ = 'new'",
        "g = lambda x: x + k",
        "f.__defaults__ = (3,)",
        "f.__code__ = g.__code__",
    ],
)
def test_a_function_is_another_one_if_it_or_what_it_reads_changes(cell: str) -> None:
    assert Notebook(BASE).of("f") != Notebook(BASE, cell).of("f")


@pytest.mark.parametrize(
    "cell",
    [
        "\n\n\n# a remark\ndef f(x, y=1):\n    # another\n    return (\n        g(x) * y\n    )",
        "def f(x, y = 1): return g( x )*y",
        "k = 1 + 1",
        "unrelated = 7",
        "f(1)",
    ],
)
def test_a_function_is_the_same_wherever_and_however_it_is_written(cell: str) -> None:
    assert Notebook(BASE).of("f") == Notebook(BASE, cell).of("f")


def test_it_is_told_which_globals_a_function_reads() -> None:
    found = Notebook("import math", BASE, "def f(x): return g(math.sqrt(x)) + nowhere").examine("f")
    assert found.names == {"g", "k", "math"}
    assert "math" in found.modules


def test_recursion_and_mutual_recursion_end() -> None:
    even = "def even(n): return n == 0 or odd(n - 1)"
    odd = "def odd(n): return n != 0 and even(n - 1)"
    other = "def odd(n): return n > 0 and even(n - 1)"
    assert Notebook(even, odd).of("even") == Notebook(odd, even).of("even")
    assert Notebook(even, odd).of("even") != Notebook(even, other).of("even")
    assert Notebook(even, odd).of("even") != Notebook(even, odd).of("odd")


def test_closures_count_by_what_they_hold() -> None:
    factory = "def make(n):\n def add(x): return x + n\n return add\n"
    one = Notebook(factory + "f = make(1)").of("f")
    assert one == Notebook(factory + "f = make(1)").of("f")
    assert one != Notebook(factory + "f = make(100)").of("f")


def test_a_variable_that_two_closures_share_is_not_two_variables() -> None:
    shared = "def make():\n n = 0\n def up():\n  nonlocal n; n += 1\n def get(): return n\n"
    one = Notebook(shared + " return up, get\nfs = make()")
    two = Notebook(shared + " return up, get\nfs = make()[0], make()[1]")
    assert one.of("fs") != two.of("fs")
    before = one.of("fs")
    one.run("fs[0]()")
    assert one.of("fs") != before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f = partial(g, 1)", "f = partial(g, 2)"),
        ("f = partial(g, x=1)", "f = partial(g, 1)"),
        ("f = lru_cache(g)", "f = lru_cache(5)(g)"),
        ("f = lru_cache(g)", "f = g"),
        ("f = lru_cache(g)", "k = 5; f = lru_cache(g)"),
        ("f = wrapped(g)", "f = wrapped(h)"),
        ("f = staticmethod(g)", "f = classmethod(g)"),
        ("f = [].append", "f = [1].append"),
        ("f = wraps(g)(h)", "f = h"),
        ("f = lru_cache(g); f.unit = 1", "f = lru_cache(g)"),
        ("def f(): return len", "len = NotImplemented\ndef f(): return len"),
    ],
)
def test_wrapped_functions_count_with_what_they_wrap(one: str, other: str) -> None:
    common = (
        "from functools import lru_cache, partial, wraps",
        "k = 1\ndef g(x): return x + k\ndef h(x): return x",
        "def wrapped(f):\n @wraps(f)\n def inner(*args): return f(*args)\n return inner",
    )
    assert Notebook(*common, one).of("f") == Notebook(*common, one).of("f")
    assert Notebook(*common, one).of("f") != Notebook(*common, other).of("f")


def test_what_a_cached_function_has_in_its_cache_does_not_count() -> None:
    notebook = Notebook("from functools import cache\n@cache\ndef f(x): return x")
    before = notebook.of("f")
    notebook.run("f(1)")
    assert notebook.of("f") == before
