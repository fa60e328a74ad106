"""ipykernel's own tests that talk to a launched kernel, from its sdist, against this kernel."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import pytest
from kernels import write_kernelspec

SUITE = [
    f"tests/test_{name}.py"
    for name in ("kernel", "message_spec", "async", "subshells", "eventloop", "debugger")
]

#: They demand that an async cell holds back the cells behind it: what ``async`` is there to end.
DEMAND_SERIAL_CELLS = [
    "tests/test_kernel.py::test_async_cell_waiting_for_comm_reply",
    "tests/test_kernel.py::test_control_thread_priority",
    "tests/test_message_spec.py::test_execute_stop_on_error",
    "tests/test_subshells.py::test_execute_stop_on_error[are_subshells0]",
]

#: Tests for other systems, for what is not installed, and those that upstream has switched off.
SKIPPED = {
    "tests.test_async::test_async_interrupt[trio]",
    "tests.test_eventloop::test_cocoa_loop",
    "tests.test_eventloop::test_qt_enable_gui[NOTSET]",
    "tests.test_kernel::test_capture_fd",
    "tests.test_kernel::test_complete",
    "tests.test_kernel::test_shutdown_subprocesses",
    "tests.test_kernel::test_subprocess_peek_at_stream_fileno",
    "tests.test_kernel::test_unc_paths",
}

#: Nothing in it waits until its thread has printed: where the processors are taken, the client's
#: next cell may be faster, which then shows the thread's text. So it does with stock ipykernel, if
#: the thread begins with `sleep(0.5)`. Run again, once, if it fails.
RACES = {"tests.test_kernel::test_print_to_correct_cell_from_thread[none]"}

#: Passed by stock ipykernel, by version.
STOCK = {"7.4.0": 94}

OPTIONS = [
    *("-p", "no:cacheprovider", "-p", "coverage_option", "-o", "markers=flaky: no reruns here"),
    *("-o", "asyncio_default_fixture_loop_scope=function", "--color=no", "-q"),
]

#: What came of the tests: their names, and what was said of each.
Results = dict[str, dict[str, str]]


def pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", *words, "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def suite(pytestconfig: pytest.Config) -> Path:
    """The unpacked sdist of the installed ipykernel, and beside it what its tests import."""
    assert pytestconfig.cache is not None
    release = version("ipykernel")
    home = pytestconfig.cache.mkdir(f"ipykernel-{release}")
    source = home / f"ipykernel-{release}"
    if not (home / "complete").exists():
        pip(
            "download",
            "--no-deps",
            "--no-binary",
            "ipykernel",
            f"ipykernel=={release}",
            "-d",
            f"{home}",
        )
        with tarfile.open(home / f"ipykernel-{release}.tar.gz") as archive:
            archive.extractall(home, filter="data")
        libraries = home / "libraries"
        pip("install", "--no-deps", "--upgrade", "--target", f"{libraries}", "pytest-asyncio")
        # its tests ask whether coverage is measured
        (libraries / "coverage_option.py").write_text(
            "def pytest_addoption(parser):\n"
            "    try:\n"
            "        parser.addoption('--cov')\n"
            "    except ValueError:  # pytest-cov is here\n"
            "        pass\n"
        )
        (home / "complete").touch()
    return source


def run_suite(
    suite: Path, flavour: str, directory: Path, *options: str, tests: Sequence[str] = SUITE
) -> Results:
    """Run it with the kernel as Jupyter's ``python3``; give what came of each test."""
    write_kernelspec(directory / "jupyter" / "kernels" / "python3", flavour)
    report = directory / "report.xml"
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env |= {
        "JUPYTER_PATH": str(directory / "jupyter"),
        "JUPYTER_DATA_DIR": str(directory / "jupyter_data"),
        "IPYTHONDIR": str(directory / "ipython"),
        "PYTHONPATH": str(suite.parent / "libraries"),
    }
    env.pop("CI", None)  # some tests are skipped where it is set
    command = [sys.executable, "-m", "pytest", *OPTIONS, *options, f"--junitxml={report}", *tests]
    done = subprocess.run(command, cwd=suite, env=env, capture_output=True, text=True)
    assert report.exists(), f"{done.stdout}\n{done.stderr}"
    results: Results = defaultdict(dict)
    for case in ElementTree.parse(report).iter("testcase"):
        came_to = next((e for e in case if e.tag in ("failure", "error", "skipped")), None)
        tag = "passed" if came_to is None else came_to.tag
        detail = "" if came_to is None else f"{came_to.get('message')}\n{came_to.text}"
        results[tag][f"{case.get('classname')}::{case.get('name')}"] = detail
    return results


def run_suite_and_races(suite: Path, flavour: str, directory: Path, *options: str) -> Results:
    """Run it; and what failed of `RACES` again, by itself."""
    results = run_suite(suite, flavour, directory, *options)
    lost = RACES & results["failure"].keys()
    if lost:
        names = [name.replace(".", "/", 1).replace("::", ".py::", 1) for name in sorted(lost)]
        again = run_suite(suite, flavour, directory / "again", tests=names)
        for name in lost & again["passed"].keys():
            results["passed"][name] = results["failure"].pop(name)
    return results


def check(results: Results, passed: int) -> None:
    failed = results["failure"] | results["error"]
    shown = "\n\n".join(f"{name}\n{detail[-3000:]}" for name, detail in failed.items())
    assert not failed, f"{len(failed)} failed: {', '.join(failed)}\n\n{shown}"
    assert results["skipped"].keys() == SKIPPED
    assert len(results["passed"]) == passed


@pytest.fixture(scope="module")
def results(
    suite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[Results]]]:
    """Run it with both flavours at once: most of the time it waits."""
    left_out = {"chain": [], "async": [f"--deselect={test}" for test in DEMAND_SERIAL_CELLS]}
    with ThreadPoolExecutor(len(left_out)) as pool:
        yield {
            flavour: pool.submit(
                run_suite_and_races, suite, flavour, tmp_path_factory.mktemp(flavour), *options
            )
            for flavour, options in left_out.items()
        }


@pytest.mark.conformance
@pytest.mark.timeout(900)
def test_chain_passes_all_that_stock_ipykernel_passes(
    results: Mapping[str, Future[Results]],
) -> None:
    check(results["chain"].result(), STOCK[version("ipykernel")])


@pytest.mark.conformance
@pytest.mark.timeout(900)
def test_async_passes_all_but_the_four_that_demand_serial_cells(
    results: Mapping[str, Future[Results]],
) -> None:
    check(results["async"].result(), STOCK[version("ipykernel")] - len(DEMAND_SERIAL_CELLS))
