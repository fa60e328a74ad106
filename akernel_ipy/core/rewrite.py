"""AST transformers that IPython runs over a cell: pure, and faithful to line numbers."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator
from typing import Any

#: What a rewritten `live` calls, in the namespace of a reactive session.
LIVE = "__akernel_live__"


def live(source: AsyncIterator[Any]) -> Any:
    """Bind a name to the newest value of an async generator: ``x = live(ticks())``.

    Raises:
        TypeError: it is not the right side of an assignment to one name at a cell's top level.
    """
    raise TypeError(
        "live(...) has to be assigned to one name at the top level of a cell: x = live(agen())"
    )


class LiveRewrite(ast.NodeTransformer):
    """Makes ``x = live(agen())`` at the top level of a cell wait for the first value.

    It becomes ``x = await __akernel_live__("x", live, agen())``: the name is told, so that it can
    be bound again at each later value; and so is what ``live`` means in the notebook.
    """

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Rewrite the statements of a cell; functions and blocks are left alone."""
        for statement in node.body:
            if isinstance(statement, ast.Assign) and _is_live(statement):
                statement.value = _awaited(statement)
        return node


def _is_live(statement: ast.Assign) -> bool:
    call = statement.value
    return (
        len(statement.targets) == 1
        and isinstance(statement.targets[0], ast.Name)
        and isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "live"
        and len(call.args) == 1
        and not isinstance(call.args[0], ast.Starred)
        and not call.keywords
    )


def _awaited(statement: ast.Assign) -> ast.expr:
    target, call = statement.targets[0], statement.value
    assert isinstance(target, ast.Name)
    assert isinstance(call, ast.Call)
    helper = ast.Name(LIVE, ast.Load())
    told = ast.Call(helper, [ast.Constant(target.id), call.func, *call.args], [])
    return ast.fix_missing_locations(ast.copy_location(ast.Await(told), call))
