"""A fuzz of the cache: random notebooks, run plainly, run and stored, and brought back.

By hand: ``python tests/middleware/fuzz_cache.py 200 1`` runs 200 notebooks from seed 1. After each
cell the namespaces must be equal, the sharing of objects included, and so must the outputs.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from protocol.caching import Cached, Notebook

NAMES = "abcdefgh"

DESCRIBER = '''
import types


def describe(namespace, names):
    """A canonical text of some names: structure, content, and which parts are shared."""
    numbers, keep, out = {}, [], []

    def walk(value):
        kind = type(value)
        if kind in (int, str, float, bool, type(None), bytes):
            return repr(value)
        if kind is tuple and all(type(v) in (int, str, float) for v in value):
            return repr(value)
        if id(value) in numbers:
            return f"#{numbers[id(value)]}"
        number = numbers[id(value)] = len(numbers)
        keep.append(value)
        if isinstance(value, (list, tuple)):
            inner = ", ".join(map(walk, value))
        elif isinstance(value, dict):
            inner = ", ".join(f"{walk(k)}: {walk(v)}" for k, v in value.items())
        elif isinstance(value, (set, frozenset)):
            inner = ", ".join(sorted(map(repr, value)))
        elif kind.__name__ == "ndarray":
            base = walk(value.base) if kind is type(value.base) else ""
            inner = f"{value.dtype} {value.tolist()} {base}"
        elif isinstance(value, types.FunctionType):
            cells = [walk(c.cell_contents) for c in value.__closure__ or ()]
            same = value.__globals__ is namespace
            inner = f"{value.__name__} {value.__code__.co_code.hex()} {cells} {same} "
            inner += f"{walk(value.__defaults__)} {walk(vars(value))}"
        elif isinstance(value, type) and value.__module__ != "__main__":
            inner = value.__name__
        elif isinstance(value, type):
            held = {k: v for k, v in vars(value).items() if k[:2] != "__"}
            inner = f"{value.__name__} " + walk(held)
        elif not hasattr(value, "__dict__"):
            inner = kind.__name__
        else:
            inner = f"{walk(kind)} {walk(vars(value))}"
        return f"{kind.__name__}{number}({inner})"

    for name in names:
        if name in namespace:
            out.append(f"{name} = {walk(namespace[name])}")
    return "\\n".join(out)
'''

SETUP = """
class P:
    count = 0
    def __init__(self, v): self.v = v
    def bump(self):
        P.count += 1
        self.v = [self.v]
        return self
def make(n):
    def inc(by=1):
        nonlocal n
        n += by
        return n
    def get(): return n
    return inc, get
def push(x, seen=[]):
    seen.append(x)
    return seen
def set_global(v):
    global g
    g = v
