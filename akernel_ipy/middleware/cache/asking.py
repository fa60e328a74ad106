"""What the text of a cell asks of names: which attributes, and of which modules."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from ...core.fingerprint import attributes_read
from ...core.parsing import parse

#: A path of attributes: ``np.linalg.norm`` asks ``("linalg", "norm")`` of ``np``.
Attributes = tuple[str, ...]


def asked_by_name(source: str, tree: ast.Module) -> dict[str, tuple[Attributes, ...]]:
    """Find what it asks of global names, also in code that it gives to magics."""
    found: dict[str, tuple[Attributes, ...]] = dict(attributes_read(source))
    for call in calls_of_shell(tree):
        for argument in call.args[1:]:
            code = argument.value if isinstance(argument, ast.Constant) else None
            if not isinstance(code, str) or not _is_python(code):
                return {}
            for name, paths in attributes_read(code).items():
                found[name] = tuple(dict.fromkeys((*found.get(name, ()), *paths)))
    return found


def asked_of_imports(
    tree: ast.Module, paths: Mapping[str, tuple[Attributes, ...]]
) -> dict[str, list[Attributes]]:
    """Find what it asks of the modules that it imports, by the module's name."""
    found: dict[str, list[Attributes]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                module = alias.name if alias.asname else alias.name.partition(".")[0]
                found.setdefault(module, []).extend(paths.get(alias.asname or module, ()))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.setdefault(node.module, []).extend((alias.name,) for alias in node.names)
    return found


def _is_python(code: str) -> bool:
    try:
        parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def calls_of_shell(tree: ast.AST) -> Iterator[ast.Call]:
    """Give the calls that IPython makes of magics and shell commands."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Call)
            and isinstance(node.func.value.func, ast.Name)
            and node.func.value.func.id == "get_ipython"
        ):
            yield node
