"""One pickle of what a run made, on a live namespace; without a kernel."""

from __future__ import annotations

import weakref
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akernel_ipy.core.fingerprint import Fingerprints
from akernel_ipy.middleware.cache import outputs, pickling, restoring
from akernel_ipy.middleware.cache.parts import Inside, Parts, find
from akernel_ipy.middleware.cache.pickling import Unstorable
from akernel_ipy.middleware.cache.verdicts import Log, Verdict
from akernel_ipy.store import Publication


def namespace(**names: Any) -> dict[str, Any]:
    return {"__name__": "__main__", **names}


def back(value: Any, live: dict[str, Any], known: dict[int, Any] | None = None) -> Any:
    inside = Inside(live)
    payload, buffers, _ = pickling.dump(value, inside, known or {}, {}, [value], "cell")
    return pickling.load(payload, buffers, inside, lambda: "cell")


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(plain)
def test_plain_values_come_back_equal_and_with_the_same_fingerprint(value: Any) -> None:
    live = namespace()
    prints = Fingerprints(lambda: live, lambda name: name == "__main__")
    found = back(value, live)
    assert found == value
    assert prints.of(found) == prints.of(value)


@given(plain, plain)
def test_what_was_there_before_is_itself_afterwards(one: Any, other: Any) -> None:
    live = namespace(a=[one, {"k": [other]}], b=(one, [other]))
    inside = Inside(live)
    parts = Parts({"a": live["a"], "b": live["b"]}, inside)
    for path in parts.paths.values():
        assert id(find(path, live, inside)) in parts.paths
    made = [live["a"][1]["k"], live["b"], live["a"]]
    found = back(made, live, parts.paths)
    assert all(x is y for x, y in zip(found, made, strict=True))


@settings(max_examples=50)
@given(st.lists(plain), st.lists(plain))
def test_a_state_that_is_put_back_makes_objects_equal(old: list[Any], new: list[Any]) -> None:
    for make in (list, lambda v: dict(enumerate(v)), lambda v: SimpleNamespace(v=v).__dict__):
        before, after = make(old), make(new)
        state = restoring.state_of(after)
        assert state is not None
        restoring.apply(before, state)
        assert before == after


PROTOCOL = """
import typing

@typing.runtime_checkable
class Runs(typing.Protocol):
    def run(self) -> int: ...

class Here:
    @classmethod
    def make(cls): return cls()
    @staticmethod
    def one(): return 1
"""


@pytest.mark.parametrize("name", ["Runs", "Here"])
def test_what_a_class_takes_from_a_module_comes_back_as_the_modules_own(name: str) -> None:
    live = namespace()
    exec(PROTOCOL, live)
    prints = Fingerprints(lambda: live, lambda name: name == "__main__")
    before = prints.of(live[name])
    assert not isinstance(3, live["Runs"])  # Python up to 3.13 gives it annotations, for that
    assert prints.of(live[name]) == before
    assert prints.of(back(live[name], live)) == before


def test_an_equal_object_in_place_of_another_is_a_change() -> None:
    inner = [1]
    outer = [inner]
    parts = Parts({"outer": outer}, Inside(namespace(outer=outer)))
    assert parts.reshaped() == []
    outer[0] = [1]
    assert parts.reshaped() == [outer]


CODE = """
import functools
k = 1
def plain(x, y=2, *, z=3):
    "doc"
    return x + y + z + k
def outer():
    n = 0
    def inc():
        nonlocal n
        n += k
        return n
    return inc
counter = outer()
anonymous = lambda: k
class Base:
    registry = []
    def __init__(self): self.v = k
    def __eq__(self, other): return self.v == other.v
class Child(Base):
    __slots__ = ("w",)
    def __init__(self):
        super().__init__()
        self.w = 1
    @property
    def p(self): return self.v
    @functools.cached_property
    def c(self): return self.v
    @classmethod
    def make(cls): return cls()
"""