"""


def candidates(chance: random.Random, namespace: dict[str, Any]) -> Iterator[str]:
    """Give statements that mostly work on what is bound."""
    bound = [n for n in NAMES if n in namespace]
    new = chance.choice(NAMES)
    yield f"{new} = {chance.choice(['[]', '[1, 2, 3]', '{}', '7', 'None', 'set()', '(1, [2])'])}"
    yield f"{new} = {chance.choice(['np.arange(6)', 'np.zeros((2, 3))', 'P(1)', 'P([])'])}"
    yield f"{new} = [[{chance.randrange(9)}], {{'k': [0]}}]"
    if not bound:
        return
    x, y = chance.choice(bound), chance.choice(bound)
    yield f"{new} = {x}"
    yield f"{new} = [{x}, {y}]"
    yield f"{new} = ({x}, {y})"
    yield f"{new} = {{'x': {x}, 'y': {y}}}"
    yield f"{new} = P({x})"
    yield f"del {x}"
    yield f"{x}, {new} = {y}, {x}"
    yield f"if {x}: {new} = {y}"
    yield f"for {new} in range(2): pass"
    yield f"{new} = lambda q=1: {x}"
    yield f"{new} = push({x})"
    yield f"set_global({x})"
    yield f"{new} = g"
    yield f"{new}, {y} = make({chance.randrange(5)})"
    yield f"print({x})"
    yield f"{x}"
    yield f"{new} = type({x})"
    yield f"{new} = P.count"
    value = namespace[x]
    if isinstance(value, list):
        yield from (f"{x}.append({y})", f"{x}.append({chance.randrange(9)})", f"{x} += [{y}]")
        yield from (f"{x}.clear()", f"{x}[:] = [{y}]", f"{new} = list({x})", f"{x}.reverse()")
        if value:
            yield from (f"{new} = {x}[0]", f"{x}[-1] = {y}", f"{new} = {x}.pop()")
            if isinstance(value[0], list):
                yield f"{x}[0].append({y})"
    elif isinstance(value, dict):
        yield from (f"{x}['n'] = {y}", f"{new} = list({x}.values())", f"{x}.pop('x', None)")
        yield f"{new} = {x}.get('x')"
    elif isinstance(value, set):
        yield f"{x}.add({chance.randrange(9)})"
    elif type(value).__name__ == "ndarray":
        yield from (f"{x}[0] = {chance.randrange(9)}", f"{new} = {x}[1:]", f"{x} += 1")
        yield from (f"{new} = {x}.copy()", f"{new} = {x}.T", f"{new} = {x}[::-1]")
    elif type(value).__name__ == "P":
        yield from (f"{x}.v = {y}", f"{new} = {x}.v", f"{x}.bump()", f"{new} = {x}.bump()")
        yield from (f"{x}.w = [{y}]", f"P.count += 1", f"{new} = vars({x})")  # noqa: F541
    elif callable(value) and not isinstance(value, type):
        yield from (f"{new} = {x}()", f"{x}.note = {y}", f"{x}()")


def program(chance: random.Random) -> list[str]:
    """Make a notebook, by running it here."""
    import numpy

    namespace: dict[str, Any] = {"np": numpy, "__name__": "__main__"}
    exec(SETUP, namespace)
    cells = []
    for _ in range(10):
        lines: list[str] = []
        for _ in range(chance.randint(1, 3)):
            line = chance.choice(list(candidates(chance, namespace)))
            try:
                exec(line if not line.startswith("print") else "pass", namespace)
            except Exception:
                continue
            lines.append(line)
        if lines:
            cells.append("\n".join(lines))
    return cells


def text_of(notebook: Notebook) -> str:
    found: str = notebook.ask(f"_d.describe(globals(), {[*NAMES, 'g', 'P', 'push']!r})")
    return found


def fuzz(number: int, seed: int, say: Callable[[str], None] = print) -> int:
    """Run notebooks; give the number of hits."""
    hits = 0
    with tempfile.TemporaryDirectory() as directory:
        shared = Cached(Path(directory))
        (shared.work / "describer.py").write_text(DESCRIBER)
        kernels = [shared.notebook("async"), shared.notebook(), shared.notebook()]
        for notebook in kernels:
            notebook.client.run("import describer as _d, numpy as np", silent=True)
        try:
            for turn in range(seed, seed + number):
                hits += compare(kernels, program(random.Random(turn)), turn, say)
        finally:
            shared.close(audit=False)
    return hits


def compare(
    kernels: list[Notebook], cells: list[str], turn: int, say: Callable[[str], None]
) -> int:
    """Run one notebook in all kernels; give the number of hits in the last."""
    hits, done = 0, list[str]()
    for notebook in kernels:
        names = f"{[*NAMES, 'g']!r}"
        notebook.client.run(f"for _n in {names}: globals().pop(_n, None)", silent=True)
        notebook.client.run(SETUP, silent=True)
    for code in cells:
        done.append(code)
        ran = [notebook.try_(code) for notebook in kernels]
        kernels[1].flush()
        hits += ran[2].hit
        states = [text_of(notebook) for notebook in kernels]
        shown = [(_plain(c.stdout), _plain(c.value or ""), c.request.status) for c in ran]
        if len(set(states)) > 1 or len(set(shown)) > 1:
            history = "\n---\n".join(done)
            say(f"seed {turn}: after\n{history}\n{[c.told for c in ran]}")
            for state, output in zip(states, shown, strict=True):
                say(f"== {output}\n{state}")
            raise AssertionError(f"the kernels differ for seed {turn}")
    return hits


def _plain(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+", "0x", text)


if __name__ == "__main__":
    count, first = (int(word) for word in sys.argv[1:3])
    print(fuzz(count, first), "hits")
