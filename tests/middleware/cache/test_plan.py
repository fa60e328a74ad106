"""What the text of a cell says about caching it."""

from __future__ import annotations

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from akernel_ipy.core.directives import Directive
from akernel_ipy.middleware.cache.options import OptionError, Options, read
from akernel_ipy.middleware.cache.plan import Plan, plan


def planned(code: str) -> Plan:
    return plan(TransformerManager().transform_cell(code))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("!ls", "!ls"),
        ("x = !ls", "!ls"),
        ("%matplotlib inline", "%matplotlib"),
        ("%%bash\nls", "%bash"),
        ("%time !ls", "magic inside a magic"),
        ("exec('x = 1')", "exec"),
        ("eval(x)", "eval"),
        ("from os import *", "import *"),
        ("globals()['x'] = 1", "globals"),
        ("get_ipython().user_ns", "get_ipython"),
        ("ip = get_ipython()", "get_ipython"),
        ("Out[1]", "Out"),
        ("In", "In"),
        ("h = vars(x)", "vars"),
        ("x.__dict__", "__dict__"),
        ("def f(:", "can't be read"),
    ],
)
def test_what_can_not_be_known_is_refused(code: str, reason: str) -> None:
    assert reason in planned(code).refusal


@pytest.mark.parametrize(
    "code", ["x = 1", "%time x = f(1)", "%%time\nx = 1", "%%capture out\nprint(1)", "await f()"]
)
def test_plain_cells_are_not_refused(code: str) -> None:
    assert planned(code).refusal == ""


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("a = b = 1; (c, [d, *e]) = f()", "a b c d e"),
        ("import os.path, sys as s; from m import n as o, p", "os s o p"),
        ("def f(): x = 1\nclass C: y = 1\nasync def g(): pass", "f C g"),
        ("a: int\nb: int = 1\nc += 1", "b c"),
        ("if x: a = 1\nfor b in y: pass\nwith z as c: d = 1", ""),
    ],
)
def test_definite_names_are_bound_by_each_run_that_ends_well(code: str, names: str) -> None:
    assert planned(code).definite == frozenset(names.split())


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import json.encoder\njson.encoder.X = 3", ("json",)),
        ("import m as k\nk['x'] += 1; del k.y", ("k",)),
        ("from m import data, C\ndef f(): C.x, data[0].y = 1, 2", ("C", "data")),
        ("import m\nx = m.y[1].z\nx.a = m.b", ()),
        ("m.x = 1", ()),
    ],
)
def test_what_a_cell_imports_and_changes_is_found(code: str, names: tuple[str, ...]) -> None:
    assert planned(code).patches == names


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("_ + 1", ("_",)),
        ("_3 * __", ("_3", "__")),
        ("for _ in range(3): print(_)", ()),
        ("[_ for _ in x]", ()),
        ("def f(): return _", ("_",)),
        ("_x = _private", ()),
    ],
)
def test_results_of_other_cells_that_are_read(code: str, names: tuple[str, ...]) -> None:
    assert planned(code).underscores == names


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import time\ntime.sleep(1)", ""),
        ("t = time.time(); d = datetime.now()", "reads the clock (now, time)"),
        ("field(default_factory=datetime.utcnow)", "reads the clock (utcnow)"),
        ("import random\nrng.random(3); np.random.seed(0)", ""),
        ("np.random.default_rng(42), RandomState(seed=1)", ""),
        ("np.random.default_rng().normal()", "asks for random numbers (default_rng)"),
        ("key = uuid.uuid4()", "asks for random numbers (uuid4)"),
        ("df['id'], df.id, hash_of(x)", ""),
        ("hash(x) + id(x)", "asks for what is another in each process (hash, id)"),
    ],
)
def test_what_no_key_can_hold_is_told(code: str, told: str) -> None:
    assert planned(code).notes == ((f"perhaps it {told}",) if told else ())


@pytest.mark.parametrize(
    ("code", "seeds"),
    [
        ("import numpy as np\nnp.random.seed(0)\nx = np.random.rand()", True),
        ("'doc'\nn = 3\nrandom.seed(n)", True),
        ("x = np.random.rand()\nnp.random.seed(0)", False),
        ("if c: np.random.seed(0)", False),
    ],
)
def test_a_seed_counts_only_before_anything_else(code: str, seeds: bool) -> None:
    assert planned(code).seeds is seeds


@pytest.mark.parametrize(
    ("directives", "options"),
    [
        ([], Options()),
        ([("cache", "")], Options(asked=True)),
        ([("cache", "force")], Options(asked=True, force=True)),
        ([("cache", "key=a, b")], Options(asked=True, key="a, b")),
        ([("cache", "force key=f(x)")], Options(asked=True, force=True, key="f(x)")),
        ([("nocache", "")], Options(refused=True)),
        ([("cache", ""), ("nocache", "")], Options(refused=True)),
        ([("nocache", ""), ("thread", ""), ("cache", "")], Options(asked=True)),
    ],
)
def test_options_of_the_directives(directives: list[tuple[str, str]], options: Options) -> None:
    assert read([Directive(*parts) for parts in directives]) == options


@pytest.mark.parametrize("line", ["forced", "key", "key=", "keys=1", "force force"])
def test_options_that_nobody_knows_are_named(line: str) -> None:
    with pytest.raises(OptionError, match="%%cache"):
        read([Directive("cache", line)])


def test_nocache_takes_no_arguments() -> None:
    with pytest.raises(OptionError, match="no arguments"):
        read([Directive("nocache", "please")])
