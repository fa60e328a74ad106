"""Calls and stores: what they change in place, and what they hide from the analysis."""

from __future__ import annotations

import ast

from akernel_ipy.core.parsing import parse, parse_expression

from . import _effects as effects
from . import _magics as magics
from ._expressions import Expressions

_NAMESPACES = frozenset({"globals", "locals", "vars"})


class Calls(Expressions):
    """Calls, IPython's among them, and places other than plain names."""

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.visit(node.value)
        if not isinstance(node.ctx, ast.Load):
            self.mutate(node)
        elif node.attr in ("f_globals", "f_locals"):
            self.facts.hide(node.attr, dynamic=True)
        elif node.attr == "user_ns":
            self.facts.hide("get_ipython().user_ns", dynamic=True)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if self._is_namespace(node.value):
            self._namespace_item(node, key)
            return
        self.visit(node.value)
        self.visit(node.slice)
        if not isinstance(node.ctx, ast.Load):
            self.mutate(node)

    def _namespace_item(self, node: ast.Subscript, key: object) -> None:
        self.visit(node.slice)
        if isinstance(node.ctx, ast.Load) and isinstance(key, str):
            self.facts.read(key)
            return
        self.facts.hide("globals()[...]", dynamic=True)
        if isinstance(node.ctx, ast.Store) and isinstance(key, str):
            self.facts.write(key)

    def _is_namespace(self, node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in _NAMESPACES
            and not node.args
            and (node.func.id == "globals" or not self.scopes)
            and self.global_name(node.func.id) is not None
        )

    # -- calls -----------------------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> None:
        if self._ipython_call(node) or self._namespace_call(node):
            return
        self.visit(node.func)
        self.visit_all(node.args)
        self.visit_all(keyword.value for keyword in node.keywords)
        for name in effects.mutated(node):
            known = self.global_name(name)
            if known is not None:
                self.facts.mutate(known)
        self.touch(effects.touched(node))
        known_names = (self.global_name(name) for name in effects.quoted(node))
        self.facts.read_softly(name for name in known_names if name is not None)
        if isinstance(node.func, ast.Name) and self.global_name(node.func.id) is not None:
            self._dynamic_call(node, node.func.id)

    def _dynamic_call(self, node: ast.Call, name: str) -> None:
        if name == "exec":
            self.facts.hide("exec", dynamic=True)
        elif name == "eval":
            text = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else 0
            if not (isinstance(text, str) and len(node.args) == 1 and self._code(text, "eval")):
                self.facts.hide("eval")
        elif self._is_namespace(node):
            self.facts.hide(f"{name}()", dynamic=True)

    def _namespace_call(self, node: ast.Call) -> bool:
        """Treat ``globals().get("n")``, which asks whether n is there."""
        func = node.func
        if not isinstance(func, ast.Attribute) or not self._is_namespace(func.value):
            return False
        first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if func.attr in ("keys", "values", "items", "copy") or not isinstance(first, str):
            return False
        if func.attr == "get":
            self.guard(first)
        elif func.attr == "pop":
            self.guard(first)
            self.facts.unbind(first)
        else:
            return False
        self.visit_all(node.args)
        return True

    def guard(self, name: str) -> None:
        """The cell asks by itself whether a name is defined: it need not wait for it."""
        self.facts.read_softly([name])
        if self.at_top:
            self.facts.guarded.add(name)

    def visit_Compare(self, node: ast.Compare) -> None:
        """``"n" in globals()`` asks for n; later comparators are evaluated only perhaps."""
        right = node.comparators[0]
        if (
            isinstance(node.ops[0], ast.In | ast.NotIn)
            and isinstance(node.left, ast.Constant)
            and isinstance(node.left.value, str)
            and (self._is_namespace(right) or _is_user_ns(right) or _is_dir(right))
        ):
            self.guard(node.left.value)
            return
        self.visit(node.left)
        self.visit(right)
        self._perhaps(node.comparators[1:])

    def _ipython_call(self, node: ast.Call) -> bool:
        func = node.func
        if not (isinstance(func, ast.Attribute) and _is_ipython(func.value)):
            return False
        effect = magics.interpret(node)
        if effect is None:
            return False
        self.facts.call_magic(magics.name_of(node))
        self.apply(effect, func.attr)
        return True

    def apply(self, effect: magics.Effect, name: str) -> None:
        facts = self.facts
        facts.read_softly(sorted(effect.soft))
        if effect.code is not None:
            saved = facts.state.copy()
            writes = set(facts.writes)
            if not self._code(effect.code, "exec"):
                facts.read_softly(sorted(magics.words(effect.code)))
                facts.hide(f"{name}: code that can't be read", dynamic=True)
            if not effect.binds and self.at_top:
                facts.state, facts.writes = saved, writes
        for name in effect.defs:
            self.store(name)
        for name in effect.deletes:
            self.delete(name)
        if effect.hides is not None:
            facts.hide(effect.hides, effect.dynamic)

    def _code(self, text: str, mode: str) -> bool:
        """Analyse code inside a magic or a constant ``eval``; False if it can't be parsed."""
        try:
            if mode == "exec" and self.transform is not None:
                text = self.transform(text)
            tree = parse_expression(text.strip()) if mode == "eval" else parse(text)
        except (SyntaxError, ValueError):
            return False
        self.walrus = self.walrus or ":=" in text
        self.visit(tree)
        return True


def _is_ipython(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "get_ipython"
        and not node.args
    )


def _is_user_ns(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "user_ns"


def _is_dir(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "dir"
        and not node.args
    )
