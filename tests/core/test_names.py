"""Tables: which names a cell binds and reads, for the whole grammar."""

import sys

import pytest

from akernel_ipy.core.names import (
    BUILTINS,
    EMPTY,
    CellSyntaxError,
    Names,
    analyze,
    ordinary,
    ordinary_names,
    same_code,
)

#: A Python that evaluates annotations at once, as it was before 3.14.
EAGER = (3, 13)

# source, names it binds, names it reads (builtins left out)
CASES = [
    # assignments
    ("a = 1", "a", ""),
    ("a = b", "a", "b"),
    ("a = b = c", "a b", "c"),
    ("a, b = c", "a b", "c"),
    ("(a, [b, *c]) = d", "a b c", "d"),
    ("*a, b = c", "a b", "c"),
    ("a.x = b", "", "a b"),
    ("a[i] = b", "", "a i b"),
    ("a[i], b.c, d = e", "d", "a i b e"),
    ("a[b:=1] = b", "b", "a b"),
    ("x = x + 1", "x", "x"),
    ("x += 1", "x", "x"),
    ("x.a += y", "", "x y"),
    ("x[i] += y", "", "x i y"),
    ("b = 1; b", "b", ""),
    ("b; b = 1", "b", "b"),
    ("a: t = 1", "a", "t"),
    ("a: t", "", "t"),
    ("a: 't' = 1", "a", ""),
    ("a.b: t", "", "a t"),
    ("a = b if c else d", "a", "b c d"),
    ("a = b; a = a + c", "a", "b c"),
    # deletion
    ("del x", "", "x"),
    ("x = 1; del x", "", ""),
    ("x = 1; del x; x", "", "x"),
    ("x = 1\nif c: del x\nx", "x", "c x"),
    ("del x[i], y.a", "", "x i y"),
    ("del (a, [b])", "", "a b"),
    ("x = 1; del x; x = 2", "x", ""),
    # walrus
    ("(a := b)", "a", "b"),
    ("f(a := 1, a)", "a", "f"),
    ("a and (b := 1); b", "b", "a b"),
    ("(b := 1) and a; b", "b", "a"),
    ("if (m := g()) and m.x: m", "m", "g"),
    ("if a and (m := g()): m", "m", "a g"),
    ("if not (m := g()): pass\nm", "m", "g"),
    ("if a or (m := g()): m", "m", "a g m"),
    ("if a or (m := g()): pass\nelse: m", "m", "a g"),
    ("while (line := read()): line\nline", "line", "read"),
    ("[y for x in data if (y := f(x))]", "y", "data f"),
    ("[(y := x) for x in data]; y", "y", "data y"),
    ("a < (b := c) < d; b", "b", "a c d"),
    ("a < b < (c := d); c", "c", "a b c d"),
    ("x if (y := c) else y", "y", "x c"),
    ("lambda: (a := b)", "", "b"),
    # imports
    ("import a", "a", ""),
    ("import a.b.c", "a", ""),
    ("import a.b as c", "c", ""),
    ("import a, b.c", "a b", ""),
    ("from a import b", "b", ""),
    ("from a import b as c, d", "c d", ""),
    ("from . import a", "a", ""),
    ("from a import *", "", ""),
    ("import os; os.getcwd()", "os", ""),
    ("try:\n import a\nexcept ImportError:\n a = None\na", "a", ""),
    # functions
    ("def f(): pass", "f", ""),
    ("def f(): return x", "f", "x"),
    ("def f(x): return x", "f", ""),
    ("def f(a, /, b, *c, d, **e): return a, b, c, d, e", "f", ""),
    ("def f(a=b, *, c=d): pass", "f", "b d"),
    ("def f(a=a): return a", "f", "a"),
    ("def f(): x = 1; return x", "f", ""),
    ("def f():\n  if c: x = 1\n  return x", "f", "c"),
    ("def f(): return f()", "f", ""),
    ("def f(): return g()\ndef g(): return f()", "f g", ""),
    ("def f(): return x\nx = 1", "f x", ""),
    ("def f(): return x\nf()\nx = 1", "f x", "x"),
    ("def f(): return x\nx = 1\nf()", "f x", ""),
    ("def f(): return g()\ndef g(): return x\nf()\nx = 1", "f g x", "x"),
    ("def f():\n global x\n x = 1", "f x", ""),
    ("def f():\n global x\n x += 1", "f x", "x"),
    ("def f():\n global x\n del x", "f", "x"),
    ("def f():\n global x\n def g(): return x\n x = 1", "f x", "x"),
    ("def f():\n x = 1\n def g():\n  nonlocal x\n  x = 2\n  return x\n return g", "f", ""),
    ("def f():\n x = 1\n return lambda: x + y", "f", "y"),
    ("def f():\n import a.b\n return a", "f", ""),
    ("def f():\n from m import k\n return k", "f", ""),
    ("def f():\n for i in r: i\n return i", "f", "r"),
    ("def f():\n with o() as h: h", "f", "o"),
    ("def f():\n try: g()\n except E as e: e\n return e", "f", "g E"),
    ("def f(): return [i for i in x if i in y]", "f", "x y"),
    ("def f(): return [q := i for i in x], q", "f", "x"),
    ("def f():\n y: T = 1\n return y", "f", ""),
    ("def f():\n del x\n return x", "f", ""),
    ("def f():\n match v:\n  case [a, *b]: a, b\n  case {'k': c, **d}: c, d", "f", "v"),
    ("def f(): yield x", "f", "x"),
    ("async def f(): await x", "f", "x"),
    ("async def f():\n async for a in b: a\n async with c as d: d", "f", "b c"),
    ("@d\ndef f(): pass", "f", "d"),
    ("@d(x)\n@e.f\ndef f(): pass", "f", "d x e"),
    ("lambda x: x + y", "", "y"),
    ("lambda x=z: x", "", "z"),
    ("f = lambda: f()", "f", ""),
    ("f = lambda: g()\ng = 1", "f g", ""),
    ("map(lambda v: v + k, w)", "", "k w"),
    ("def f(): return __class__", "f", ""),
    ("def f(__x): return __x", "f", ""),
    # classes
    ("class A: pass", "A", ""),
    ("class A(B, metaclass=M, k=v): pass", "A", "B M v"),
    ("class A:\n v = 1\n w = v", "A", ""),
    ("class A:\n w = v\n v = 1", "A", "v"),
    ("class A:\n v = v", "A", "v"),
    ("class A:\n v = 1\n def m(self): return v", "A", "v"),
    ("class A:\n v = 1\n l = [v for _ in r]", "A", "r v"),
    ("class A:\n v = 1\n l = [i for i in v]", "A", ""),
    ("class A:\n v = 1\n class B:\n  w = v", "A", "v"),
    ("class A:\n def m(self): return A()", "A", ""),
    ("class A:\n def m(self): return super().m()", "A", ""),
    ("class A:\n def m(self): return __class__", "A", ""),
    ("class A:\n def m(self): return __x", "A", "_A__x"),
    ("class _A:\n x = __y", "_A", "_A__y"),
    ("class A:\n global g\n g = 1", "A g", ""),
    ("class A:\n @property\n def m(self): return x", "A", "x"),
    ("class A:\n if c: v = 1\n w = v", "A", "c v"),
    ("class A:\n x: T = d", "A", "T d"),
    ("class A:\n del v", "A", ""),
    ("def f():\n class A:\n  x = 1\n  def m(self): return x\n return A", "f", "x"),
    ("def f(y):\n class A:\n  x = y\n return A", "f", ""),
    ("def f(y):\n class A:\n  y = y\n return A", "f", "y"),
    ("class A:\n def m(self): return h()\nA().m()\ndef h(): pass", "A h", "h"),
    # comprehensions
    ("[s for s in s]", "", "s"),
    ("[a for a in b for b in c]", "", "b c"),
    ("[a for b in c for a in b]", "", "c"),
    ("{k: v for k, v in d.items() if k in e}", "", "d e"),
    ("{a for a in b if c}", "", "b c"),
    ("(a for a in b)", "", "b"),
    ("[[j for j in i] for i in k]", "", "k"),
    ("[i for i in [x for x in y]]", "", "y"),
    ("[i for i in r]; i", "", "r i"),
    ("[lambda: i for i in r]", "", "r"),
    ("[a[0] for a[0] in b]", "", "a b"),
    ("[q for a in b for q in a]", "", "b"),
    # control flow
    ("if c: b = 1\nb", "b", "c b"),
    ("if c: b = 1\nelse: b = 2\nb", "b", "c"),
    ("if c: b = 1\nelif d: b = 2\nb", "b", "c d b"),
    ("if c: raise E\nelse: b = 1\nb", "b", "c E"),
    ("if True: b = 1\nb", "b", ""),
    ("if False: b = a", "", ""),
    ("for i in r: i", "i", "r"),
    ("for i in r: pass\ni", "i", "r i"),
    ("for i in r: pass\nelse: i", "i", "r i"),
    ("for a, (b, *c) in d: pass", "a b c", "d"),
    ("for a[i] in b: pass", "", "a i b"),
    ("for a.x in b: pass", "", "a b"),
    ("for i in r: total += i", "i total", "r total"),
    ("total = 0\nfor i in r: total += i\ntotal", "i total", "r"),
    ("for i in r:\n  if i: prev\n  prev = i", "i prev", "r prev"),
    ("x = 1\nfor i in r:\n  x\n  del x", "i x", "r x"),
    ("while c: b = 1\nb", "b", "c b"),
    ("while True:\n b = 1\n break\nb", "b", ""),
    ("while True:\n if c: break\n b = 1\nb", "b", "c b"),
    ("while n < 3: n += 1", "n", "n"),
    ("while c:\n b = 1\nelse: b = 2\nb", "b", "c"),
    ("for i in r:\n if i: continue\n b = i", "i b", "r"),
    ("for i in r:\n b = 1\n break\nelse: b = 2\nb", "i b", "r"),
    ("raise E\nx = y", "", "E"),
    ("assert (y := g()), m\ny", "y", "g m"),
    ("with a as b: b", "b", "a"),
    ("with a as b, b as c: c", "b c", "a"),
    ("with a as (b, c.d): pass", "b", "a c"),
    ("with a: b = 1\nb", "b", "a"),
    ("with suppress(E): b = g()\nb", "b", "suppress E g b"),
    ("async with a as b: await b", "b", "a"),
    ("async for a in b: a", "a", "b"),
    ("await a", "", "a"),
    ("[a async for a in b]", "", "b"),
    ("[await a for a in b]", "", "b"),
    # exceptions
    ("try: f()\nexcept E as e: print(e)", "", "f E"),
    ("try: f()\nexcept E as e: pass\ne", "", "f E e"),
    ("e = 1\ntry: f()\nexcept E as e: pass\ne", "e", "f E e"),
    ("try: b = f()\nexcept E: b = 1\nb", "b", "f E"),
    ("try: b = f()\nexcept E: pass\nb", "b", "f E b"),
    ("try: b = f()\nexcept E: raise\nb", "b", "f E"),
    ("try: b = f()\nfinally: g(b)", "b", "f g b"),
    ("try: b = f()\nfinally: g()\nb", "b", "f g"),
    ("try: f()\nfinally: b = 1\nb", "b", "f"),
    ("try: f()\nexcept E: pass\nelse: b = 1\nb", "b", "f E b"),
    ("b = 1\ntry:\n del b\n f()\nexcept E: b", "b", "f E b"),
    ("if c: b = 1\ntry: del b\nfinally: b = 1", "b", "c b"),
    ("while c:\n try: break\n finally: b = 1\nb", "b", "c b"),
    ("b = 1\nwhile c:\n try: break\n finally: del b\nb", "b", "c b"),
    ("try: f()\nexcept* E as e: e", "", "f E"),
    ("try: f()\nexcept (A, B.c): pass", "", "f A B"),
    # match
    ("match a:\n case b: b", "b", "a"),
    ("match a:\n case 1: b = 1\nb", "b", "a b"),
    ("match a:\n case 1: b = 1\n case _: b = 2\nb", "b", "a"),
    ("match a:\n case [b, *c]: b, c", "b c", "a"),
    ("match a:\n case {'k': b, **c}: b, c", "b c", "a"),
    ("match a:\n case K(x=b): b", "b", "a K"),
    ("match a:\n case n.K: pass", "", "a n"),
    ("match a:\n case b if c: del b", "b", "a c"),
    ("match a:\n case (1 | 2) as b if c: b", "b", "a c"),
    ("match a:\n case {n.k: 1}: pass", "", "a n"),
    # strings
    ("f'{a!r:{b}} {c + d}'", "", "a b c d"),
    ("f'{(lambda x: x + y)(1)}'", "", "y"),
    ("'a {b}'", "", ""),
    # underscores and names of the module
    ("_ = 1; _x = 2", "_x", ""),
    ("_private + _x + __a", "", "_private _x __a"),
    ("_, __, ___, _1, _i, _ii, _iii, _i1, _ih, _oh, _dh, In, Out", "", ""),
    ("__name__ == '__main__', __file__, __doc__", "", ""),
    ("await __task__(); get_ipython; exit; quit; ainput", "", ""),
    ("for _ in r: pass", "", "r"),
    ("_i_am = _1st if False else _0x", "_i_am", "_0x"),
    # empty
    ("", "", ""),
    ("# only a comment", "", ""),
    ("'docstring'", "", ""),
]  # fmt: skip


