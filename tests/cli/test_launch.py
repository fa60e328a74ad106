from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from runner.notebooks import outputs_text, run_cells

from cli.command import COMMAND, Command

#: What the other commands and the other flavours need, and a kernel that starts has no use for.
TOO_MUCH = [
    *("rich", "nbformat", "akernel_ipy.app", "akernel_ipy.runner", "akernel_ipy.graphview"),
    *("akernel_ipy.core.names", "akernel_ipy.core.graph", "akernel_ipy.core.wave"),
    *("akernel_ipy.middleware.react", "akernel_ipy.middleware.flow", "akernel_ipy.core.hazards"),
    *("akernel_ipy.offload", "akernel_ipy.store", "akernel_ipy.core.fingerprint"),
]


def test_a_kernel_starts_without_what_only_commands_and_flavours_need(akernel: Command) -> None:
    cells = ["import sys", f"print([name for name in {TOO_MUCH} if name in sys.modules])"]
    assert outputs_text(run_cells(akernel.home, cells)) == ["", "[]\n"]


def test_the_command_itself_imports_nothing_before_it_knows_what_to_do() -> None:
    code = (
        "import sys, __future__; old = set(sys.modules); import akernel_ipy.__main__; "
        "print(sorted(set(sys.modules) - old))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = ["akernel_ipy", "akernel_ipy.__main__", "akernel_ipy._version"]
    assert done.stdout.strip() == str(expected)


def test_run_starts_without_the_grammar_of_addresses_in_other_alphabets(akernel: Command) -> None:
    argv = [sys.executable, "-X", "importtime", *COMMAND[1:], "run", "absent.ipynb"]
    done = subprocess.run(argv, capture_output=True, text=True, env=akernel.env, cwd=akernel.home)
    assert "jsonschema._format" in done.stderr
    assert "rfc3987_syntax.syntax_helpers" not in done.stderr
    assert "absent.ipynb doesn't exist" in done.stderr


def test_launch_takes_a_flavour_before_the_arguments_of_ipykernel(akernel: Command) -> None:
    cells = ["print(get_ipython().kernel.flavour)"]
    assert outputs_text(run_cells(akernel.home, cells, flavour="CHAIN")) == ["chain\n"]


def test_launch_explains_the_options_of_the_kernel(akernel: Command) -> None:
    text = akernel.ok("launch", "--help-all")
    assert "--AsyncKernel.flavour" in text
    assert "--CacheStore.max_bytes" in text
    assert "--IPKernelApp.connection_file" in text


def test_a_module_beside_the_notebook_does_not_break_the_start(akernel: Command) -> None:
    for name in ("random.py", "tornado.py"):
        (akernel.home / name).write_text("raise SystemError('shadowed')")
    assert outputs_text(run_cells(akernel.home, ["print(1)"])) == ["1\n"]


@pytest.mark.parametrize("command", ["launch", "install", "run"])
@pytest.mark.parametrize("version", ["6.29.5", "7.3.0", None])
def test_an_ipykernel_that_is_too_old_is_named_with_the_remedy(
    akernel: Command, tmp_path: Path, command: str, version: str | None
) -> None:
    package = tmp_path / "old" / "ipykernel"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    if version:
        numbers = tuple(map(int, version.split(".")))
        text = f"__version__ = {version!r}\nversion_info = {numbers}\n"
        (package / "_version.py").write_text(text)
    env = {**akernel.env, "PYTHONPATH": str(package.parent)}
    done = subprocess.run([*COMMAND, command], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert (version or "ipykernel._version") in done.stderr
    assert "pip install --upgrade 'ipykernel>=7.4'" in done.stderr
