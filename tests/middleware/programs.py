"""Random notebooks, and what they leave behind: for comparing one flavour with another."""

from __future__ import annotations

import asyncio
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from unittest.mock import patch

from akernel_ipy.core.model import Run, current_run

from .notebook import Notebook

NAMES = ("a", "b", "c", "d", "e", "f", "u", "v", "w", "y")
FUNCTIONS = ("p", "q", "r")
CLASSES = ("K", "L")

#: Statements; {n} is a name to bind, {m} and {o} are values, {g}, {h} functions, {k} a class.
STATEMENTS = (
    "{n} = {i}",
    "{n} = {i}",
    "{n} = [{i}, {i}]",
    "{n} = []",
    "{n} = {{'x': {i}}}",
    "{n} = {m}",
    "{n} = [{m}, {o}]",
    "{n} = ({m}, {i})",
    "{n} = {{'x': {m}}}",
    "{n} = {m} + {o}",
    "{n} = {m} + 1",
    "{n} += 1",
    "{n} += [{i}]",
    "{n}.append({i})",
    "{n}.append({m})",
    "{n}[0] = {m}",
    "{n}[0].append({i})",
    "{n}['x'] = {m}",
    "{n}['x'].append({i})",
    "{n}.x = {m}",
    "{n}.x.append({i})",
    "{n}.pop()",
    "del {n}",
    "{n}, {m} = {m}, {n}",
    "({n} := {m})",
    "{n} = [x for x in {m}]",
    "{n} = [{m} for _ in range(2)]",
    "{n} = list({m})",
    "{n} = dict({m})",
    "{n} = sorted({m}, key=str)",
    "{n} = {m}[0]",
    "{n} = {m}['x']",
    "{n} = {m}.x",
    "{n} = {m}.append",
    "{n}({i})",
    "{n} = iter({m})",
    "{n} = (x for x in {m})",
    "print(next({n}, None))",
    "print(sum({m}))",
    "print(len({m}))",
    "print({m})",
    "print({m}, {o})",
    "print({m} is {o})",
    "print(f'{{{m}}}')",
    "print(any(x == {i} for x in {m}))",
    "for x in {m}: x.append({i})",
    "for x in {m}: print(x)",
    "for {n} in range(2): pass",
    "for i, x in enumerate({m}): x.append(i)",
    "if {m}: {n} = {i}",
    "({m} if {i} else {o}).append({i})",
    "[{m}][0].append({i})",
    "match {m}:\n    case [first, *_]: first.append({i})\n    case _: print('no')",
    "try: {n}\nexcept NameError: {n} = {i}",
    "import math",
    "import math as {n}",
    "{n} = math.floor(2.5)",
    # functions
    "def {g}(*args): return {m}",
    "def {g}(*args): {m}.append({i}); return {m}",
    "def {g}(*args):\n    global {n}\n    {n} = {i}",
    "def {g}(*args):\n    global {n}\n    {n} += 1\n    return {n}",
    "def {g}(*args): return {h}(*args)",
    "def {g}(x=[], *args):\n    x.append({i})\n    return x",
    "def {g}(x={m}, *args): return x",
    "def {g}(x=None, *args):\n    print(x)\n    return [x, {m}]",
    "def {g}(x=None, *args):\n    x.append({i})",
    "def {g}(x=None, *args):\n    x.n = {i}",
    "def {g}(*args): {k}.n += 1; return {k}.n",
    "def {g}(*args): {h}.calls = {i}",
    "def {g}(*args): return getattr({h}, 'calls', None)",
    "def make(n):\n    def step(*args):\n        nonlocal n\n        n += 1\n        return n\n"
    "    return step\n{g} = make({i})",
    "def pair(n):\n    def put(*args):\n        nonlocal n\n        n = args\n"
    "    return put, lambda *args: n\n{g}, {h} = pair({m})",
    "async def {g}(*args):\n    global {n}\n    x = {m}\n    await pause({i})\n    {n} = x",
    "async def {g}(x=None, *args):\n    await pause({i})\n    {m}.append(x)\n    return {m}",
    "{n} = {g}",
    "{g} = {h}",
    "{n} = {g}({m})",
    "{n} = {g}()",
    "{g}({m})",
    "print({g}())",
    "{n} = await {g}({m})",
    "await {g}()",
    "{n} = lambda *args: {m}",
    "{n} = partial({g}, {m})",
    "{n} = lru({g})",
    "{n}()",
    "{n} = {n}()",
    "{n} = {m}({o})",
    "{g}.calls = {i}",
    "{g}({k})",
    "{g}({h})",
    # classes
    "class {k}:\n    n = 0\n    items = []\n    def m(self, *args): return {n}",
    "class {k}:\n    n = {i}\n    def __init__(self, *args): {k}.n += 1",
    "class {k}:\n    n = {i}\n    def __init__(self, *args): type(self).n += 1\n"
    "    def m(self, *args): self.x = {m}; return self.n",
    "class {k}:\n    n = {i}\n    @classmethod\n    def m(cls, *args): cls.n += 1; return cls.n",
    "class {k}({l}):\n    x = {i}",
    "class {k}:\n    items = []\n    x = {m}\n    def m(self, *args): self.items.append(args)",
    "class {k}:\n    n = 0\n    def __repr__(self): {k}.n += 1; return f'{k} {{self.n}}'\n"
    "    def m(self, *args): return vars(self)",
    "class {k}:\n    n = 0\n    @property\n    def x(self): self.n += 1; return self.n\n"
    "    def __len__(self): {m}.append({i}); return {i}",
    "class {k}:\n    n = 0\n    def __init__(self, x=None): self.x = x\n"
    "    def __call__(self, *args): self.x.append({i})\n    def m(self, *args): return self.x",
    "class {k}:\n    def __init__(self, x={m}): self.x = x\n    def __iter__(self): return self\n"
    "    def __next__(self):\n        if len(self.x) > 3: raise StopIteration\n"
    "        self.x.append({i}); return self.x",
    "class {k}:\n    def __init__(self, x=None): self.x = x\n"
    "    def __enter__(self): self.x.pop()\n    def __exit__(self, *args): self.x.append({i})\n"
    "    def __eq__(self, other): return True",
    "class {k}:\n    def __init__(self, x=None): self.x = x\n"
    "    def __add__(self, other): self.x.append(other); return self\n",
    "class {k}(list):\n    def m(self, *args): self.append({i}); return self",
    "{n} = {k}({m})",
    "{n} = {k}({m})",
    "with {n}: print({m})",
    "def {g}(x=None, *args):\n    for y in x: yield y\n    {m}.append({i})",
    "def {g}(x=None, *args):\n    yield {m}\n    yield x",
    "def {g}(x=None, *args): return sorted(x, key=lambda y: y.append({i}))",
    "def {g}(x=None, *args): return [y for y in x]",
    "def {g}(x=None, *args): return {{'x': x, 'n': len(x)}}",
    "def {g}(x=None, *args):\n    y = x\n    y.append({i})\n    return len(y)",
    "def {g}(x=None, *args): return lambda *args: x.append({i})",
    "{n} = map({g}, {m})",
    "{n} = {m}[1:]",
    "{n} = {m}.copy()",
    "{n} = {m}.items()",
    "{n} = {m}.get('x')",
    "print({m}[0], {m}['x'])",
    "print(sorted({m}, key=len))",
    "print({m} == {o}, {m} + {o})",
    "print([x for x in {m} if x])",
    "{n} = await asyncio.gather({g}({m}), {h}())",
    "{n} = max({m}, {o}, key=str)",
    "{n} = reversed({m})",
    "{n} = {{*{m}}}",
    "{n} = [*{m}, {o}]",
    "{n} = {{**{m}, 'y': {o}}}",
    "setattr({n}, 'x', {m})",
    "vars({n})['x'] = {m}",
    "{n}.x += 1",
    "{n}[0] += 1",
    "del {n}[0]",
    "{n} = copy.copy({m})",
    "{n} = copy.deepcopy({m})",
    "{n} = np.array({m})",
    "{n} = {m}.view()",
    "{n}.sort()",
    "{n} = np.sort({m})",
    "{n} = np.sum({m})",
    "np.add({n}, 1, out={n})",
    "{n} = weakref.ref({m})",
    "class {k}({l}):\n    def m(self, *args): super().m(*args); return self",
    "class {k}:\n    items = []\n    @classmethod\n    def m(cls, *args): cls.items.append(args)",
    "class {k}:\n    def __init__(self, x=None): self.x, self.f = x, {g}\n"
    "    def m(self, *args): return self.f(self.x)",
    "class {k}:\n    def __init__(self, x=None): self.x = {l}(x)\n"
    "    def m(self, *args): self.x.m(*args); return self.x",
    "@{m}.m\nclass {k}: pass",
    "{n} = list(map({m}.m, [{o}]))",
    "{n} = list(map({m}.append, [{o}]))",
    "{n} = {l}({m})\n{n}.m({o})",
    "dict.update({m}, x={o})",
    "@dataclass\nclass {k}:\n    n: int = 0\n    x: list = field(default_factory=list)\n"
    "    def m(self, *args): {g}(self.x); return self",
    "{n} = {k}()",
    "{n} = {k}",
    "{n}.m({m})",
    "{n} = {m}.m()",
    "{n} = {m}.m",
    "{k}.n += 1",
    "{k}.n = {m}",
    "print({k}.n)",
    "print({m}.n)",
    "{n}.n += 1",
    "del {k}.n",
    "raise ValueError({i})",
)