def wanted(text: str) -> set[str]:
    return set(text.split())


@pytest.mark.parametrize(("source", "defs", "refs"), CASES)
def test_a_cell_binds_and_reads(source, defs, refs):
    names = analyze(source, python=EAGER)
    assert (set(names.defs), names.refs - BUILTINS) == (wanted(defs), wanted(refs))


def test_the_table_is_long_enough():
    assert len(CASES) >= 150


BUILTIN_CASES = [
    ("print(len(x))", "print len x"),
    ("list = 1; list", ""),
    ("list(list_)", "list list_"),
    ("class A:\n def m(self): super().m()", "super"),
    ("m: int", "int"),
    ("try: pass\nexcept ValueError: pass", "ValueError"),
]


@pytest.mark.parametrize(("source", "refs"), BUILTIN_CASES)
def test_builtins_are_refs_like_others(source, refs):
    assert set(analyze(source, python=EAGER).refs) == wanted(refs)


# source, refs read while the cell runs (builtins left out)
IMMEDIATE = [
    ("def f(): return x", ""),
    ("def f(a=x): return y", "x"),
    ("def f(): return x\nf()", "x"),
    ("def f(): return x\ng = f", "x"),
    ("def f(): return g()\ndef g(): return x\nf()", "x"),
    ("f = lambda: x", ""),
    ("f = lambda: x\nf()", "x"),
    ("h(lambda: x)", "h x"),
    ("class A:\n def m(self): return x", ""),
    ("class A:\n def m(self): return x\nA()", "x"),
    ("class A:\n v = x", "x"),
    ("@cache\ndef f(): return x", "cache"),
    ("@functools.lru_cache(maxsize=None)\ndef f(): return x", "functools"),
    ("@app.route('/')\ndef f(): return x", "app x"),
    ("class A:\n @property\n def m(self): return x", ""),
    ("class A:\n @register\n def m(self): return x", "register x"),
    ("@dataclass\nclass A:\n def m(self): return x", "dataclass"),
    ("def f(a: T) -> R: pass", "T R"),
    ("def f():\n class B(x): pass\n return B", ""),
    ("x = [i for i in y]", "y"),
]


