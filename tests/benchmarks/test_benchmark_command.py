from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main

LOSSY = """
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

class LossyKernel(IPythonKernel):
    async def do_execute(self, code, silent, **options):
        return await super().do_execute(code.replace("range(", "range(1, "), silent, **options)

IPKernelApp.launch_instance(kernel_class=LossyKernel)
"""


def test_two_kernels_are_compared_in_a_table_and_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "samples.json"
    chosen = ["--only", "start", "--only", "pass", "--only", "lines", "--json", str(file)]
    assert main(["--kernel", "twin=ipykernel_launcher", "--quick", "--rounds", "1", *chosen]) == 0
    table = capsys.readouterr().out
    for label in ("start to first result", "latency of `pass`, p50", "2,000 printed lines"):
        assert label in table
    report = json.loads(file.read_text())
    assert len(report["samples"]["pass"]["rounds"]["twin"]["latency"][0]) == 10
    assert report["machine"]["ipykernel"]


def test_a_kernel_that_loses_lines_is_named_and_the_exit_code_is_not_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "lossy.py"
    script.write_text(LOSSY)
    chosen = ["--only", "lines", "--quick", "--rounds", "1"]
    assert main(["--kernel", f"lossy={script}", *chosen]) == 1
    assert "FAULT: lines: lossy: lost 1 of 2000 lines" in capsys.readouterr().out


def test_a_kernel_that_ends_at_once_is_named_with_its_last_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "broken.py"
    script.write_text("raise SystemExit('out of order')")
    assert main(["--kernel", f"broken={script}", "--only", "pass", "--quick"]) == 2
    assert "broken can't be used: it ended with code 1: out of order" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["--kernel", "no-such-kernel"], "no kernelspec named 'no-such-kernel'"),
        (["--kernel", "python3=ipykernel_launcher"], "named twice"),
    ],
)
def test_a_kernel_that_cannot_be_told_apart_is_a_usage_error(
    argv: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["--only", "nothing"], ["--rounds", "0"]])
def test_a_wrong_option_is_a_usage_error(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
