"""What a cell seems to read that no key can hold: it is told, and not refused."""

from __future__ import annotations

import ast
from collections.abc import Iterator

#: Read the clock: those of one meaning wherever they are mentioned, `time` where it is called.
_CLOCKS = frozenset(
    {"time_ns", "now", "today", "utcnow", "monotonic", "perf_counter", "process_time"}
)
_CLOCKS_CALLED = frozenset({"time"})

#: Ask for random numbers whose state is nowhere.
_CHANCE = frozenset(
    {
        "urandom", "uuid1", "uuid4", "SystemRandom", "token_hex", "token_bytes", "token_urlsafe",
        "randbelow",
    }
)  # fmt: skip
#: Begin with a state of their own, if they are given none.
_SEEDED = frozenset({"default_rng", "RandomState", "Random", "SeedSequence"})

#: Give what is another in each process.
_PROCESS = frozenset({"getpid", "getppid", "get_ident"})
_PROCESS_CALLED = frozenset({"id", "hash"})


def notes(tree: ast.Module, mentions: frozenset[str]) -> Iterator[str]:
    """Say what a cell may read of that kind.

    Args:
        tree: its code.
        mentions: all names and attributes in it.
    """
    called, unseeded = set[str](), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _last_name(node.func)):
            called.add(name)
            if not node.args and not node.keywords:
                unseeded.add(name)
    for kind, found in (
        ("reads the clock", mentions & _CLOCKS | called & _CLOCKS_CALLED),
        ("asks for random numbers", mentions & _CHANCE | unseeded & _SEEDED),
        (
            "asks for what is another in each process",
            mentions & _PROCESS | called & _PROCESS_CALLED,
        ),
    ):
        if found:
            yield f"perhaps it {kind} ({', '.join(sorted(found))})"


def _last_name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
