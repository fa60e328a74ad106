"""Read code for what it does to the objects of its names: in doubt, it changes them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ...parsing import parse
from ._calls import literal_parts
from ._expressions import Expressions
from ._tables import MATCHED_AS_A_WHOLE
from ._value import CLEAN, RESULTS, Taint, Uses, held_by_new, part_of

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_NAMED = _Function | ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar


@lru_cache(1024)
def uses_of_cell(source: str) -> Uses:
    """Say which names' objects a cell only reads."""
    tree = parse(source)
    analysis = Analysis(tree)
    analysis.run(tree.body)
    return Uses(analysis.conclude()[0])


def uses_of_function(node: _Function) -> Uses:
    """Say which parameters and globals a function only reads when it is called."""
    analysis = Analysis(node, in_function=True)
    args = node.args
    named = [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    variadic = args.vararg.arg if args.vararg else None, args.kwarg.arg if args.kwarg else None
    own = {*named, *(name for name in variadic if name)}
    analysis.first = named[0] if named else None
    analysis.run(node.body)
    for name in own:
        analysis.use(name)
    read, returned = analysis.conclude()
    positional = len(named) - len(args.kwonlyargs)
    return Uses(read, tuple(named), positional, variadic, returned - own, returned & own)


class Analysis(Expressions):
    """Runs statements."""

    def __init__(self, tree: ast.AST, in_function: bool = False) -> None:
        super().__init__()
        self._in_function = in_function
        self.use(RESULTS)
        for node in ast.walk(tree):
            self._note_binding(node, is_self=node is tree)

    def _note_binding(self, node: ast.AST, is_self: bool) -> None:
        """What a name means is not known beforehand if the code itself binds it."""
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            self.rebound.add(node.id)
        elif isinstance(node, ast.arg):
            self.rebound.add(node.arg)
        elif isinstance(node, _NAMED) and node.name and not is_self:
            self.rebound.add(node.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                self.imported[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                self.imported[alias.asname or alias.name] = f"{node.module}:{alias.name}"

    def run(self, body: list[ast.stmt]) -> None:
        """Read statements."""
        for statement in body:
            handler: Callable[[Any], None] | None = _STATEMENTS.get(type(statement))
            if handler is not None:
                handler(self, statement)  # type: ignore[call-arg]
            else:
                self._children(statement)

    def _children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.eval(child)
            elif isinstance(child, ast.stmt):
                self.run([child])
            else:
                self._children(child)

    # -- statements ------------------------------------------------------------------------

    def _assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            pairs = _pairs(target, node.value)
            for inner, value in pairs or [(target, node.value)]:
                self.bind(inner, self.eval(value))

    def _ann_assign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self.eval(node.value))

    def _aug_assign(self, node: ast.AugAssign) -> None:
        value = self.eval(node.value)
        target: Any = node.target
        into = self.load(target.id) if isinstance(target, ast.Name) else self.eval(target.value)
        self.change(into)
        self.store(into, value)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self.iterate(node.target, node.iter, changes=isinstance(node, ast.AsyncFor))
        self.run([*node.body, *node.orelse])

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            taint = self.eval(item.context_expr)
            self.deep(taint)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, taint)
        self.run(node.body)

    def _return(self, node: ast.Return) -> None:
        taint = self.eval(node.value)
        if self._in_function and not self.nested:
            self.returned(taint)
        else:
            self.deep(taint)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            for inner in literal_parts(target):
                if isinstance(inner, ast.Attribute | ast.Subscript):
                    self.change(self.eval(inner.value))

    def _define(self, node: _Function) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            self.deep(self.eval(part))
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                self.bind_name(argument.arg, CLEAN)
        self.nested += 1
        self.run(node.body)
        self.nested -= 1
        self.bind_name(node.name, CLEAN)

    def _class(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
            self.deep(self.eval(part))
        outside = set(self._bound)
        self.run(node.body)
        for name in self._bound.keys() - outside:
            # What a class body binds are attributes, for anybody to change.
            self.deep(frozenset(self._bound[name]))
        self.bind_name(node.name, CLEAN)

    def _match(self, node: ast.Match) -> None:
        taint = self.eval(node.subject)
        self.iterated(taint)
        for case in node.cases:
            for part in ast.walk(case.pattern):
                if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name:
                    self.bind_name(part.name, part_of(taint) | taint)
                elif isinstance(part, ast.MatchMapping) and part.rest:
                    self.bind_name(part.rest, held_by_new(taint))
                elif isinstance(part, ast.MatchClass):
                    self._match_class(part, taint)
                elif isinstance(part, ast.expr):
                    self.eval(part)
            self.eval(case.guard)
            self.run(case.body)

    def _match_class(self, pattern: ast.MatchClass, taint: Taint) -> None:
        """``case K(1, x=2)`` reads attributes, which may be computed."""
        for name in pattern.kwd_attrs:
            self.attribute(taint, name)
        known = isinstance(pattern.cls, ast.Name) and pattern.cls.id in MATCHED_AS_A_WHOLE
        if pattern.patterns and not known:
            self.deep(taint)

    # -- binding ---------------------------------------------------------------------------

    def bind(self, target: ast.AST, taint: Taint) -> None:
        """Bind names to a value, or put it into objects."""
        match target:
            case ast.Name():
                self.bind_name(target.id, taint)
            case ast.Starred():
                self.bind(target.value, held_by_new(taint))
            case ast.Tuple() | ast.List():
                self.iterated(taint)
                for inner in target.elts:
                    self.bind(inner, part_of(taint))
            case ast.Attribute() | ast.Subscript():
                if isinstance(target, ast.Subscript):
                    self.eval(target.slice)
                into = self.eval(target.value)
                self.change(into)
                self.store(into, taint)


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """Pair the elements of ``a, b = c, d``; nothing if the value is no such display."""
    if not isinstance(target, ast.Tuple) or not isinstance(value, ast.Tuple):
        return []
    parts = [*target.elts, *value.elts]
    if len(target.elts) != len(value.elts) or any(isinstance(p, ast.Starred) for p in parts):
        return []
    return list(zip(target.elts, value.elts, strict=True))


_STATEMENTS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Assign: Analysis._assign,
    ast.AnnAssign: Analysis._ann_assign,
    ast.AugAssign: Analysis._aug_assign,
    ast.For: Analysis._for,
    ast.AsyncFor: Analysis._for,
    ast.With: Analysis._with,
    ast.AsyncWith: Analysis._with,
    ast.Return: Analysis._return,
    ast.Delete: Analysis._delete,
    ast.FunctionDef: Analysis._define,
    ast.AsyncFunctionDef: Analysis._define,
    ast.ClassDef: Analysis._class,
    ast.Match: Analysis._match,
}
