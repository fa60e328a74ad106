"""What the text of a cell says about caching it: what forbids it, what it binds for sure."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ...core.names import EMPTY, CellSyntaxError, Names, analyze
from ...core.parsing import parse
from .asking import asked_by_name, asked_of_imports, calls_of_shell
from .notes import notes

#: Magics that run the code they are given, and nothing else.
TRANSPARENT = frozenset({"time", "capture", "prun", "memit"})

#: Names of IPython's whose content depends on all that ran before.
OF_THE_SHELL = frozenset(
    {"In", "Out", "_ih", "_oh", "_dh", "_i", "_ii", "_iii", "get_ipython", "exit", "quit"}
)

#: Functions that set the state of random numbers.
_SEEDS = frozenset({"seed", "manual_seed", "set_seed"})


@dataclass(frozen=True)
class Plan:
    """What caching needs to know of a cell's text.

    Attributes:
        names: what it binds, reads and changes.
        refusal: why it can't be cached at all; empty if it can.
        definite: names that it has bound whenever it ended well.
        imports: the modules that it asks for, for sure or perhaps.
        patches: names that it imports and whose attributes or items it sets.
        strings: string constants, at any depth: they may name files.
        mentions: all names and attributes that occur.
        paths: which attributes it asks of global names, by name; of others it may ask anything.
        asks: which attributes it asks of modules that it imports itself, by the module's name.
        seeds: it sets the state of the random numbers before it does anything else.
        underscores: which of ``_``, ``__``, ``___``, ``_3`` it reads.
        binds_underscore: it binds ``_`` itself.
        notes: what it mentions that no key can hold.
    """

    names: Names = EMPTY
    refusal: str = ""
    definite: frozenset[str] = frozenset()
    imports: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    strings: tuple[str, ...] = ()
    mentions: frozenset[str] = frozenset()
    paths: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    asks: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    seeds: bool = False
    underscores: tuple[str, ...] = ()
    binds_underscore: bool = False
    notes: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names whose values are part of the key, if they are bound."""
        return tuple(sorted({*self.names.immediate, *self.names.soft, *self.underscores}))


@lru_cache(2048)
def plan(source: str) -> Plan:
    """Read a cell, after IPython's input transformers; each text once."""
    try:
        names = analyze(source)
        tree = parse(source)
    except (CellSyntaxError, SyntaxError, ValueError, RecursionError) as error:
        return Plan(refusal=f"its code can't be read: {error}")
    mentions = frozenset(_mentions(tree))
    underscores = _underscores(tree) if "_" in source else ()
    return Plan(
        names=names,
        refusal=_refusal(tree, names, mentions),
        definite=frozenset(_definite(tree)),
        imports=tuple(dict.fromkeys(_imports(tree))),
        patches=tuple(dict.fromkeys(_patches(tree))),
        strings=tuple(dict.fromkeys(_strings(tree))),
        mentions=mentions,
        paths=(paths := asked_by_name(source, tree)),
        asks={module: tuple(asked) for module, asked in asked_of_imports(tree, paths).items()},
        seeds=_seeds_first(tree),
        underscores=underscores,
        binds_underscore=_binds(tree, "_"),
        notes=tuple(notes(tree, mentions)),
    )


def _refusal(tree: ast.Module, names: Names, mentions: frozenset[str]) -> str:
    for magic in _magics(tree):
        if magic not in TRANSPARENT:
            return f"{magic} may change more than a cached cell can bring back"
    shell = sorted(mentions & (OF_THE_SHELL - {"get_ipython"}))
    if shell:
        return f"it uses {shell[0]}, which depends on all cells that ran before"
    if _bare_shell(tree):
        return "it uses get_ipython(), which reaches everything"
    if held := sorted(mentions & {"vars", "__dict__"}):
        return f"it uses {held[0]}: an object's own dictionary can't be told from a copy"
    if names.opaque:
        return f"{names.opaque[0]} hides what it reads and binds"
    return ""


def _magics(tree: ast.Module) -> Iterator[str]:
    """Name the magics and shell commands that a cell uses."""
    for call in calls_of_shell(tree):
        assert isinstance(call.func, ast.Attribute)
        first = call.args[0] if call.args else None
        name = str(first.value) if isinstance(first, ast.Constant) else "?"
        if call.func.attr in {"run_line_magic", "run_cell_magic"}:
            if name in TRANSPARENT:
                for argument in call.args[1:]:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield from _inner_magics(argument.value)
            yield name if name in TRANSPARENT else f"%{name}"
        else:
            yield f"!{name}" if call.func.attr in {"system", "getoutput"} else call.func.attr


def _inner_magics(code: str) -> Iterator[str]:
    if code.lstrip().startswith(("%", "!")) or "\n%" in code or "\n!" in code:
        yield "a magic inside a magic"


def _bare_shell(tree: ast.AST) -> bool:
    called = sum(1 for _ in calls_of_shell(tree))
    named = sum(isinstance(n, ast.Name) and n.id == "get_ipython" for n in ast.walk(tree))
    return named > called


def _definite(tree: ast.Module) -> Iterator[str]:
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=targets):
                for target in targets:
                    yield from _targets(target)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                yield from _targets(target)
            case ast.AugAssign(target=target):
                yield from _targets(target)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names):
                for alias in names:
                    yield alias.asname or alias.name.partition(".")[0]
            case ast.ImportFrom(names=names):
                for alias in names:
                    yield alias.asname or alias.name


def _targets(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _targets(part)
        case ast.Starred(value=value):
            yield from _targets(value)


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _patches(tree: ast.Module) -> Iterator[str]:
    imported = {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            root: ast.expr = node
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if isinstance(root, ast.Name) and root.id in imported:
                yield root.id


def _strings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _mentions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield from node.name.split(".")


def _seeds_first(tree: ast.Module) -> bool:
    for statement in tree.body:
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.Assign(value=ast.Constant()):
                continue
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attr))) if attr in _SEEDS:
                return True
        return False
    return False


def _underscores(tree: ast.Module) -> tuple[str, ...]:
    """Which results of other cells it reads: ``_``, ``__``, ``___``, ``_3``."""
    found = {name for name in _free(tree, frozenset()) if is_result(name)}
    return tuple(sorted(name for name in found if not _binds_first(tree, name)))


def _free(node: ast.AST, bound: frozenset[str]) -> Iterator[str]:
    """Give the names that are loaded where no function or comprehension binds them.

    Not by `symtable`: since Python 3.12 it counts the targets of comprehensions as the cell's own.
    """
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        bound |= {n for part in node.generators for n in _stored(part.target)}
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        told = {n for part in ast.walk(node) if isinstance(part, ast.Global) for n in part.names}
        bound |= {part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}
        bound |= _stored(node) - told
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in bound:
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from _free(child, bound)


def _stored(node: ast.AST) -> frozenset[str]:
    return frozenset(
        part.id
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
    )


def is_result(name: str) -> bool:
    """Tell whether IPython binds a name to results: ``_``, ``__``, ``___``, ``_12``."""
    return name in {"_", "__", "___"} or (name[:1] == "_" and name[1:].isdigit())


def _binds(tree: ast.Module, name: str) -> bool:
    return any(
        isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load)
        for n in ast.walk(tree)
    )


def _binds_first(tree: ast.Module, name: str) -> bool:
    uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == name]
    first = min(uses, key=lambda n: (n.lineno, n.col_offset), default=None)
    return first is not None and isinstance(first.ctx, ast.Store)