@pytest.mark.parametrize(("source", "immediate"), IMMEDIATE)
def test_only_what_runs_now_is_immediate(source, immediate):
    assert analyze(source, python=EAGER).immediate - BUILTINS == wanted(immediate)


# source, refs worth waiting for (builtins left out)
NEEDS = [
    ("x = x + 1", "x"),
    ("if c: b = 1\nb", "c"),
    ("for i in r: total += i", "r total"),
    ("for i in r:\n  if i: prev\n  prev = i", "r"),
    ("for i in r:\n  if i:\n    b = 1\n    continue\n  b", "r"),
    ("while n < 3: n += 1", "n"),
    ("try: b = f()\nexcept E: pass\nb", "f E"),
    ("button.on_click(lambda _: update())\ndef update(): pass", "button"),
    ("from m import *\nsin(x)", ""),
    ("sin(x)\nfrom m import *", "sin x"),
    ("exec(code)\nresult", "code"),
    ("globals()['a'] = 1\nb", ""),
    ("def f(): return x", "x"),
    ("def f():\n global n\n n += 1", ""),
    ("match a:\n case 1: b = 1\nb", "a"),
    ("[(y := x) for x in data]; y", "data"),
    ("x = 1; del x; x", "x"),
]


@pytest.mark.parametrize(("source", "needs"), NEEDS)
def test_a_cell_never_waits_for_what_it_may_bind_itself(source, needs):
    assert analyze(source).needs - BUILTINS == wanted(needs)


