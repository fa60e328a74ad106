"""Code objects: layout doesn't count, everything that is executed does."""

from __future__ import annotations

import argparse
import ast
import calendar
import copy
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from akernel_ipy.core.bytecode import instructions
from akernel_ipy.core.fingerprint._normal import normal

from .notebook import fingerprint

MODULES = [argparse, calendar, textwrap]


def functions(source: str) -> Iterator[CodeType]:
    """All code objects in a text, in order."""
    waiting = [compile(source, "<text>", "exec")]
    while waiting:
        code = waiting.pop(0)
        inner = [part for part in code.co_consts if isinstance(part, CodeType)]
        yield from inner
        waiting += inner


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_layout_of_a_whole_module_does_not_count(module: ModuleType) -> None:
    source = Path(str(module.__file__)).read_text()
    flat = ast.unparse(ast.parse(source))
    assert flat != source
    other = list(functions("\n\n\n" + flat))
    for place, code in enumerate(functions(source)):
        assert fingerprint(code) == fingerprint(other[place]), code.co_qualname


class Changed(ast.NodeTransformer):
    """Makes one change: the one of this number."""

    def __init__(self, number: int) -> None:
        self.left = number

    def _now(self) -> bool:
        self.left -= 1
        return self.left == -1

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if type(node.value) is int and self._now():
            return ast.Constant(float(node.value) + (0 if node.value else 0.5))
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if self._now():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        if self._now():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return node

    def visit_Continue(self, node: ast.Continue) -> ast.AST:
        return ast.Pass() if self._now() else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if self._now():
            node.attr += "_"
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        self.generic_visit(node)
        return ast.Expr(node.value) if node.value is not None and self._now() else node


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_single_change_of_a_function_counts(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text())
    seen = 0
    for definition in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for number in range(6):
            change = Changed(number)
            other = change.visit(copy.deepcopy(definition))
            if change.left >= 0:
                break
            one, changed = _function(definition), _function(other)
            if _executed(one) != _executed(changed):
                seen += 1
                assert fingerprint(one) != fingerprint(changed), definition.name
    assert seen > 20


def _function(definition: ast.AST) -> CodeType:
    [found, *_] = functions(ast.unparse(ast.fix_missing_locations(definition)))
    return found


def _executed(code: CodeType) -> object:
    constants = [_executed(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return code.co_code, code.co_names, code.co_varnames, constants


def test_where_a_class_in_a_function_stands_does_not_count() -> None:
    text = "def f():\n class C:\n  def m(self): self.a, self.b = 1, 2\n return C"
    [one, *_] = functions(text)
    [other, *_] = functions("\n" * 300 + text)
    assert fingerprint(one) == fingerprint(other)


def test_jumps_lead_to_what_they_lead_to_in_the_end() -> None:
    text = "def f(a):\n while a:\n  if a > 1:\n   a = g(a)\n  else:\n   break\n return a"
    [code, *_] = functions(text)
    texts, _ = normal(code, instructions(code))
    targets = [int(found) for each in texts for found in re.findall(r">(\d+)", each)]
    assert targets
    assert max(targets) < len(texts)
    assert not [each for each in texts if each.startswith("JUMP ")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[a for a in b if a if f(a)]", "[\n a\n for a in b\n if a\n if f(a)\n]"),
        ("{a: 1 for a in b if a is not None}", "{\na:\n1 for a in b\n if a is not\n None}"),
        ("f(a, b, a)", "f(\na,\nb,\na\n)"),
        ("[a := b, b]", "[\na := b,\nb]"),
    ],
)
def test_a_line_break_between_what_is_done_does_not_count(one: str, other: str) -> None:
    [first, *_] = functions(f"def g(a, b):\n return {one}")
    [second, *_] = functions(f"def g(a, b):\n return {other}")
    assert fingerprint(first) == fingerprint(second)
