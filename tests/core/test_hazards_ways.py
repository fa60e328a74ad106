"""Tables: the ways that lead from a name to an object that another cell uses."""

from __future__ import annotations

import pytest

from .hazards import between

FOREIGN = """\
apart = {}
exec('seen = []\\ndef f(): seen.append(1)', apart)
f = apart.pop('f')
"""
STDLIB_WRAPPER = """\
from contextlib import contextmanager
a = [1]
@contextmanager
def f():
 a.append(1)
 yield
"""
LIBRARY_CLASS = """\
class {name}: pass
{name}.__module__ = '{module}'
a, b = {name}(), {name}()
"""
TENSOR = LIBRARY_CLASS.format(name="Tensor", module="torch")
SHELL = LIBRARY_CLASS.format(name="InteractiveShell", module="IPython.core.interactiveshell")

#: Ways that lead from a name to an object, and what is done on them.
WAYS = [
    ("def h(): pass\ndef f(): h.calls = 1", "f()", "print(h)", "changed"),
    ("def h(): pass\ndef f(x): x.calls = 1\ndef k(): f(h)", "k()", "print(h)", "changed"),
    ("class K:\n items = []\nk = K()", "k.items.append(1)", "print(K.items)", "changed"),
    ("class K: pass\ndef f(x): setattr(x, 'n', 1)", "f(K)", "print(K)", "changed"),
    ("class M(type):\n def m(c): c.n = 1\nclass K(metaclass=M): pass", "K.m()", "K", "changed"),
    ("class K(tuple): pass\nk = K()", "k.x = 1", "print(k)", "changed"),
    ("a = [1]\nclass K:\n @property\n def x(self): return a\nk = K()", "a.pop()", "k.x", "changed"),
    ("x = 1\ndef f():\n def g(): return x\n return g()", "x = 2", "f()", "read"),
    (FOREIGN, "f()", "f()", "changed"),
    (STDLIB_WRAPPER, "with f(): pass", "print(a)", "changed"),
    (TENSOR, "unknown(a)", "print(b)", "changed"),
    (SHELL, "print(a)", "z = 1", "behind"),
    ("a = [[] for _ in range(20_001)]", "print(a)", "z = 1", "behind"),
    ("a = [[] for _ in range(18_000)]", "print(a)", "z = 1", ""),
    ("from collections import defaultdict\nd = defaultdict(list)", "d['x']", "print(d)", "changed"),
    ("def len(x): x.append(1)\na = [1]", "len(a)", "len(a)", "changed"),
    ("class K:\n def fit(self, x): x.pop()\nk, a = K(), [1]", "[k][0].fit(a)", "a[0]", "changed"),
    ("", "display(1, display_id='d')", "update_display(2, display_id='d')", "rewrite"),
    ("def f(): update_display(1, display_id='d')", "f()", "f()", "rewrite"),
    ("def f(): display(1, display_id='d')", "f()", "f()", "rewrite"),
    ("", "for _ in range(3): pass", "for _ in range(2): pass", "rewrite"),
]  # fmt: skip

#: The same with numpy and pandas.
ARRAYS = [
    ("a = np.arange(4)\nb = a[1:]", "b[0] = 1", "print(a)", "changed"),
    ("a = np.arange(4)\nb = a[1:]", "print(b)", "print(a)", ""),
    ("a = np.arange(4)\nb = a.copy()", "b[0] = 1", "print(a)", ""),
    ("a = np.arange(4)", "a.resize(5)", "print(a)", "changed"),
    ("a = np.arange(4)", "np.sum(a)", "a.mean()", ""),
    ("a = np.arange(4)", "np.add(a, 1, out=a)", "print(a)", "changed"),
    ("a = np.arange(4)", "np.add(a, 1, a)", "print(a)", "changed"),
    ("a = np.arange(4)", "np.random.shuffle(a)", "print(a)", "changed"),
    ("x = [1]\na = np.array([x, None], dtype=object)", "x.append(1)", "print(a)", "changed"),
    ("x = [1]\ndf = pd.DataFrame({'a': [x]})", "x.append(2)", "print(df)", "changed"),
    ("df = pd.DataFrame({'a': [1]})", "df['b'] = 2", "print(df)", "changed"),
    ("df = pd.DataFrame({'a': [1]})", "df.groupby('a').size()", "df.head()", ""),
    ("df = pd.DataFrame({'a': [1]})", "df.drop('a', inplace=True)", "df.head()", "changed"),
]


@pytest.mark.parametrize(("setup", "first", "second", "why"), WAYS)
def test_ways_to_an_object(setup: str, first: str, second: str, why: str) -> None:
    assert between(setup, first, second) == why


@pytest.mark.parametrize(("setup", "first", "second", "why"), ARRAYS)
def test_arrays_and_frames(setup: str, first: str, second: str, why: str) -> None:
    setup = f"import numpy as np\nimport pandas as pd\n{setup}"
    assert between(setup, first, second) == why