# source, soft names, refs (builtins left out)
GUARDS = [
    ("df.query('v > @low')", "low", "df"),
    ("df.eval('w = v * @a.b + @b', inplace=True)", "a b", "df"),
    ("df.query(expr=f'{column} in @names')", "names", "df column"),
    ("def f(low): return df.query('v > @low and w > @high')", "high", "df"),
    ("mail('me@work')", "", "mail"),
    ("try: cfg\nexcept NameError: cfg = 1", "cfg", ""),
    ("try: cfg\nexcept NameError: cfg = 1\ncfg", "cfg", ""),
    ("try: cfg\nexcept (KeyError, NameError): cfg = 1", "cfg", ""),
    ("try: cfg\nexcept KeyError: cfg = 1", "", "cfg"),
    ("try: cfg\nexcept Exception: cfg = 1", "", "cfg"),
    ("try: pass\nexcept NameError: b", "", "b"),
    ("if 'n' not in globals(): n = load()", "n", "load"),
    ("if 'n' not in globals(): n = load()\nn", "n", "load"),
    ("if 'n' in locals(): n", "n", ""),
    ("if 'n' in vars(): n", "n", ""),
    ("if 'n' in dir(): n", "n", ""),
    ("if 'n' in get_ipython().user_ns: n", "n", ""),
    ("n = globals().get('n', 1)", "n", ""),
    ("globals()['n']", "", "n"),
    ("def f():\n try: return cfg\n except NameError: return 1", "", "cfg"),
    ("if 'n' in other: n", "", "other n"),
]


