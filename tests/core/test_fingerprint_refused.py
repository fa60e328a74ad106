"""What has no fingerprint says where it is and what it is."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import queue
import socket
import sqlite3
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from akernel_ipy.core.errors import AkernelError
from akernel_ipy.core.fingerprint import Unhashable

from .notebook import Notebook, fingerprint


class Referent:
    pass


referent = Referent()


async def _async_generator() -> Any:
    yield 1


#: From Python 3.14 on, what is in an iterator of itertools can't be seen.
ITERATOR = "a generator" if sys.version_info < (3, 14) else "a itertools._tee"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: (i for i in []), "a generator"),
        (_async_generator, "an async generator"),
        (threading.Lock, "a lock"),
        (threading.RLock, "a lock"),
        (threading.Event, "an event"),
        (threading.Thread, "a thread"),
        (threading.local, "values that belong to threads"),
        (queue.Queue, "a queue"),
        (Future, "a future"),
        (asyncio.Lock, "a lock, an event or a queue of asyncio"),
        (contextvars.copy_context, "a context"),
        (lambda: contextvars.ContextVar("v"), "a context variable"),
        (lambda: weakref.ref(referent), "a weak reference"),
        (lambda: weakref.WeakValueDictionary(), "a dictionary of weak references"),
        (sys._getframe, "a frame"),
        (lambda: itertools.tee(i for i in [])[0], ITERATOR),
        (lambda: map(str, (i for i in [])), "a generator"),
    ],
)
def test_what_has_no_content_is_refused(make: Callable[[], Any], reason: str) -> None:
    value = make()
    with pytest.raises(Unhashable) as caught:
        fingerprint({"key": [0, value]})
    assert caught.value.reason.startswith(reason)
    assert caught.value.path.startswith("value['key'][1]")


def test_what_must_be_closed_is_refused(tmp_path: Path) -> None:
    for value, reason in _to_close(tmp_path / "file"):
        with pytest.raises(Unhashable, match=reason):
            fingerprint(value)


def _to_close(path: Path) -> Iterator[tuple[Any, str]]:
    with path.open("w") as text:
        yield text, "an open file"
    with path.open("rb") as binary:
        yield binary, "an open file"
    with socket.socket() as plug:
        yield plug, "a socket"
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection, "a connection to a database"
    with ThreadPoolExecutor(1) as pool:
        yield pool, "an executor"
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        yield process, "a process"
    with closing(asyncio.new_event_loop()) as loop:
        yield loop, "an event loop"
    coroutine = asyncio.sleep(0)
    with closing(coroutine):
        yield coroutine, "a coroutine"
    try:
        raise ValueError
    except ValueError as error:
        yield error.__traceback__, "a traceback"


@pytest.mark.parametrize(
    ("cell", "path"),
    [
        ("x = lock", "x"),
        ("x = [1, [2, lock]]", "x[1][1]"),
        ("x = {'a': {2: lock}}", "x['a'][2]"),
        ("x = (lock,)", "x[0]"),
        ("class C: pass\nx = C(); x.lock = lock", "x.lock"),
        ("class C: __slots__ = 'lock'\nx = C(); x.lock = lock", "x.lock"),
        ("class x: lock = lock", "x.lock"),
        ("def x(): return lock", "x -> lock"),
        ("def f(): return lock\ndef x(): return f()", "x -> f -> lock"),
        ("def x(a=lock): pass", "x defaults[0]"),
        ("def make(held):\n return lambda: held\nx = make(lock)", "x -> held"),
        ("class C:\n def f(self): return lock\nx = C()", "x.f -> lock"),
        ("class C:\n def f(self): return lock\nx = [C()]", "x.f -> lock"),
        ("from collections import deque\nx = deque([lock])", "x[0]"),
        ("from types import SimpleNamespace\nx = SimpleNamespace(lock=lock)", "x.lock"),
        ("from functools import partial\nx = partial(print, lock)", "x.args[0]"),
        ("class C: pass\nc = C(); c.lock = lock\nx = c.__init__", "x.__self__.lock"),
        ("x = {lock}", "x{...}"),
        ("x = {lock: 1}", "x key 0"),
    ],
)
def test_the_path_leads_to_the_part(cell: str, path: str) -> None:
    notebook = Notebook("import threading\nlock = threading.Lock()", cell)
    with pytest.raises(Unhashable) as caught:
        notebook.of("x")
    assert caught.value.path == path
    assert str(caught.value) == f"{path}: a lock"
    assert isinstance(caught.value, AkernelError)


@pytest.mark.parametrize("call", ["eval('k')", "exec('k')", "globals()['k']", "__import__('m')"])
def test_functions_that_look_names_up_while_they_run_are_refused(call: str) -> None:
    notebook = Notebook(f"k = 1\ndef f(): return {call}\ndef g(): return f()")
    with pytest.raises(Unhashable, match=r"g -> f: it calls \w+\(\), and what that reads"):
        notebook.of("g")


def test_a_class_that_cannot_be_pickled_is_refused_in_its_own_words() -> None:
    notebook = Notebook(
        "class C:\n def __reduce_ex__(self, _): raise TypeError('not me\\nat all')\nx = [C()]"
    )
    with pytest.raises(Unhashable, match=r"^x\[0\]: a the_notebook.C, .*pickled \(not me\)$"):
        notebook.of("x")


def test_state_that_cannot_be_seen_is_refused() -> None:
    import hashlib

    with pytest.raises(Unhashable, match=r"can't be pickled|can't be seen"):
        fingerprint(hashlib.sha256())


def test_what_is_nested_too_deeply_is_refused() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(Unhashable, match="value: nested too deeply"):
        fingerprint(value)


def test_long_chains_of_functions_are_not_nested() -> None:
    chain = "\n".join(f"def f{i}(): return f{i + 1}()" for i in range(2000))
    assert Notebook(chain, "def f2000(): pass").of("f0") != Notebook(chain).of("f0")


def test_sets_that_lead_to_each_other_in_too_many_ways_are_refused_in_time() -> None:
    notebook = Notebook(
        """
class Node:
    def __init__(self): self.others = set()
nodes = [Node() for _ in range(12)]
for node in nodes: node.others.update(nodes)
x = set(nodes)
"""
    )
    with pytest.raises(Unhashable, match="lead to each other in too many ways"):
        notebook.of("x")


def test_a_weak_reference_that_nobody_asks_for_does_no_harm() -> None:
    notebook = Notebook("class C: pass\nx = C()\nimport weakref\nr = weakref.ref(x)")
    before = notebook.of("x")
    notebook.run("del r")
    assert notebook.of("x") == before
