"""A program that prints the fingerprints of many values, as a notebook would make them."""

from __future__ import annotations

import json
import sys
from typing import Any

from akernel_ipy.core.fingerprint import Fingerprints, static_key

#: One expression a line; ``__main__`` is the notebook.
PREPARE = """
import abc, array, asyncio, collections, dataclasses, datetime, decimal, enum, fractions, functools
import itertools, logging, math, operator, pathlib, random, re, types, typing, uuid, zoneinfo

k = 3
words = {"alpha", "beta", "gamma", "delta"}

def helper(x):
    return x + k

def uses_set(x):
    return x in {"one", "two", "three", 4, None} and x in words

def factory(n):
    seen = {n, "a", "b"}
    def inner(x, *, y=(1, 2), **rest):
        return helper(x) + n + len(seen)
    return inner

def even(n): return n == 0 or odd(n - 1)
def odd(n): return n != 0 and even(n - 1)

def decorate(f):
    @functools.wraps(f)
    def wrapper(*args): return f(*args)
    return wrapper

@decorate
def decorated(x): return helper(x)

@functools.singledispatch
def dispatched(x): return 0

@dispatched.register
def _(x: int): return 1

@functools.lru_cache(maxsize=10)
def cached(x): return helper(x)

def annotated(x: int, y: "str" = "a", *args: typing.Optional[float]) -> dict[str, list[int]]: ...

@dataclasses.dataclass
class Point:
    x: int
    y: list = dataclasses.field(default_factory=list)
    def move(self): return helper(self.x)

@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    x: int = 1

class Color(enum.Enum):
    RED = 1
    BLUE = "b"
    def label(self): return helper(1)

class Perm(enum.Flag):
    R = enum.auto()
    W = enum.auto()

class Level(enum.IntEnum):
    LOW = 1

class Base(abc.ABC):
    @abc.abstractmethod
    def run(self): ...

class Derived(Base):
    def run(self): return super().__init__()
    @property
    def size(self): return k
    @functools.cached_property
    def slow(self): return k
    @staticmethod
    def s(x): return helper(x)
    @classmethod
    def c(cls): return cls

class Slotted:
    __slots__ = ("a", "b", "__weakref__")
    def __init__(self): self.a = {"x", "y", "z"}

class Meta(type):
    def __call__(cls, *args): return super().__call__(*args)

class WithMeta(metaclass=Meta):
    names = {"p", "q", "r"}

class MyList(list): pass
class MyDict(dict): pass
class MyInt(int): pass
class MyStr(str): pass

T = typing.TypeVar("T")
class Box(typing.Generic[T]):
    def get(self) -> T: ...

class Proto(typing.Protocol):
    def run(self) -> int: ...

class Typed(typing.TypedDict):
    a: int

class Node:
    def __init__(self): self.others = set(); self.parent = None

node = Node(); child = Node(); child.parent = node; node.others.add(child)

Pair = collections.namedtuple("Pair", "a b")
class Triple(typing.NamedTuple):
    a: int
    b: int = 2

ml = MyList([1]); ml.extra = {"a", "b"}
Base.register(tuple)
loop = [1]; loop.append(loop)
"""

