"""What IPython's syntax does to names, seen after its input transformers.

A magic is a call such as ``get_ipython().run_line_magic('time', 'x = f(y)')`` by now, ``!cmd`` is
``get_ipython().system('cmd')``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from akernel_ipy.core.parsing import parse_expression

from ._known import FOREIGN, LOOKING, QUIET, RUNNING

_WORD = re.compile(r"(?<![\w.\-])[^\W\d]\w*")
_DOLLAR = re.compile(r"\$\$|\$\{?([^\W\d]\w*)")
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_STREAMS = re.compile(r"--(?:out|err|proc)[ =]\s*([^\W\d]\w*)")
_HIDDEN = frozenset(
    (
        "user_ns",
        "push",
        "ex",
        "ev",
        "run_cell",
        "run_code",
        "run_ast_nodes",
        "safe_execfile",
        "reset",
    )
)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a magic does: code it runs, names it may read or binds, what it hides.

    ``binds`` says whether names that ``code`` binds stay bound; ``dynamic`` whether the magic
    may have bound any name.
    """

    code: str | None = None
    binds: bool = True
    soft: frozenset[str] = frozenset()
    defs: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    hides: str | None = None
    dynamic: bool = False


def shell_names(text: str) -> frozenset[str]:
    """Give the names that ``$x`` and ``{x}`` in a shell command or a magic's line may read."""
    names = {match[1] for match in _DOLLAR.finditer(text) if match[1]}
    for match in _BRACES.finditer(text):
        if match[1]:
            names |= _expression_names(match[1])
    return frozenset(names)


def _expression_names(text: str) -> set[str]:
    for candidate in (text, text.partition("!")[0], text.partition(":")[0]):
        try:
            tree = parse_expression(candidate.strip())
        except (SyntaxError, ValueError):
            continue
        return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return set()


def words(text: str) -> frozenset[str]:
    """Give the words of a magic's line that can be names, options left out."""
    return frozenset(_WORD.findall(text))


def interpret(node: ast.Call) -> Effect | None:
    """Say what a method call on ``get_ipython()`` does; None if it does nothing to names."""
    func = node.func
    assert isinstance(func, ast.Attribute)
    texts = [
        argument.value if isinstance(argument, ast.Constant) else None for argument in node.args
    ]
    match func.attr, texts:
        case (("system" | "getoutput" | "system_raw" | "system_piped"), [str(command), *_]):
            return Effect(soft=shell_names(command))
        case "run_line_magic", [str(name), str(line), *_]:
            return line_magic(name, line)
        case "run_cell_magic", [str(name), str(line), str(body), *_]:
            return cell_magic(name, line, body)
        case (("run_line_magic" | "run_cell_magic" | "magic" | "cell_magic" | "line_magic"), _):
            return Effect(hides=f"get_ipython().{func.attr}(...)", dynamic=True)
    if func.attr in _HIDDEN:
        return Effect(hides=f"get_ipython().{func.attr}", dynamic=True)
    return None


def name_of(node: ast.Call) -> str:
    """Name what a method call on ``get_ipython()`` runs: ``%time``, ``%%bash``, ``!``."""
    assert isinstance(node.func, ast.Attribute)
    first = node.args[0] if node.args else None
    name = first.value if isinstance(first, ast.Constant) else "?"
    signs = {"run_line_magic": f"%{name!s}", "run_cell_magic": f"%%{name!s}"}
    shell = node.func.attr in ("system", "getoutput", "system_raw", "system_piped")
    return "!" if shell else signs.get(node.func.attr, f"%{node.func.attr}")


def line_magic(name: str, line: str) -> Effect:
    """Say what ``%name line`` does."""
    shell = shell_names(line)
    if name in RUNNING and name not in ("cache", "capture"):
        return Effect(code=_without_options(line), binds=RUNNING[name], soft=shell)
    if name == "xdel":
        return Effect(deletes=tuple(sorted(words(line))))
    if name == "store" and "-r" not in line.split():
        return Effect(soft=shell | words(line))
    if name in ("sc", "macro") and line.strip():
        return Effect(defs=tuple(_targets(line)), soft=shell, hides=f"%{name}")
    if name in LOOKING:
        return Effect(soft=shell | words(line))
    if name in QUIET or name in FOREIGN:
        return Effect(soft=shell)
    return Effect(soft=shell | words(line), hides=f"%{name}", dynamic=True)


def _targets(line: str) -> Iterator[str]:
    for word in line.replace("=", " ").split():
        if not word.startswith("-"):
            if word.isidentifier():
                yield word
            return


def cell_magic(name: str, line: str, body: str) -> Effect:
    """Say what ``%%name line`` over ``body`` does."""
    shell = shell_names(line)
    if name == "capture":
        first = [word for word in line.split() if not word.startswith("-")][:1]
        output = tuple(word for word in first if word.isidentifier())
        return Effect(code=body, defs=output, soft=shell)
    if name == "timeit":  # the line is the setup
        return Effect(code=f"{_without_options(line)}\n{body}", binds=False, soft=shell)
    if name in ("cache", "offload"):
        return Effect(code=body, soft=shell | words(line))
    if name in RUNNING:
        return Effect(code=body, soft=shell)
    if name in FOREIGN:
        return Effect(defs=tuple(_STREAMS.findall(line)), soft=shell)
    return Effect(soft=shell | words(line), hides=f"%%{name}", dynamic=True)


def _without_options(line: str) -> str:
    """Drop ``-n 3 -r1`` from the front of ``%timeit -n 3 -r1 f(x)``."""
    rest = line.lstrip()
    while found := re.match(r"--?[A-Za-z][\w\-]*(?:=\S+|\s*\d+)?(?:\s+|$)", rest):
        rest = rest[found.end() :]
    return rest
