"""Tables: which of other cells' objects a cell changes, or may change, in place."""

import pytest

from akernel_ipy.core.names import analyze

# source, objects changed by a clear pattern, objects that may be changed
CASES = [
    ("x.append(1)", "x", ""),
    ("x.append(1, 2)", "", "x"),
    ("np.append(a, b)", "", "np a b"),
    ("np.sort(a)", "", "np a"),
    ("x.sort()", "x", ""),
    ("x.sort(key=f)", "x", "f"),
    ("x.update(y)", "x", "y"),
    ("model.fit(x, y)", "model", "x y"),
    ("z = pipe.steps[0].fit_transform(x)", "pipe", "x"),
    ("x.a.b.append(1)", "x", ""),
    ("x[0].append(y)", "x", "y"),
    ("x[0] = 1", "x", ""),
    ("x[0][1] = 1", "x", ""),
    ("x.a = 1", "x", ""),
    ("x.a.b = 1", "x", ""),
    ("x.a, x2[0] = 1, 2", "x x2", ""),
    ("vars(x)['a'] = 1", "x", ""),
    ("del x[0]", "x", ""),
    ("del x.a", "x", ""),
    ("x += [1]", "x", ""),
    ("x[0] += 1", "x", ""),
    ("x.a += 1", "x", ""),
    ("df['c'] = df['a'] + 1", "df", ""),
    ("df.loc[m, 'c'] = 1", "df", ""),
    ("df.drop('a', inplace=True)", "df", ""),
    ("df.drop('a', inplace=False)", "", "df"),
    ("df.head()", "", "df"),
    ("np.add(a, b, out=c)", "c", "np a b"),
    ("np.add(a, b, out=(c,))", "c", "np a b"),
    ("random.shuffle(x)", "x", "random"),
    ("heapq.heappush(x, y)", "x", "heapq y"),
    ("setattr(x, 'a', y)", "x", "y"),
    ("next(it)", "it", ""),
    ("f(x, *y, k=z, **w)", "", "x y z w"),
    ("f([x, {'k': y}], (z,))", "", "x y z"),
    ("f(x if c else y)", "", "x y"),
    ("f(x.a[0])", "", "x"),
    ("f(x + 1)", "", ""),
    ("print(x); len(x); sorted(x)", "", ""),
    ("y = x", "", "x"),
    ("for r in rows: r.append(1)", "", "rows"),
    ("with lock: pass", "", ""),
    ("x = []; x.append(1)", "", ""),
    ("x = []; x[0] = 1; f(x)", "", ""),
    ("if c: x = []\nx.append(1)", "x", ""),
    ("import numpy as np\nnp.seterr(all='raise')", "", ""),
    ("def f(): x.append(1)", "", ""),
    ("def f(): x.append(1)\nf()", "x", ""),
    ("def f(x): x.append(1)\nf(y)", "", "y"),
    ("class A:\n x = []\n x.append(1)", "", ""),
    ("self.x = 1", "self", ""),
    ("for x.a in r: pass", "x", "r"),
    ("with f() as x[0]: pass", "x", ""),
    ("(a := x)", "", "x"),
    ("[x.append(i) for i in r]", "x", "r"),
]


def wanted(text):
    return set(text.split())


@pytest.mark.parametrize(("source", "mutates", "touches"), CASES)
def test_changes_in_place_are_told(source, mutates, touches):
    names = analyze(source)
    assert (set(names.mutates), set(names.touches)) == (wanted(mutates), wanted(touches))


def test_what_a_function_would_change_is_told_apart():
    assert analyze("def f():\n x.append(1)\n y[0] = 1").deferred_mutates == {"x", "y"}


@pytest.mark.parametrize(
    ("source", "imports"),
    [
        ("import a.b, c as d\nfrom e import f", "a d f"),
        ("import a\na = 1", ""),
        ("try:\n import a\nexcept ImportError:\n a = None", ""),
        ("import a\nb = a", "a"),
    ],
)
def test_imported_names_are_known(source, imports):
    assert set(analyze(source).imports) == wanted(imports)
