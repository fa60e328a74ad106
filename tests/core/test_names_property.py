"""Random cells: what the analysis says holds when they really run."""

import random
import textwrap

from hypothesis import given, settings
from hypothesis import strategies as st

from akernel_ipy.core.names import analyze

POOL = ["a", "b", "c", "d", "e"]


class Stop(BaseException):
    """The run is long enough."""


class Thing:
    """A value that bears everything; what it decides comes from the test."""

    __slots__ = ("world",)

    def __init__(self, world):
        self.world = world

    def same(self, *_args, **_kwargs):
        return Thing(self.world)

    __call__ = __add__ = __radd__ = __iadd__ = __getitem__ = __neg__ = same

    def __bool__(self):
        return self.world.decide()

    def __iter__(self):
        return iter([Thing(self.world), Thing(self.world)][: 1 + self.world.decide()])

    def __eq__(self, other):
        return self.world.decide()

    def __hash__(self):
        return 0

    def __setitem__(self, key, value):
        pass

    def __delitem__(self, key):
        pass

    def __enter__(self):
        return Thing(self.world)

    def __exit__(self, *_args):
        return False


class Namespace(dict):
    """Globals that note which names a cell reads before it binds them."""

    def __init__(self, *args):
        super().__init__(*args)
        self.read, self.bound, self.ever = set(), set(), set()
        self.steps = 0
        self.initial = dict(self)

    def __getitem__(self, key):
        self.steps += 1
        if self.steps > 500:
            raise Stop
        stored_unseen = self.get(key) is not self.initial.get(key)  # STORE_GLOBAL tells nobody
        if key in POOL and key not in self.bound and not stored_unseen:
            self.read.add(key)
        return super().__getitem__(key)

    def __setitem__(self, key, value):
        self.bound.add(key)
        self.ever.add(key)
        super().__setitem__(key, value)

    def __delitem__(self, key):
        if key not in self.bound:
            self.read.add(key)
        self.bound.discard(key)
        super().__delitem__(key)


class World:
    """One run of a cell, its decisions given beforehand."""

    def __init__(self, decisions, absent=()):
        self.decisions = iter(decisions)
        self.steps = 0
        self.names = Namespace(
            {key: Thing(self) for key in POOL if key not in absent}
            | {"boom": self.boom, "Boom": Boom, "suppress": None}
        )

    def decide(self):
        self.steps += 1
        if self.steps > 300:
            raise Stop
        return next(self.decisions, self.steps % 3 == 0)

    def boom(self):
        if self.decide():
            raise Boom
        return Thing(self)

    def run(self, source):
        try:
            exec(compile(source, "<cell>", "exec"), self.names)
        except (Exception, Stop) as error:
            return error
        return None


class Boom(Exception):
    pass


EXPRESSIONS = ["{n}", "{n}", "{n}", "boom()"]
NESTED = [
    "{x} + {y}", "{n}({x})", "({x}, {y})", "[{x} for {n} in {y}]",
    "[{x} for {n} in {y} if {n}]", "({n} := {x})", "{x} if {n} else {y}",
    "({x} and {y})", "({x} or {y})", "not {x}", "(lambda {n}: {x})", "(lambda: {x})()",
    "[({n} := {x}) for {m} in {k}]", "{{{n}: {x} for {n} in {y}}}", "f'{{{n}}}'",
    "[{x} for {n} in {y} for {m} in {n}]", "list({x} for {n} in {k})",
]  # fmt: skip
SIMPLE = ["{n} = {x}", "{n} = {x}", "{x}", "{n} += {x}", "{n}[{m}] = {x}", "import os as {n}",
          "{n}, {m} = {x}", "{n}, *{m} = {x}"]  # fmt: skip
DELETE = ["del {n}"]
COMPOUND = [
    "if {x}:\n{A}", "if {x}:\n{A}\nelse:\n{B}", "for {n} in {x}:\n{L}", "def {n}():\n{F}",
    "for {n} in {x}:\n{L}\nelse:\n{B}", "while {x}:\n    boom()\n{L}",
    "while {x}:\n    boom()\n{L}\nelse:\n{B}",
    "def {n}({m}):\n{F}", "def {n}({m}={x}):\n{F}", "class {n}:\n{A}", "with {x} as {n}:\n{A}",
    "class {n}:\n    def {m}(self):\n{FF}", "class {n}:\n    {m} = {x}\n    {k} = {m}",
    "try:\n{A}\nexcept Boom as {n}:\n{B}", "try:\n{A}\nexcept Boom:\n{B}\nelse:\n{C}",
    "try:\n{A}\nfinally:\n{B}", "try:\n{A}\nexcept Boom:\n{B}\nfinally:\n{C}",
    "match {x}:\n    case [{n}, *{k}]:\n{AA}\n    case {m} if {y}:\n{BB}",
    "match {x}:\n    case [{n}, _]:\n{AA}\n    case _:\n{BB}",
    "while True:\n    boom()\n{A}\n    break",
    "@{k}\ndef {n}():\n{F}", "def {n}():\n    global {m}\n{F}",
]  # fmt: skip


