# ruff: noqa: E501
"""cache: what a cell does to the world, and what it depends on beside its names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.caching import Cached, Notebook, cached


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cached]:
    yield from cached(tmp_path_factory.mktemp("effects"))


@pytest.fixture(scope="module")
def notebook(shared: Cached) -> Notebook:
    return shared.notebook()


@pytest.fixture(scope="module")
def later(shared: Cached) -> Notebook:
    """Another kernel on the same cache."""
    return shared.notebook()


@pytest.fixture(scope="module")
def rough(shared: Cached) -> Notebook:
    """A kernel whose settings suffer."""
    return shared.notebook()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("open('{tmp}/w1.txt', 'w').write('x')", "writes"),
        ("from pathlib import Path\nPath('{tmp}/w2.txt').write_text('x')", "writes"),
        ("import os\nos.makedirs('{tmp}/d3', exist_ok=False)", "creates"),
        ("import tempfile\nwith tempfile.TemporaryFile() as f: pass", "writes"),
        ("import subprocess\nsubprocess.run(['true'])", "starts a process"),
        ("import os\nx6 = os.system('true')", "starts a process"),
        ("!true", "!true"),
        ("x8 = !echo 1", "!echo 1"),
        ("import socket\ns = socket.socket()\ntry:\n    s.connect(('127.0.0.1', 9))\n"
         "except OSError:\n    pass\ns.close()\ndel s", "uses the network"),
        ("import urllib.request\ntry:\n    urllib.request.urlopen('http://127.0.0.1:9/')\n"
         "except OSError:\n    pass", "uses the network"),
        ("import os\nos.environ['AK_TEST'] = '1'", "environment"),
        ("import os\nos.chdir('/')\nos.chdir('{tmp}')", "working directory"),
        ("import sys\nsys.path.append('/nowhere')", "sys.path"),
        ("import warnings\nwarnings.simplefilter('ignore', ImportWarning)", "warnings"),
        ("g15 = (i for i in range(3))", "g15"),
        ("import threading\nl16 = threading.Lock()", "lock"),
        ("f17 = open('/etc/hostname')", "f17"),
        ("import asyncio\nt18 = asyncio.create_task(asyncio.sleep(0))", "running"),
        ("import threading\ne19 = 1\nthreading.Thread(target=__import__('time').sleep, "
         "args=(0.5,)).start()", "running"),
        ("%matplotlib inline", "%matplotlib"),
        ("%env X=1", "%env"),
        ("exec('x22 = 1')", "exec"),
        ("x23 = globals()", "globals"),
        ("from math import *", "import *"),
        ("import numpy as np\nnp.set_printoptions(precision=3)", "numpy"),
        ("import ipywidgets\nw26 = ipywidgets.IntSlider()", "widget"),
        ("import ipywidgets\nipywidgets.IntSlider()", "widget"),
        ("In[0]", "In"),
        ("%%nocache\nx30 = 1", "%%nocache"),
        ("x31 = input", "x31"),
        ("import gc\ngc.set_threshold(500)", "the garbage collector"),
        ("import socket\nsocket.setdefaulttimeout(9)", "timeout of sockets"),
        ("import signal\nx34 = signal.signal(signal.SIGUSR1, signal.SIG_IGN)", "signal handlers"),
        ("import sys\nsys.set_int_max_str_digits(5000)", "limits of the interpreter"),
        ("import logging\nlogging.getLogger('mine').setLevel('DEBUG')", "levels of loggers"),
        ("import json.encoder\njson.encoder.FLOAT_REPR = 3", "json, which it imports"),
        ("import matplotlib\nmatplotlib.use('svg')", "settings of matplotlib"),
        ("import matplotlib.pyplot as plt\nf36 = plt.figure()", "open figures"),
        ("plt.plot([1])", "open figures"),
        ("plt.close('all')\nmatplotlib.use('module://matplotlib_inline.backend_inline')",
         "settings of matplotlib"),
        ("plt.plot([1])\nplt.show()\nplt.ioff()", "settings of matplotlib"),
        ("import locale\nx38 = locale.setlocale(locale.LC_NUMERIC, 'C.UTF-8')", "the locale"),
    ],
)  # fmt: skip
def test_a_cell_with_effects_is_not_cached_and_says_why(
    rough: Notebook, tmp_path: Path, code: str, reason: str
) -> None:
    cell = rough.run(code.replace("{tmp}", str(tmp_path)))
    assert not cell.hit
    assert not cell.stored, cell.told
    assert reason in cell.uncached
    assert cell.uncached in rough.why()


def test_cells_run_and_are_cached_where_the_working_directory_is_gone(
    rough: Notebook, tmp_path: Path
) -> None:
    (file := tmp_path / "read").write_text("abc")
    (gone := tmp_path / "gone").mkdir()
    opening = f"open({str(file)!r}).read()"
    left = rough.run(f"import os\nos.chdir({str(gone)!r})\nos.rmdir({str(gone)!r})\n{opening}")
    try:
        assert not left.stored
        cell = rough.run(f"read39 = {opening}")
        assert cell.stored, cell.told
        assert rough.ask("read39") == "abc"
    finally:
        rough.run("os.chdir('/')")


def test_an_effect_is_cached_if_the_cell_insists(
    notebook: Notebook, later: Notebook, tmp_path: Path
) -> None:
    code = f"%%cache force\nn40 = open('{tmp_path}/forced', 'w').write('abc')"
    assert notebook.run(code).stored
    (tmp_path / "forced").unlink()
    assert later.run(code).hit
    assert not (tmp_path / "forced").exists()
    assert later.ask("n40") == 3


def test_a_failing_cell_is_not_cached(notebook: Notebook) -> None:
    cell = notebook.try_("x41 = 1\n1 / 0")
    assert cell.request.status == "error"
    assert not cell.stored
    assert "failed" in cell.uncached
    assert not notebook.try_("x41 = 1\n1 / 0").hit


READING = "data = open('{file}').read()\nprint(data)"


def test_a_file_that_was_edited_is_a_miss(
    notebook: Notebook, later: Notebook, tmp_path: Path
) -> None:
    file = tmp_path / "data.txt"
    file.write_text("one")
    code = READING.replace("{file}", str(file))
    first = notebook.run(code)
    assert first.stored, first.told
    assert later.run(code).hit
    file.write_text("two")  # as long, and within the file system's tick
    changed = later.run(code)
    assert (changed.hit, changed.stdout) == (False, "two\n")
    assert str(file) in later.why()
    file.write_text("one")
    assert notebook.run(code).stdout == "one\n"
    assert notebook.run(code).hit
    file.unlink()
    assert later.try_(code).request.ename == "FileNotFoundError"


def test_a_file_that_appears_is_a_miss(notebook: Notebook, later: Notebook, tmp_path: Path) -> None:
    file = tmp_path / "maybe"
    opening = (
        f"try:\n    found42 = open('{file}').read()\nexcept FileNotFoundError:\n    found42 = None"
    )
    asking = f"import os.path\nthere43 = os.path.exists('{file}')"
    with_path = f"from pathlib import Path\nthere44 = Path('{file}').is_file()"
    for code in (opening, asking, with_path):
        assert notebook.run(code).stored
        assert later.run(code).hit
    file.write_text("now")
    for code in (opening, asking, with_path):
        assert not later.run(code).hit, code
    assert later.ask("(found42, there43, there44)") == ("now", True, True)


@pytest.mark.parametrize(
    "listing",
    [
        "import os\nnames45 = sorted(os.listdir('{tmp}'))",
        "import os\nnames45 = sorted(e.name for e in os.scandir('{tmp}'))",
        "import glob\nnames45 = sorted(glob.glob('{tmp}/*.csv'))",
        "from pathlib import Path\nnames45 = sorted(Path('{tmp}').glob('*.csv'))",
        "from pathlib import Path\nnames45 = sorted(Path('{tmp}').rglob('*.csv'))",
        "from pathlib import Path\nnames45 = sorted(Path('{tmp}').iterdir())",
        "import os\nnames45 = sorted(os.walk('{tmp}'))",
    ],
)
def test_a_new_file_in_a_directory_that_was_listed_is_a_miss(
    notebook: Notebook, later: Notebook, tmp_path: Path, listing: str
) -> None:
    (tmp_path / "a.csv").touch()
    code = listing.replace("{tmp}", str(tmp_path))
    assert notebook.run(code).stored
    assert later.run(code).hit
    (tmp_path / "b.csv").touch()
    cell = later.run(code)
    assert not cell.hit
    assert later.ask("len(names45)") == notebook.ask("len(names45)") + 1 or "walk" in listing


def test_a_database_is_a_file(notebook: Notebook, later: Notebook, tmp_path: Path) -> None:
    import sqlite3

    def put(value: int) -> None:
        with sqlite3.connect(tmp_path / "d.db") as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS t (x)")
            connection.execute("INSERT INTO t VALUES (?)", (value,))
        connection.close()

    put(1)
    code = (
        "import sqlite3, contextlib\n"
        f"with contextlib.closing(sqlite3.connect('{tmp_path}/d.db')) as c46:\n"
        "    sum46 = c46.execute('SELECT sum(x) FROM t').fetchone()[0]\n"
        "del c46"
    )
    cell = notebook.run(code)
    assert cell.stored, cell.told
    assert later.run(code).hit
    put(2)
    assert not later.run(code).hit
    assert later.ask("sum46") == 3


@pytest.mark.parametrize(
    "reading",
    [
        "import pandas as pd\nframe = pd.read_csv('{file}')",
        "import pandas as pd\nframe = pd.read_csv(path)",
        "import polars as pl\nframe = pl.read_csv('{file}')",
        "import polars as pl\nframe = pl.scan_csv(path).collect()",
        "import pyarrow.csv\nframe = pyarrow.csv.read_csv('{file}')",
        "import numpy as np\nframe = np.loadtxt(path, delimiter=',', skiprows=1)",
    ],
)
def test_data_libraries_read_files_too(
    notebook: Notebook, later: Notebook, tmp_path: Path, reading: str
) -> None:
    file = tmp_path / "t.csv"
    file.write_text("a,b\n1,2\n")
    code = reading.replace("{file}", str(file))
    for kernel in (notebook, later):
        kernel.run(f"path = {str(file)!r}")
    first = notebook.run(code)
    assert first.stored, first.told
    notebook.flush()
    hit = later.run(code)
    assert hit.hit, hit.told
    file.write_text("a,b\n1,3\n")
    assert not later.run(code).hit


def test_a_native_reader_whose_file_is_not_seen_is_not_cached(
    notebook: Notebook, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    notebook.run(f"folder = list({str(tmp_path)!r})")
    cell = notebook.run("import polars as pl\nframe = pl.read_csv(''.join(folder) + '/t.csv')")
    assert not cell.stored
    assert "polars" in cell.uncached


def test_the_working_directory_counts_where_a_path_is_relative(
    shared: Cached, notebook: Notebook
) -> None:
    places = [shared.directory / name for name in ("here", "there")]
    for place in places:
        place.mkdir()
        (place / "x.txt").write_text(place.name)
    code = "print(open('x.txt').read())"
    free = "free47 = [1] * 3"
    for place in places:
        notebook.client.run(f"import os; os.chdir({str(place)!r})", silent=True)
        assert notebook.run(code).stdout == f"{place.name}\n"
        notebook.run(free)
    assert notebook.run(code).hit
    assert notebook.run(free).hit


def test_results_that_a_function_remembers_hide_nothing(
    notebook: Notebook, later: Notebook, tmp_path: Path
) -> None:
    file = tmp_path / "r.txt"
    file.write_text("one")
    define = "import functools\n@functools.lru_cache\ndef load50(): return open(path50).read()"
    for kernel in (notebook, later):
        kernel.run(f"path50 = {str(file)!r}")
        kernel.run(define)
    assert notebook.run("first50 = load50()").stored
    second = notebook.run("second50 = load50()")
    assert not second.stored
    assert "load50" in second.uncached
    file.write_text("two")
    later.run("second50 = load50()")
    assert later.ask("second50") == "two"


def test_what_reads_its_data_later_is_not_an_input_of_cached_cells(
    notebook: Notebook, later: Notebook, tmp_path: Path
) -> None:
    file = tmp_path / "lazy.csv"
    file.write_text("a\n1\n")
    scan = f"import polars as pl\nlazy51 = pl.scan_csv({str(file)!r})"
    collect = "total51 = lazy51.collect()['a'].sum()"
    notebook.run(scan)
    assert not notebook.run(collect).stored
    file.write_text("a\n2\n")
    later.run(scan)
    assert not later.run(collect).hit
    assert later.ask("int(total51)") == 2


def test_an_environment_variable_that_is_named_is_an_input(
    notebook: Notebook, later: Notebook
) -> None:
    code = "import os\nregion52 = os.environ.get('AK_REGION', 'nowhere')\nregion52"
    assert notebook.run(code).stored
    assert later.run(code).hit
    later.client.run("import os; os.environ['AK_REGION'] = 'north'", silent=True)
    changed = later.run(code)
    assert (changed.hit, changed.value) == (False, "'north'")
    assert notebook.run(code).hit


@pytest.mark.parametrize(
    "code",
    [
        "class A53:\n    def __init__(self): self.v = k53\na53 = A53()\nout53 = a53.v",
        "f53 = lambda: k53\nout53 = f53()",
        "out53 = [k53 for _ in range(1)][0]",
        "def g53(x=k53): return x\nout53 = g53()",
        "def deco53(f): return f()\n@deco53\ndef out53(): return k53",
        "class B53:\n    v = k53\nout53 = B53.v",
        "from functools import partial\ndef h53(): return k53\nout53 = partial(h53)()",
        "out53 = list(map(lambda _: k53, [0]))[0]",
        "class C53:\n    @property\n    def p(self): return k53\nout53 = C53().p",
        "def outer53():\n    def inner(): return k53\n    return inner\nout53 = outer53()()",
        "out53 = f'{k53}'",
        "match k53:\n    case int(): out53 = k53",
        "import operator\nclass D53:\n    def __getattr__(self, n): return k53\nout53 = D53().anything",
        "out53 = max([0], key=lambda x: k53) + k53",
        "import asyncio\nasync def c53(): return k53\nout53 = await c53()",
        "def gen53(): yield k53\nout53 = next(gen53())",
    ],
)
def test_a_global_that_is_read_somehow_counts(notebook: Notebook, code: str) -> None:
    for value in (1, 2):
        notebook.run(f"k53 = {value}")
        notebook.run(code)
        assert str(value) in str(notebook.ask("str(out53)"))
