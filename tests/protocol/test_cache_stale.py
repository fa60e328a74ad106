# ruff: noqa: E501
"""cache: what a cell finds besides its names may change between two runs; then it is no hit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from protocol.caching import Cached, Notebook, cached


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cached]:
    yield from cached(tmp_path_factory.mktemp("stale"))


@pytest.fixture(scope="module")
def notebook(shared: Cached) -> Notebook:
    notebook = shared.notebook()
    notebook.run(
        f"%%nocache\nimport os, sys\nos.chdir({str(shared.work)!r})\nsys.path.insert(0, '.')"
    )
    return notebook


#: What is there, the cell, what changes, and what the cell gives then. Each cell runs twice.
CASES = [
    ("a function of a module, replaced", "import textwrap", "r = textwrap.dedent(' a')",
     "textwrap.dedent = lambda text: 'other'", "'other'"),
    ("the same, imported by the cell", "", "import textwrap as t\nr = t.indent('a', 'b')",
     "import textwrap; textwrap.indent = lambda *a: 'other'", "'other'"),
    ("the same, from it", "", "from textwrap import fill\nr = fill('a')",
     "import textwrap; textwrap.fill = lambda *a: 'other'", "'other'"),
    ("the same, imported by a function", "def f1():\n    import textwrap\n    return textwrap.shorten('a', 5)",
     "r = f1()", "import textwrap; textwrap.shorten = lambda *a: 'other'", "'other'"),
    ("the same, in a timed cell", "import string", "%time r = string.capwords('a b')",
     "string.capwords = lambda text: 'other'", "'other'"),
    ("the same, in a list", "import textwrap; held1 = [textwrap]", "r = held1[0].wrap('a')",
     "textwrap.wrap = lambda text: 'other'", "'other'"),
    ("a method of a library's class", "import string", "r = string.Template('a').substitute()",
     "string.Template.substitute = lambda self: 'other'", "'other'"),
    ("a constant of a module", "import string", "r = string.digits", "string.digits = '01'", "'01'"),
    ("a builtin function, replaced", "import builtins", "r = ascii('a')",
     "builtins.ascii = lambda x: 'other'", "'other'"),
    ("a value among the builtins", "import builtins; builtins.held = [1]", "r = list(held)",
     "builtins.held = [2]", "[2]"),
    ("a variable of the environment, computed", "import os; os.environ['AK_B'] = '1'",
     "r = os.environ['AK' + '_B']", "os.environ['AK_B'] = '2'", "'2'"),
    ("variables of the environment, all", "import os; os.environ['AK_C'] = '1'",
     "r = [v for k, v in os.environ.items() if k == 'A' 'K_C']", "os.environ['AK_C'] = '2'", "['2']"),
    ("one that is asked for by a library", "import os; os.environ['HOME'] = '/a'",
     "r = os.path.expanduser('~/x')", "os.environ['HOME'] = '/b'", "'/b/x'"),
    ("one in small letters that was not set", "import os", "r = os.getenv('ak_small')",
     "os.environ['ak_small'] = '2'", "'2'"),
    ("the time zone", "import os, time; os.environ['TZ'] = 'UTC'; time.tzset()",
     "r = time.strftime('%H', time.localtime(0))", "os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()", "'09'"),
    ("where a link leads", "import os; os.symlink('one', 'link')", "r = os.readlink('link')",
     "os.remove('link'); os.symlink('two', 'link')", "'two'"),
    ("where a path really is", "import os; os.symlink('one', 'link2')",
     "r = os.path.basename(os.path.realpath('link2'))", "os.remove('link2'); os.symlink('two', 'link2')", "'two'"),
    ("a link in place of a file", "import os; open('plain', 'w').close(); open('plain2', 'w').close()",
     "r = os.path.islink('plain2')", "os.remove('plain2'); os.symlink('plain', 'plain2')", "True"),
    ("kinds in a directory", "import os; os.makedirs('kinds/a')",
     "r = [e.is_dir() for e in os.scandir('kinds')]", "os.rmdir('kinds/a'); open('kinds/a', 'w').close()", "[False]"),
    ("sizes in a directory", "import os; os.makedirs('sizes'); open('sizes/a', 'w').close()",
     "r = [e.stat().st_size for e in os.scandir('sizes')]", "open('sizes/a', 'w').write('abc')", "[3]"),
    ("who may read a file", "import os; open('mode', 'w').close(); os.chmod('mode', 0o644)",
     "r = oct(os.stat('mode').st_mode)[-3:]", "os.chmod('mode', 0o600)", "'600'"),
    ("a file found by its directory's handle", "import os; os.makedirs('handle'); open('handle/x', 'w').write('1')",
     "d = os.open('handle', os.O_RDONLY); f = os.open('x', os.O_RDONLY, dir_fd=d)\nr = os.read(f, 9); os.close(f); os.close(d)",
     "open('handle/x', 'w').write('2')", "b'2'"),
    ("filters of warnings", "import warnings\ndef warned():\n    try: warnings.warn('w', BytesWarning)\n"
     "    except BytesWarning: return 'raised'\n    return 'shown'", "r = warned()",
     "warnings.simplefilter('error', BytesWarning)", "'raised'"),
    ("a level of a logger", "import logging", "r = logging.getLogger('ak.one').isEnabledFor(40)",
     "logging.getLogger('ak.one').setLevel(50)", "False"),
    ("logging as a whole", "import logging", "r = logging.getLogger('ak.two').isEnabledFor(30)",
     "logging.disable(30)", "False"),
    ("traps of decimals", "import decimal", "try: r = str(decimal.Decimal(1) / 0)\nexcept ArithmeticError: r = 'raised'",
     "decimal.getcontext().traps[decimal.DivisionByZero] = False", "'Infinity'"),
    ("how deep calls may go", "import sys", "r = sys.getrecursionlimit()", "sys.setrecursionlimit(4321)", "4321"),
    ("arguments of the process", "import sys", "r = list(sys.argv)", "sys.argv = ['a']", "['a']"),
    ("the directory for temporary files", "import tempfile", "r = tempfile.gettempdir()",
     "tempfile.tempdir = '/var/tmp'", "'/var/tmp'"),
    ("modules that are loaded", "import sys", "r = 'tabnanny' in sys.modules", "import tabnanny", "True"),
    ("a global, by way of the module", "k1 = 1", "import sys\nr = sys.modules['__main__'].k1", "k1 = 2", "2"),
    ("a global, by way of a frame", "k2 = 1\ndef f2():\n    import sys\n    return sys._getframe(1).f_globals['k2']",
     "r = f2()", "k2 = 2", "2"),
    ("a global, by another name of eval", "k3 = 1\nimport builtins\ndef f3(): return builtins.eval('k3')", "r = f3()",
     "k3 = 2", "2"),
    ("classes that inherit", "class B1: pass", "r = len(B1.__subclasses__())", "class C1(B1): pass", "1"),
    ("the text of a function", "import inspect\ndef f4(): return 1  # one", "r = 'two' in inspect.getsource(f4)",
     "def f4(): return 1  # two", "True"),
    ("a class that a pickle names", "import pickle\nclass P1: v = 1\np1 = pickle.dumps(P1())", "r = pickle.loads(p1).v",
     "P1.v = 2", "2"),
    ("an annotation in a string", "import typing\nk4 = int\ndef f5(x: 'k4'): pass",
     "r = typing.get_type_hints(f5)['x'].__name__", "k4 = str", "'str'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("setup", "cell", "change", "value"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_what_a_cell_finds_is_an_input(
    notebook: Notebook, setup: str, cell: str, change: str, value: str
) -> None:
    if setup:
        notebook.run(f"%%nocache\n{setup}")
    notebook.run(cell)
    assert repr(notebook.ask("r")) != value
    notebook.run(f"%%nocache\n{change}")
    notebook.run(cell)
    assert repr(notebook.ask("r")) == value


def test_names_in_a_query_are_inputs(notebook: Notebook) -> None:
    notebook.run("import pandas as pd\nframe = pd.DataFrame({'a': [1, 5]})\nwanted = 1")
    cell = "r = frame.query('a == @wanted').a.tolist()"
    assert notebook.run(cell).stored
    assert notebook.run(cell).hit
    notebook.run("wanted = 5")
    assert not notebook.run(cell).hit
    assert notebook.ask("r") == [5]


def test_how_the_notebook_shows_a_type_is_an_input(notebook: Notebook) -> None:
    notebook.run("class Shown: pass\nshown = Shown()")
    assert "Shown at" in str(notebook.run("shown").value)
    assert notebook.run("shown").hit
    notebook.run(
        "%%nocache\nget_ipython().display_formatter.formatters['text/plain'].for_type("
        "Shown, lambda o, p, c: p.text('as I like it'))"
    )
    assert "as I like it" in str(notebook.run("shown").value)
