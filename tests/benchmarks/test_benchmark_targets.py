from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks.errors import UnknownKernelError
from benchmarks.targets import STOCK, Target, parse, parse_base


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Install kernelspecs in a place where nothing else is."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))

    def install(name: str, argv: list[str]) -> None:
        directory = tmp_path / "kernels" / name
        directory.mkdir(parents=True)
        spec = {"argv": argv, "display_name": name, "language": "python", "env": {"A": "1"}}
        (directory / "kernel.json").write_text(json.dumps(spec))

    return install


def test_an_installed_kernelspec_is_found_by_name(install) -> None:
    install("mine", ["python3", "-m", "mine", "-f", "{connection_file}"])
    target = parse("mine")
    assert target.command("c.json") == [sys.executable, "-m", "mine", "-f", "c.json"]
    assert target.env == {"A": "1"}


def test_an_unknown_kernelspec_is_an_error_that_names_the_known_ones(install) -> None:
    install("mine", ["mine", "{connection_file}"])
    with pytest.raises(UnknownKernelError, match=r"'other'; installed: .*mine.*--kernel other="):
        parse("other")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("k=some/kernel.py", [sys.executable, "some/kernel.py", "-f", "c"]),
        ("k=package.kernel", [sys.executable, "-m", "package.kernel", "-f", "c"]),
        (
            "k=python -m akernel_ipy launch -f {connection_file}",
            [sys.executable, "-m", "akernel_ipy", "launch", "-f", "c"],
        ),
        ("k=/opt/bin/kernel --file={connection_file}", ["/opt/bin/kernel", "--file=c"]),
    ],
)
def test_a_kernel_can_be_a_script_a_module_or_a_command(text: str, command: list[str]) -> None:
    assert parse(text).command("c") == command


@pytest.mark.parametrize("text", ["k=", "=script.py", "="])
def test_half_a_command_is_an_error(text: str) -> None:
    with pytest.raises(UnknownKernelError, match="NAME=MODULE_OR_COMMAND"):
        parse(text)


@pytest.mark.parametrize("python", ["/another/python3", "python2"])
def test_the_base_is_this_interpreters_own_ipykernel(install, python: str) -> None:
    install("python3", [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"])
    assert parse_base("python3") == Target("python3", STOCK)


def test_another_base_is_taken_as_given() -> None:
    assert parse_base("b=b.py") == parse("b=b.py")
