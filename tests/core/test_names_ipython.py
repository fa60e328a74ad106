"""Tables: IPython's syntax, as its input transformers leave it."""

import pytest

from akernel_ipy.core.names import BUILTINS, analyze


def line(name, text=""):
    return f"get_ipython().run_line_magic({name!r}, {text!r})"


def cell(name, text, body):
    return f"get_ipython().run_cell_magic({name!r}, {text!r}, {body!r})"


def system(command):
    return f"get_ipython().system({command!r})"


# source, defs, refs (builtins left out), soft names
CASES = [
    (system("ls"), "", "", ""),
    (system("echo $x ${y} {z + 1} {w!r} {v:>3}"), "", "", "x y z w v"),
    (system("echo $$x {{y}} $HOME"), "", "", "HOME"),
    (system("for w in a b; do echo $w; done"), "", "", "w"),
    (system("awk '{print $1}' {f.name}"), "", "", "f"),
    ("x = get_ipython().getoutput('ls $d')", "x", "", "d"),
    ("x, y = get_ipython().getoutput('ls')", "x y", "", ""),
    ("d = 1\n" + system("ls $d"), "d", "", ""),
    ("for i in r:\n    " + system("echo {i} {j}"), "i", "r", "j"),
    ("x = " + line("pwd"), "x", "", ""),
    (line("time", "x = f(y)"), "x", "f y", ""),
    (line("time", "!ls $d"), "", "", "ls d"),
    (line("timeit", "-n 3 -r1 y = f(x)"), "", "f x", ""),
    (line("timeit", "f(x)"), "", "f x", ""),
    (line("prun", "-l 7 f(x)"), "", "f x", ""),
    (line("matplotlib", "inline"), "", "", ""),
    (line("pip", "install pandas"), "", "", ""),
    (line("cd", "$d/{e}"), "", "", "d e"),
    (line("load_ext", "autoreload"), "", "", ""),
    (line("pinfo", "x.foo"), "", "", "x"),
    (line("pinfo2", "x"), "", "", "x"),
    (line("who"), "", "", ""),
    (line("store", "x"), "", "", "x"),
    (line("xdel", "x"), "", "x", ""),
    (line("frobnicate", "-v x y.z"), "", "", "x y"),
    (line("akernel", "graph"), "", "", ""),
    (cell("time", "", "x = f(y)\n"), "x", "f y", ""),
    (cell("time", "", "x = 1\nx\n") + "\nx", "x", "", ""),
    (cell("timeit", "a = b", "c = a + d\n"), "", "b d", ""),
    (cell("capture", "out", "print(x)\n"), "out", "x", ""),
    (cell("capture", "--no-stderr out", "x = 1\n"), "out x", "", ""),
    (cell("capture", "", "x = y\n"), "x", "y", ""),
    (cell("bash", "", "echo $x\n"), "", "", ""),
    (cell("bash", "--out o --err e", "echo $x\n"), "o e", "", ""),
    (cell("html", "", "<b>{x}</b>"), "", "", ""),
    (cell("writefile", "$f", "x = y\n"), "", "", "f"),
    (cell("cache", "key=k", "x = y\n"), "x", "y", "key k"),
    (cell("nocache", "", "x = y\n"), "x", "y", ""),
    (cell("thread", "", "x = y\n"), "x", "y", ""),
    (cell("offload", "", "x = y\n"), "x", "y", ""),
    (cell("sql", "result", "select {x}"), "", "", "result"),
]


def wanted(text):
    return set(text.split())


@pytest.mark.parametrize(("source", "defs", "refs", "soft"), CASES)
def test_a_magic_binds_and_reads(source, defs, refs, soft):
    names = analyze(source)
    found = (set(names.defs), names.refs - BUILTINS, set(names.soft))
    assert found == (wanted(defs), wanted(refs), wanted(soft))


# source, reasons why the analysis can't know everything
OPAQUE = [
    ("exec(code)", "exec"),
    ("eval(code)", "eval"),
    ("eval('x + 1')", ""),
    ("exec = f; exec(code)", "exec"),
    ("from a.b import *", "from a.b import *"),
    ("from .. import *", "from .. import *"),
    ("globals()['a'] = 1", "globals()[...]"),
    ("globals()[k]", "globals()[...]"),
    ("globals().update(d)", "globals()"),
    ("f(globals())", "globals()"),
    ("locals()['a'] = 1", "globals()[...]"),
    ("vars(x)", ""),
    ("def f(): return locals()", ""),
    ("def f(): exec(code)", ""),
    ("def f(): exec(code)\nf()", "exec"),
    ("sys._getframe().f_globals", "f_globals"),
    ("get_ipython().user_ns['x'] = 1", "get_ipython().user_ns"),
    ("get_ipython().push({'x': 1})", "get_ipython().push"),
    ("get_ipython().run_cell(code)", "get_ipython().run_cell"),
    ("get_ipython().run_line_magic(name, 'x')", "get_ipython().run_line_magic(...)"),
    (line("run", "other.py"), "%run"),
    (line("load_ext", "x"), ""),
    (line("pylab"), "%pylab"),
    (line("reset", "-f"), "%reset"),
    (line("store", "-r"), "%store"),
    (line("frobnicate"), "%frobnicate"),
    (cell("sql", "", "select"), "%%sql"),
    (cell("time", "", "from m import *\n"), "from m import *"),
    (cell("time", "", "a ="), "run_cell_magic: code that can't be read"),
    ("x = 1", ""),
]


@pytest.mark.parametrize(("source", "reason"), OPAQUE)
def test_what_the_analysis_cannot_see_has_a_reason(source, reason):
    assert analyze(source).opaque == ((reason,) if reason else ())


def test_code_inside_a_magic_goes_through_the_transformers():
    def transform(text):
        return text.replace("!ls", "get_ipython().system('ls $d')")

    names = analyze(cell("time", "", "x = 1\n!ls\n"), transform=transform)
    assert names.defs == {"x"}
    assert names.soft == {"d"}
    assert not names.opaque


def test_magics_are_found_in_functions_too():
    names = analyze("def f():\n    " + line("time", "x = y"))
    assert names.refs == {"y"}
