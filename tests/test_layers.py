"""Imports go down, or sideways only as `docs/architecture.md` draws it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import akernel_ipy

PACKAGE = Path(akernel_ipy.__file__).parent
OUTSIDE_CORE = {"IPython", "ipykernel", "traitlets", "zmq", "tornado", "jupyter_client", "comm"}

#: What each module of the package may import from it; "core" is allowed everywhere.
LAYERS: list[set[str]] = [
    {"_version", "_process", "core", "forks"},
    {"tasks", "turns", "steps", "wire", "history", "callbacks", "store"},
    {"interrupts", "comms", "patches", "display", "outputs", "graphview", "threads", "offload"},
    {"places", "tracebacks"},
    {"middleware"},
    {"session", "sessions", "shell", "evaluating"},
    {"magics"},
    {"plugin"},
    {"kernel"},
    {"kernelapp"},
    {"kernelspec", "runner", "shared", "app", "cacheapp"},
    {"__main__"},
]


def _modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path


def _imports(path: Path) -> Iterator[str]:
    """Absolute names of everything a file imports, also inside functions."""
    package = ("akernel_ipy", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            yield prefix
            yield from (f"{prefix}.{alias.name}" for alias in node.names)


def _layer(module: str) -> int:
    return next(i for i, layer in enumerate(LAYERS) if module in layer)


@pytest.mark.parametrize(("module", "path"), list(_modules()), ids=lambda value: str(value)[-40:])
def test_a_module_imports_only_what_is_below_or_beside_it(module: str, path: Path) -> None:
    if module == "__init__":
        return
    for name in _imports(path):
        parts = name.split(".")
        if parts[0] == "akernel_ipy" and len(parts) > 1 and parts[1] != "__version__":
            below = _layer(parts[1])
            assert below <= _layer(module), f"{path.name} imports {name} from a layer above"


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").rglob("*.py")), ids=lambda p: p.name)
def test_the_core_imports_no_jupyter(path: Path) -> None:
    found = {name.split(".")[0] for name in _imports(path)} & OUTSIDE_CORE
    assert not found, f"core/{path.name} imports {found}"


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys; a = set(sys.modules); import akernel_ipy; print(*sorted(set(sys.modules) - a))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["akernel_ipy", "akernel_ipy._version"]


#: What a kernel of the flavour async must not have imported when it is ready.
LATER = [
    "akernel_ipy.core.graph",
    "akernel_ipy.core.hazards",
    "akernel_ipy.graphview",
    "akernel_ipy.middleware.react",
    "akernel_ipy.middleware.flow",
    "akernel_ipy.middleware.cache.cache",
    "akernel_ipy.store",
    "sqlite3",
    "numpy",
    "distributed",
    "cloudpickle",
    "fsspec",
    "debugpy",
]


def test_a_kernel_imports_a_flavour_when_it_is_first_asked_for() -> None:
    code = f"import sys, akernel_ipy.kernelapp; print([n for n in {LATER!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
