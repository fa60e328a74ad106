"""The list of a notebook's names, kept up to date, is the one that a look at all would give."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from akernel_ipy.core.names import ordinary_names
from akernel_ipy.middleware.cache.ownnames import OwnNames

NAMES = st.sampled_from(["a", "b", "_c", "_", "_3", "In"])
STEPS = st.one_of(
    st.tuples(st.sampled_from(["bind", "delete", "again"]), NAMES),
    st.tuples(st.sampled_from(["cell", "look", "reset", "forget"]), st.just("")),
)


@given(st.lists(STEPS, max_size=40))
def test_the_names_are_those_of_the_namespace_whatever_happened_to_it(
    steps: list[tuple[str, str]],
) -> None:
    own, number = OwnNames(), 0
    namespace: dict[str, Any] = {"In": [], "__name__": "__main__"}
    for step, name in steps:
        if step == "bind":
            namespace[name] = step
        elif step in ("delete", "again"):
            namespace.pop(name, None)
            namespace |= {name: step} if step == "again" else {}
        elif step == "cell":
            number += 1
            namespace.update({f"_i{number}": "pass"})
        elif step == "forget":
            namespace.pop(f"_i{number}", None)
        elif step == "reset":
            namespace.clear()
            number = 0
        else:
            assert own.of(namespace) == ordinary_names(namespace)
    assert own.of(namespace) == ordinary_names(namespace)