@pytest.mark.parametrize(("source", "soft", "refs"), GUARDS)
def test_a_guarded_name_is_soft(source, soft, refs):
    names = analyze(source)
    assert (set(names.soft), names.refs - BUILTINS) == (wanted(soft), wanted(refs))


FUNCTIONS_ONLY = [
    ("def f(): pass", True),
    ("import a\nfrom b import c\n\ndef f(): pass\nclass A: pass", True),
    ("'''doc'''\nasync def f(): pass", True),
    ("f = lambda: 1", True),
    ("x = 1\ndef f(): pass", False),
    ("f()", False),
    ("", False),
    ("a.f = lambda: 1", False),
    ("'''doc'''", False),
]


@pytest.mark.parametrize(("source", "expected"), FUNCTIONS_ONLY)
def test_a_cell_of_definitions_is_known(source, expected):
    assert analyze(source).functions_only is expected


AWAITS = [
    ("await a", True),
    ("async for a in b: pass", True),
    ("async with a: pass", True),
    ("[a async for a in b]", True),
    ("[await a for a in b]", True),
    ("x = {k: await v for k, v in d}", True),
    ("class A:\n x = 1", False),
    ("async def f(): await a", False),
    ("def f():\n async def g():\n  async with a: pass", False),
    ("f = lambda: 1", False),
]


@pytest.mark.parametrize(("source", "expected"), AWAITS)
def test_top_level_await_is_seen(source, expected):
    assert analyze(source).awaits is expected


def test_future_annotations_are_soft():
    names = analyze("from __future__ import annotations\ndef f(a: T) -> R: pass\nx: V = 1")
    assert names.soft == {"T", "R", "V"}
    assert not names.refs


def test_annotations_are_soft_from_python_3_14_on():
    source = "def f(a: T) -> R: pass\nx: V = 1\nclass A:\n y: W"
    assert analyze(source, python=(3, 14)).soft == {"T", "R", "V", "W"}
    assert analyze(source, python=(3, 13)).refs == {"T", "R", "V", "W"}


