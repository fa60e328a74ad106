"""Walk the expressions of a cell in order of evaluation."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from . import _effects as effects
from ._facts import Facts, Record
from ._scopes import Bindings, Kind, Scope, bindings, mangle, parameters, resolve, targets
from ._state import State, join

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Expressions:
    """The expressions without calls; `Calls` and `Statements` come on top.

    ``transform`` turns the code inside a magic (``%%time``) from IPython's syntax into Python.
    """

    #: The method for each kind of node, once it was asked for.
    _visitors: ClassVar[dict[type[ast.AST], Callable[[Any, Any], None]]] = {}

    def __init_subclass__(cls) -> None:
        cls._visitors = {}

    def __init__(self, python: tuple[int, int], transform: Callable[[str], str] | None) -> None:
        self.facts = Facts()
        self.scopes: list[Scope] = []
        self.python = python
        self.transform = transform
        self.future_annotations = False
        self.walrus = False

    def visit(self, node: ast.AST) -> None:
        kind = type(node)
        if kind not in self._visitors:
            unknown = "visit_children" if kind._fields else "visit_nothing"
            own = f"visit_{kind.__name__}"
            name = own if hasattr(self, own) else unknown
            self._visitors[kind] = getattr(type(self), name)
        self._visitors[kind](self, node)

    def visit_children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self.visit(child)

    def visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def bindings(self, nodes: Iterable[ast.AST]) -> Bindings:
        return bindings(nodes, self.walrus)

    def visit_nothing(self, node: ast.AST) -> None:
        """Nothing to read."""

    visit_Constant = visit_nothing

    def visit_Expr(self, node: ast.Expr) -> None:
        self.visit(node.value)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self.visit(node.left)
        self.visit(node.right)

    def visit_Tuple(self, node: ast.Tuple | ast.List) -> None:
        self.visit_all(node.elts)

    visit_List = visit_Tuple

    # -- names -----------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> None:
        kind = type(node.ctx)
        if kind is ast.Load:
            self.load(node.id)
        elif kind is ast.Store:
            self.store(node.id)
        else:
            self.delete(node.id)

    def load(self, name: str) -> None:
        if not self.scopes:
            self.facts.read(name)
            return
        place = resolve(name, self.scopes)
        state = self.facts.state
        if place.class_key in state.bound:
            return
        if place.is_global:
            unsure = place.class_key in state.possible
            self.facts.read(mangle(name, self.scopes), unsure)

    def store(self, name: str, imported: bool = False) -> None:
        scope = self._storing_scope()
        if scope is None or name in scope.declared_global:
            self.facts.write(mangle(name, self.scopes), imported)
        elif scope.kind is Kind.CLASS:
            self.facts.state.bind(f"{scope.key}{name}")

    def delete(self, name: str) -> None:
        scope = self._storing_scope()
        if scope is None or name in scope.declared_global:
            self.load(name)
            self.facts.unbind(mangle(name, self.scopes))
        elif scope.kind is Kind.CLASS:
            self.facts.state.unbind(f"{scope.key}{name}")

    def forget(self, name: str) -> None:
        """End the life of ``except ... as name``."""
        scope = self._storing_scope()
        if scope is None or name in scope.declared_global:
            self.facts.unbind(mangle(name, self.scopes), deleted=False)
        elif scope.kind is Kind.CLASS:
            self.facts.state.unbind(f"{scope.key}{name}")

    def _storing_scope(self) -> Scope | None:
        for scope in reversed(self.scopes):
            if scope.kind in (Kind.FUNCTION, Kind.CLASS):
                return scope
        return None

    def global_name(self, name: str | None) -> str | None:
        """Give the global that a name means here, None for a local one."""
        if name is None:
            return None
        place = resolve(name, self.scopes)
        if not place.is_global or place.class_key in self.facts.state.bound:
            return None
        return mangle(name, self.scopes)

    def mutate(self, node: ast.AST) -> None:
        """Note that the object at the root of ``name.a[0]`` changes."""
        name = self.global_name(effects.root(node))
        if name is not None:
            self.facts.mutate(name)

    def touch(self, names: Iterable[str]) -> None:
        for name in names:
            known = self.global_name(name)
            if known is not None:
                self.facts.touch(known)

    @property
    def at_top(self) -> bool:
        """Whether this is evaluated while the cell runs, not when a function is called."""
        return not self.facts.records

    @contextmanager
    def within(self, scope: Scope) -> Iterator[None]:
        self.scopes.append(scope)
        try:
            yield
        finally:
            self.scopes.pop()

    # -- conditions ------------------------------------------------------------------------

    def _perhaps(self, nodes: Iterable[ast.AST]) -> None:
        """Visit what may not be evaluated: it binds nothing for sure."""
        before = self.facts.state.copy()
        self.visit_all(nodes)
        self.facts.state = join(before, self.facts.state)

    def condition(self, node: ast.expr) -> tuple[State, State]:
        """Visit a test; give the states where it holds and where it doesn't."""
        facts = self.facts
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            true, false = self.condition(node.operand)
            return false, true
        if isinstance(node, ast.BoolOp):
            return self._connective(node)
        self.visit(node)
        true, false = facts.state, facts.state.copy()
        if isinstance(node, ast.Constant):
            (false if node.value else true).dead = True
        return true, false

    def _connective(self, node: ast.BoolOp) -> tuple[State, State]:
        conjunction = isinstance(node.op, ast.And)
        ends: list[State] = []
        for operand in node.values:
            true, false = self.condition(operand)
            self.facts.state = true if conjunction else false
            ends.append(false if conjunction else true)
        last, short = self.facts.state, join(*ends)
        return (last, short) if conjunction else (short, last)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.facts.state = join(*self.condition(node))

    def visit_IfExp(self, node: ast.IfExp) -> None:
        true, false = self.condition(node.test)
        self.facts.state = true
        self.visit(node.body)
        true, self.facts.state = self.facts.state, false
        self.visit(node.orelse)
        self.facts.state = join(true, self.facts.state)

    # -- inner scopes ----------------------------------------------------------------------

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.touch(effects.roots(node.value))
        self.store(node.target.id)

    def visit_Await(self, node: ast.Await) -> None:
        self.visit(node.value)
        self.note_await()

    def note_await(self) -> None:
        if self.at_top:
            self.facts.awaits = True

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.facts.escape(self.lambda_record(node))

    def lambda_record(self, node: ast.Lambda) -> Record:
        self.defaults(node.args)
        return self.body_record(node.args, [node.body])

    def defaults(self, args: ast.arguments) -> None:
        self.visit_all(args.defaults)
        self.visit_all(default for default in args.kw_defaults if default is not None)

    def body_record(self, args: ast.arguments | None, body: Iterable[ast.AST]) -> Record:
        """Visit the body of a function apart; give what it does when it is called."""
        nodes = list(body)
        found = self.bindings(nodes)
        names = found.local | (parameters(args) if args else set())
        facts = self.facts
        state, guards, facts.guards = facts.state, facts.guards, 0
        record = Record()
        facts.state = State(dead=False)
        facts.records.append(record)
        with self.within(Scope(Kind.FUNCTION, names, found.declared_global)):
            self.visit_all(nodes)
        facts.records.pop()
        facts.state, facts.guards = state, guards
        return record

    def visit_ListComp(self, node: Comprehension) -> None:
        """The first iterable belongs to the outer scope, a walrus binds there."""
        self.visit(node.generators[0].iter)
        self.touch(effects.roots(node.generators[0].iter))
        before = self.facts.state.copy()
        names = set().union(*(targets(generator.target) for generator in node.generators))
        with self.within(Scope(Kind.COMPREHENSION, names)):
            for number, generator in enumerate(node.generators):
                if number:
                    self.visit(generator.iter)
                self._comprehension_target(generator)
                for test in generator.ifs:
                    self.facts.state = self.condition(test)[0]
            if isinstance(node, ast.DictComp):
                self.visit(node.key)
                self.visit(node.value)
            else:
                self.visit(node.elt)
        self.facts.state = join(before, self.facts.state)

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def _comprehension_target(self, generator: ast.comprehension) -> None:
        for child in ast.walk(generator.target):
            if isinstance(child, ast.Attribute | ast.Subscript):
                self.visit(child)
        if generator.is_async:
            self.note_await()