#: What shows the effects of functions and classes.
CALLS = (
    "print({g}())",
    "print({g}({m}))",
    "{g}({m})",
    "print(await {g}({m}))",
    "print({k}({m}).m())",
    "print({m}.m({o}))",
    "print({k}.n, {k}.items)",
    "{n} = {k}({m})",
    "print({m})",
    "print({m}, {o})",
)

#: What all cells begin with.
PRELUDE = """\
import asyncio, copy, math, weakref
import numpy as np
from dataclasses import dataclass, field
from functools import partial
"""


@dataclass(frozen=True)
class Cell:
    """A cell, and how many turns of the loop pass before its request is sent."""

    code: str
    delay: int = 0


#: What the names mean at the beginning.
SETUPS = (
    "pass",
    """\
a = [1, 2]
b = [a, [3]]
c = {'x': a, 'y': 1}
d, e = 5, (a, 4)
u, v = np.arange(3), [4, 5]
w = u[1:]
class K:
    n, items = 0, []
    def __init__(self, x=None): self.x = x
    def m(self, *args): return self.x
class L(K):
    def m(self, *args): self.items.append(args); return self.x
f, y = K(a), L([7])
def p(*args): return a
def q(x=None, *args): return [x, v]
async def r(x=None, *args):
    await pause(2)
    return len(x)
""",
    """\
a, b = [[1], [2]], {'x': [3], 0: 'z'}
c, d, e = sorted(a), a[0], lambda *args: a
f, u = iter([1, 2, 3]), {1, 2}
@dataclass
class K:
    n: int = 0
    x: list = field(default_factory=list)
    def m(self, *args): return K(self.n + 1, self.x)
class L:
    n = 1
    def __init__(self, x=None): L.n += 1; self.x = x
    def __repr__(self): return f'L {self.x}'
    def m(self, *args): self.x.append(args)
v, w, y = K(2), L(a), [K(3, d)]
def p(x=None, *args): return x
def q(*args): b['x'].append(len(args)); return b
async def r(x=None, *args):
    await pause(3)
    x.append(4)
""",
)