PEP_695 = [
    ("type X = list[Y]", "X", "list Y", ""),
    ("type X[T] = list[T] | Y", "X", "list Y", ""),
    ("type X = list[X]", "X", "list", ""),
    ("def f[T](a: T) -> T: return T", "f", "", ""),
    ("def f[T: B](a: T) -> R: return T", "f", "B R", "R"),
    ("def f[T: (A, B), *Ts, **P](a: T): pass", "f", "A B", ""),
    ("class A[T](Base[T]):\n def m(self) -> T: return y", "A", "Base y", "Base"),
    ("class A[T: B]:\n x: T", "A", "B", ""),
    ("type X = Y\nX.__value__", "X", "Y", "Y"),
]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 695 is of Python 3.12")
@pytest.mark.parametrize(("source", "defs", "refs", "immediate"), PEP_695)
def test_type_parameters_and_aliases(source, defs, refs, immediate):
    names = analyze(source, python=(3, 12))
    assert set(names.defs) == wanted(defs)
    assert set(names.refs) == wanted(refs)
    assert names.immediate - BUILTINS == wanted(immediate)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="PEP 696 is of Python 3.13")
def test_the_default_of_a_type_parameter_is_lazy():
    names = analyze("def f[T = D](a: T): pass")
    assert names.refs == {"D"}
    assert not names.immediate


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 701 is of Python 3.12")
def test_an_f_string_may_hold_any_expression():
    assert analyze("f'{a['k']} {f'{b}'}'").refs == {"a", "b"}


@pytest.mark.skipif(sys.version_info < (3, 14), reason="t-strings are of Python 3.14")
def test_a_t_string_reads_what_it_interpolates():
    assert analyze("t'{a!r:{b}} {c}'").refs == {"a", "b", "c"}


SYNTAX_ERRORS = ["a =", "def f(:", "x = (", "\x00", "  a", "for in x: pass"]


@pytest.mark.parametrize("source", SYNTAX_ERRORS)
def test_code_that_is_no_python_is_an_error_of_its_own(source):
    with pytest.raises(CellSyntaxError):
        analyze(source)


def test_a_warning_of_the_parser_is_left_to_the_compiler():
    assert analyze("x = '\\d' is 3").defs == {"x"}


def test_an_empty_cell_has_no_names():
    assert analyze("") is EMPTY
    assert Names() == EMPTY


def test_a_text_is_analysed_once():
    assert analyze("some = text") is analyze("some = text")


@pytest.mark.parametrize("source", ["y = " + "+".join(["x"] * 2500), "y = " + "-" * 90 + "x"])
def test_a_tree_too_deep_to_walk_is_taken_roughly(source):
    names = analyze(source)
    assert names.refs == {"x"}
    assert names.defs == {"y"}


def test_own_names_bound_before_a_read_are_told():
    names = analyze("a = 1\nf()\nb = 2\nf()\ng()")
    assert dict(names.before) == {"f": {"a"}, "g": {"a", "b"}}


def test_transient_names_are_written_but_not_defined():
    names = analyze("try: pass\nexcept E as e: pass\nt = 1; del t")
    assert names.defs == set()
    assert names.writes == {"e", "t"}
    assert names.deletes == {"t"}


def test_redefinition_is_reading_and_binding():
    assert analyze("df = clean(df)\nn = 1").redefines == {"df"}


def test_comments_and_layout_leave_code_the_same():
    assert same_code("x = 1  # one", "x   =   1")
    assert not same_code("x = 1", "x = 2")
    with pytest.raises(CellSyntaxError):
        same_code("x = 1", "x =")


ORDINARY = [
    ("_x", True), ("_", False), ("_12", False), ("_1a", True), ("_i", False), ("_i3", False),
    ("_private", True), ("____", True), ("In", False), ("Inn", True), ("_ih", False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), ORDINARY)
def test_ipythons_names_are_told_from_private_ones(name, expected):
    assert ordinary(name) is expected


def test_the_ordinary_names_of_a_namespace_are_those_that_are_so_one_by_one():
    names = [name for name, _ in ORDINARY] + ["_i²", "_i٣", "_ix", "_ii", "_i"]
    assert ordinary_names(names) == [name for name in names if ordinary(name)]
