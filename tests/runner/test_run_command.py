"""The command ``akernel run`` in a process of its own."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from cli.command import COMMAND, Command

from runner.notebooks import cell_text, code_cells, read, write

EXAMPLE = Path(__file__).parents[2] / "examples" / "concurrency.ipynb"

SLEEPER = ["import os; print(os.getpid(), flush=True)", "print('begun'); await asyncio.sleep(60)"]


@pytest.fixture
def akernel(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write(tmp_path / "good.ipynb", ["1 + 1"])


def shown(path: Path) -> list[str]:
    return [cell_text(cell) for cell in code_cells(read(path))]


def test_the_summary_puts_wall_time_beside_the_sum_of_the_cells(
    akernel: Command, good: Path
) -> None:
    before = good.read_bytes()
    text = akernel.ok("run", good)
    assert "good.ipynb: ok; 1 cell ran in" in text
    assert "speed-up" in text
    assert "[1] started: 1 + 1" in text
    assert good.read_bytes() == before


def test_the_notebook_is_written_where_it_is_wanted(akernel: Command, good: Path) -> None:
    out = akernel.home / "out.ipynb"
    assert f"written to {out}" in akernel.ok("run", good, "-o", out)
    assert shown(out) == ["2"]
    assert shown(good) == [""]
    akernel.ok("run", good, "--inplace")
    assert shown(good) == ["2"]


def test_a_failing_cell_is_shown_written_and_told_by_the_exit_status(akernel: Command) -> None:
    path = write(akernel.home / "bad.ipynb", ["print('before')", "1/0", "print('after')"])
    done = akernel("run", path, "--inplace")
    assert done.returncode == 1
    assert "cell 2 (1/0): error" in done.stdout
    assert "ZeroDivisionError: division by zero" in done.stdout
    assert "\x1b" not in done.stdout
    assert "cell 3" in done.stdout
    assert shown(path) == ["before\n", "ZeroDivisionError", ""]
    assert "after" in shown_after(akernel, path, "--allow-errors")


def shown_after(akernel: Command, path: Path, *words: str) -> str:
    akernel.ok("run", path, "--inplace", *words)
    return "".join(shown(path))


def test_parameters_come_from_the_command_line(akernel: Command) -> None:
    path = write(akernel.home / "p.ipynb", [("n, s, t = 1, 2, 3", "parameters"), "print(n, s, t)"])
    words = ["-p", "n", "-5", "-p", "s", "a b", "--inplace"]
    akernel.ok("run", *words, path)
    assert shown(path)[-1] == "-5 a b 3\n"
    akernel.ok("run", path, *words, "-p", "t", "None")
    assert shown(path)[-1] == "-5 a b None\n"


def test_several_notebooks_run_at_once_into_a_directory(akernel: Command) -> None:
    meet = """
import pathlib
pathlib.Path({mine!r}).touch()
while not pathlib.Path({other!r}).exists():
    await asyncio.sleep(0.02)