class Writer:
    """Writes programs at random.

    Each program has few kinds of statements and few common names, which makes it likelier that
    they meet. Most of what a cell binds has names of its own: cells that bind common names take
    turns, and then nothing can go wrong with the objects that they share.
    """

    def __init__(self, seed: int) -> None:
        self._random = random = Random(seed)
        self._statements = random.sample(STATEMENTS, random.randint(4, 14))
        self._names = random.sample(NAMES, random.randint(2, 6))
        self._functions = random.sample(FUNCTIONS, random.randint(1, 3))
        self._classes = random.sample(CLASSES, random.randint(1, 2))

    def program(self) -> list[Cell]:
        """Write a notebook."""
        choice = self._random.choice
        setup = Cell(choice(SETUPS))
        return [setup, *(self._cell(number) for number in range(self._random.randint(2, 8)))]

    def _cell(self, number: int) -> Cell:
        choice, parts = self._random.choice, []
        for _ in range(self._random.randint(1, 4)):
            parts += [f"await pause({n})" for n in choice([(), (), (1,), (3,), (7,)])]
            parts.append(self._statement(number))
        last = choice([None, "print({})", "print({})", "{}", "await pause(2)"])
        if last is not None:
            parts += ["await pause(3)", last.format(choice(self._names))]
        return Cell("\n".join(parts), choice([0, 0, 0, 1, 4]))

    def _statement(self, number: int) -> str:
        choice = self._random.choice
        common = self._random.random() < 0.25
        own = [f"{name}{number}" for name in self._names[:2]]
        names, functions, classes = self._names, self._functions, self._classes
        calls = self._random.random() < 0.3
        text = choice(CALLS if calls else self._statements).format(
            n=choice(names if common else own),
            m=choice([*names, *names, *own]),
            o=choice(names),
            g=choice(functions if common or calls else [f"p{number}"]),
            h=choice([*functions, f"p{number}"]),
            k=choice(classes if common or calls else [f"K{number}"]),
            l=choice(classes),
            i=self._random.randint(0, 3),
        )
        if self._random.random() < 0.7:
            lines = text.replace("\n", "\n    ")
            return f"try:\n    {lines}\nexcept Exception:\n    print(failure())"
        return text


