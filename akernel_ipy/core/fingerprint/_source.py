"""The digest of a cell's text: what Python sees of it, not how it is laid out."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from ..bytecode import uses
from ..parsing import parse, quietly
from . import _hashing
from ._atoms import ATOMS

_CACHE_SIZE = 4096
_SKIPPED = {tokenize.ENDMARKER, tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.DEDENT}


@lru_cache(_CACHE_SIZE)
def static_key(source: str) -> bytes:
    """Digest the code of a cell: 32 bytes.

    Comments, layout and line numbers don't count. Docstrings and the semicolon which silences a
    cell's result do, and so do the Python version and the hash that is used.

    Args:
        source: Python, after IPython's input transformers. What is no Python counts by its text.
    """
    algorithm = _hashing.best()
    out = bytearray(algorithm.domain)
    try:
        tree = parse(source)
        out += b"cell;" if _silent(source) else b"cell:"
        _encode(tree, out)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        out[:] = algorithm.domain + b"text:" + source.encode("utf-8", "surrogatepass")
    return algorithm.digest(bytes(out))


@lru_cache(_CACHE_SIZE)
def attributes_read(source: str) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Find what a cell asks of each global name: paths of attributes, in order.

    ``m.f(m.sub.k)`` asks ``("f",)`` and ``("sub", "k")`` of ``m``; where a name is used otherwise
    than for its attributes, the path is empty. What is no Python asks nothing.
    """
    try:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        with quietly():
            code = compile(source, "<cell>", "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return MappingProxyType({})
    found: dict[str, list[tuple[str, ...]]] = {}
    for use in uses(code):
        if not use.imported:
            found.setdefault(use.name, []).append(use.attributes)
    return MappingProxyType({name: tuple(dict.fromkeys(paths)) for name, paths in found.items()})


def _encode(part: Any, out: bytearray) -> None:
    if isinstance(part, ast.AST):
        out += b"(%s" % type(part).__name__.encode()
        for name in part._fields:
            # u"x" is "x", and comments that look like types are comments.
            if name not in ("kind", "type_comment"):
                _encode(getattr(part, name, None), out)
        out += b")"
    elif isinstance(part, list):
        out += b"[%d:" % len(part)
        for inner in part:
            _encode(inner, out)
    else:
        ATOMS[type(part)](out, part)


def _silent(source: str) -> bool:
    """Whether the last thing said is a semicolon; the tree does not know."""
    if ";" not in source:
        return False
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return True
    last = next((token for token in reversed(tokens) if token.type not in _SKIPPED), None)
    return last is not None and last.string == ";"
