"""Modules: installed ones by version, local ones as they are in memory."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from akernel_ipy.core.fingerprint import Asked, Unhashable, attributes_read

from .notebook import MODULE, Notebook

SOURCE = """
import json
import logging
logger = logging.getLogger(__name__)
factor = 2
def helper(x): return x * factor
def f(x): return helper(x)
def other(x): return x
class C:
    def run(self): return helper(1)
"""


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a local module, ``mine``, which can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    yield path
    sys.modules.pop("mine", None)


def reloaded(path: Path, source: str) -> None:
    """Load the module again from another text; its file time may be the same as before."""
    path.write_text(source)
    sys.modules.pop("mine", None)
    importlib.invalidate_caches()
    for compiled in path.parent.glob("__pycache__/*"):
        compiled.unlink()


USES = {
    "the module": "import mine\nx = mine",
    "a function": "from mine import f as x",
    "a class": "from mine import C as x",
    "an instance": "import mine\nx = mine.C()",
    "code that calls it": "import mine\ndef x(): return mine.f(1)",
    "code that imports it": "def x():\n from mine import f\n return f(1)",
    "code that imports all of it": "def x():\n import mine\n return mine.f(1)",
}


@pytest.mark.parametrize("use", USES)
def test_an_edited_local_module_counts_once_it_is_loaded_again(use: str, local: Path) -> None:
    notebook = Notebook("import mine", USES[use])
    before = notebook.of("x")
    local.write_text(SOURCE.replace("factor = 2", "factor = 3"))
    assert notebook.of("x") == before
    reloaded(local, "# a remark\n" + SOURCE)
    assert Notebook("import mine", USES[use]).of("x") == before
    reloaded(local, SOURCE.replace("x * factor", "x + factor"))
    assert Notebook("import mine", USES[use]).of("x") != before


@pytest.mark.parametrize("use", USES)
def test_a_setting_changed_in_a_loaded_module_counts(use: str, local: Path) -> None:
    notebook = Notebook("import mine", USES[use])
    before = notebook.of("x")
    notebook.run("mine.factor = 3")
    assert notebook.of("x") != before


def test_of_a_local_module_only_what_code_asks_for_counts(local: Path) -> None:
    notebook = Notebook("import mine\ndef x(): return mine.f(1)")
    before = notebook.of("x")
    notebook.run("mine.other = None")
    assert notebook.of("x") == before
    found = notebook.examine("x")
    assert found.names == {"mine"}
    assert "mine" in found.modules


def test_a_module_that_is_not_loaded_yet_counts_by_its_file(local: Path) -> None:
    notebook = Notebook("def x():\n import mine\n return mine.f(1)")
    before = notebook.of("x")
    local.write_text(SOURCE + "# a remark")
    assert notebook.of("x") != before


@pytest.mark.parametrize(
    "use",
    [
        "import pack.part\n return pack.part.factor, pack.own",
        "import pack.part as p\n return p.factor",
        "from pack import part\n return part.factor",
        "from pack.part import factor\n return factor",
    ],
)
@pytest.mark.parametrize("first", ["", "import pack", "import pack.part"])
def test_a_module_of_a_local_package_counts_however_a_function_imports_it(
    use: str, first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    part = tmp_path / "pack" / "part.py"
    part.parent.mkdir()
    (part.parent / "__init__.py").write_text("own = 1\n")
    found = []
    for factor in (2, 3):
        reloaded(part, f"factor = {factor}\n")
        monkeypatch.delitem(sys.modules, "pack", raising=False)
        monkeypatch.delitem(sys.modules, "pack.part", raising=False)
        found.append(Notebook(first, f"def x():\n {use}").of("x"))
    assert found[0] != found[1]


def test_a_local_function_that_looks_names_up_counts_with_all_of_its_module(local: Path) -> None:
    reloaded(local, SOURCE + "def dynamic(): return globals()['other'](1)\n")
    notebook = Notebook("from mine import dynamic as x")
    before = notebook.of("x")
    notebook.run("import mine\nmine.other = len")
    assert notebook.of("x") != before


def test_what_a_cell_asks_of_a_module_is_found() -> None:
    cell = "x = m.f(m.sub.k) + n\ndef g(): return m.f(await_)\nm.g = 1\nimport os; os.path.join"
    assert attributes_read(cell)["m"] == (("f",), ("sub", "k"), ())
    assert attributes_read(cell)["n"] == ((),)
    assert attributes_read("await m.f()") == {"m": (("f",),)}
    assert attributes_read("no python") == {}


def test_of_a_module_no_more_than_what_is_asked_counts(local: Path) -> None:
    notebook = Notebook("import mine")
    module = notebook.names["mine"]

    def prints(*paths: tuple[str, ...]) -> bytes:
        return notebook.fingerprints.of(Asked(module, paths), "mine")

    before = prints(("f",)), prints(("f",), ("other",)), prints(())
    assert len(set(before)) == 3
    notebook.run("mine.other = None")
    after = prints(("f",)), prints(("f",), ("other",)), prints(())
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, False]
    assert prints(("gone",)) != prints(())


def test_installed_code_counts_by_name_and_version(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook("import json\nx = json\ny = json.dumps\ndef z(): return json.dumps(1)")
    before = [notebook.of(name) for name in "xyz"]
    found = notebook.examine("z")
    assert found.modules == {"json"}
    monkeypatch.setattr("akernel_ipy.core.fingerprint._origin._version", lambda root: f"{root} 2")
    assert not set(before) & {notebook.of(name) for name in "xyz"}


def test_an_installed_function_that_was_replaced_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook("import json\ndef x(): return json.dumps(1)\ndef mine(v): return 'mine'")
    before = notebook.of("x")
    monkeypatch.setattr(json, "dumps", notebook.names["mine"])
    changed = notebook.of("x")
    assert changed != before
    notebook.run("mine.__defaults__ = (1,)")
    assert notebook.of("x") != changed


def test_plain_constants_of_installed_modules_count(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook("import string\ndef x(): return string.digits")
    before = notebook.of("x")
    monkeypatch.setattr("string.digits", "01")
    assert notebook.of("x") != before


def test_a_module_made_by_hand_counts_by_what_it_holds() -> None:
    one, other = Notebook(x=ModuleType("made")), Notebook(x=ModuleType("made"))
    assert one.of("x") == other.of("x")
    other.names["x"].a = 1
    assert one.of("x") != other.of("x")


def test_the_notebook_itself_has_no_fingerprint() -> None:
    with pytest.raises(Unhashable, match="x: the notebook itself"):
        Notebook(x=ModuleType(MODULE)).of("x")


def test_a_lock_in_a_local_module_is_no_matter_unless_code_asks_for_it(local: Path) -> None:
    more = "import threading\nlock = threading.Lock()\ndef locked():\n with lock: return 1\n"
    reloaded(local, SOURCE + more)
    notebook = Notebook("import mine\ndef x(): return mine.f(1)\ndef y(): return mine.locked()")
    notebook.of("x")
    with pytest.raises(Unhashable, match=r"y -> mine\.locked -> lock: a lock"):
        notebook.of("y")
    with pytest.raises(Unhashable, match=r"mine\.lock: a lock"):
        notebook.of("mine")


def test_whether_a_part_of_a_package_is_loaded_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "lazy_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("LIMIT = 1\n")
    (package / "part.py").write_text("c = 1\ndef f(): return c\n")
    monkeypatch.syspath_prepend(str(package.parent))
    notebook = Notebook(
        "import lazy_package\ndef x(): return lazy_package.part.f(lazy_package.part.c)"
    )
    before = notebook.of("x")
    notebook.run("import lazy_package.part")
    assert notebook.of("x") == before
    notebook.run("def mine(): return 2\nlazy_package.part.f = mine")
    patched = notebook.of("x")
    assert patched != before
    for name in ("lazy_package", "lazy_package.part"):
        del sys.modules[name]


def test_what_a_logger_shows_counts() -> None:
    notebook = Notebook(
        "import logging\nlog = logging.getLogger('of a test')\ndef x(): log.info('here')"
    )
    before = notebook.of("x")
    notebook.run("log.setLevel(logging.DEBUG)")
    after = notebook.of("x")
    assert after != before
    notebook.run("log.setLevel(logging.NOTSET)")
    assert notebook.of("x") == before