def failure() -> str:
    """The error at hand."""
    return f"{sys.exc_info()[0]}"


async def pause(turns: int) -> None:
    """Let others run."""
    for _ in range(turns):
        await asyncio.sleep(0)


def lru(function: Any) -> Any:
    """A function that remembers, made by a library."""
    from functools import lru_cache

    return lru_cache(function)


def show(*values: Any) -> None:
    """Stand in for `print`: what is shown is kept for the run that the caller belongs to."""
    texts = [f"{describe(str(value))} {describe(value)}" for value in values]
    current_run.get().state.metadata.setdefault("said", []).append(" ".join(texts))


#: What programs find in their namespace.
OWN = {"pause": pause, "lru": lru, "failure": failure, "__name__": "__main__"}


class Play:
    """A program run under one flavour: what its cells showed, and what is left."""

    def __init__(self, mode: str, program: list[Cell], stop: bool = False) -> None:
        self.events: list[tuple[str, Run]] = []
        self.statuses: list[str] = []
        self._mode, self._program, self._stop = mode, program, stop

    async def run(self) -> None:
        """Send all cells, and wait for their end."""
        self.notebook = notebook = Notebook(self._mode, on_run=self._note)
        notebook.shell.user_ns.update(OWN)
        exec(PRELUDE, notebook.shell.user_ns)
        tasks = []
        for number, cell in enumerate(self._program):
            await pause(cell.delay)
            tasks.append(notebook.send(str(number), cell.code, stop=self._stop))
        outcomes = await asyncio.wait_for(asyncio.gather(*tasks), 20)
        self.statuses = [outcome.status for outcome in outcomes]
        self.results = [describe(outcome.result) for outcome in outcomes]
        self.left = describe(
            {
                name: value
                for name, value in sorted(notebook.shell.user_ns.items())
                if name[:2] != "__" and name not in ("asyncio", *OWN)
            }
        )

    def _note(self, what: str, run: Run) -> None:
        self.events.append((what, run))

    @property
    def said(self) -> dict[str | None, list[str]]:
        """What each cell showed."""
        runs = [run for what, run in self.events if what == "start"]
        runs.sort(key=lambda run: run.number)
        return {run.request.cell_id: run.state.metadata.get("said", []) for run in runs}

    @property
    def overlaps(self) -> int:
        """How many cells started while another one was running."""
        running, count = 0, 0
        for what, _ in self.events:
            count += what == "start" and running > 0
            running += 1 if what == "start" else -1
        return count


