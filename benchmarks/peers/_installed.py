"""Is a peer there?"""

from __future__ import annotations

import subprocess

from benchmarks.errors import UnsupportedError

_FIND = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))"


def version_of(package: str, python: str) -> str:
    """The version of a package that another Python has installed.

    Raises:
        UnsupportedError: it has none; says how to get it.
    """
    try:
        found = subprocess.run(
            [python, "-c", _FIND, package], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise UnsupportedError(f"--peer-python can't be started: {error}") from error
    if found.returncode:
        raise UnsupportedError(
            f"not installed in {python}: `python3 -m venv peers && "
            "peers/bin/pip install marimo ipyflow`, then give --peer-python peers/bin/python"
        )
    return found.stdout.strip()