STRAIGHT = [
    "{n} = {m}", "{n} = {m} + {k}", "{n}", "{n} += {m}", "del {n}", "({n} := {m})",
    "{n}, {m} = {k}", "{n}({m})", "{n}[{m}] = {k}", "{n} = [{m} for {m} in {k}]",
    "({n}, {m} := {k})", "f'{{{n}}}'",
]  # fmt: skip


class Writer:
    """Write random cells; Hypothesis gives the seed (its own choices would be too slow here)."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def names(self):
        return dict(zip("nmk", self.random.sample(POOL, 3), strict=True))

    def expression(self, depth=2):
        shape = self.random.choice(EXPRESSIONS + (NESTED if depth else []))
        inner = {key: self.expression(depth - 1) for key in "xy" if f"{{{key}}}" in shape}
        return shape.format(**inner, **self.names())

    def statement(self, depth=2, loop=False, function=False):
        shapes = SIMPLE + DELETE + (COMPOUND if depth else [])
        if loop:
            shapes = [*shapes, "break", "continue", "if {x}: break", "if {x}: continue"]
        if function:
            shapes = [*shapes, "return {x}"]
        shape = self.random.choice(shapes)
        in_class = shape.startswith("class")
        blocks = {}
        for key in ("AA", "BB", "FF", "A", "B", "C", "L", "F"):
            if f"{{{key}}}" in shape:
                body_of_function = key in ("F", "FF")
                inner = self.block(
                    depth - 1,
                    key == "L" or (loop and not body_of_function and not in_class),
                    body_of_function or (function and not in_class),
                )
                blocks[key] = textwrap.indent(inner, "    " * len(key))
        x, y = self.expression(), self.expression(1)
        return shape.format(x=x, y=y, **self.names(), **blocks)

    def block(self, depth, loop=False, function=False, most=3):
        count = self.random.randint(1, most)
        return "\n".join(self.statement(depth, loop, function) for _ in range(count))

    def cell(self):
        return self.block(2, most=6)

    def straight(self):
        count = self.random.randint(1, 8)
        return "\n".join(self.random.choice(STRAIGHT).format(**self.names()) for _ in range(count))

    def decisions(self):
        return [self.random.random() < 0.5 for _ in range(40)]


def compiles(source):
    try:
        compile(source, "<cell>", "exec")
    except SyntaxError:
        return False
    return True


EXAMPLES = settings(max_examples=600, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32)


def check_foreseen(seed):
    writer = Writer(seed)
    source = writer.cell()
    if not compiles(source):
        return
    names = analyze(source)
    world = World(writer.decisions())
    before = dict(world.names)
    error = world.run(source)
    space = world.names
    rebound = {key for key in POOL if key in space and space.get(key) is not before[key]}
    assert space.read <= names.refs | names.soft, source
    assert space.ever & set(POOL) <= names.writes, source
    assert error is not None or rebound <= names.defs, source


def check_not_missed(seed):
    writer = Writer(seed)
    source = writer.cell()
    if not compiles(source):
        return
    names = analyze(source)
    absent = [key for key in POOL if key not in names.refs | names.soft]
    decisions = writer.decisions()
    error = World(decisions, absent).run(source)
    if isinstance(error, NameError) and error.name in absent:  # then it misses its own local
        assert str(World(decisions).run(source)) == str(error), source


def check_straight(seed):
    source = Writer(seed).straight()
    if not compiles(source):
        return
    names = analyze(source)
    world = World([True] * 300)
    if world.run(source) is not None:  # it deleted what it read next
        return
    space = world.names
    assert space.read == names.refs, source
    assert space.ever & set(POOL) <= names.writes, source
    assert space.bound & set(POOL) == names.defs, source


@EXAMPLES
@given(seeds)
def test_whatever_a_cell_does_the_analysis_has_foreseen(seed):
    check_foreseen(seed)


@EXAMPLES
@given(seeds)
def test_a_name_that_is_no_ref_is_not_missed(seed):
    check_not_missed(seed)


@EXAMPLES
@given(seeds)
def test_a_straight_cell_reads_and_binds_exactly_what_is_told(seed):
    check_straight(seed)
