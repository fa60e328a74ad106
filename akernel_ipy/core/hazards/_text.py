"""What the text of a cell says beyond its `Names`: what can't be followed, what is written how."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

from ..names import Names
from ..parsing import parse
from ..syntax import last_word, root
from ._code import DISPLAYS

_NONE: frozenset[str] = frozenset()

#: Magics that do nothing but run the Python in them, or show something of their own.
HARMLESS_MAGICS = frozenset(
    (
        *("%time", "%%time", "%timeit", "%%timeit", "%%capture", "%akernel", "%%html", "%%HTML"),
        *("%%javascript", "%%js", "%%latex", "%%markdown", "%%svg", "%%SVG", "%pinfo", "%pinfo2"),
        *("%pdoc", "%pdef", "%psource", "%psearch", "%prun", "%%prun"),
    )
)

#: Functions of modules that set what the whole module goes by: ``np.set_printoptions``.
_SETTER = re.compile(
    r"set|set_\w+|use|rc|rc_file|rcdefaults|filterwarnings|simplefilter|resetwarnings|basicConfig"
    r"|reset_option|register_\w+|setlocale|enable|disable"
)

#: Context managers that redirect what other cells print, too.
_CAPTURING = frozenset({"redirect_stdout", "redirect_stderr", "capture_output"})

#: Names that lead to all names, wherever they are used.
_OPENING = frozenset({"exec", "eval", "globals", "get_ipython", "Out", "In", "_", "__", "__task__"})

_CLASS_METHODS = frozenset({"__new__", "__init_subclass__", "__class_getitem__", "__set_name__"})

#: What may run after the cell has ended.
_LATER = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.GeneratorExp

#: The local names of a function, its first argument as a method, and as a class method.
_Function = tuple[set[str], str | None, str | None]
_OUTSIDE: _Function = (set(), None, None)


@dataclass(frozen=True, slots=True)
class Text:
    """Facts about a cell's text that need no namespace.

    Attributes:
        barrier: why the cell can't be followed; empty if it can.
        lends_barrier: the same of its functions, which other cells may call.
        writes: names that are not the user's own: ``_``, displays by their ids.
        imports: for names that are only imported, what they are bound to: ``"numpy"``,
            ``"math:sqrt"``.
        setters: names of modules whose setting functions are called.
        deferred_setters: the same in functions.
        escapes: names used other than by calling them or reading an attribute.
        foreign: attributes are set on objects that come from elsewhere than ``self``.
        self_written: classes whose methods set attributes of the class, inner functions that get
            some.
        later: names that occur in functions and generators, which may run after the cell.
    """

    barrier: str = ""
    lends_barrier: str = ""
    writes: frozenset[str] = _NONE
    imports: Mapping[str, str] = field(default_factory=dict)
    setters: frozenset[str] = _NONE
    deferred_setters: frozenset[str] = _NONE
    escapes: frozenset[str] = _NONE
    foreign: bool = False
    self_written: frozenset[str] = _NONE
    later: frozenset[str] = _NONE


@lru_cache(1024)
def text_of(source: str, names: Names) -> Text:
    """Read a cell's text, which `analyze` has read before.

    Args:
        source: Python, after IPython's input transformers.
        names: what `analyze` made of it.
    """
    visitor, tree = _Visitor(names), parse(source)
    visitor.visit(tree)
    found = visitor.found
    return Text(
        barrier=_barrier(names, visitor),
        lends_barrier=visitor.opening,
        writes=names.own_writes | ({DISPLAYS} if visitor.displays else _NONE),
        imports={name: found[name] for name in names.imports if name in found},
        setters=frozenset(visitor.setters) or _NONE,
        deferred_setters=frozenset(visitor.deferred_setters) or _NONE,
        escapes=frozenset(visitor.escapes) or _NONE,
        foreign=visitor.foreign,
        self_written=frozenset(visitor.self_written) or _NONE,
        later=names.reads if names.magics else frozenset(_later(tree)),
    )


def _later(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, _LATER):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name):
                    yield inner.id


def _barrier(names: Names, visitor: _Visitor) -> str:
    for reason in names.opaque:
        return reason
    for name in sorted(names.own - {"ainput"}):
        return name
    for magic in sorted(names.magics - HARMLESS_MAGICS):
        return "a shell command" if magic == "!" else magic
    if visitor.future:
        return "from __future__"
    return visitor.capturing


class _Visitor(ast.NodeVisitor):
    def __init__(self, names: Names) -> None:
        self._names = names
        self.found: dict[str, str] = {}
        self.setters: set[str] = set()
        self.deferred_setters: set[str] = set()
        self.escapes: set[str] = set()
        self.self_written: set[str] = set()
        self.foreign = self.displays = self.future = False
        self.capturing = self.opening = ""
        self._functions: list[_Function] = []  # around the node
        self._class: str | None = None

    # -- names

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.escapes.add(node.id)
            self._note_word(node.id)

    def _note_word(self, word: str) -> None:
        if word in _OPENING:
            self.opening = self.opening or word
        elif word in _CAPTURING:
            self.capturing = self.opening = word
        elif word == "update_display":
            self.displays = True

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._note_word(node.attr)
        if not isinstance(node.ctx, ast.Load):
            self._written(node.value)
        if isinstance(node.value, ast.Name):
            self._note_word(node.value.id)
        else:
            self.visit(node.value)

    def visit_keyword(self, node: ast.keyword) -> None:
        self.displays = self.displays or node.arg == "display_id"
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name):
            self._note_word(node.func.id)
            if node.func.id in ("setattr", "delattr") and node.args:
                self._written(node.args[0])
            if node.func.id in ("isinstance", "issubclass"):
                return
        else:
            self._setter(node.func)
            self.visit(node.func)
        for part in (*node.args, *node.keywords):
            self.visit(part)

    def _setter(self, func: ast.expr) -> None:
        if isinstance(func, ast.Attribute) and _SETTER.fullmatch(func.attr):
            base = root(func.value)
            if isinstance(base, ast.Name) and not self._is_local(base.id):
                (self.deferred_setters if self._functions else self.setters).add(base.id)

    # -- imports

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            first = alias.name.partition(".")[0]
            self._import(alias.asname or first, alias.name if alias.asname else first)
            if "." in alias.name and not alias.asname:
                self.found[first] += f" ({alias.name})"  # it also imports the submodule

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.future = self.future or node.module == "__future__"
        for alias in node.names:
            if alias.name == "__main__" or node.module == "__main__":
                self.opening = "__main__"
            module = "." * node.level + (node.module or "")
            self._import(alias.asname or alias.name, f"{module}:{alias.name}")

    def _import(self, name: str, target: str) -> None:
        if target == "__main__":
            self.opening = target
        if not self._functions:
            known = self.found.setdefault(name, target)
            if known != target:
                self.found[name] = f"{known}, {target}"

    # -- attributes that are set

    def _written(self, node: ast.expr) -> None:
        """An attribute of this is set."""
        base = root(node)
        if any(_is_class_of(part) for part in ast.walk(node)):
            self.self_written.add(self._class or "")
            self.foreign = self.foreign or self._class is None
        elif not isinstance(base, ast.Name):
            self.foreign = True
        elif self._functions:
            _, own, cls = next((f for f in reversed(self._functions) if base.id in f[0]), _OUTSIDE)
            if base.id == cls and self._class:
                self.self_written.add(self._class)
            elif base.id != own and self._is_local(base.id):
                self.foreign = True
                self.self_written.add(base.id)
        elif base.id in self._names.writes:
            self.foreign = True

    def _is_local(self, name: str) -> bool:
        return any(name in local for local, _, _ in self._functions)

    # -- functions and classes

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if part is not None:
                self.visit(part)
        positional = [*node.args.posonlyargs, *node.args.args]
        first = positional[0].arg if positional else None
        words = {last_word(decorator) for decorator in node.decorator_list}
        own, cls = None, None
        if self._class is not None and not self._functions:
            if "classmethod" in words or node.name in _CLASS_METHODS:
                cls = first
            elif "staticmethod" not in words:
                own = first
        with self._within(node.args, node.body, own, cls):
            for statement in node.body:
                self.visit(statement)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        with self._within(node.args, [], None, None):
            self.visit(node.body)

    @contextmanager
    def _within(
        self, args: ast.arguments, body: list[ast.stmt], own: str | None, cls: str | None
    ) -> Iterator[None]:
        local = {arg.arg for arg in ast.walk(args) if isinstance(arg, ast.arg)}
        shared: set[str] = set()
        for node in (inner for statement in body for inner in ast.walk(statement)):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                local.add(node.id)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                local.add(node.name)
            elif isinstance(node, ast.Global):
                shared.update(node.names)
        self._functions.append((local - shared, own, cls))
        try:
            yield
        finally:
            self._functions.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            if not isinstance(part, ast.Name):
                self.visit(part)
        outer, functions = self._class, self._functions
        self._class, self._functions = node.name, []
        if any(last_word(base) == "type" or "Meta" in ast.dump(base) for base in node.bases):
            self.foreign = True  # its methods get classes as self
            self.self_written.add(node.name)
        for statement in node.body:
            self.visit(statement)
        self._class, self._functions = outer, functions


def _is_class_of(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "type"
    if isinstance(node, ast.Name):
        return node.id == "__class__"
    return isinstance(node, ast.Attribute) and node.attr == "__class__"