print({mine!r})
"""
    a = write(akernel.home / "a.ipynb", [meet.format(mine="a", other="b")])
    b = write(akernel.home / "b.ipynb", [meet.format(mine="b", other="a")])
    akernel.ok("run", a, b, "--jobs", "2", "--timeout", "30", "-o", "executed/")
    assert shown(akernel.home / "executed" / "a.ipynb") == ["a\n"]
    assert shown(akernel.home / "executed" / "b.ipynb") == ["b\n"]


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["run"], "NOTEBOOK"),
        (["run", "good.ipynb", "-o", "x.ipynb", "--inplace"], "give one"),
        (["run", "good.ipynb", "good.ipynb", "-o", "x.ipynb"], "add a slash"),
        (["run", "good.ipynb", "good.ipynb", "-o", "x/"], "run them apart"),
        (["run", "good.ipynb", "-o", "no/where.ipynb"], "create it"),
        (["run", "good.ipynb", "missing.ipynb"], "missing.ipynb doesn't exist"),
        (["run", "text.ipynb"], "isn't JSON"),
        (["run", "good.ipynb", "-p", "n"], "-p NAME VALUE"),
        (["run", "good.ipynb", "-p", "a-b", "1"], "-p NAME VALUE"),
        (["run", "good.ipynb", "--flavour", "warp"], "known flavours: async, chain"),
        (["run", "good.ipynb", "--flavour", "chain", "--kernel", "python3"], "leave out one"),
        (["run", "good.ipynb", "--kernel", "nothing"], "installed are"),
        (["run", "good.ipynb", "--cwd", "nothing"], "--cwd"),
        (["run", "good.ipynb", "--jbos", "2"], "--help"),
    ],
)
def test_what_cannot_run_is_refused_with_a_remedy_and_status_2(
    akernel: Command, good: Path, words: list[str], remedy: str
) -> None:
    (akernel.home / "text.ipynb").write_text("no notebook")
    assert remedy in akernel.refused(*words, status=2)
    assert shown(good) == [""]


class Running:
    """A run in the background, and what it prints."""

    def __init__(self, akernel: Command, *words: str | Path) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "run", *map(str, words)],
            env=akernel.env,
            cwd=akernel.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.text = ""

    def until(self, words: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.text += line
            if words in line:
                return
        raise AssertionError(f"{words!r} isn't in {self.text}")

    def kernel(self) -> psutil.Process:
        [kernel] = psutil.Process(self.process.pid).children()
        return kernel

    def end(self) -> int:
        assert self.process.stdout is not None
        self.text += self.process.stdout.read()
        return self.process.wait(timeout=30)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *reason: object) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def running(akernel: Command) -> Iterator[Running]:
    path = write(akernel.home / "long.ipynb", SLEEPER)
    with Running(akernel, path, "-o", "out.ipynb") as run:
        yield run


def test_ctrl_c_interrupts_and_keeps_what_was_produced(akernel: Command, running: Running) -> None:
    running.until("[2] started")
    kernel = running.kernel()
    running.process.send_signal(signal.SIGINT)
    assert running.end() == 130
    assert "interrupted; what the cells had shown until then is kept" in running.text
    assert "Traceback (most recent call last):" not in running.text
    out = shown(akernel.home / "out.ipynb")
    assert out[0] == f"{kernel.pid}\n"
    assert out[1].startswith("begun\n")
    assert not kernel.is_running()


def test_a_second_ctrl_c_kills_a_cell_that_ignores_the_first(akernel: Command) -> None:
    deaf = """
import os
import pty
import re
import signal
signal.signal(signal.SIGINT, lambda *_: print('deaf', flush=True))
print('ready')
import time
while True:
    time.sleep(1)
"""
    with Running(akernel, write(akernel.home / "deaf.ipynb", [deaf])) as run:
        run.until("[1] started")
        kernel = run.kernel()
        run.process.send_signal(signal.SIGINT)
        run.until("press Ctrl-C again")
        run.process.send_signal(signal.SIGINT)
        assert run.end() == 130
        assert "the kernel was killed" in run.text
        assert not kernel.is_running()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_killed_leaves_no_kernel(running: Running, number: signal.Signals) -> None:
    running.until("[2] started")
    kernel = running.kernel()
    running.process.send_signal(number)
    running.process.wait(timeout=30)
    psutil.wait_procs([kernel], timeout=30)
    assert not kernel.is_running()


def test_a_reader_that_leaves_does_not_cost_the_notebook(akernel: Command, good: Path) -> None:
    words = [*COMMAND, "run", str(good), "--inplace"]
    done = subprocess.run(
        f"{subprocess.list2cmdline(words)} | true", shell=True, env=akernel.env, timeout=60
    )
    assert done.returncode == 0
    assert shown(good) == ["2"]


def test_the_example_takes_about_as_long_as_its_slowest_cell(akernel: Command) -> None:
    out = akernel.home / "out.ipynb"
    akernel.ok("run", EXAMPLE, "-o", out)
    cells = code_cells(read(out))
    assert all(cell.outputs for cell in cells if "await" in cell.source)
    assert "ten answers in" in cell_text(cells[5])
    assert all(cell.outputs == [] and cell.id for cell in code_cells(read(EXAMPLE)))


def test_a_terminal_shows_the_running_cells_and_how_they_ended(akernel: Command) -> None:
    path = write(akernel.home / "seen.ipynb", ["await asyncio.sleep(0.6)  # [bold]", "1/0"])
    screen, terminal = pty.openpty()
    words = [*COMMAND, "run", str(path)]
    env = {**akernel.env, "TERM": "xterm-256color"}
    with subprocess.Popen(words, stdout=terminal, stderr=terminal, env=env) as run:
        os.close(terminal)
        text = b"".join(iter(lambda: read_screen(screen), b"")).decode()
    os.close(screen)
    assert run.returncode == 1
    assert re.search(r"▶ .*\[1\].* s  await asyncio.sleep\(0.6\)  # \[bold\]", text)
    assert re.search(r"✓ .*\[1\].*ok after 0.6", text)
    assert re.search(r"✗ .*\[2\].*error after .*\(ZeroDivisionError\)", text)


def read_screen(screen: int) -> bytes:
    try:
        return os.read(screen, 65536)
    except OSError:  # how Linux says that nobody has the terminal open any more
        return b""
