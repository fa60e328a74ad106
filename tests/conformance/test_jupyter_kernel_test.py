"""jupyter_kernel_test with every optional part switched on: nothing fails, nothing is skipped."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar
from unittest import SkipTest, TestCase

import jupyter_kernel_test
import pytest
from kernels import write_kernelspec


def insist(test: Callable[[TestCase], None]) -> Callable[[TestCase], None]:
    """Turn a skip of ``test`` into a failure."""

    @functools.wraps(test)
    def insisting(self: TestCase) -> None:
        try:
            test(self)
        except SkipTest as skip:
            raise AssertionError(f"skipped: {skip}") from None

    return insisting


def never_skip(case: type[TestCase]) -> type[TestCase]:
    """Let no test of ``case`` be skipped."""
    for name in dir(case):
        if name.startswith("test_"):
            setattr(case, name, insist(getattr(case, name)))
    return case


class Installed(TestCase):
    """Starts the kernel of ``flavour`` from a kernelspec of its own, with a history of its own."""

    flavour: ClassVar[str]
    kernel_name = "tested"

    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="conformance")
        cls.addClassCleanup(directory.cleanup)
        patch = pytest.MonkeyPatch()
        cls.addClassCleanup(patch.undo)
        patch.setenv("JUPYTER_PATH", directory.name)
        patch.setenv("IPYTHONDIR", str(Path(directory.name, "ipython")))
        write_kernelspec(Path(directory.name, "kernels", cls.kernel_name), cls.flavour)
        super().setUpClass()


class Everything(Installed, jupyter_kernel_test.KernelTests):
    """All optional parts of jupyter_kernel_test."""

    __test__ = False

    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('error', file=sys.stderr)"
    completion_samples: ClassVar[list[dict[str, Any]]] = [
        {"text": "zi", "matches": {"zip"}},
        {"text": "import itertoo", "matches": {"itertools"}},
        {"text": "from math import flo", "matches": {"floor"}},
    ]
    complete_code_samples: ClassVar[list[str]] = [
        "1",
        "print('hello, world')",
        "def f(x):\n  return x*2\n\n\n",
        "await f()",
    ]
    incomplete_code_samples: ClassVar[list[str]] = [
        "print('''hello",
        "def f(x):\n  x*2",
        "async def f():",
    ]
    invalid_code_samples: ClassVar[list[str]] = ["import = 7q", "a b"]
    code_page_something = "zip?"
    code_generate_error = "raise ValueError('on purpose')"
    code_execute_result: ClassVar[list[dict[str, str]]] = [
        {"code": "1+2+3", "result": "6"},
        {"code": "[n*n for n in range(1, 4)]", "result": "[1, 4, 9]"},
        {"code": "import asyncio; await asyncio.sleep(0, 'awaited')", "result": "'awaited'"},
        {"code": "1+2+4", "result": "7"},
    ]
    code_display_data: ClassVar[list[dict[str, str]]] = [
        {
            "code": "from IPython.display import HTML, display; display(HTML('<b>test</b>'))",
            "mime": "text/html",
        },
        {
            "code": "from IPython.display import Math, display; display(Math('x^2'))",
            "mime": "text/latex",
        },
    ]
    code_history_pattern = "1?2?3"
    # "range" is left out: IPython numbers the running session 0, the suite wants its number
    supported_history_operations = ("tail", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"


class Welcome(Installed, jupyter_kernel_test.IopubWelcomeTests):
    """The first message on iopub is ``iopub_welcome``."""

    __test__ = False
    support_iopub_welcome = True


@never_skip
class TestAsync(Everything):
    __test__ = True
    flavour = "async"


@never_skip
class TestChain(Everything):
    __test__ = True
    flavour = "chain"


@never_skip
class TestAsyncWelcome(Welcome):
    __test__ = True
    flavour = "async"


@never_skip
class TestChainWelcome(Welcome):
    __test__ = True
    flavour = "chain"