VALUES = """
1, True, 1.0, -0.0, float("nan"), 10**40, 1j, "text", b"bytes", None, ..., NotImplemented, "\\ud800"
[1, 2, 3]
list(range(1000))
["a", 1, None] * 10
(1, ("a", 2.5), frozenset({"x", "y"}))
{"a": 1, "b": {"c": [1]}}
words
{1, 2.5, "a", None, (1, 2), b"x"}
frozenset(words)
{frozenset({"a", "b"}), frozenset({"c"})}
{Color.RED, Color.BLUE}
{Color.RED: 1, Color.BLUE: {"x", "y"}}
{Frozen(1), Frozen(2), Frozen(3)}
{str, int, Point, helper}
node
loop
collections.Counter("abracadabra")
collections.OrderedDict(a=1)
collections.defaultdict(list, a=[1])
collections.defaultdict(lambda: helper(1))
collections.deque([1, 2], 5)
collections.ChainMap({"a": 1}, {"b": 2})
types.SimpleNamespace(a=words)
types.MappingProxyType({"a": 1})
range(5)
slice(1, 2)
array.array("d", [1.5])
memoryview(b"abc")
bytearray(b"abc")
decimal.Decimal("1.10")
fractions.Fraction(1, 3)
datetime.datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
datetime.date(2020, 1, 1)
datetime.time(1, 2, 3)
datetime.timedelta(1)
zoneinfo.ZoneInfo("UTC")
re.compile("a+", re.I)
pathlib.Path("a/b")
uuid.UUID(int=5)
random.Random(5)
ValueError("x", {"a", "b"})
itertools.count(3)
operator.itemgetter(1)
operator.attrgetter("a")
logging.getLogger("a.b")
helper
uses_set
factory(1)
even
odd
decorated
dispatched
cached
annotated
functools.partial(helper, 1)
lambda x: x in words
Point(1).move
helper.__code__
math.sqrt
len
[].append
str.join
dict.fromkeys
int.__add__
(1).__add__
Point
Point(1, [2])
Frozen
Frozen(2)
Color
Color.RED
Perm
Perm.R | Perm.W
Level.LOW
Base
Derived
Derived()
Slotted
Slotted()
Meta
WithMeta
WithMeta()
ml
MyDict(a=words)
MyInt(3)
MyStr("a")
Box
Box()
Box[int]
Proto
Typed
Pair
Pair(1, 2)
Triple(1)
T
list[int]
int | str
typing.Optional[int]
typing.Callable[[int], str]
typing.Literal["a", 1]
math
asyncio
re.I
object()
"""

LIBRARIES = """
np.zeros((2, 3))
np.zeros((2, 3), int)
np.arange(12).reshape(3, 4)[:, ::2]
np.array([1, None, "x", {"a", "b"}], object)
np.zeros(2, [("a", "f4"), ("b", "i8")])
np.array(["2020"], "M8[D]")
np.array(["a", "bb"])
np.array(5)
np.float64(1)
np.ma.array([1, 2], mask=[0, 1])
np.random.default_rng(1)
np.random.RandomState(1)
np.dtype("f8")
np.add
np
pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.Categorical(["u", "v"])})
pd.DataFrame({"a": [{"x", "y"}, None]})
pd.Series([1, None], dtype="Int64", name="n")
pd.Series(["a", None], dtype="string[python]")
pd.date_range("2020", periods=3, tz="UTC")
pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", "y"])
pd.Timestamp("2020", tz="Europe/Berlin")
pd.NA
pd.interval_range(0, 3)
pd.period_range("2020", periods=3, freq="M")
pa.table({"a": [1, None], "b": ["x", "y"], "c": [[1], None]})
pa.array(["a", "b", "a"]).dictionary_encode()
pa.schema([("a", pa.int8())])
pl.DataFrame({"a": [1, 2], "b": ["x", None], "c": [[1], [2]]})
pl.Series(["a"], dtype=pl.Categorical)
pl.col("a") + 1
"""


def table(names: dict[str, Any]) -> list[str]:
    """Prepare a namespace, and tell the expressions to evaluate in it."""
    exec(compile(PREPARE, "<prepare>", "exec"), names)
    lines = VALUES.strip().splitlines()
    if sys.version_info >= (3, 14):
        lines.remove("itertools.count(3)")  # nothing shows its state any more
    try:
        import numpy
        import pandas
        import polars
        import pyarrow
    except ImportError:
        return lines
    names.update(np=numpy, pd=pandas, pa=pyarrow, pl=polars)
    return lines + LIBRARIES.strip().splitlines()


def main() -> None:
    """Print a JSON object: expression to digest."""
    names: dict[str, Any] = {"__name__": "__main__"}
    lines = table(names)
    prints = Fingerprints(lambda: names, lambda name: name == "__main__")
    found = {line: prints.of(eval(line, names), line[:20]).hex() for line in lines}
    found["a cell"] = static_key(PREPARE).hex()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
