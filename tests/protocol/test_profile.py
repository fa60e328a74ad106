"""What an IPython profile says to ipykernel's own kernel holds in this one too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernels import Kernel, audited

from .client import Client

#: Files of a profile, in the order in which they are read.
FILES = {
    "ipython_config.py": """
c.InteractiveShellApp.exec_lines = ["read = 'ipython_config.py'"]
c.InteractiveShell.cache_size = 10
c.PlainTextFormatter.float_precision = "%.1f"
""",
    "ipython_kernel_config.py": """
c.InteractiveShell.cache_size = 20
c.PlainTextFormatter.float_precision = "%.2f"
c.InteractiveShellApp.exec_lines.append("read_too = 'ipython_kernel_config.py'")
c.InteractiveShellApp.extensions = ["akernel_ipy"]
c.InlineBackend.figure_formats = {"svg"}
c.IPKernelApp.kernel_class = "ipykernel.ipkernel.IPythonKernel"
c.IPythonKernel.help_links = []
""",
    "akernel_config.py": """
c.InteractiveShell.cache_size = 30
""",
}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel whose user has set up a profile."""
    directory = tmp_path_factory.mktemp("ipython")
    profile = directory / "profile_default"
    profile.mkdir()
    for name, text in FILES.items():
        (profile / name).write_text(text)
    yield from audited(Kernel(env={"IPYTHONDIR": str(directory)}))


def test_both_files_of_ipykernel_are_read(client: Client) -> None:
    assert client.run("read, read_too").value == "('ipython_config.py', 'ipython_kernel_config.py')"
    assert client.run("1 / 3").value == "0.33"
    assert client.ask("kernel_info_request").reply["help_links"] == []


def test_the_inline_backends_settings_are_taken(client: Client) -> None:
    code = "from matplotlib_inline.config import InlineBackend\n"
    code += "InlineBackend.instance(parent=get_ipython()).figure_formats"
    assert client.run(code).value == "{'svg'}"


def test_what_is_said_to_this_kernel_goes_before_it(client: Client) -> None:
    assert client.run("get_ipython().cache_size").value == "30"


def test_another_kernel_class_is_ignored_and_the_log_says_so(
    kernel: Kernel, client: Client
) -> None:
    assert client.run("type(get_ipython().kernel).__name__").value == "'AsyncKernel'"
    assert "Ignored IPKernelApp.kernel_class" in kernel.log


def test_the_connection_file_is_in_the_configuration_under_ipykernels_name(
    kernel: Kernel, client: Client
) -> None:
    found = client.run("get_ipython().config['IPKernelApp']['connection_file']").value
    assert found == repr(kernel.manager.connection_file)