def play(mode: str, program: list[Cell], stop: bool = False) -> Play:
    """Run a program under a flavour."""
    played = Play(mode, program, stop)
    with warnings.catch_warnings(), patch("builtins.print", show):
        warnings.simplefilter("ignore")  # "coroutine was never awaited"
        asyncio.run(played.run())
    return played


def difference(program: list[Cell], played: Play, expected: Play) -> str:
    """Say what two plays of a program differ in; empty if in nothing."""
    for what in ("statuses", "said", "results", "left"):
        one, other = getattr(played, what), getattr(expected, what)
        if one != other:
            text = "\n".join(f"# --- {n}, after {c.delay}\n{c.code}" for n, c in enumerate(program))
            order = [(what, run.number - 1) for what, run in played.events]
            return f"{text}\n{what}:\n{one}\n not\n{other}\n{order}"
    return ""


def describe(value: Any) -> str:
    """Describe a value in full: contents, types, and which parts are one object."""
    return _Description().of(value)


class _Description:
    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._kept: list[Any] = []

    def of(self, value: Any) -> str:
        kind = type(value)
        if kind in (int, float, str, bool, type(None), bytes):
            return re.sub("0x[0-9a-f]+", "0x", repr(value))
        if isinstance(value, types.ModuleType):
            return f"module {value.__name__}"
        if id(value) in self._seen:
            return f"#{self._seen[id(value)]}"
        self._seen[id(value)] = len(self._seen)
        self._kept.append(value)
        return f"#{len(self._seen) - 1}={self._inside(value, kind)}"

    def _inside(self, value: Any, kind: type) -> str:
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{self.of(k)}: {self.of(v)}" for k, v in value.items()) + "}"
        if isinstance(value, list | tuple):
            return f"{kind.__name__}({', '.join(map(self.of, value))})"
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.MethodType):
            return f"method {self.of(value.__self__)} {self.of(value.__func__)}"
        if isinstance(value, types.BuiltinMethodType):
            return f"builtin {value.__name__} of {self.of(value.__self__)}"
        if isinstance(value, type):
            own = value.__module__ == "__main__"
            members = {k: v for k, v in vars(value).items() if k[:2] != "__"} if own else {}
            return f"class {value.__name__} {self.of(members)}"
        if kind.__name__ == "ndarray":
            return f"array of {value.dtype} {self.of(value.tolist())} {self.of(value.base)}"
        if hasattr(value, "cache_info"):
            return f"lru {value.cache_info()} {self.of(value.__wrapped__)}"
        if kind.__module__ == "__main__":
            return f"{kind.__name__} {self.of(object.__getattribute__(value, '__dict__'))}"
        if kind.__name__.endswith("_iterator"):
            return f"{kind.__name__} {self.of(value.__reduce__()[1:])}"
        inner = [getattr(value, name, None) for name in ("__func__", "fget", "func", "args")]
        return f"{kind.__name__} {self.of(inner)}"

    def _function(self, value: types.FunctionType) -> str:
        cells = []
        for cell in value.__closure__ or ():
            try:
                cells.append(self.of(cell.cell_contents))
            except ValueError:
                cells.append("empty")
        parts = [self.of(value.__defaults__), self.of(dict(value.__dict__)), *cells]
        return f"function {value.__name__} {value.__code__.co_firstlineno} {' '.join(parts)}"


def smallest(program: list[Cell], fails: Callable[[list[Cell]], bool]) -> list[Cell]:
    """Leave out what a failing program fails without."""
    smaller = True
    while smaller:
        smaller = False
        for shorter in _shorter(program):
            if fails(shorter):
                program, smaller = shorter, True
                break
    return program


def _shorter(program: list[Cell]) -> Iterator[list[Cell]]:
    for number, cell in enumerate(program):
        yield [*program[:number], *program[number + 1 :]]
        lines = cell.code.split("\n")
        for start in range(len(lines)):
            for count in (8, 4, 2, 1):
                code = "\n".join([*lines[:start], *lines[start + count :]])
                yield [*program[:number], Cell(code, cell.delay), *program[number + 1 :]]