@pytest.mark.parametrize("name", ["plain", "counter", "anonymous", "Base", "Child"])
def test_functions_and_classes_have_the_fingerprint_of_fresh_ones(name: str) -> None:
    fresh, live = namespace(), namespace()
    exec(CODE, fresh)
    exec(CODE, live)
    value = live[name]
    found = back({name: value}, live)[name]
    live[name] = found
    prints = [
        Fingerprints(lambda n=n: n, lambda module: module == "__main__") for n in (fresh, live)
    ]
    assert prints[0].of(fresh[name]) == prints[1].of(live[name])


def test_a_function_that_came_back_sees_the_live_namespace() -> None:
    live = namespace()
    exec(CODE, live)
    found = back(live["plain"], live)
    live["k"] = 100
    assert found(1) == 106
    assert found.__globals__ is live
    assert (found.__doc__, found.__defaults__, found.__kwdefaults__) == ("doc", (2,), {"z": 3})


def test_a_class_that_came_back_works() -> None:
    live = namespace()
    exec(CODE, live)
    found = back({"Base": live["Base"], "Child": live["Child"], "one": live["Child"]()}, live)
    child = found["Child"]
    assert child.__mro__[1] is found["Base"]
    assert type(found["one"]) is child
    made = child.make()
    assert (made.p, made.c, made.w) == (1, 1, 1)
    assert made == found["one"]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: (x for x in ()), "generator"),
        (lambda: __import__("threading").Lock(), "lock"),
        (lambda: open(__file__), "open file"),  # noqa: SIM115
        (lambda: {1: 2}.keys(), "view of a dictionary"),
        (lambda: memoryview(b"x"), "view of memory"),
        (lambda: __import__("os").environ.__class__({}, *[str] * 4), "environment"),
        (lambda: __import__("socket").socket, ""),
    ],
)
def test_what_can_not_be_stored_says_so(make: Any, reason: str) -> None:
    value = make()
    if not reason:
        assert back(value, namespace()) is value
        return
    with pytest.raises(Unstorable, match=reason):
        back([value], namespace())
    if hasattr(value, "close"):
        value.close()


def test_streams_are_joined_where_nothing_came_between() -> None:
    def stream(name: str, text: str) -> outputs.Shown:
        return "stream", {"name": name, "text": text}

    shown = [stream("stdout", "a"), stream("stdout", "b"), stream("stderr", "c")]
    assert outputs.condense(shown) == [stream("stdout", "ab"), stream("stderr", "c")]
    assert outputs.unpack(outputs.pack(shown)) == shown
    display: outputs.Shown = ("display_data", {"data": {}, "metadata": {}})
    assert len(outputs.condense([shown[0], display, shown[1]])) == 3


def test_the_log_counts_and_forgets_the_oldest() -> None:
    log = Log()
    for count in range(1, 1201):
        log.add(count, Verdict(f"In [{count}]", hit=count % 2 == 0, seconds=1.0, bytes=10))
    assert (log.hits, log.misses) == (600, 600)
    assert log.saved == pytest.approx(600.0)
    assert log.find(1) is None
    assert log.find() is log.find(1200)
    assert len(list(log)) == 1000


def test_what_the_store_could_not_publish_in_the_end_is_not_called_stored() -> None:
    log, publications = Log(), [Publication(b"a"), Publication(b"b")]
    for count, publication in enumerate(publications):
        log.add(count, Verdict(f"In [{count}]", published=publication))
    assert log.stored == 2  # as far as anybody knows
    publications[0].settle()
    publications[1].settle("the disk is full")
    assert log.stored == 1
    assert [verdict.refusal for _, verdict in log] == ["", "the disk is full"]
    assert "not cached: the disk is full" in "".join(log.find(1).lines())  # type: ignore[union-attr]


def test_a_proxy_of_what_is_gone_is_passed_over() -> None:
    class Thing:
        pass

    thing = Thing()
    proxy = weakref.proxy(thing)
    del thing
    assert not Parts({"proxy": proxy}, Inside(namespace(proxy=proxy))).objects
