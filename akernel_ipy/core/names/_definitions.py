"""Assignments, imports, functions and classes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from ..syntax import last_word
from . import _effects as effects
from ._calls import Calls
from ._facts import Record
from ._known import INERT_DECORATORS
from ._scopes import Kind, Scope, bound_name

#: The version of Python from which on nobody evaluates annotations unless asked to.
DEFERRED_ANNOTATIONS = (3, 14)


class Definitions(Calls):
    """The statements that bind names; those that steer control are in `Statements`."""

    def __init__(self, python: tuple[int, int], transform: Callable[[str], str] | None) -> None:
        super().__init__(python, transform)
        self._classes: list[Record] = []
        self._class_count = 0

    # -- assignments -----------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> None:
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if isinstance(node.value, ast.Lambda) and len(names) == len(node.targets):
            record = self.lambda_record(node.value)
            for name in names:
                self.store(name)
                self.keep(name, record)
            return
        self.visit(node.value)
        self.touch(effects.roots(node.value))
        self.visit_all(node.targets)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        target = node.target
        if not isinstance(target, ast.Name):
            self.visit(target)
            self.visit(node.value)
            return
        self.load(target.id)
        self.visit(node.value)
        self.mutate(target)
        self.store(target.id)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.touch(effects.roots(node.value))
            self.visit(node.target)
        elif isinstance(node.target, ast.Attribute | ast.Subscript):
            self.visit(node.target.value)
        if not (self.scopes and self.scopes[-1].kind is Kind.FUNCTION):
            self.annotation(node.annotation)

    def annotation(self, node: ast.expr | None) -> None:
        """Visit an annotation, softly where Python doesn't evaluate it."""
        if node is None:
            return
        if self.python < DEFERRED_ANNOTATIONS and not self.future_annotations:
            self.visit(node)
            return
        names = [child.id for child in ast.walk(node) if isinstance(child, ast.Name)]
        known = [self.global_name(name) for name in names]
        self.facts.read_softly(name for name in known if name is not None)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.store(bound_name(alias), imported=True)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module == "__future__":
            self.future_annotations |= any(alias.name == "annotations" for alias in node.names)
        for alias in node.names:
            if alias.name == "*":
                module = "." * node.level + (node.module or "")
                self.facts.hide(f"from {module} import *", dynamic=True)
            else:
                self.store(bound_name(alias), imported=True)

    # -- definitions -----------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.visit_all(node.decorator_list)
        self.defaults(node.args)
        with self.within(self._type_parameters(node)):
            for arg in ast.walk(node.args):
                if isinstance(arg, ast.arg):
                    self.annotation(arg.annotation)
            self.annotation(node.returns)
            record = self.body_record(node.args, node.body)
            record.merge(self._lazy(getattr(node, "type_params", [])))
        self._define(node, record)

    visit_AsyncFunctionDef = visit_FunctionDef

    def _type_parameters(self, node: ast.AST) -> Scope:
        names = {parameter.name for parameter in getattr(node, "type_params", [])}
        return Scope(Kind.PARAMETERS, names)

    def _lazy(self, nodes: Iterable[ast.AST]) -> Record:
        """Visit what is evaluated only when asked for: bounds, defaults, values of aliases."""
        nodes = list(nodes)
        return self.body_record(None, nodes) if nodes else Record()

    def _define(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, record: Record
    ) -> None:
        inert = all(last_word(item) in INERT_DECORATORS for item in node.decorator_list)
        if not inert:
            self.facts.escape(record)
        self.store(node.name)
        if inert:
            self.keep(node.name, record)

    def keep(self, name: str, record: Record) -> None:
        """Keep what a function does until its name is used."""
        scope = self._storing_scope()
        if self.facts.records:
            self.facts.records[-1].merge(record)
        elif scope is not None and name not in scope.declared_global:
            self._classes[-1].merge(record)
        elif not self.facts.state.dead:
            self.facts.latent.setdefault(name, Record()).merge(record)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.visit_all(node.decorator_list)
        found = self.bindings(node.body)
        self._class_count += 1
        scope = Scope(
            Kind.CLASS, found.local, found.declared_global, f"{self._class_count}.", node.name
        )
        self._classes.append(Record())
        with self.within(self._type_parameters(node)):
            self.visit_all(node.bases)
            self.visit_all(keyword.value for keyword in node.keywords)
            with self.within(scope):
                self.visit_all(node.body)
            self._classes[-1].merge(self._lazy(getattr(node, "type_params", [])))
        self._define(node, self._classes.pop())

    def visit_TypeAlias(self, node: Any) -> None:
        with self.within(self._type_parameters(node)):
            record = self._lazy([*node.type_params, node.value])
        self.store(node.name.id)
        self.keep(node.name.id, record)

    def visit_TypeVar(self, node: Any) -> None:
        self.visit_all(
            part for part in (node.bound, getattr(node, "default_value", None)) if part is not None
        )
